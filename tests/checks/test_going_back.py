"""When a front end dies, the reference goes back to where the group goes on: only to what it was itself."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core.ids import RequestId
from core.protocol.messages import view_operation
from core.services.machine import encode_value
from tests.support.court import Court
from tests.support.group import OPEN, increment, put


@pytest.fixture
def court() -> Court:
    """#1 to #3 were executed and answered by both; #4 and #5 were ordered, and only R1 executed #4."""
    court = Court(replicas=2)
    court.run((1, 1, OPEN), (2, 1, OPEN))
    court.run((1, 2, increment("n")))
    return court


def image(court: Court, **changes: Any) -> Any:
    return msgspec.structs.replace(court.replicas[2].manager.image(), **changes)


def test_what_nobody_has_executed_may_be_ordered_anew(court: Court) -> None:
    court.order((1, 3, increment("n")), (2, 2, put("a", 1)))
    assert court.checks.recovered(4) == ()
    assert court.checks.ahead_of(4)
    court.checks.go_back(4, image(court))
    assert not court.checks.ahead_of(4)
    court._seq = 4
    court.run((2, 2, put("b", 7)), (1, 3, increment("n")))
    assert court.verdict() == []
    assert court.counted()["fifo"] == (7, 0)


def test_an_answered_request_that_is_gone_is_named(court: Court) -> None:
    order = court.order((1, 3, increment("n")))
    court.respond(1, order)
    court.checks.returned(4, 1, 20, 30)
    court.checks.lost(1)
    assert court.checks.recovered(4) == ((4, RequestId(1, 3)),)
    court.checks.go_back(4, image(court))
    court._seq = 4
    court.replicas.pop(1)
    court.run((1, 4, increment("n")))
    assert court.verdict() == [], "its client goes on after the lost one"


def test_what_was_executed_and_not_answered_is_not_lost(court: Court) -> None:
    order = court.order((1, 3, increment("n")))
    court.respond(1, order)
    court.respond(2, order)
    assert court.checks.recovered(5) == ()
    assert not court.checks.ahead_of(5)
    again = court.run((1, 3, increment("n")))
    assert again.first_seq == 5
    assert court.verdict() == []
    assert court.counted()["real_time"] == (5, 0)


def test_a_retry_that_is_executed_again_is_still_found(court: Court) -> None:
    order = court.order((1, 3, increment("n")))
    court.respond(1, order)
    court.respond(2, order)
    court.checks.recovered(5)
    court.replicas[2].manager.sessions.last[1] = (2, b"")
    court.run((1, 3, increment("n")))
    assert {violation.check for violation in court.verdict()} == {"at_most_once"}


@pytest.mark.parametrize(
    "changes",
    [
        {"digest": 1},
        {"service": msgspec.Raw(encode_value([["n", 2]]))},
        {"service": msgspec.Raw(encode_value("nonsense"))},
        {"sessions": [(1, 2, b"\x92\x00\x01"), (2, 1, b"\x92\x00\xc0"), (3, 1, b"\x92\x00\xc0")]},
        {"sessions": [(1, 3, b"\x92\x00\x02"), (2, 1, b"\x92\x00\xc0")]},
        {"sessions": [(1, 2, b"\x92\x00\x01")]},
    ],
    ids=["digest", "data", "no data", "a session too many", "a request too far", "a session too few"],
)
def test_a_state_that_is_not_the_references_own_is_not_taken(court: Court, changes: dict[str, Any]) -> None:
    court.order((1, 3, increment("n")))
    court.checks.recovered(4)
    court.checks.go_back(4, image(court, **changes))
    [violated] = court.verdict()
    assert (violated.check, violated.seq) == ("digest", 3)


def test_a_change_of_the_view_compares_session_tables(court: Court) -> None:
    court.replicas[2].manager.sessions.last[2] = (9, b"\x92\x00\xc0")
    court.run((0, 1, view_operation("R3 joins")))
    found = court.verdict()
    assert {violation.replica for violation in found} == {2}
    assert {violation.check for violation in found} == {"reply", "digest"}


def test_a_change_of_the_view_waits_for_no_answer(court: Court) -> None:
    order = court.order((0, 1, view_operation("R3 joins")))
    for replica in (1, 2):
        court.respond(replica, order)
    court.run((1, 3, increment("n")))
    assert court.verdict() == []
    assert court.counted()["real_time"] == (5, 0)


def test_where_nobody_can_set_it_back_what_is_gone_is_held_against_nobody(court: Court) -> None:
    court.order((1, 3, increment("n")))
    assert court.checks.recovered(4) == ()
    assert court.checks.ahead_of(4)
    court.checks.give_up()
    court._seq = 4
    court.run((2, 2, put("b", 7)))
    assert court.verdict() == []
