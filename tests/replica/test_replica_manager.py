"""One replica manager: order, gaps, repetitions, failures, looks."""

from __future__ import annotations

from typing import Any

import pytest

from core.effects import Halt
from core.errors import RemoteProtocolError
from core.limits import GAP_NACK_AFTER_NS, INSPECT_ROWS
from core.protocol.codec import encode
from core.protocol.messages import Bye, Failure, Inspect, Nack, Order, Ping, Pong, Result, Snapshot
from core.replica.replica_manager import RENACK_AFTER_NS
from core.services.kv import KeyValue
from tests.support.group import OPEN, Replica, batch, get, increment, put, said
from tests.support.services import Failing, FailingLook

FIRST = batch(1, (1, 1, OPEN))
SECOND = batch(2, (1, 2, put("a", 1)), (1, 3, get("a")))
THIRD = batch(4, (1, 4, get("a")))


def test_batches_in_order_are_executed_at_once() -> None:
    replica = Replica()
    assert replica.outcomes(FIRST) == ["ok"]
    assert replica.outcomes(SECOND) == ["ok", "1"]
    assert replica.manager.expected == 4
    assert replica.manager.nack_at is None


def test_a_result_says_what_it_answers() -> None:
    [result] = said(Replica().order(FIRST, now=70))
    assert isinstance(result, Result)
    assert (result.epoch, result.incarnation, result.first_seq, result.count) == (1, 1, 1, 1)
    assert result.received_ns == 70


def test_what_came_early_is_executed_when_its_number_comes() -> None:
    replica = Replica()
    assert replica.order(THIRD) == ()
    assert replica.order(SECOND) == ()
    results = said(replica.order(FIRST))
    assert [result.first_seq for result in results if isinstance(result, Result)] == [1, 2, 4]
    assert replica.answers == {1: "ok", 2: "ok", 3: "1", 4: "1"}
    assert replica.manager.nack_at is None


def test_a_repeated_batch_gets_the_same_bytes_again() -> None:
    replica = Replica()
    replica.order(FIRST)
    answer = replica.order(SECOND)
    assert replica.order(SECOND) == answer
    assert replica.manager.expected == 4


def test_an_old_epoch_is_not_heard() -> None:
    replica = Replica()
    replica.order(batch(1, (1, 1, OPEN), epoch=2))
    assert replica.order(batch(2, (1, 2, put("a", 1)), epoch=1)) == ()
    assert replica.manager.expected == 2


def test_the_same_number_with_other_contents_is_an_alarm() -> None:
    replica = Replica()
    replica.order(THIRD)
    with pytest.raises(RemoteProtocolError, match="#4 arrived twice with different contents"):
        replica.order(batch(4, (1, 4, get("b"))))


def test_the_same_number_with_other_contents_is_an_alarm_after_execution_too() -> None:
    replica = Replica()
    replica.order(FIRST)
    replica.order(SECOND)
    with pytest.raises(RemoteProtocolError, match="#2 arrived twice with different contents"):
        replica.order(batch(2, (2, 2, put("a", 1)), (1, 3, get("a"))))


# --- gaps ---


def test_a_gap_is_asked_for_after_a_short_delay() -> None:
    replica = Replica()
    replica.order(FIRST, now=0)
    replica.order(batch(6, (1, 6, get("a"))), now=100)
    replica.order(THIRD, now=200)
    due = replica.manager.nack_at
    assert due == 100 + GAP_NACK_AFTER_NS
    assert replica.manager.tick(due - 1) == ()
    assert said(replica.manager.tick(due)) == [Nack(2, 3)]


def test_a_gap_that_stays_open_is_asked_for_again() -> None:
    replica = Replica()
    replica.order(THIRD, now=0)
    first = GAP_NACK_AFTER_NS
    assert said(replica.manager.tick(first)) == [Nack(1, 3)]
    assert replica.manager.tick(first + RENACK_AFTER_NS - 1) == ()
    assert said(replica.manager.tick(first + RENACK_AFTER_NS)) == [Nack(1, 3)]


def test_a_closed_gap_is_not_asked_for() -> None:
    replica = Replica()
    replica.order(SECOND, now=0)
    replica.order(FIRST, now=1)
    assert replica.manager.nack_at is None
    assert replica.manager.tick(10 * GAP_NACK_AFTER_NS) == ()


def test_the_next_gap_has_its_own_delay() -> None:
    replica = Replica()
    replica.order(SECOND, now=0)
    replica.order(batch(6, (1, 6, get("a"))), now=0)
    replica.order(FIRST, now=1_000)
    assert replica.manager.nack_at == 1_000 + GAP_NACK_AFTER_NS
    assert said(replica.manager.tick(1_000 + GAP_NACK_AFTER_NS)) == [Nack(4, 5)]


