"""The linearizability check: it agrees with brute force, finds known anomalies, and shows what conflicts."""

from __future__ import annotations

from random import Random

import pytest

from core.checks.conflict import smallest_conflict
from core.checks.history import FOREVER, Call
from core.checks.judge import CHUNK_REQUESTS, Judge
from core.checks.linearizability import Budget, Configuration, Item, Part, Verdict, search
from core.checks.single_key import ANYTHING, SingleKey
from core.services.calls import encode_outcome
from core.services.kv import Append, CompareAndSet, Delete, Get, Increment, Put
from tests.support.exhaustive import compare
from tests.support.histories import (
    ALPHABET,
    MORE,
    UNKNOWN,
    all_histories,
    brute_force,
    call,
    judge,
    mutated,
    random_legal,
    verdict,
)

VALID, INVALID = Verdict.VALID, Verdict.INVALID


# --- agreement with brute force ---


@pytest.mark.parametrize(("requests", "invalid"), [(1, 2), (2, 57), (3, 2_052)])
def test_it_agrees_on_every_small_history_of_two_keys(requests: int, invalid: int) -> None:
    """Up to 5 requests: `python -m tests.support.exhaustive 5`."""
    assert compare(requests)[1] == invalid


def test_it_agrees_on_every_history_of_two_requests_with_everything_there_is() -> None:
    for calls in all_histories(2, (*ALPHABET, *MORE)):
        assert (verdict(*calls) is VALID) == brute_force(calls), calls


def test_it_agrees_on_four_requests_of_one_key() -> None:
    letters = (ALPHABET[0], ALPHABET[2], MORE[0], MORE[4])
    for calls in all_histories(4, letters):
        assert (verdict(*calls) is VALID) == brute_force(calls), calls


def test_legal_histories_are_valid_and_mutated_ones_judged_like_brute_force_does() -> None:
    wrong = 0
    for seed in range(1_500):
        random = Random(seed)
        calls = random_legal(random, random.randint(2, 6), random.randint(1, 4), lost=random.choice((0, 0.3)))
        assert verdict(*calls) is VALID, seed
        changed = mutated(random, calls)
        right = brute_force(changed)
        assert (verdict(*changed) is VALID) == right, seed
        wrong += not right
    assert wrong > 200


# --- known anomalies ---


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        pytest.param([call(1, Put("a", 1), 0, 1), call(2, Get("a"), 2, 3, None)], INVALID, id="stale read"),
        pytest.param(
            [call(1, Put("a", 1), 0, 2), call(2, Get("a"), 1, 3, None)], VALID, id="read beside the write"
        ),
        pytest.param(
            [call(1, Put("a", 1), 0, 2), call(2, Get("a"), 2, 3, None)], VALID, id="in the same moment"
        ),
        pytest.param(
            [call(1, Increment("a"), 0, 2, 1), call(2, Increment("a"), 1, 3, 1)], INVALID, id="lost update"
        ),
        pytest.param(
            [
                call(1, CompareAndSet("a", None, 1), 0, 2, True),
                call(2, CompareAndSet("a", None, 2), 1, 3, True),
            ],
            INVALID,
            id="two winners",
        ),
        pytest.param(
            [
                call(1, Put("a", 1), 0, 9),
                call(2, Get("a"), 1, 2, 1),
                call(2, Get("a"), 3, 4, None),
            ],
            INVALID,
            id="reads that go back",
        ),
        pytest.param(
            [
                call(1, Get("x"), 0, 1, None),
                call(2, Get("y"), 0, 1, None),
                call(1, Put("y", 1), 2, 3),
                call(2, Put("x", 1), 2, 3),
            ],
            VALID,
            id="write skew is none: these are no transactions",
        ),
        pytest.param(
            [
                call(1, Put("a", 1), 0, 0, UNKNOWN),
                call(2, Get("a"), 1, 2, None),
                call(2, Get("a"), 3, 4, 1),
            ],
            VALID,
            id="an unknown write takes effect late",
        ),
        pytest.param(
            [call(1, Increment("a"), 0, 0, UNKNOWN), call(2, Get("a"), 1, 2, 2)],
            INVALID,
            id="an unknown increment takes effect twice",
        ),
        pytest.param(
            [call(1, Put("a", 1), 5, 0, UNKNOWN), call(2, Get("a"), 1, 2, 1)],
            INVALID,
            id="a write is seen before it was asked for",
        ),
        pytest.param([call(1, Get("a"), 0, 1, 5)], INVALID, id="a value that nobody wrote"),
        pytest.param([call(1, Delete("a"), 0, 1, True)], INVALID, id="what is not there is deleted"),
        pytest.param([call(1, Append("a", "né"), 0, 1, 2)], VALID, id="a length in characters"),
    ],
)
def test_anomalies(calls: list[Call], expected: Verdict) -> None:
    assert verdict(*calls) is expected
    assert brute_force(calls) is (expected is VALID)


