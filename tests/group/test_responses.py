"""The first answer wins; the others are matched by identifier and compared."""

from __future__ import annotations

import pytest

from core.effects import Differ, Return, Undecided
from core.errors import RemoteProtocolError
from core.group.responses import ResponseCollector
from core.policies import FIRST, MAJORITY
from core.protocol.codec import encode
from core.protocol.messages import Result, ResultBody
from tests.support.group import OK, batch, put, respond

ORDER = batch(5, (1, 2, put("a", 1)), (2, 2, put("b", 2)))
NEXT = batch(7, (1, 3, put("a", 2)))
REFUSED = b"\x92\x01\xa2no"


def mask(*replicas: int) -> int:
    return sum(1 << replica for replica in replicas)


@pytest.fixture
def collector() -> ResponseCollector:
    collector = ResponseCollector()
    collector.expect(ORDER, mask(1, 2, 3))
    return collector


def test_the_first_answer_wins(collector: ResponseCollector) -> None:
    assert collector.unanswered == 2
    assert collector.collect(2, respond(ORDER)) == (Return(2, 5, ORDER.requests, [OK, OK]),)
    assert collector.unanswered == 0
    assert collector.first_answers == {2: 2}


def test_equal_later_answers_are_silent(collector: ResponseCollector) -> None:
    collector.collect(2, respond(ORDER))
    assert collector.collect(1, respond(ORDER)) == ()
    assert collector.pending == 1
    assert collector.collect(3, respond(ORDER)) == ()
    assert collector.pending == 0


def test_another_answer_is_named_with_both_sides(collector: ResponseCollector) -> None:
    collector.collect(2, respond(ORDER))
    assert collector.collect(3, respond(ORDER, [OK, REFUSED])) == (Differ(6, 2, OK, 3, REFUSED),)


def test_another_digest_is_left_to_the_digest_check(collector: ResponseCollector) -> None:
    collector.collect(2, respond(ORDER))
    assert collector.collect(3, respond(ORDER, digests=[1, 2])) == ()


def test_a_repeated_answer_counts_once(collector: ResponseCollector) -> None:
    collector.collect(2, respond(ORDER))
    assert collector.collect(2, respond(ORDER, [REFUSED, REFUSED])) == ()
    assert collector.pending == 1


def test_an_answer_to_nothing_is_no_answer(collector: ResponseCollector) -> None:
    assert collector.collect(1, respond(NEXT)) == ()


def test_who_joined_later_is_not_waited_for(collector: ResponseCollector) -> None:
    assert collector.collect(4, respond(ORDER)) == ()
    assert collector.unanswered == 2


@pytest.mark.parametrize("earlier", [False, True], ids=["first", "later"])
def test_answers_to_other_requests_break_the_protocol(collector: ResponseCollector, earlier: bool) -> None:
    if earlier:
        collector.collect(1, respond(ORDER))
    other = batch(5, (1, 2, put("a", 1)), (3, 2, put("b", 2)))
    with pytest.raises(RemoteProtocolError, match="R2 answered other requests than those at #5"):
        collector.collect(2, respond(other))


@pytest.mark.parametrize("earlier", [False, True], ids=["first", "later"])
@pytest.mark.parametrize("outcomes", [[OK], [OK] * 3])
def test_as_many_answers_as_requests(
    collector: ResponseCollector, earlier: bool, outcomes: list[bytes]
) -> None:
    if earlier:
        collector.collect(1, respond(ORDER))
    with pytest.raises(RemoteProtocolError, match="R2 answered other requests"):
        collector.collect(2, respond(ORDER, outcomes, [9, 9]))


@pytest.mark.parametrize("earlier", [False, True], ids=["first", "later"])
@pytest.mark.parametrize("digests", [b"", bytes(8), bytes(15), bytes(24)])
def test_as_many_digests_as_requests(collector: ResponseCollector, earlier: bool, digests: bytes) -> None:
    if earlier:
        collector.collect(1, respond(ORDER))
    body = encode(ResultBody(ORDER.requests, digests, [OK, OK]))
    with pytest.raises(RemoteProtocolError, match="R2 answered other requests"):
        collector.collect(2, Result(1, 1, 5, 2, 0, 0, 0, 9, body))


def test_a_wrong_count_breaks_the_protocol(collector: ResponseCollector) -> None:
    with pytest.raises(RemoteProtocolError, match="R2 answered 1 of 2 requests"):
        collector.collect(2, Result(1, 1, 5, 1, 0, 0, 0, 9, respond(ORDER).body))


def test_a_body_that_cannot_be_read_breaks_the_protocol(collector: ResponseCollector) -> None:
    with pytest.raises(RemoteProtocolError, match="cannot be read"):
        collector.collect(2, Result(1, 1, 5, 2, 0, 0, 0, 9, b"\xc1"))


def test_the_dropped_are_not_waited_for(collector: ResponseCollector) -> None:
    collector.collect(2, respond(ORDER))
    collector.forget(1)
    assert collector.pending == 1
    collector.forget(3)
    assert collector.pending == 0


def test_an_unanswered_batch_survives_the_loss_of_all_but_one(collector: ResponseCollector) -> None:
    collector.forget(1)
    collector.forget(2)
    assert collector.pending == 1
    assert collector.collect(3, respond(ORDER)) == (Return(3, 5, ORDER.requests, [OK, OK]),)
    assert collector.pending == 0


def test_with_nobody_left_what_is_open_is_given_up(collector: ResponseCollector) -> None:
    collector.expect(NEXT, mask(1, 2, 3))
    collector.collect(2, respond(ORDER))
    assert collector.abandon() == ((1, 3, 7),)
    assert (collector.pending, collector.unanswered) == (0, 0)
    assert collector.abandon() == ()


def test_a_batch_is_open_until_it_is_decided(collector: ResponseCollector) -> None:
    collector.expect(NEXT, mask(1, 2, 3))
    assert collector.open == 2
    collector.collect(2, respond(ORDER))
    collector.collect(3, respond(ORDER))
    assert collector.open == 1
    collector.abandon()
    assert collector.open == 0


def test_a_batch_that_nobody_can_decide_is_not_open() -> None:
    """Nothing would gather behind it for ever."""
    collector = ResponseCollector(MAJORITY)
    collector.expect(ORDER, mask(1, 2, 3))
    for replica, digest in ((1, 7), (2, 8)):
        collector.collect(replica, respond(ORDER, digests=[7, digest]))
    assert collector.open == 1
    assert collector.collect(3, respond(ORDER, digests=[7, 9])) == (Undecided(5, 3, 2),)
    assert collector.open == 0
    assert collector.forget(3) == ()
    collector.set_policy(FIRST)  # somebody lets one answer be enough
    assert collector.open == 0
    assert collector.unanswered == 0


def test_a_batch_whose_last_vote_goes_with_its_replica_is_not_open() -> None:
    collector = ResponseCollector(MAJORITY)
    collector.expect(ORDER, mask(1, 2, 3))
    collector.collect(1, respond(ORDER, digests=[7, 7]))
    collector.collect(2, respond(ORDER, digests=[7, 8]))
    collector.forget(3)
    assert collector.open == 0
    assert collector.unanswered == 2
