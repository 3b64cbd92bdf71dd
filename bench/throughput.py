"""`bench`: ordered requests a second, and the latency of one client, beside this machine's own ceiling.

Both are measured in turn, several times, for machines drift; medians are reported. The real run has every
live check and the wire log on, written to a file.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bench.ceiling import measure_ceiling
from core.runtime.engine import Engine
from core.runtime.headless import Report, run_loop
from core.runtime.run_settings import RunSettings
from core.runtime.session import record_run

ROUNDS = 5
REPLICAS = 3
CLIENTS = 64


@dataclass(slots=True)
class Round:
    """One turn of real run and ceiling. Rates per second, times in µs."""

    requests_per_s: float
    ceiling_per_s: float
    p50_us: float
    ceiling_rtt_us: float
    p99_us: float
    requests_per_frame: float
    bytes_per_request: float

    @property
    def throughput_ratio(self) -> float:
        return self.requests_per_s / self.ceiling_per_s

    @property
    def latency_ratio(self) -> float:
        return self.p50_us / self.ceiling_rtt_us


def _real(clients: int, seconds: float, folder: str, replicas: int) -> tuple[Report, float, float, float]:
    """(report, requests per order frame, bytes per order frame, bytes per result frame)."""
    seen: list[Engine] = []
    settings = RunSettings(replicas=replicas, clients=clients, seconds=seconds)
    report = record_run(settings, Path(folder) / f"bench-{clients}.lockstep", seen.append)
    counted = seen[0].operator.counted()
    Path(folder, f"bench-{clients}.lockstep").unlink()
    if not report.holds:
        raise SystemExit("A check failed during the benchmark: the figures would mean nothing.")
    frames = max(1.0, counted.frames / 2 / replicas)
    return (
        report,
        counted.requests / frames,
        counted.sent_bytes / replicas / frames,
        counted.received_bytes / replicas / frames,
    )


def _ceiling(processes: int, order: float, result: float, window: int, seconds: float) -> tuple[float, float]:
    return asyncio.Runner(loop_factory=_factory()).run(
        measure_ceiling(processes, max(1, int(order) - 4), max(1, int(result) - 4), window, seconds)
    )


def _factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    from core.runtime.headless import loop_factory

    return loop_factory()


def one_round(seconds: float, folder: str, replicas: int = REPLICAS) -> Round:
    """Real run and ceiling, full load and one client, one after the other."""
    report, per_frame, order_bytes, result_bytes = _real(CLIENTS, seconds, folder, replicas)
    window = max(1, round(CLIENTS / per_frame))
    frames_per_s, _ = _ceiling(replicas, order_bytes, result_bytes, window, seconds / 2)
    alone, _, order_one, result_one = _real(1, seconds / 2, folder, replicas)
    _, rtt_us = _ceiling(replicas, order_one, result_one, 1, seconds / 2)
    return Round(
        report.throughput_per_s,
        frames_per_s * per_frame,
        alone.p50_ns / 1e3,
        rtt_us,
        report.p99_ns / 1e3,
        per_frame,
        report.bytes_per_request,
    )


def measure(as_json: bool, seconds: float) -> int:
    """Print the figures; exit code 0."""
    run_loop(asyncio.sleep(0))
    progress = Console(stderr=True, highlight=False)
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, ROUNDS + 1):
            done = one_round(seconds, folder)
            rounds.append(done)
            progress.print(
                f"round {number}/{ROUNDS}: {done.requests_per_s:,.0f}/s of {done.ceiling_per_s:,.0f}/s "
                f"({done.throughput_ratio:.1%}); one client {done.p50_us:.0f} µs, "
                f"ceiling {done.ceiling_rtt_us:.0f} µs"
            )
    figures = {
        "requests_per_s": _median(rounds, lambda r: r.requests_per_s),
        "ceiling_per_s": _median(rounds, lambda r: r.ceiling_per_s),
        "throughput_ratio": round(statistics.median(r.throughput_ratio for r in rounds), 4),
        "p50_us": _median(rounds, lambda r: r.p50_us),
        "ceiling_rtt_us": _median(rounds, lambda r: r.ceiling_rtt_us),
        "latency_ratio": round(statistics.median(r.latency_ratio for r in rounds), 3),
        "p99_us_at_full_load": _median(rounds, lambda r: r.p99_us),
        "requests_per_frame": _median(rounds, lambda r: r.requests_per_frame),
        "bytes_per_request": _median(rounds, lambda r: r.bytes_per_request),
        "replicas": REPLICAS,
        "clients": CLIENTS,
        "rounds": ROUNDS,
    }
    if as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        for name, value in figures.items():
            sys.stdout.write(f"{name.replace('_', ' '):24}{value:>16,}\n")
    return 0


def _median(rounds: list[Round], figure: Callable[[Round], float]) -> float:
    return round(statistics.median(figure(one) for one in rounds), 1)
