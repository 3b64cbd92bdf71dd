"""What a service answers when one request is executed after the other, as the linearizability search asks it.

The search tries an operation on a state and needs the next state at once, and the last one back. So a state
here is a value that is never changed: whoever keeps the old one has undone the step. A service that names the
*part* of its state that an operation concerns (`partition`, see `core.services.machine`) is searched part by
part: a history is linearizable exactly when its history of every part is (Herlihy and Wing 1990, theorem 1;
Horn and Kroening 2015 call it P-compositionality).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, cast

import msgspec

from core.limits import MAX_CLIENTS
from core.services.calls import INVALID_OPERATION, UNREADABLE, encode_outcome, is_refused, operation_decoder
from core.services.kv import KeyValue
from core.services.machine import Context, Partitioned, Service
from core.services.social import Social

State = Hashable
Step = Callable[[State], State]

IMPOSSIBLE: State = type("Impossible", (), {"__repr__": lambda self: "IMPOSSIBLE"})()
"""Stands for the next state where an operation could not have answered what it did."""

KEPT_MOVES = 1 << 16
"""Moves remembered: the same request with the same answer is often seen again."""


class Move(NamedTuple):
    """An operation with its answer (or without: unknown), ready to be tried on states of `part`.

    `observes`: with this answer it changes no state, whatever it finds.
    """

    part: str
    step: Step
    observes: bool


class Model(Protocol):
    """The sequential behaviour of a service."""

    start: State
    """The state of a part before its first operation."""

    anything: State | None
    """A state that stands for all states: whatever is answered may be right. None when there is none."""

    steps: int
    """What a stretch of the history may cost, in steps of the search."""

    most_open: int
    """With more requests of a part open at once there are too many orders to try them all: then one that
    somebody claims is tried alone."""

    def move(self, operation: bytes, outcome: bytes | None) -> Move | None:
        """None when the operation constrains nothing and changes nothing."""

    def words(self, state: State) -> str:
        """A state for a person."""


def model_of(service: Service) -> Model | None:
    """How to search the histories of this service; None when nobody knows (its answers may depend on its
    sequence numbers, which no client sees)."""
    if type(service) is KeyValue:
        from core.checks.single_key import SingleKey  # the one that is needed

        return SingleKey()
    if type(service) is Social:
        from core.checks.social_network import SocialNetwork

        return SocialNetwork()
    return ServiceModel(service) if isinstance(service, Partitioned) else None


class ServiceModel:
    """Any service with a `partition`: its own code executes every step, between `restore` and `snapshot`.

    A step costs as much as both, so windows should be small. There is no state `anything`: after a gap the
    history of a part cannot be followed any more.
    """

    anything: State | None = None
    steps = 10_000
    most_open = MAX_CLIENTS

    def __init__(self, service: Service) -> None:
        """Takes the service over; it must not have executed anything."""
        self._service = service
        self._decode = operation_decoder(service.operations)
        self._partition = cast(Partitioned, service).partition
        self.start: State = _encode(service.snapshot())
        self.move = lru_cache(KEPT_MOVES)(self._move)

    def _move(self, operation: bytes, outcome: bytes | None) -> Move | None:
        if outcome == INVALID_OPERATION:
            return None
        try:
            decoded = self._decode(operation)
        except UNREADABLE:
            return None
        observes = decoded.READ_ONLY or (outcome is not None and is_refused(outcome))
        if observes and outcome is None:
            return None
        part = self._partition(decoded)
        return Move(part, lru_cache(1_024)(self._step(decoded, outcome)), observes)

    def words(self, state: State) -> str:
        """The snapshot as JSON."""
        return msgspec.json.encode(msgspec.msgpack.decode(cast(bytes, state))).decode()

    def _step(self, operation: Any, outcome: bytes | None) -> Step:
        service = self._service

        def step(state: State) -> State:
            service.restore(msgspec.msgpack.decode(cast(bytes, state)))
            answer = encode_outcome(service.apply(operation, _CONTEXT))
            return _encode(service.snapshot()) if outcome is None or answer == outcome else IMPOSSIBLE

        return step


_encode = msgspec.msgpack.Encoder().encode
_CONTEXT = Context(1, 0)
"""A partitioned service promises not to look at it."""
