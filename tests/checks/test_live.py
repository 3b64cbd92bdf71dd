"""Each planted violation is found, with its number and both sides."""

from __future__ import annotations

import pytest

from core.checks.live import LiveChecks
from core.facts import Violated
from tests.support.court import Court
from tests.support.group import CLOSE, OPEN, increment, put
from tests.support.services import Failing


@pytest.fixture
def court() -> Court:
    court = Court()
    court.run((1, 1, OPEN), (2, 1, OPEN))
    return court


def found(court: Court) -> list[tuple[str, int, int]]:
    return [(violation.check, violation.seq, violation.replica) for violation in court.verdict()]


def test_a_right_run_is_right(court: Court) -> None:
    court.run((1, 2, increment("n")), (2, 2, increment("n")))
    court.run((1, 3, CLOSE))
    assert court.verdict() == []
    assert court.counted() == {
        "digest": (15, 0),
        "real_time": (5, 0),
        "reply": (15, 0),
        "at_most_once": (15, 0),
        "fifo": (5, 0),
    }
    assert court.checks.violations == 0


def test_a_sign_of_life_with_a_wrong_digest_is_found_once_when_nobody_asks_anything(court: Court) -> None:
    right = court.replicas[1].manager.digest
    court.checks.alive(1, 3, right)
    court.checks.alive(2, 2, right ^ 1)  # it is behind: what it shows there is no longer known
    assert found(court) == []
    court.checks.alive(2, 3, right ^ 1)
    court.checks.alive(2, 3, right ^ 1)
    assert found(court) == [("digest", 2, 2)]
    assert court.checks.diverged == {2}


def test_an_equal_answer_lies_in_memory_once_however_long_somebody_is_silent(court: Court) -> None:
    order = court.order((1, 2, increment("n")))
    first = court.result(1, order)
    court.checks.responded(1, first)
    court.respond(2, order)
    assert court.checks._batches[order.first_seq].body is first.body


def test_a_wrong_answer_is_found(court: Court) -> None:
    def lie(first_seq: int, outcomes: list[bytes], digests: list[int]) -> None:
        outcomes[1] = b"\x92\x00\x07"

    court.tamper[2] = lie
    court.run((1, 2, increment("n")), (2, 2, increment("n")))
    assert court.verdict() == [Violated("reply", 4, 2, "2", "7")]
    assert court.counted()["reply"] == (12, 1)


@pytest.mark.parametrize(
    "outcome", [b"\xc1\xc1", b"\x92\x07\xc0", b"\x92\x01\x00", b"\x92\x00", b"\x92\x01\xa1\xff"]
)
def test_an_answer_that_is_none_is_found(court: Court, outcome: bytes) -> None:
    def garble(first_seq: int, outcomes: list[bytes], digests: list[int]) -> None:
        outcomes[0] = outcome

    court.tamper[2] = garble
    court.run((1, 2, increment("n")))
    [violation] = court.verdict()
    assert (violation.check, violation.seq, violation.replica, violation.expected) == ("reply", 3, 2, "1")
    assert outcome.hex() in violation.found


def test_a_flipped_digest_is_found_once(court: Court) -> None:
    def flip(first_seq: int, outcomes: list[bytes], digests: list[int]) -> None:
        digests[:] = [digest ^ 1 if seq >= 4 else digest for seq, digest in enumerate(digests, first_seq)]

    court.tamper[3] = flip
    court.run((1, 2, increment("n")), (2, 2, increment("n")), (1, 3, increment("n")))
    court.run((2, 3, increment("n")))
    [violation] = court.verdict()
    assert (violation.check, violation.seq, violation.replica) == ("digest", 4, 3)
    assert violation.expected != violation.found
    assert court.checks.diverged == {3}


def test_a_memory_that_differs_is_found_though_answers_agree(court: Court) -> None:
    court.run((1, 2, put("a", 1)))
    state = court.replicas[2].manager.service
    state.restore([["a", 2]])
    court.run((1, 3, put("b", 1)))
    assert found(court) == [("digest", 4, 2)]


