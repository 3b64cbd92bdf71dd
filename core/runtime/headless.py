"""A run without a window: the same cluster, told in words and figures."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from core.facts import CheckCount
from core.runtime.broken_run import break_rules, bring_to_light
from core.runtime.crash_reports import REPORTS
from core.runtime.engine import Engine
from core.runtime.latency import LatencyHistogram
from core.runtime.run_settings import RunSettings
from core.runtime.witness import WriteRecords
from core.services.registry import load_service
from core.workload.clients import WorkloadSettings, make_workload

DRAIN_TIMEOUT_S = 30.0
BROKEN_DRAIN_TIMEOUT_S = 3.0
"""With a broken rule, what does not come soon does not come."""
T = TypeVar("T")


@dataclass(slots=True)
class Report:
    """What a run did. Latencies in nanoseconds, throughput over the time under load."""

    requests: int = 0
    answered: int = 0
    refused: int = 0
    unknown: int = 0
    violations: int = 0
    throughput_per_s: float = 0.0
    p50_ns: int = 0
    p99_ns: int = 0
    max_ns: int = 0
    messages_per_request: float = 0.0
    frames_per_request: float = 0.0
    bytes_per_request: float = 0.0
    checks: tuple[CheckCount, ...] = ()
    replicas: list[dict[str, object]] = field(default_factory=list)
    seed: int = 0
    troubles: list[str] = field(default_factory=list)
    """What went wrong, in sentences."""
    answers_lost: int = 0
    """Answered requests that died with a front end and every replica that had executed them."""
    complete: bool = True
    """Every request was answered and every live replica has executed everything."""

    @property
    def verdict(self) -> str:
        """The run in a sentence."""
        if self.violations:
            return f"{self.violations:,} violations: not every check holds."
        if self.answers_lost:
            return f"Every check holds, but {self.answers_lost:,} answered requests are lost."
        if self.unknown:
            return f"Every check holds, but nobody knows the fate of {self.unknown:,} requests."
        if not self.complete:
            return "Every check holds, but a replica had not executed everything in time."
        for check in self.checks:
            if check.unjudged:
                total, name = check.checked + check.unjudged, check.name.replace("_", " ")
                return f"Every check holds; {name} was judged for {check.checked:,} of {total:,} requests."
        return "Every check holds."

    @property
    def holds(self) -> bool:
        """Nothing was lost and every check holds."""
        return not (self.violations or self.unknown or self.answers_lost) and self.complete

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints."""
        return {
            "requests": self.requests,
            "answered": self.answered,
            "refused": self.refused,
            "unknown": self.unknown,
            "answers_lost": self.answers_lost,
            "violations": self.violations,
            "throughput_per_s": round(self.throughput_per_s, 1),
            "latency_us": {
                "p50": round(self.p50_ns / 1e3, 1),
                "p99": round(self.p99_ns / 1e3, 1),
                "max": round(self.max_ns / 1e3, 1),
            },
            "messages_per_request": round(self.messages_per_request, 3),
            "frames_per_request": round(self.frames_per_request, 3),
            "bytes_per_request": round(self.bytes_per_request, 1),
            "checks": {
                check.name: {
                    "checked": check.checked,
                    "violations": check.violations,
                    "unjudged": check.unjudged,
                }
                for check in self.checks
            },
            "replicas": self.replicas,
            "seed": self.seed,
            "troubles": self.troubles,
        }


def run_loop(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the fastest event loop of this machine."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.get_loop().set_exception_handler(REPORTS.of_loop)
        return runner.run(main)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where it exists; the platform's own otherwise."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def make_engine(settings: RunSettings, write: WriteRecords) -> Engine:
    """A cluster that is not started yet. To be called on its event loop. Raises ServiceError."""
    workload = make_workload(
        load_service(settings.service),
        WorkloadSettings(seed=settings.seed, think_ms=settings.think_ms, burst=settings.burst),
        settings.clients,
    )
    engine = Engine(settings.service, workload, settings.requests, write, settings.policies)
    if settings.broken:
        break_rules(engine, settings.broken, settings.requests)
    return engine


async def run(
    settings: RunSettings,
    write: WriteRecords,
    started: Callable[[Engine], None] | None = None,
    load_ended: Callable[[], None] | None = None,
) -> Report:
    """Run a cluster to its end and report. `started` is told when it is up, `load_ended` when the clients
    shall ask nothing more. Raises StartError."""
    engine = make_engine(settings, write)
    await engine.start(settings.replicas, settings.clients, settings.seed)
    bring_to_light(engine)
    if started is not None:
        started(engine)
    gc.collect()
    gc.freeze()
    gc.disable()  # nothing on the request path makes reference cycles; collections would stall the clients
    try:
        return await under_load(engine, settings, load_ended)
    finally:
        gc.enable()
        await engine.stop()


async def under_load(
    engine: Engine, settings: RunSettings, load_ended: Callable[[], None] | None = None
) -> Report:
    """Let the clients of a started cluster ask to the end of the run, wait for every answer, and report."""
    loop, histogram = asyncio.get_running_loop(), LatencyHistogram()
    while (
        engine.pool.open_requests and engine.front_end.somebody_left
    ):  # sessions open before the clock starts
        await asyncio.sleep(0.001)
    engine.pool.take_latencies()
    opened, start = engine.answered, loop.time()
    deadline = start + settings.seconds if settings.seconds is not None else None
    engine.set_load(True, settings.think_ms > 0)
    while not engine.pool.spent and engine.front_end.somebody_left:
        left = 0.1 if deadline is None else min(0.1, deadline - loop.time())
        if left <= 0 or (engine.broken and engine.witness.checks.violations):
            break
        engine.changed.clear()
        try:
            await asyncio.wait_for(engine.changed.wait(), left)
        except TimeoutError:
            histogram.add(engine.pool.take_latencies())
    elapsed = max(loop.time() - start, 0.001)  # the clock of the loop counts milliseconds
    answered_under_load = engine.answered - opened
    if load_ended is not None:
        load_ended()
    complete = await engine.drain(BROKEN_DRAIN_TIMEOUT_S if engine.broken else DRAIN_TIMEOUT_S)
    await engine.bystander.finish()
    histogram.add(engine.pool.take_latencies())
    return _report(engine, settings, histogram, opened, answered_under_load / elapsed, complete)


def _report(
    engine: Engine,
    settings: RunSettings,
    histogram: LatencyHistogram,
    opened: int,
    throughput_per_s: float,
    complete: bool,
) -> Report:
    counted = engine.operator.counted()
    checks = engine.witness.checks
    sequenced = max(1, counted.requests)
    return Report(
        requests=engine.pool.sent,
        answered=engine.answered - opened,
        refused=engine.refused,
        unknown=engine.unknown,
        answers_lost=engine.failures.answers_lost,
        violations=checks.violations + engine.bystander.violations,
        throughput_per_s=throughput_per_s,
        p50_ns=histogram.percentile_ns(50),
        p99_ns=histogram.percentile_ns(99),
        max_ns=histogram.max_ns,
        messages_per_request=counted.messages / sequenced,
        frames_per_request=counted.frames / sequenced,
        bytes_per_request=(counted.sent_bytes + counted.received_bytes) / sequenced,
        checks=(*checks.counts(), *engine.bystander.counts()),
        replicas=[
            {
                "id": replica,
                "pid": status.pid,
                "state": status.state,
                "expected": status.expected,
                "digest": f"{status.digest:016x}",
            }
            for replica, status in sorted(engine.members.status.items())
        ],
        seed=settings.seed,
        troubles=engine.operator.troubles,
        complete=complete,
    )
