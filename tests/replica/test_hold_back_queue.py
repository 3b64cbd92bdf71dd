"""What came too early waits, within bounds, and never twice under one number."""

from __future__ import annotations

import pytest

from core import limits
from core.errors import RemoteProtocolError
from core.protocol.codec import encode
from core.protocol.messages import Order
from core.replica.hold_back_queue import HoldBackQueue
from tests.support.group import batch, put


def of(count: int, first_seq: int) -> Order:
    return batch(first_seq, *[(1, first_seq + offset, put("a", 1)) for offset in range(count)])


def hold(queue: HoldBackQueue, order: Order) -> bool:
    return queue.hold(order, encode(order))


def test_a_batch_waits_for_its_number() -> None:
    queue = HoldBackQueue()
    assert hold(queue, of(2, 5))
    assert queue.take(4) is None
    assert queue.take(5) == of(2, 5)
    assert queue.take(5) is None
    assert len(queue) == 0


def test_a_duplicate_takes_no_room() -> None:
    queue = HoldBackQueue()
    assert hold(queue, of(1, 5)) and hold(queue, of(1, 5))
    assert len(queue) == 1


def test_the_same_number_with_other_bytes_is_an_alarm() -> None:
    queue = HoldBackQueue()
    hold(queue, batch(5, (1, 1, put("a", 1))))
    with pytest.raises(RemoteProtocolError, match="#5 arrived twice with different contents"):
        hold(queue, batch(5, (1, 1, put("a", 2))))


def test_ranges_that_touch_are_one() -> None:
    queue = HoldBackQueue()
    for order in (of(1, 12), of(2, 5), of(3, 7), of(1, 20), of(1, 11)):
        hold(queue, order)
    assert queue.ranges() == (5, 9, 11, 12, 20, 20)
    assert queue.lowest() == 5


def test_nothing_held_has_no_ranges() -> None:
    assert HoldBackQueue().ranges() == ()


def test_the_number_of_batches_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.replica.hold_back_queue.HOLD_BACK_MESSAGES", 3)
    queue = HoldBackQueue()
    assert [hold(queue, of(1, seq)) for seq in (2, 4, 6, 8)] == [True, True, True, False]
    assert hold(queue, of(1, 4)), "what is held already needs no room"
    queue.take(2)
    assert hold(queue, of(1, 8))


def test_the_bytes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(encode(of(1, 2)))
    monkeypatch.setattr("core.replica.hold_back_queue.HOLD_BACK_BYTES", 2 * size)
    queue = HoldBackQueue()
    assert [hold(queue, of(1, seq)) for seq in (2, 4, 6)] == [True, True, False]
    queue.take(4)
    assert hold(queue, of(1, 6))
    assert not hold(queue, of(1, 8))


def test_the_bounds_are_those_of_the_design() -> None:
    assert (limits.HOLD_BACK_MESSAGES, limits.HOLD_BACK_BYTES) == (4_096, 8 << 20)