def test_a_duplicate_executed_twice_is_found(court: Court) -> None:
    court.run((1, 2, increment("n")))
    assert court.verdict() == []
    court.replicas[1].manager.sessions.last[1] = (1, b"")  # R1 has forgotten the request
    court.run((1, 2, increment("n")))
    violations = court.verdict()
    assert {(violation.check, violation.seq, violation.replica) for violation in violations} == {
        ("at_most_once", 4, 1)
    }
    assert (violations[0].expected, violations[0].found) == ("1", "2")


def test_a_retry_answered_from_the_table_is_right(court: Court) -> None:
    court.run((1, 2, increment("n")))
    court.run((1, 2, increment("n")), (1, 1, OPEN))
    court.run((1, 3, increment("n")))
    assert court.verdict() == []


def test_broken_fifo_is_found(court: Court) -> None:
    court.run((2, 2, increment("n")), (1, 3, increment("n")))
    [violation] = court.verdict()
    assert (violation.check, violation.seq, violation.replica) == ("fifo", 4, 0)
    assert violation.found == "C1.3 was ordered as #4, before an earlier one of its client"
    assert court.counted()["fifo"] == (4, 1)


def test_after_broken_fifo_the_reference_still_follows_the_replicas(court: Court) -> None:
    court.run((1, 3, CLOSE))
    court.run((1, 4, increment("n")))
    court.run((1, 5, OPEN))
    assert {violation.check for violation in court.verdict()} == {"fifo"}


def test_a_return_before_an_earlier_call_is_found() -> None:
    court = Court()
    orders = [court.order((client, 1, OPEN)) for client in (1, 2, 3)]
    court.checks.returned(orders[0].first_seq, 1, 10, 20)
    court.checks.returned(orders[1].first_seq, 1, 50, 60)
    court.checks.returned(orders[2].first_seq, 1, 30, 40)
    [violation] = court.verdict()
    assert (violation.check, violation.seq) == ("real_time", 3)
    assert violation.found == "#3 returned 10 ns before that"


def test_returns_may_come_in_any_order() -> None:
    court = Court()
    orders = [court.order((client, 1, OPEN)) for client in (1, 2, 3)]
    for order, called, returned in reversed([(orders[0], 10, 70), (orders[1], 20, 60), (orders[2], 30, 50)]):
        court.checks.returned(order.first_seq, 1, called, returned)
    assert court.verdict() == []
    assert court.counted()["real_time"] == (3, 0)


def test_a_return_in_the_same_moment_is_no_violation() -> None:
    court = Court()
    for called, returned in ((5, 10), (10, 10)):
        order = court.order((1, 1, OPEN))
        court.checks.returned(order.first_seq, 1, called, returned)
    assert court.verdict() == []


def test_what_ended_as_unknown_returns_at_infinity(court: Court) -> None:
    order = court.order((1, 2, increment("n")), (2, 2, increment("n")))
    for replica in court.replicas:
        court.checks.lost(replica)
    court.checks.unknown(((1, 2, order.first_seq), (2, 2, order.first_seq + 1), (1, 3, 0)))
    assert court.verdict() == []


def test_who_is_lost_is_not_judged(court: Court) -> None:
    order = court.order((1, 2, increment("n")))
    result = court.result(3, order)
    court.checks.lost(3)
    court.checks.responded(3, result)
    court.respond(1, order)
    court.respond(2, order)
    assert court.counted()["reply"] == (8, 0)


def test_violations_are_kept_within_bounds(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.checks.live.KEPT_VIOLATIONS", 2)
    court.run((1, 9, increment("n")), (1, 20, increment("n")), (1, 31, increment("n")))
    assert len(court.verdict()) == 2
    assert court.counted()["fifo"][1] == 3


def test_a_service_that_fails_is_a_violation_and_no_crash() -> None:
    """The reference machine runs a person's own service inside the app: it must not take the app down."""
    checks = LiveChecks(Failing())
    court = Court()
    checks.ordered(court.order((1, 1, OPEN)), court.mask)
    checks.ordered(court.order((1, 2, increment("boom"))), court.mask)
    checks.ordered(court.order((1, 3, increment("n"))), court.mask)
    [violation] = checks.take()
    assert (violation.check, violation.seq, violation.replica) == ("reply", 2, 0)
    assert violation.found == "the service failed: ZeroDivisionError: boom"