# --- signs of life, other messages ---


def test_a_pong_says_where_it_stands() -> None:
    replica = Replica()
    replica.order(FIRST)
    replica.order(THIRD)
    [pong] = said(replica.manager.step(Ping(7), b"", 0))
    assert pong == Pong(7, 2, (4, 4), replica.manager.digest)


@pytest.mark.parametrize("message", [Bye(), Failure(True, "no")])
def test_nothing_else_is_expected_of_a_front_end(message: Any) -> None:
    with pytest.raises(RemoteProtocolError, match="Unexpected"):
        Replica().manager.step(message, b"", 0)


# --- failures ---


def test_a_service_that_fails_halts_its_replica() -> None:
    replica = Replica(Failing())
    replica.order(FIRST)
    failure, halt = replica.order(batch(2, (1, 2, increment("a")), (1, 3, increment("boom"))))
    reason = "The service failed in the batch at #2: ZeroDivisionError: boom"
    assert said([failure]) == [Failure(False, reason)]
    assert halt == Halt(reason)
    assert replica.manager.expected == 2, "it never answers for half an execution"


def test_a_look_that_fails_halts_its_replica() -> None:
    replica = Replica(FailingLook())
    for look in (Inspect(1, "", 0, 0), Inspect(2, "keys", 0, 10)):
        failure, halt = replica.manager.step(look, b"", 0)
        reason = "The service failed while its data was looked at: LookupError: no such tile"
        assert said([failure]) == [Failure(False, reason)]
        assert halt == Halt(reason)


@pytest.mark.parametrize(
    "order",
    [
        Order(1, 1, 2, 0, FIRST.requests, FIRST.operations),
        Order(1, 1, 1, 0, FIRST.requests[:4], FIRST.operations),
        Order(1, 1, 1, 0, FIRST.requests[:7], FIRST.operations),
        Order(1, 1, 1, 0, FIRST.requests, []),
        Order(1, 1, 0, 0, b"", []),
        Order(1, 1, -1, 0, b"", []),
    ],
    ids=["wrong count", "half an id", "cut column", "no operations", "empty", "negative"],
)
def test_a_batch_must_be_whole(order: Order) -> None:
    replica = Replica()
    with pytest.raises(RemoteProtocolError, match="#1"):
        replica.order(order)
    assert replica.outcomes(FIRST) == ["ok"]


# --- looks ---


def look(replica: Replica, path: str, offset: int, limit: int) -> Snapshot:
    [page] = said(replica.manager.step(Inspect(5, path, offset, limit), b"", 0))
    assert isinstance(page, Snapshot)
    return page


@pytest.fixture
def full() -> Replica:
    replica = Replica()
    replica.order(batch(1, (1, 1, OPEN), *[(1, 2 + n, put(f"k{n:03}", n)) for n in range(300)]))
    return replica


def test_a_page_says_of_which_moment_it_is(full: Replica) -> None:
    page = look(full, "keys", 10, 2)
    assert (page.nonce, page.expected, page.digest) == (5, 302, full.manager.digest)
    assert (page.path, page.offset, page.total) == ("keys", 10, 300)
    assert page.rows == (("k010", "10"), ("k011", "11"))


def test_a_page_is_bounded(full: Replica) -> None:
    assert len(look(full, "keys", 0, 10**9).rows) == INSPECT_ROWS
    assert look(full, "keys", 299, 10).rows == (("k299", "299"),)
    assert look(full, "keys", 10**9, 10).rows == ()


@pytest.mark.parametrize(("offset", "limit"), [(-5, 2), (0, -3), (-1, -1)])
def test_a_page_before_the_beginning_is_no_trap(full: Replica, offset: int, limit: int) -> None:
    asked: list[tuple[int, int]] = []

    class Spy(KeyValue):
        def inspect(self, path: str, offset: int, limit: int) -> Any:
            asked.append((offset, limit))
            return super().inspect(path, offset, limit)

    look(Replica(Spy()), "keys", offset, limit)
    assert asked == [(max(0, offset), max(0, limit))]


def test_no_path_and_no_rows_asks_for_the_summary(full: Replica) -> None:
    assert len(look(full, "", 0, 0).rows) == 8
    assert look(full, "", 0, 5).branches == ("keys",)


def test_an_unknown_path_is_an_empty_page(full: Replica) -> None:
    assert look(full, "no/such/path", 0, 10).total == 0


def test_a_look_changes_nothing(full: Replica) -> None:
    before = (full.manager.expected, full.manager.digest, encode(look(full, "keys", 0, 10)))
    assert (full.manager.expected, full.manager.digest, encode(look(full, "keys", 0, 10))) == before