def test_bytes_that_are_no_answer_are_no_right_answer() -> None:
    garbled = call(1, Get("a"), 0, 1)._replace(outcome=b"\x92\x07\xc0")
    assert verdict(garbled) is INVALID


# --- time ---


def hard() -> list[Call]:
    """Twenty concurrent writes of different values, and a read of what nobody wrote."""
    writes = [call(client, Put("a", client), 0, 10) for client in range(1, 21)]
    return [*writes, call(21, Get("a"), 11, 12, 99)]


def test_out_of_time_is_unknown_and_never_invalid() -> None:
    assert verdict(*hard(), steps=1_000) is Verdict.UNKNOWN
    done = judge(hard(), steps=1_000).judgement
    assert (done.checked, done.unjudged, done.violations) == (0, 21, 0)


def test_a_clock_from_outside_ends_the_search() -> None:
    asked: list[int] = []

    def late() -> bool:
        asked.append(1)
        return len(asked) > 3

    judged = Judge(SingleKey(), lambda: Budget(1 << 40, late))
    judged.judge(hard())
    assert judged.judgement.verdict is Verdict.UNKNOWN
    assert len(asked) == 4


def test_after_an_unknown_window_nothing_is_held_against_the_next() -> None:
    judged = Judge(SingleKey(), lambda: Budget(500))
    judged.judge(hard(), 12)
    assert judged.judge([call(1, Get("a"), 20, 21, 7)], 25) == []
    [conflict] = judged.judge([call(1, Get("a"), 30, 31, 8)], 35)
    assert conflict.starts == (7,)
    assert judged.judgement.verdict is Verdict.INVALID


# --- windows ---


def in_windows(calls: list[Call], random: Random) -> Judge:
    """The same history, cut at random moments."""
    judged = Judge(SingleKey(), lambda: Budget(1 << 40), kept_conflicts=0)
    left = calls
    while left:
        until_ns = left[min(random.randint(1, 6), len(left)) - 1].called_ns
        judged.judge([one for one in left if one.called_ns <= until_ns], until_ns)
        left = [one for one in left if one.called_ns > until_ns]
    judged.judge((), FOREVER - 1)
    return judged


def test_windows_one_after_the_other_are_the_whole() -> None:
    wrong = 0
    for seed in range(400):
        random = Random(seed)
        calls = random_legal(random, 30, random.randint(2, 5), keys=1, lost=random.choice((0, 0.03)))
        assert in_windows(calls, random).judgement.verdict is VALID, seed
        changed = mutated(random, calls)
        whole = Judge(SingleKey(), lambda: Budget(1 << 40), kept_conflicts=0)
        # one chunk, so that nothing is carried
        assert len(changed) < CHUNK_REQUESTS
        whole.judge(changed)
        assert in_windows(changed, random).judgement.verdict is whole.judgement.verdict, seed
        wrong += whole.judgement.verdict is INVALID
    assert wrong > 60


def test_a_long_history_is_cut_into_chunks_and_one_lie_is_found() -> None:
    calls = random_legal(Random(3), 3_000, 5, keys=2)
    assert verdict(*calls) is VALID
    place = next(i for i, one in enumerate(calls) if i > 1_500 and b"get" in one.operation)
    calls[place] = calls[place]._replace(outcome=encode_outcome(77))
    done = judge(calls).judgement
    assert done.violations == 1
    assert done.checked == len(calls)
    assert [one.request for one in done.conflicts[0].calls] == [calls[place].request]


