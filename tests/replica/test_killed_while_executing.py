"""A replica is killed between any two lines of its step: nothing that it half did is ever seen."""

from __future__ import annotations

import inspect
import sys
from types import FrameType
from typing import Any

import pytest

from core.protocol.messages import Order
from core.replica.replica_manager import ReplicaManager
from tests.support.lossy import LossyNet

STEPS = (
    ReplicaManager._ordered,
    ReplicaManager._execute,
    ReplicaManager._execute_each,
    ReplicaManager._without_execution,
)
CODES = {function.__code__ for function in STEPS}


def lines() -> list[int]:
    """Every line with code of what executes an order (rule 3)."""
    found: set[int] = set()
    for function in STEPS:
        found |= {line for _, _, line in function.__code__.co_lines() if line is not None}
        found.discard(inspect.getsourcelines(function)[1])
    return sorted(found)


class Killed(BaseException):
    """SIGKILL: no handler runs."""


def dies_at(line: int) -> Any:
    """A tracer that kills at this line."""

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code not in CODES:
            return None
        if event == "line" and frame.f_lineno == line:
            raise Killed
        return trace

    return trace


@pytest.mark.parametrize("line", lines())
def test_killed_between_two_lines_of_an_execution(line: int) -> None:
    """R2 dies there with the 20th request, and comes back; nobody notices but the view."""
    net = LossyNet(1, loss=0.1)
    honest = ReplicaManager.step
    armed = False

    def step(self: ReplicaManager, message: Any, payload: bytes, now: int) -> Any:
        nonlocal armed
        if not armed or self is not net.replicas.get(2) or not isinstance(message, Order):
            return honest(self, message, payload, now)
        before = sys.gettrace()
        sys.settrace(dies_at(line))
        try:
            return honest(self, message, payload, now)
        finally:
            sys.settrace(before)

    def at_replica(replica: int, payload: bytes) -> None:
        nonlocal armed
        try:
            deliver(replica, payload)
        except Killed:
            armed = False
            net.kill(2)
            net.revive(2)

    def arm() -> None:
        nonlocal armed
        armed = True

    deliver, net._at_replica = net._at_replica, at_replica  # type: ignore[method-assign]
    net.at_request = {20: arm}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ReplicaManager, "step", step)
        net.run(requests=70)
    assert net.front_end.view.replicas == (1, 2, 3)
    states = {(m.expected, m.digest, str(m.sessions.last)) for m in net.replicas.values()}
    assert len(states) == 1
