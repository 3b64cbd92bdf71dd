"""At most once: a request that comes again gets its recorded answer and changes nothing."""

from __future__ import annotations

from core.replica.session_table import SessionTable
from core.services.calls import NO_SESSION, STALE_REQUEST
from tests.support.group import CLOSE, OPEN, Replica, batch, increment


def open_for(*clients: int) -> Replica:
    replica = Replica()
    replica.order(batch(1, *[(client, 1, OPEN) for client in clients]))
    return replica


def test_a_retry_gets_the_recorded_answer() -> None:
    replica = open_for(1)
    assert replica.outcomes(batch(2, (1, 2, increment("n")))) == ["1"]
    assert replica.outcomes(batch(3, (1, 2, increment("n")))) == ["1"]
    assert replica.outcomes(batch(4, (1, 3, increment("n")))) == ["2"]


def test_a_retry_in_the_same_batch_gets_it_too() -> None:
    twice = batch(2, (1, 2, increment("n")), (1, 2, increment("n")), (1, 3, increment("n")))
    assert open_for(1).outcomes(twice) == ["1", "1", "2"]


def test_a_request_older_than_the_last_is_stale() -> None:
    replica = open_for(1)
    replica.outcomes(batch(2, (1, 2, increment("n")), (1, 3, increment("n"))))
    assert replica.outcomes(batch(4, (1, 2, increment("n")))) == ["refused: stale_request"]
    assert replica.outcomes(batch(5, (1, 4, increment("n")))) == ["3"]


def test_who_never_opened_a_session_is_refused() -> None:
    replica = open_for(1)
    assert replica.outcomes(batch(2, (2, 1, increment("n")))) == ["refused: no_session"]
    assert replica.outcomes(batch(3, (1, 2, increment("n")))) == ["1"]


def test_a_session_opens_once() -> None:
    replica = open_for(1)
    replica.outcomes(batch(2, (1, 2, increment("n"))))
    assert replica.outcomes(batch(3, (1, 1, OPEN))) == ["refused: stale_request"]
    assert replica.outcomes(batch(4, (1, 3, OPEN))) == ["refused: invalid_operation"]
    assert replica.outcomes(batch(5, (1, 4, increment("n")))) == ["2"]


def test_a_closed_session_answers_nothing_more() -> None:
    replica = open_for(1, 2)
    assert replica.outcomes(batch(3, (1, 2, CLOSE), (1, 3, increment("n")))) == ["ok", "refused: no_session"]
    assert replica.outcomes(batch(5, (2, 2, increment("n")))) == ["1"], "only its own session is closed"


def test_a_session_may_open_again_and_numbers_go_on() -> None:
    replica = open_for(1)
    replica.order(batch(2, (1, 2, CLOSE)))
    reopened = batch(3, (1, 3, OPEN), (1, 4, increment("n")), (1, 2, increment("n")))
    assert replica.outcomes(reopened) == ["ok", "1", "refused: stale_request"]


def test_bytes_that_are_no_operation_are_refused_and_recorded() -> None:
    replica = open_for(1)
    for raw in (b"", b"\xc1", b"\x91\xa4nope", b"\x91\xa1\xff", b"\x91" * 3_000):
        number = replica.manager.expected
        assert replica.outcomes(batch(number, (1, number, raw))) == ["refused: invalid_operation"]
        again = replica.manager.expected
        assert replica.outcomes(batch(again, (1, number, raw))) == ["refused: invalid_operation"]
        replica.order(batch(replica.manager.expected, (1, again, increment("n"))))


def test_the_table_alone() -> None:
    table = SessionTable()
    assert table.recorded(1, 1) == NO_SESSION
    table.record(1, 4, b"four")
    assert table.recorded(1, 3) == STALE_REQUEST
    assert table.recorded(1, 4) == b"four"
    assert table.recorded(1, 5) is None
    table.close(1)
    table.close(1)
    assert table.recorded(1, 5) == NO_SESSION
