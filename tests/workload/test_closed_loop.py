"""Clients in a closed loop: one open request each, whatever is asked of them."""

from __future__ import annotations

import pytest

from core.errors import UsageError
from core.workload.closed_loop import QUERIES_WAITING, HandAnswer
from tests.support.crowd import OK, Crowd, crowd


def test_a_client_opens_its_session_first() -> None:
    fresh = Crowd()
    assert fresh.begin(1, 2) == ["C1 open", "C2 open"]
    assert fresh.begin(1) == [], "once"
    assert fresh.run() == [], "nobody asks before its session is open"
    assert fresh.answer(1) == ["C1 work"]


def test_the_answer_issues_the_next_request() -> None:
    loop = crowd(1, 2)
    assert loop.run() == ["C1 work", "C2 work"]
    assert loop.answer(2) == ["C2 work"]
    assert loop.answer() == ["C1 work", "C2 work"]
    assert loop.run(False) == []
    assert loop.answer() == []
    assert loop.pool.open_requests == 0


def test_the_budget_is_spent_to_the_last_request_and_no_further() -> None:
    loop = crowd(1, 2, 3, budget=7)
    sent = loop.run()
    while loop.open:
        assert not loop.pool.spent
        sent += loop.answer()
    assert sent.count("C1 work") + sent.count("C2 work") + sent.count("C3 work") == loop.pool.sent == 7
    assert loop.pool.spent


def test_a_budget_smaller_than_the_crowd() -> None:
    loop = crowd(1, 2, 3, budget=1)
    assert loop.run() == ["C1 work"]
    assert loop.answer() == []
    assert loop.pool.spent


def test_latencies_are_from_call_to_answer() -> None:
    loop = crowd(1, 2)
    loop.pool.take_latencies()
    loop.run()
    loop.now = 70
    loop.answer(1)
    loop.now = 100
    loop.answer()
    assert sorted(loop.pool.take_latencies()) == [30, 70, 100]
    assert list(loop.pool.take_latencies()) == []


def test_the_latest_call() -> None:
    loop = crowd(1, 2)
    loop.run()
    loop.now = 50
    loop.answer(2)
    assert (loop.pool.latest_call([1]), loop.pool.latest_call([1, 2])) == (0, 50)


# --- think time ---


def test_a_client_thinks_between_answer_and_request() -> None:
    loop = crowd(1, think_ns=100)
    assert loop.run(thinks=True) == []
    assert loop.pool.next_due() == 100
    assert loop.due(99) == []
    assert loop.due(100) == ["C1 work"]
    loop.now = 130
    assert loop.answer() == []
    assert loop.pool.next_due() == 230
    assert loop.due(230) == ["C1 work"]


def test_who_rests_does_not_think_on() -> None:
    loop = crowd(1, think_ns=100)
    loop.run(thinks=True)
    loop.run(False)
    assert loop.pool.next_due() is None
    assert loop.due(10_000) == []


def test_a_query_by_hand_interrupts_thinking_and_does_not_hurry_the_client() -> None:
    loop = crowd(1, think_ns=100)
    loop.run(thinks=True)
    for now in (10, 20, 30, 40):
        loop.now = now
        assert loop.ask(1, "hi") == ["C1 hi"]
        assert loop.answer() == []
    asked = [now for now in range(41, 441) if loop.due(now) and loop.answer() == []]
    assert asked == [140, 240, 340, 440]


# --- queries by hand ---


def test_a_query_by_hand_goes_at_once_when_the_client_rests() -> None:
    loop = crowd(1)
    loop.now = 5
    assert loop.ask(1, "post") == ["C1 post"]
    loop.now = 25
    assert loop.answer() == []
    assert loop.pool.hand_answers == [HandAnswer(1, 2, 2, 20, "post", OK)]


def test_queries_by_hand_wait_for_the_present_answer_and_keep_their_order() -> None:
    loop = crowd(1, 2)
    loop.run()
    assert loop.ask(1, "first") == [] == loop.ask(1, "second")
    assert loop.answer() == ["C1 first", "C2 work"]
    assert loop.answer() == ["C1 second", "C2 work"]
    assert loop.answer() == ["C1 work", "C2 work"]
    assert [answer.call for answer in loop.pool.hand_answers] == ["first", "second"]


def test_queries_by_hand_are_not_counted_against_the_budget() -> None:
    loop = crowd(1, budget=1)
    loop.run()
    loop.ask(1, "hand")
    assert loop.answer() == ["C1 hand"]
    assert loop.answer() == []
    assert loop.pool.sent == 1


def test_no_client_takes_queries_without_end() -> None:
    loop = crowd(1)
    for _ in range(QUERIES_WAITING + 1):
        loop.ask(1, "hi")
    with pytest.raises(UsageError, match="C1 already has 100 queries waiting"):
        loop.ask(1, "hi")


def test_a_query_needs_its_client() -> None:
    loop = crowd(1)
    with pytest.raises(UsageError, match="There is no client C2"):
        loop.ask(2, "hi")
    loop.run()
    loop.end(1)
    with pytest.raises(UsageError, match="There is no client C1"):
        loop.ask(1, "hi")


# --- clients come and go ---


def test_a_resting_client_closes_at_once() -> None:
    loop = crowd(1, 2)
    assert loop.end(1) == ["C1 close"]
    assert loop.answer() == []
    assert loop.pool.clients == {2}


def test_a_busy_client_closes_after_its_answer_and_is_silent_from_then_on() -> None:
    loop = crowd(1, 2)
    loop.run()
    assert loop.end(1) == []
    assert loop.answer() == ["C1 close", "C2 work"]
    assert loop.answer() == ["C2 work"]
    assert loop.answer() == ["C2 work"]


def test_who_closes_while_it_thinks_closes_at_once() -> None:
    loop = crowd(1, think_ns=100)
    loop.run(thinks=True)
    assert loop.end(1) == ["C1 close"]
    assert loop.answer() == []
    assert loop.due(1_000) == []


def test_a_client_that_changes_its_mind_stays() -> None:
    loop = crowd(1)
    loop.run()
    loop.end(1)
    assert loop.begin(1) == []
    assert loop.answer() == ["C1 work"]


def test_a_client_reopens_after_its_close_is_answered() -> None:
    loop = crowd(1)
    loop.run()
    loop.end(1)
    assert loop.answer() == ["C1 close"]
    assert loop.begin(1) == []
    assert loop.answer() == ["C1 open"]
    assert loop.answer() == ["C1 work"]


def test_a_client_may_reopen_later_and_its_numbers_go_on() -> None:
    loop = crowd(1)
    loop.end(1)
    loop.answer()
    assert loop.begin(1) == ["C1 open"]
    assert loop.numbers[1] == 3


def test_reopening_can_be_called_off() -> None:
    loop = crowd(1)
    loop.end(1)
    loop.begin(1)
    loop.end(1)
    assert loop.answer() == []
    assert loop.pool.clients == set()


# --- nobody answers any more ---


def test_what_ends_as_unknown_is_not_asked_again() -> None:
    loop = crowd(1, 2)
    loop.run()
    loop.ask(1, "waiting")
    loop.answer(1)
    lost = loop.pool.unknown([(1, loop.open[1][0], 9), (2, loop.open[2][0], 0)])
    assert lost == [HandAnswer(1, 3, 9, 0, "waiting", b"")]
    assert loop.pool.open_requests == 0
    assert loop.due(10**12) == []
