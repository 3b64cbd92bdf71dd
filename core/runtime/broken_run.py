"""A run with broken rules: what makes each missing rule felt. Without it many would go unnoticed for long.

total order, hold-back   links let messages overtake each other
gap repair               the last replica's link loses a message now and then
at most once             impatient clients send some requests twice, under the same id
fencing                  the last replica is stopped until it is dropped, then let go on
determinism              nothing more: the clocks of two processes differ by themselves

All of it is done to a cluster from outside; the engine and its machines do not know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from core.commands import Pause, SetFault
from core.facts import Said
from core.group.sequencer import Requests
from core.link_faults import Way
from core.rules import Rule
from core.workload.closed_loop import ClientPool, Workload

if TYPE_CHECKING:
    from core.runtime.engine import Engine

EVERY_SO_MANY = 20
"""Of the requests of impatient clients, one in so many is sent twice."""
WAKE_AFTER_S = 0.3
STUCK_AFTER_S = 1.0


def break_rules(engine: Engine, rules: Iterable[Rule], budget: int | None) -> None:
    """Let this engine, which is not started yet, run without these rules."""
    engine.broken = tuple(rules)
    engine.members.supervisor.broken = tuple(rule.value for rule in engine.broken)
    if Rule.AT_MOST_ONCE in engine.broken:
        engine.pool = ImpatientPool(engine.workload, budget)
    if Rule.FENCING in engine.broken:
        engine.members.drop = Unfenced(engine).drop  # type: ignore[method-assign]


def bring_to_light(engine: Engine) -> None:
    """The cluster is up: begin what makes the missing rules felt, and say what is missing."""
    last = max(engine.links)
    for rule in engine.broken:
        engine.tell(Said("warning", f"Broken on purpose: no {rule.value}. {rule.broken.capitalize()}."))
        match rule:
            case Rule.TOTAL_ORDER | Rule.HOLD_BACK:
                engine.operator.do(SetFault(0, Way.TO, reorder=0.1))
            case Rule.GAP_REPAIR:
                engine.operator.do(SetFault(last, Way.TO, loss=0.02))
                asyncio.get_running_loop().call_later(STUCK_AFTER_S, _look_for_stuck, engine, last, 0)
            case Rule.FENCING:
                engine.operator.do(Pause(last))
            case Rule.AT_MOST_ONCE | Rule.DETERMINISM:
                pass


def _look_for_stuck(engine: Engine, replica: int, expected_before: int) -> None:
    """Tell when a replica waits for a number that nobody will ever send again."""
    if replica not in engine.links:
        return
    expected = engine.members.status[replica].expected
    ordered = engine.front_end.sequencer.next_seq - 1
    if expected == expected_before and expected <= ordered:
        found = f"it waits for it, though #{ordered} was ordered long since"
        engine.witness.checks.accuse("gap_repair", expected, replica, f"the execution of #{expected}", found)
        return
    asyncio.get_running_loop().call_later(STUCK_AFTER_S, _look_for_stuck, engine, replica, expected)


class ImpatientPool(ClientPool):
    """Clients that do not wait long enough now and then: the same request leaves twice, and the second
    answer is thrown away."""

    def __init__(self, workload: Workload, budget: int | None = None) -> None:
        super().__init__(workload, budget)
        self._twice: dict[tuple[int, int], bool] = {}  # sent twice → answered once
        self._count = 0

    def answered(self, ids: Sequence[int], first_seq: int, outcomes: Sequence[bytes], now: int) -> Requests:
        """As `ClientPool.answered`, for answers that are not repeated."""
        issued = Requests()
        for offset, outcome in enumerate(outcomes):
            request = (ids[2 * offset], ids[2 * offset + 1])
            if self._twice.get(request):
                del self._twice[request]
                continue
            if request in self._twice:
                self._twice[request] = True
            issued = issued.followed_by(super().answered(request, first_seq + offset, [outcome], now))
        return self._repeated(issued)

    def _repeated(self, requests: Requests) -> Requests:
        result = Requests()
        for place, operation in enumerate(requests.operations):
            client, number = requests.ids[2 * place : 2 * place + 2]
            result.add(client, number, operation)
            self._count += 1
            if self._count % EVERY_SO_MANY == 0:
                result.add(client, number, operation)
                self._twice[client, number] = False
        return result


class Unfenced:
    """Drops replicas without making sure that they are dead: what they say afterwards is heard, and told."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._fenced: Callable[[int], bool] = engine.members.drop
        self._accused: set[int] = set()

    def drop(self, replica: int) -> bool:
        """As `Members.drop`, but for the kill."""
        members = self._engine.members
        process = members.supervisor.processes[replica]
        if process.status is not None or replica not in members.links:
            return self._fenced(replica)
        link = members.links.pop(replica)
        members.status[replica].state = "dead"
        link.hand_over(self)
        asyncio.get_running_loop().call_later(WAKE_AFTER_S, process.signal, "SIGCONT")
        return True

    def link_received(self, replica: int, payloads: list[bytes]) -> None:
        """A replica that was dropped speaks."""
        if replica not in self._accused:
            self._accused.add(replica)
            seq = self._engine.front_end.sequencer.next_seq - 1
            found = f"{len(payloads)} messages of a replica that believes it is a member"
            self._engine.witness.checks.accuse("fencing", seq, replica, "silence: it was dropped", found)

    def link_full(self, replica: int) -> None:
        """Nothing is sent to it any more."""

    def link_drained(self, replica: int) -> None:
        """Nothing is sent to it any more."""

    def link_lost(self, replica: int, reason: str) -> None:
        """It is gone at last."""
