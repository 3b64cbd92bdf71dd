"""Chaos: all that can fail fails, on real processes, while the clients never stop and every check is on.

A seed decides which fault comes next, to whom, and for how long. At any time a majority is left alone, for
no protocol could do without; what was killed or found out is revived. Replicas that are made to lie, or whose
memory is corrupted, violate the checks as they should: these violations are counted apart, as finds.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from core.commands import (
    Command,
    Continue,
    CrashFrontEnd,
    Heal,
    Kill,
    Partition,
    Pause,
    RemoveReplica,
    Revive,
    SetFault,
    Tamper,
)
from core.errors import UsageError
from core.facts import Violated
from core.harm import Harm
from core.link_faults import Way
from core.policies import MAJORITY, FailurePolicy, Policies
from core.runtime.engine import Engine
from core.runtime.headless import make_engine
from core.runtime.run_settings import RunSettings
from core.trace.wire_log import Record, Tap, decode_fact

MINIMUM_PER_S = 5_000
"""Requests a second below which a run does not count: chaos that nobody works in proves nothing."""
THINK_MS = 4.0
"""A client's rest between two requests: a group that takes every processor leaves a newcomer none."""
SETTLE_S = 20.0
"""So long the group has at the end to heal and to be of one mind."""
_MS = 1_000_000


class Kind(StrEnum):
    """What can happen."""

    KILL = "kill"
    STOP = "stop until dropped"
    PAUSE = "pause"
    SLOW = "slow"
    LIE = "lie"
    CORRUPT = "corrupt"
    FLOOD = "flood"
    LOSS = "loss"
    DELAY = "delay"
    JITTER = "jitter"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    CUT = "cut"
    CUT_ONE_WAY = "cut one way"
    PARTITION = "partition"
    LOSS_EVERYWHERE = "loss everywhere"
    FRONT_END = "front end crash"
    LEAVE = "leave and join"


