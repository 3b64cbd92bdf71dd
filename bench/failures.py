"""What failures cost, on real processes: `python3 main.py bench --failures`.

kills       a replica of three killed at full load, again and again: client errors, the longest time in which
            nobody was answered, and how long it took until the dead one was dropped
stopped     one of three stopped (SIGSTOP) at full load: throughput, and how much the app's memory grew,
            beside the same in half of the time before
revival     a replica with many posts comes back under 5,000 requests a second: time to the join, longest
            stall
front_end   the front end crashes again and again under `acks:all`: answered requests that were lost
liar        one of three lies in every answer under majority vote: wrong answers that reached a client, and
            the number at which it was named beside that of its first lie

Each part starts a cluster of its own. `quick` makes every part short, to see that it works.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from core.commands import CrashFrontEnd, Kill, Pause, Revive, Tamper
from core.facts import Dropped, Lied, Returned
from core.harm import Harm
from core.policies import ALL_LIVE, MAJORITY, FailurePolicy, Policies
from core.runtime.engine import Engine
from core.runtime.headless import make_engine, run_loop
from core.runtime.run_settings import RunSettings
from core.trace.wire_log import Record, Tap, decode_fact

CLIENTS = 32
Figures = dict[str, object]
Write = Callable[[list[Record]], None]
REVIVING = Policies(failure=FailurePolicy.REVIVE)


@dataclass(slots=True)
class Sizes:
    """How much of everything."""

    kills: int = 50
    stopped_s: float = 60.0
    posts: int = 50_000
    revivals: int = 20
    crashes: int = 100
    lies: int = 10_000


QUICK = Sizes(kills=3, stopped_s=4.0, posts=1_500, revivals=2, crashes=5, lies=500)


class Stalls:
    """How long nobody at all was answered, at most."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.longest_s = 0.0

    async def watch(self) -> None:
        """Look every millisecond, until cancelled."""
        self._answered, self._since = self._engine.answered, time.monotonic()
        while True:
            await asyncio.sleep(0.001)
            now = time.monotonic()
            if self._engine.answered != self._answered:
                self.longest_s = max(self.longest_s, now - self._since)
                self._answered, self._since = self._engine.answered, now


async def _until(condition: Callable[[], object], patience_s: float = 30.0) -> bool:
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.001)
    return True


async def _cluster(
    settings: RunSettings, part: Callable[[Engine], Awaitable[Figures]], write: Write = lambda records: None
) -> Figures:
    engine = make_engine(settings, write)
    await engine.start(settings.replicas, settings.clients, settings.seed)
    try:
        await _until(lambda: not engine.pool.open_requests)
        figures = await part(engine)
        await engine.drain(30.0)
        figures["violations"] = engine.witness.checks.violations
        figures["unknown"] = engine.unknown
        return figures
    finally:
        await engine.stop()


def _running(engine: Engine, replica: int) -> bool:
    return engine.members.status[replica].state == "running" and replica in engine.front_end.view.members


async def _kills(sizes: Sizes) -> Figures:
    dropped_ns: list[int] = []

    def write(records: list[Record]) -> None:
        facts = [record for record in records if record.tap == Tap.FACT]
        dropped_ns.extend(r.time_ns for r in facts if isinstance(decode_fact(r.body), Dropped))

    async def part(engine: Engine) -> Figures:
        stalls, noticed_ms = Stalls(engine), []
        engine.set_load(True, False)
        await asyncio.sleep(0.5)
        watch = asyncio.ensure_future(stalls.watch())
        longest = 0.0
        for number in range(sizes.kills):
            replica = number % 3 + 1
            stalls.longest_s = 0.0
            killed_ns, seen = engine.now(), len(dropped_ns)
            engine.operator.do(Kill(replica))
            await _until(lambda seen=seen: len(dropped_ns) > seen)  # type: ignore[misc]
            noticed_ms.append((dropped_ns[-1] - killed_ns) / 1e6)
            await asyncio.sleep(0.2)
            longest = max(longest, stalls.longest_s)
            engine.set_load(False, False)  # a rest, so that the next one catches up soon
            engine.operator.do(Revive(replica))
            await _until(lambda replica=replica: _running(engine, replica))  # type: ignore[misc]
            engine.set_load(True, False)
            await asyncio.sleep(0.2)
        watch.cancel()
        return {
            "kills": sizes.kills,
            "longest_stall_ms": round(1e3 * longest, 1),
            "dropped_after_ms_max": round(max(noticed_ms), 1),
        }

    return await _cluster(RunSettings(clients=CLIENTS), part, write)


async def _stopped(sizes: Sizes) -> Figures:
    async def part(engine: Engine) -> Figures:
        engine.set_load(True, False)
        await asyncio.sleep(1.0)
        memory = _memory_bytes()
        before = await _throughput(engine, sizes.stopped_s / 2)
        grew_before = _memory_bytes() - memory
        memory = _memory_bytes()
        engine.operator.do(Pause(2))
        while_stopped = await _throughput(engine, sizes.stopped_s)
        return {
            "seconds": sizes.stopped_s,
            "before_per_s": round(before),
            "while_stopped_per_s": round(while_stopped),
            "throughput_ratio": round(while_stopped / before, 3),
            "memory_grew_before_mib": round(grew_before / (1 << 20), 1),
            "memory_grew_mib": round((_memory_bytes() - memory) / (1 << 20), 1),
        }

    return await _cluster(RunSettings(clients=CLIENTS), part)


