"""A real recording of a million requests, from the run to the window: `python -m bench.million [--json]`.

Records a run at full load, looks whether every request that the run's report counts is in the file, judges it
with `check`, executes it again with `rerun`, and opens it in the real window (`bench.replay_window`). A
recording that is there already is taken with `--recording FILE --report FILE`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from core.session.history import Fate, requests
from core.session.reader import read

ROOT = Path(__file__).resolve().parent.parent
REQUESTS = 1_000_000
CLIENTS = 64


def lockstep(*arguments: str) -> tuple[dict[str, Any], float]:
    """Run the program with `--json`: what it prints, and how many seconds it took."""
    began_s = time.monotonic()
    command = [sys.executable, str(ROOT / "main.py"), *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if not done.stdout:
        raise SystemExit(f"{arguments[0]} failed: {done.stderr.strip()}")
    return json.loads(done.stdout.splitlines()[-1]), time.monotonic() - began_s


def record(path: Path, count: int) -> dict[str, Any]:
    """A run at full load with its recording; its report."""
    arguments = ("run", "--headless", "--requests", str(count), "--clients", str(CLIENTS))
    report, took_s = lockstep(*arguments, "--record", str(path))
    _tell(f"recorded in {took_s:.0f} s, {report['throughput_per_s']:,.0f} requests/s")
    return report


def missing(path: Path, report: dict[str, Any]) -> dict[str, int]:
    """How many answered, refused and unknown requests the recording has, less than the run reports."""
    found = dict.fromkeys(Fate, 0)
    seen: set[tuple[int, int]] = set()
    for one in requests(read(path).records()):
        if one.of_a_session:
            continue
        if one.fate is not Fate.UNKNOWN and one.outcome is None:
            raise SystemExit(f"C{one.client}'s request {one.number} is there without its answer.")
        seen.add((one.client, one.number))
        found[one.fate] += 1
    return {
        "requests": int(report["requests"]) - len(seen),
        "answered": int(report["answered"]) - sum(found.values()) + found[Fate.UNKNOWN],
        "refused": int(report["refused"]) - found[Fate.REFUSED],
        "unknown": int(report["unknown"]) - found[Fate.UNKNOWN],
    }


def in_the_window(path: Path) -> dict[str, float]:
    """What the window shows of it, and how fast."""
    command = [sys.executable, "-m", "bench.replay_window", str(path), str(time.monotonic_ns())]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def measure(path: Path, report: dict[str, Any]) -> dict[str, Any]:
    """Everything about a recording and the report of its run."""
    size = path.stat().st_size
    figures: dict[str, Any] = {
        "requests": report["requests"],
        "recorded_at_per_s": report["throughput_per_s"],
        "file_mb": round(size / 1e6, 1),
        "bytes_per_request": round(size / report["requests"], 1),
        "missing": missing(path, report),
    }
    _tell(f"{figures['bytes_per_request']} bytes a request; missing: {figures['missing']}")
    checked, took_s = lockstep("check", str(path))
    figures |= {"check": checked["verdict"], "check_s": round(took_s, 1)}
    _tell(f"check: {checked['verdict']} in {took_s:.0f} s")
    again, took_s = lockstep("rerun", str(path))
    figures |= {"rerun": again["verdict"], "rerun_s": round(took_s, 1)}
    _tell(f"rerun: {again['verdict']} in {took_s:.0f} s")
    return figures | in_the_window(path)


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")


def main() -> int:
    """Measure and print; 1 when something is missing or a verdict is not the best one."""
    parser = argparse.ArgumentParser(description="A real recording of a million requests.")
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--recording", type=Path, help="take this one")
    parser.add_argument("--report", type=Path, help="what its run printed with --json")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if (options.recording is None) != (options.report is None):
        parser.error("--recording and --report belong together")
    with tempfile.TemporaryDirectory() as folder:
        path = options.recording or Path(folder) / "million.lockstep"
        given = options.report and json.loads(options.report.read_text())
        figures = measure(path, given or record(path, options.requests))
    if options.json:
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        for name, value in figures.items():
            sys.stdout.write(f"{name.replace('_', ' '):28}{value}\n")
    whole = not any(figures["missing"].values())
    return 0 if whole and (figures["check"], figures["rerun"]) == ("valid", "equal") else 1


if __name__ == "__main__":
    sys.exit(main())