def test_what_was_open_in_a_gap_may_have_taken_effect_in_it() -> None:
    for answer in (1, 2, 3):
        judged = Judge(SingleKey())
        judged.judge([call(1, Put("a", 1), 0, 1)], 2)
        judged.missed(100, 10)
        judged.judge([call(1, Put("a", 2), 5, 12), call(2, Get("a"), 11, 13, answer)], 20)
        assert judged.judgement.verdict is Verdict.UNKNOWN, "a gap is a gap"
        assert judged.judgement.conflicts == []
        assert (judged.judgement.checked, judged.judgement.unjudged) == (3, 100)


def test_after_a_gap_conflicts_are_found_again() -> None:
    judged = Judge(SingleKey())
    judged.missed(100, 10)
    calls = [call(1, Put("a", 2), 11, 12), call(2, Get("a"), 13, 14, 3)]
    assert len(judged.judge(calls, 20)) == 1


# --- the smallest conflict ---


def test_the_conflict_names_the_requests_that_it_takes() -> None:
    calls = [
        call(1, Put("a", 1), 0, 1),
        call(2, Put("b", 7), 0, 1),
        call(3, Get("a"), 2, 3, 1),
        call(1, Put("a", 2), 4, 5),
        call(2, Get("a"), 6, 7, 2),
        call(3, Get("a"), 6, 8, 1),
        call(1, Put("a", 3), 9, 10),
    ]
    [conflict] = judge(calls).judgement.conflicts
    assert (conflict.part, conflict.starts, conflict.minimal) == ("a", (None,), True)
    assert list(conflict.calls) == [calls[0], calls[3], calls[5]], "once 1 and then 2 were written, 1 is gone"


def test_a_lost_update_is_shown_by_both() -> None:
    calls = [call(1, Increment("a"), 0, 2, 1), call(2, Increment("a"), 1, 3, 1), call(3, Get("a"), 4, 5, 1)]
    [conflict] = judge(calls).judgement.conflicts
    assert list(conflict.calls) == calls[:2]


def conflicts(calls: list[Call], out: set[int]) -> bool:
    """Whether no order is left when the requests at these places are taken out."""
    model = SingleKey()
    items = []
    for place, one in enumerate(calls):
        move = model.move(one.operation, one.outcome)
        if move is not None and not (place in out and move.observes):
            items.append(Item(one, move, Part.LOOSE if place in out else Part.STRICT))
    return not search(items, [Configuration(0, None)], FOREVER - 1, Budget(1 << 40)).ends


def test_conflicts_are_minimal() -> None:
    seen = 0
    for seed in range(600):
        random = Random(seed)
        calls = mutated(random, random_legal(random, 25, 3, keys=1))
        for conflict in judge(calls).judgement.conflicts:
            seen += 1
            assert conflict.minimal
            places = {calls.index(one) for one in conflict.calls}
            others = {place for place, one in enumerate(calls) if one.outcome is not None} - places
            assert conflicts(calls, others), seed
            assert not any(conflicts(calls, others | {place}) for place in places), seed
    assert seen > 50


def test_without_time_a_conflict_is_not_called_minimal() -> None:
    calls = [call(client, Put("a", client), 0, 10) for client in range(1, 8)]
    calls.append(call(9, Get("a"), 11, 12, 99))
    model = SingleKey()
    items = []
    for one in calls:
        move = model.move(one.operation, one.outcome)
        assert move is not None
        items.append(Item(one, move))
    starts = [Configuration(0, None)]
    hurried = smallest_conflict("a", items, starts, FOREVER - 1, lambda: Budget(2))
    assert not hurried.minimal
    assert calls[-1] in hurried.calls


def test_anything_stands_for_every_state() -> None:
    model = SingleKey()
    for one in (
        call(1, Get("a"), 0, 1, 5),
        call(1, Increment("a"), 0, 1, 3),
        call(1, Delete("a"), 0, 1, False),
    ):
        move = model.move(one.operation, one.outcome)
        assert move is not None
        assert move.step(ANYTHING) in (5, 3, None)