async def _throughput(engine: Engine, seconds: float) -> float:
    answered, began = engine.answered, time.monotonic()
    while time.monotonic() - began < seconds:
        await asyncio.sleep(0.1)
        engine.pool.take_latencies()
    return (engine.answered - answered) / (time.monotonic() - began)


def _memory_bytes() -> int:
    """Resident memory of this process; 0 where the system does not tell it this way."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * 4_096


async def _revival(sizes: Sizes) -> Figures:
    async def part(engine: Engine) -> Figures:
        engine.set_load(True, False)
        await _until(lambda: _posts(engine) >= sizes.posts, 600.0)
        engine.set_load(False, False)
        await engine.drain(30.0)
        settings = engine.workload.settings
        engine.workload.settings = type(settings)(seed=settings.seed, think_ms=1e3 * CLIENTS / 5_000, burst=1)
        engine.set_load(True, True)
        stalls = Stalls(engine)
        watch = asyncio.ensure_future(stalls.watch())
        joined_s = []
        for number in range(sizes.revivals):
            replica = number % 3 + 1
            engine.operator.do(Kill(replica))
            await _until(lambda replica=replica: replica not in engine.links)  # type: ignore[misc]
            began = time.monotonic()
            engine.operator.do(Revive(replica))
            await _until(lambda replica=replica: _running(engine, replica))  # type: ignore[misc]
            joined_s.append(time.monotonic() - began)
        watch.cancel()
        await engine.drain(30.0)

        def equal() -> bool:
            statuses = engine.members.status.values()
            return len({(status.expected, status.digest) for status in statuses}) == 1

        await _until(equal)  # the last one has told how far it has come
        return {
            "posts": _posts(engine),
            "revivals": sizes.revivals,
            "joined_s_median": round(median(joined_s), 2),
            "joined_s_max": round(max(joined_s), 2),
            "longest_stall_ms": round(1e3 * stalls.longest_s, 1),
            "digests_equal": equal(),
        }

    return await _cluster(RunSettings(clients=CLIENTS), part)


def _posts(engine: Engine) -> int:
    rows = {row.key: row.value for row in engine.service.summary()}
    return int(rows.get("posts", "0").split()[0].replace(",", ""))


async def _front_end(sizes: Sizes) -> Figures:
    async def part(engine: Engine) -> Figures:
        engine.set_load(True, False)
        for _ in range(sizes.crashes):
            answered = engine.answered
            await _until(lambda answered=answered: engine.answered > answered + 50)  # type: ignore[misc]
            engine.operator.do(CrashFrontEnd())
            await _until(lambda: not engine.front_end.recovering)
        return {"crashes": sizes.crashes, "answers_lost": engine.failures.answers_lost}

    settings = RunSettings(clients=CLIENTS, policies=Policies(ALL_LIVE, FailurePolicy.REVIVE))
    return await _cluster(settings, part)


async def _liar(sizes: Sizes) -> Figures:
    named: list[int] = []
    from_liar = 0

    def write(records: list[Record]) -> None:
        nonlocal from_liar
        for record in records:
            if record.tap == Tap.FACT:
                fact = decode_fact(record.body)
                if isinstance(fact, Lied):
                    named.append(fact.seq)
            elif record.tap == Tap.RETURN_DELIVERED and (lied_from and record.time_ns >= lied_from[0]):
                fact = decode_fact(record.body)
                from_liar += isinstance(fact, Returned) and fact.replica == 2

    lied_from: list[int] = []

    async def part(engine: Engine) -> Figures:
        await engine.drain(5.0)
        first_lie = engine.front_end.sequencer.next_seq
        engine.operator.do(Tamper(2, Harm.LIE, 1))
        lied_from.append(engine.now())
        answered = engine.answered
        engine.set_load(True, False)
        await _until(lambda: engine.answered - answered >= sizes.lies, 120.0)
        await engine.drain(30.0)
        engine.witness.settle()
        return {
            "requests": engine.answered - answered,
            "first_lie": first_lie,
            "named_at": named[0] if named else None,
            "wrong_answers_to_clients": from_liar,
        }

    figures = await _cluster(RunSettings(clients=CLIENTS, policies=Policies(MAJORITY)), part, write)
    figures["violations_of_the_liar"] = figures.pop("violations")  # the checks see every lie, as they should
    return figures


PARTS = {"kills": _kills, "stopped": _stopped, "revival": _revival, "front_end": _front_end, "liar": _liar}


def measure_failures(as_json: bool, quick: bool = False, parts: tuple[str, ...] = tuple(PARTS)) -> int:
    """Measure, one part after the other; prints one object, or a line for each part."""
    sizes = QUICK if quick else Sizes()
    measured = {name: run_loop(PARTS[name](sizes)) for name in parts}
    if as_json:
        sys.stdout.write(json.dumps(measured) + "\n")
        return 0
    for name, figures in measured.items():
        words = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in figures.items())
        sys.stdout.write(f"{name}: {words}\n")
    return 0


if __name__ == "__main__":
    chosen = tuple(name for name in sys.argv[1:] if name in PARTS) or tuple(PARTS)
    sys.exit(measure_failures("--json" in sys.argv, "--quick" in sys.argv, chosen))