@dataclass(slots=True)
class ChaosReport:
    """What a run of chaos did, and whether it held."""

    seed: int
    faults: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    requests: int = 0
    answered: int = 0
    unanswered: int = 0
    throughput_per_s: float = 0.0
    longest_stall_ms: float = 0.0
    violations: list[str] = field(default_factory=list)
    """Those that nobody was made to commit."""
    finds: int = 0
    """Violations by liars and corrupted replicas."""
    not_found: int = 0  # liars and corrupted replicas that nobody noticed
    stuck: int = 0  # how often the group did not recover within SETTLE_S
    answers_lost: int = 0
    agreed: bool = False
    """At the end every replica was a member, at the same number with the same digest."""
    processes_left: int = 0

    @property
    def counts(self) -> bool:
        """Enough was going on."""
        return self.throughput_per_s >= MINIMUM_PER_S

    @property
    def holds(self) -> bool:
        """Nothing went wrong that should not."""
        wrong = len(self.violations) + self.not_found + self.unanswered + self.stuck + self.processes_left
        return wrong + self.answers_lost == 0 and self.agreed

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints."""
        return {
            "seed": self.seed,
            "faults": self.faults,
            "kinds": dict(sorted(self.kinds.items())),
            "seconds": round(self.seconds, 2),
            "requests": self.requests,
            "answered": self.answered,
            "unanswered": self.unanswered,
            "throughput_per_s": round(self.throughput_per_s, 1),
            "minimum_per_s": MINIMUM_PER_S,
            "longest_stall_ms": round(self.longest_stall_ms, 1),
            "violations": len(self.violations),
            "troubles": self.violations[:20],
            "finds": self.finds,
            "not_found": self.not_found,
            "stuck": self.stuck,
            "answers_lost": self.answers_lost,
            "agreed": self.agreed,
            "processes_left": self.processes_left,
            "counts": self.counts,
            "holds": self.holds,
        }


class Chaos:
    """Strikes an engine that is under load."""

    def __init__(self, engine: Engine, report: ChaosReport) -> None:
        self._engine = engine
        self._report = report
        self._random = Random(report.seed)
        self._bag: list[Kind] = []
        self._troubled: dict[int, int] = {}  # replica → its trouble: healed only by who made it
        self._suspects: dict[int, int] = {}  # made to lie or corrupted: replica → its process
        self._strikes = 0

    def expected(self, violation: Violated) -> bool:
        """This replica was made to violate the checks."""
        return violation.replica in self._suspects

    async def strike(self) -> None:
        """One more fault, as soon as there is somebody to strike."""
        await self._until(lambda: self._judged() and self._healthy(), SETTLE_S)
        if not self._bag:
            self._bag = list(Kind)
            self._random.shuffle(self._bag)
        healthy = self._healthy()
        if not healthy:
            self._report.stuck += 1
            return
        kind, replica = self._bag.pop(), self._random.choice(healthy)
        self._strikes += 1
        self._report.faults += 1
        self._report.kinds[kind.value] += 1
        self._do(kind, replica, self._random.uniform(0.15, 0.6))

    def _judged(self) -> bool:
        """No front end is taking over, and no check waits for what the last one left."""
        return not (self._engine.front_end.recovering or self._engine.witness.held)

    def _healthy(self) -> list[int]:
        """Whom trouble may strike: nobody while only a majority is well."""
        engine = self._engine
        for replica, process in list(self._suspects.items()):
            if self._running(replica) and engine.members.status[replica].pid != process:
                del self._suspects[replica]  # its successor is honest
        well = [r for r in engine.members.status if self._running(r) and r not in self._troubled]
        spare = len(well) - (len(engine.members.status) // 2 + 1)
        return well if spare > 0 else []

    def _running(self, replica: int) -> bool:
        members = self._engine.front_end.view.members
        return (
            self._engine.members.status[replica].state == "running"
            and replica in members
            and not members[replica].suspected
        )

    def _do(self, kind: Kind, replica: int, lasts_s: float) -> None:
        heal = Heal(replica)
        match kind:
            case Kind.KILL:
                self._obey(Kill(replica))
            case Kind.STOP:
                self._obey(Pause(replica))
                self._trouble(replica, 2.5)
            case Kind.PAUSE:
                self._obey(Pause(replica))
                self._trouble(replica, lasts_s, Continue(replica))
            case Kind.SLOW:
                self._obey(Tamper(replica, Harm.SLOW, _MS // 5))
                self._trouble(replica, lasts_s, Tamper(replica, Harm.SLOW, 0))
            case Kind.LIE | Kind.CORRUPT:
                self._suspects[replica] = self._engine.members.status[replica].pid
                harm = Harm.LIE if kind is Kind.LIE else Harm.CORRUPT
                self._obey(Tamper(replica, harm, 10 if kind is Kind.LIE else 1))
                self._trouble(replica, 0.5)
            case Kind.FLOOD:
                self._obey(Tamper(replica, Harm.FLOOD, 2_000_000))
            case Kind.LOSS:
                self._fault(SetFault(replica, loss=0.3), lasts_s, heal)
            case Kind.DELAY:
                self._fault(SetFault(replica, delay_ns=50 * _MS), lasts_s, heal)
            case Kind.JITTER:
                self._fault(SetFault(replica, jitter_ns=20 * _MS), lasts_s, heal)
            case Kind.DUPLICATE:
                self._fault(SetFault(replica, duplicate=0.5), lasts_s, heal)
            case Kind.REORDER:
                self._fault(SetFault(replica, reorder=0.3), lasts_s, heal)
            case Kind.CUT:
                self._fault(SetFault(replica, cut=True), lasts_s, heal)
            case Kind.CUT_ONE_WAY:
                way = self._random.choice((Way.TO, Way.FROM))
                self._fault(SetFault(replica, way, cut=True), lasts_s, heal)
            case Kind.PARTITION:
                self._obey(Partition((replica,)))
                self._trouble(replica, lasts_s, Partition(()))
            case Kind.LOSS_EVERYWHERE:
                self._fault(SetFault(0, loss=0.01), lasts_s, Heal())
            case Kind.FRONT_END:
                self._obey(CrashFrontEnd())
            case Kind.LEAVE:
                self._obey(RemoveReplica(replica))
                self._trouble(replica, lasts_s, Revive(replica))

    def _fault(self, command: SetFault, lasts_s: float, heal: Command) -> None:
        self._obey(command)
        self._trouble(command.replica, lasts_s, heal)

    def _trouble(self, replica: int, lasts_s: float, end: Command | None = None) -> None:
        strike = self._troubled[replica] = self._strikes

        def over() -> None:
            if end is not None:
                self._obey(end)
            if self._troubled.get(replica) == strike:
                del self._troubled[replica]

        asyncio.get_running_loop().call_later(lasts_s, over)

    def _obey(self, command: Command) -> None:
        with contextlib.suppress(UsageError):  # it may have gone down by another fault in between
            self._engine.operator.do(command)  # type: ignore[arg-type]

    async def settle(self) -> None:
        """Heal everything, and wait until everybody is a member again, and the liars are found out."""
        self._obey(Heal())
        for replica in self._engine.members.status:
            self._obey(Continue(replica))
        status = self._engine.members.status

        def well() -> bool:
            self._healthy()
            return not self._suspects and not self._troubled and all(map(self._running, status))

        await self._until(well, SETTLE_S)
        self._report.not_found = len(self._suspects)

    async def _until(self, condition: Callable[[], object], patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        while not condition() and time.monotonic() < deadline:
            await asyncio.sleep(0.01)


async def run_chaos(
    faults: int, seconds: float, seed: int, replicas: int = 5, clients: int = 64, service: str = "social"
) -> ChaosReport:
    """Let `faults` faults strike a group within `seconds`. Raises StartError."""
    report = ChaosReport(seed)
    policies = Policies(MAJORITY, FailurePolicy.REVIVE, expel_liars=True)
    settings = RunSettings(service, replicas, clients, seed, think_ms=THINK_MS, policies=policies)
    pids: set[int] = set()
    chaos: Chaos | None = None

    def write(records: list[Record]) -> None:
        for record in records:
            if record.tap == Tap.FACT and record.body[2:10] == b"violated":
                fact = decode_fact(record.body)
                if isinstance(fact, Violated) and chaos is not None and chaos.expected(fact):
                    report.finds += 1
                elif isinstance(fact, Violated):
                    report.violations.append(f"{fact.check} at #{fact.seq} by R{fact.replica}: {fact.found}")

    engine = make_engine(settings, write)
    await engine.start(replicas, clients, seed)
    try:
        chaos = Chaos(engine, report)
        await _under_load(engine, chaos, report, faults, seconds, pids)
        await chaos.settle()
        complete = await engine.drain(SETTLE_S)
        report.unanswered = engine.pool.open_requests
        await engine.bystander.finish()
        stands = {(status.expected, status.digest) for status in engine.members.status.values()}
        report.agreed = complete and len(stands) == 1
        report.answers_lost = engine.failures.answers_lost
        report.requests, report.answered = engine.pool.sent, engine.answered
    finally:
        pids |= {process.pid for process in engine.members.supervisor.processes.values()}
        await engine.stop()
    report.processes_left = sum(map(_alive, pids))
    return report


async def _under_load(
    engine: Engine, chaos: Chaos, report: ChaosReport, faults: int, seconds: float, pids: set[int]
) -> None:
    engine.set_load(True, True)
    loop = asyncio.get_running_loop()
    start, answered = loop.time(), engine.answered
    watch = loop.create_task(_watch_stalls(engine, report))
    try:
        for number in range(faults):
            await asyncio.sleep(max(0.0, start + number * seconds / faults - loop.time()))
            await chaos.strike()
            pids |= {process.pid for process in engine.members.supervisor.processes.values()}
        await asyncio.sleep(max(0.0, start + seconds - loop.time()))
    finally:
        watch.cancel()
    report.seconds = loop.time() - start
    report.throughput_per_s = (engine.answered - answered) / report.seconds


async def _watch_stalls(engine: Engine, report: ChaosReport) -> None:
    """How long nobody at all was answered, at most."""
    answered, since = engine.answered, time.monotonic()
    while True:
        await asyncio.sleep(0.005)
        now = time.monotonic()
        if engine.answered != answered:
            report.longest_stall_ms = max(report.longest_stall_ms, 1e3 * (now - since))
            answered, since = engine.answered, now


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
