"""What recording costs: `python -m bench.recording [--pairs 5] [--seconds 4] [--json]`.

The same run at full load with and without its recording, in turn, several times, for machines drift. Reports
the median of what each pair has left of its throughput, how large the recording is, and what the recorder's
thread took of the processor.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from core.runtime.headless import Report
from core.runtime.run_settings import RunSettings
from core.runtime.session import record_run
from core.session.recorder import Recorder

PAIRS = 5
SECONDS = 4.0
REPLICAS = 3
CLIENTS = 64


class _Thrifty:
    """Notes what recorders' threads took, in seconds of the processor."""

    def __init__(self) -> None:
        self.took_s = 0.0
        record = Recorder._run

        def watched(recorder: Recorder) -> None:
            record(recorder)
            self.took_s += time.thread_time()

        setattr(Recorder, "_run", watched)  # noqa: B010 - of all recorders


def one_run(seconds: float, path: Path | None) -> Report:
    """A run at full load."""
    report = record_run(RunSettings(replicas=REPLICAS, clients=CLIENTS, seconds=seconds), path)
    if not report.holds:
        raise SystemExit("A check failed during the benchmark: the figures would mean nothing.")
    return report


def measure(pairs: int, seconds: float) -> dict[str, float | int]:
    """The figures of so many pairs; which one of a pair comes first alternates."""
    ratios, sizes, costs_us, recorded, plain = [], [], [], [], []
    thrifty = _Thrifty()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.lockstep"
        for number in range(pairs):
            reports: dict[bool, Report] = {}
            for records in (True, False) if number % 2 else (False, True):
                before_s = thrifty.took_s
                reports[records] = one_run(seconds, path if records else None)
                if records:
                    sizes.append(path.stat().st_size / reports[True].requests)
                    costs_us.append((thrifty.took_s - before_s) / reports[True].requests * 1e6)
                    path.unlink()
            ratios.append(reports[True].throughput_per_s / reports[False].throughput_per_s)
            recorded.append(reports[True].throughput_per_s)
            plain.append(reports[False].throughput_per_s)
            sys.stderr.write(
                f"pair {number + 1} of {pairs}: {recorded[-1]:,.0f}/s recorded, {plain[-1]:,.0f}/s not "
                f"({ratios[-1]:.0%}); {sizes[-1]:.1f} bytes a request\n"
            )
    return {
        "throughput_ratio": round(statistics.median(ratios), 3),
        "recorded_per_s": round(statistics.median(recorded)),
        "unrecorded_per_s": round(statistics.median(plain)),
        "bytes_per_request": round(statistics.median(sizes), 1),
        "bytes_per_request_most": round(max(sizes), 1),
        "recorder_cpu_us_per_request": round(statistics.median(costs_us), 2),
        "pairs": pairs,
        "replicas": REPLICAS,
        "clients": CLIENTS,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What recording costs.")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each run")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options.pairs, options.seconds)
    if options.json:
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    for name, value in figures.items():
        sys.stdout.write(f"{name.replace('_', ' '):30}{value:>12,}\n")


if __name__ == "__main__":
    main()
