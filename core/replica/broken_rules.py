"""Replica managers that break one rule of active replication each, and nothing else.

They show what the rule is for. A run asks for them by name (`Rule`); the good manager knows nothing of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from core.effects import Effect
from core.protocol.messages import Order
from core.replica.replica_manager import ReplicaManager
from core.rules import Rule
from core.services.machine import Context, Refused, Service, Value


class InOrderOfArrival(ReplicaManager):
    """Without total order: every order is executed as it arrives, whatever its number."""

    def _ordered(self, order: Order, payload: bytes, now: int) -> tuple[Effect, ...]:
        done: set[int] = self.__dict__.setdefault("_done", set())
        if order.first_seq in done:
            return ()
        done.add(order.first_seq)
        return self._execute(order, now)


class WithoutHoldBack(ReplicaManager):
    """Without a hold-back queue: an early order is executed at once, and what it overtook comes too late."""

    def _out_of_order(self, order: Order, payload: bytes, now: int) -> tuple[Effect, ...]:
        if order.first_seq < self.expected:
            return ()
        self.expected = order.first_seq
        return self._execute(order, now)


class WithoutGapRepair(ReplicaManager):
    """Without gap repair: what was lost is never asked for, and what came after it waits for ever."""

    @property
    def nack_at(self) -> int | None:
        """Never."""
        return None

    @nack_at.setter
    def nack_at(self, moment: int | None) -> None:
        pass


class WithoutSessionTable(ReplicaManager):
    """Without a session table: nobody remembers what a client was answered, so a repeated request is new."""

    def __init__(self, service: Service, incarnation: int, clock: Callable[[], int]) -> None:
        super().__init__(service, incarnation, clock)
        self.sessions.last = _Forgetful()


class _Forgetful(dict[int, tuple[int, bytes]]):
    def get(self, client: int, default: Any = None) -> Any:
        return (0, b"") if client in self else default


class ReadsTheClock:
    """A service that looks at the clock of its machine: for the time of a request, and instead of answering
    nothing."""

    def __init__(self, service: Service, clock: Callable[[], int]) -> None:
        self._service = service
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)

    def apply(self, operation: Any, context: Context) -> Value | Refused:
        """As the service, but at the machine's own time."""
        now = self._clock()
        outcome = self._service.apply(operation, Context(context.seq, now))
        return now if outcome is None else outcome


_MANAGERS: dict[Rule, type[ReplicaManager]] = {
    Rule.TOTAL_ORDER: InOrderOfArrival,
    Rule.HOLD_BACK: WithoutHoldBack,
    Rule.GAP_REPAIR: WithoutGapRepair,
    Rule.AT_MOST_ONCE: WithoutSessionTable,
}


def broken_manager(
    rules: Iterable[str], service: Service, incarnation: int, clock: Callable[[], int]
) -> ReplicaManager:
    """A replica manager without these rules. Those that are the front end's change nothing here."""
    broken = tuple(map(Rule, rules))
    if Rule.DETERMINISM in broken:
        service = ReadsTheClock(service, clock)  # type: ignore[assignment]
    kinds = tuple(_MANAGERS[rule] for rule in broken if rule in _MANAGERS)
    kind: type[ReplicaManager] = type("BrokenManager", kinds or (ReplicaManager,), {})
    return kind(service, incarnation, clock)
