"""A replica that fails on purpose: slow, lying, corrupted or talkative, as the front end tells it to.

The replica manager itself knows nothing of it. From the first `Tamper` on, it is wrapped: orders are held up
on their way in, results are falsified on their way out, memory is changed behind its back.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, cast

import msgspec

from core.effects import Effect, Send
from core.errors import RemoteProtocolError
from core.harm import Harm
from core.protocol.codec import decode_body, decode_from_replica, encode
from core.protocol.messages import FromFrontEnd, Order, Result, Tamper
from core.replica.replica_manager import ReplicaManager
from core.services.calls import decode_outcome, encode_outcome
from core.services.machine import Refused
from replica_daemon.bit_flip import turn_a_bit

_LINE = "All work and no play makes a replica write long logs.\n"


def tampered(manager: ReplicaManager, tamper: Tamper) -> ReplicaManager:
    """A manager that does this harm (and what was done before). Raises RemoteProtocolError for an unknown
    one."""
    wrapped = manager if isinstance(manager, Saboteur) else Saboteur(manager, threading.Event().wait)
    wrapped.do(tamper)
    return cast(ReplicaManager, wrapped)


class Saboteur:
    """A replica manager and what is wrong with it."""

    def __init__(self, manager: ReplicaManager, wait: Callable[[float], object]) -> None:
        self._manager = manager
        self._wait = wait
        self._slow_ns = 0
        self._lie_every = 0
        self._answers = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)

    def do(self, tamper: Tamper) -> None:
        """Begin, end or do once what `tamper` says. Raises RemoteProtocolError for an unknown harm."""
        try:
            harm = Harm(tamper.harm)
        except ValueError as error:
            raise RemoteProtocolError(f"There is no harm {tamper.harm!r}.") from error
        match harm:
            case Harm.SLOW:
                self._slow_ns = tamper.amount
            case Harm.LIE:
                self._lie_every = tamper.amount
            case Harm.CORRUPT:
                for _ in range(tamper.amount):
                    turn_a_bit(self._manager.service)
            case Harm.FLOOD:
                sys.stderr.write(_LINE * (tamper.amount // len(_LINE) + 1))
                sys.stderr.flush()

    def step(self, message: FromFrontEnd, payload: bytes, now: int) -> tuple[Effect, ...]:
        """As `ReplicaManager.step`, but late or false."""
        if self._slow_ns and isinstance(message, Order):
            self._wait(self._slow_ns * message.count / 1e9)
        effects = self._manager.step(message, payload, now)
        return tuple(map(self._falsified, effects)) if self._lie_every else effects

    def _falsified(self, effect: Effect) -> Effect:
        if not isinstance(effect, Send):
            return effect
        result = decode_from_replica(effect.payload)
        if not isinstance(result, Result):
            return effect
        body = decode_body(result.body)
        outcomes = list(map(self._answer, body.outcomes))
        false = encode(msgspec.structs.replace(body, outcomes=outcomes))
        return Send(encode(msgspec.structs.replace(result, body=false)))

    def _answer(self, outcome: bytes) -> bytes:
        self._answers += 1
        return lie(outcome) if self._answers % self._lie_every == 0 else outcome


def lie(outcome: bytes) -> bytes:
    """Another answer of the same kind, which a client could believe."""
    match decode_outcome(outcome):
        case Refused():
            return encode_outcome(None)
        case None:
            return encode_outcome(Refused("not_allowed"))
        case bool(value):
            return encode_outcome(not value)
        case int(value):
            return encode_outcome(value - 1 if value > 0 else value + 1)
        case str(value):
            return encode_outcome(f"{value}!")
        case list(value):
            return encode_outcome(value[:-1] if value else ["nobody"])
        case value:
            return encode_outcome([value])
