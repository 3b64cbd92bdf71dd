"""The gate: who passes waits for the end of a frame, but not for long, and never for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from core.session import gate as module
from core.session.gate import PATIENCE_S, Gate

LONG_S = 40.0


class Clock:
    """`time`, as far as the gate asks for it."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


def begin(target: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


def soon(target: Callable[[], None]) -> None:
    """Have it done by somebody else, who must not wait."""
    somebody = begin(target)
    somebody.join(LONG_S / 2)
    assert not somebody.is_alive()


def test_whoever_passes_waits_until_the_frame_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", LONG_S)
    gate = Gate()
    with gate:
        assert gate.closed
        somebody = begin(gate.pass_through)
        somebody.join(0.05)
        assert somebody.is_alive()
    somebody.join(LONG_S / 2)
    assert not somebody.is_alive() and not gate.closed
    gate.pass_through()  # an open gate stops nobody, the next time as well


def test_a_frame_that_takes_long_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    gate = Gate()
    with gate:
        clock.now_s += PATIENCE_S
        soon(gate.pass_through)
        assert gate.closed


def test_it_waits_no_longer_than_its_patience() -> None:
    gate = Gate()
    with gate:
        soon(gate.pass_through)
        assert gate.closed


def test_a_frame_within_a_frame() -> None:
    """As when a dialog opens in one and runs a loop of its own."""
    gate = Gate()
    with gate:
        with gate:
            assert gate.closed
        assert not gate.closed
        gate.pass_through()
    with gate:
        assert gate.closed


def test_it_stays_open_when_somebody_is_just_passing() -> None:
    gate = Gate()
    gate._lock.acquire()  # for the moment that passing takes
    seen: list[bool] = []

    def frame() -> None:
        with gate:
            seen.append(gate.closed)

    soon(frame)
    gate._lock.release()
    soon(frame)
    assert seen == [False, True]


def test_it_opens_when_the_frame_fails() -> None:
    gate = Gate()
    with pytest.raises(ZeroDivisionError), gate:
        _ = 1 // 0
    assert not gate.closed
