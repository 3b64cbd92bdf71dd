"""The social network as the search knows it: the service's own rules, and what they make of histories."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from core.checks.history import FOREVER, Call
from core.checks.judge import Judge
from core.checks.linearizability import Budget, Configuration, Verdict
from core.checks.sequential import IMPOSSIBLE, State
from core.checks.social_network import Network, SocialNetwork, User
from core.ids import RequestId
from core.services import social_operations as ops
from core.services.calls import encode_operation, encode_outcome, is_refused
from core.services.machine import Context, Operation, Refused, Value
from core.services.social import Social
from tests.support.histories import UNKNOWN, call

NAMES = ("ada", "bob", "cleo", "no such", "dan")
ENOUGH = 1_000_000
Claims = dict[RequestId, int]


def some_operation(random: Random) -> Operation:
    name, other, number = random.choice(NAMES), random.choice(NAMES), random.randint(-1, 60)
    text = random.choice(("one", "two", "three", " ", "", "x" * 281))
    limit = random.choice((0, 1, 3, 10, 500))
    reads = (
        ops.Timeline(name, limit), ops.Followers(name, limit, number), ops.Following(name, limit, number),
        ops.Profile(name), ops.Users(limit, other),
    )  # fmt: skip
    writes = (
        ops.Post(name, text), ops.Post(name, "news"), ops.Follow(name, other), ops.Unfollow(name, other),
        ops.DeletePost(name, random.choice((0, number))), ops.Register(name),
    )  # fmt: skip
    return random.choice(random.choice((reads, writes)))


def executed(service: Social, operation: Operation, seq: int) -> bytes:
    return encode_outcome(service.apply(operation, Context(seq, 1_000 + seq)))


def random_legal(random: Random, requests: int, clients: int, lost: float = 0.0) -> tuple[list[Call], Claims]:
    """What clients see of a network that is right, and the order in which their requests took effect."""
    service, now, seq = Social(), 0, 0
    is_open: dict[int, tuple[Operation, int, int]] = {}
    effected: dict[int, bytes] = {}
    calls: list[Call] = []
    claims: Claims = {}
    while len(calls) < requests:
        now += 1
        client = random.randint(1, clients)
        if client not in is_open:
            is_open[client] = some_operation(random), now, now
        elif client not in effected:
            seq += 1
            operation, called, number = is_open[client]
            effected[client] = executed(service, operation, seq)
            claims[RequestId(client, number)] = seq
        else:
            operation, called, number = is_open.pop(client)
            outcome: bytes | None = effected.pop(client)
            returned = now
            if random.random() < lost:
                outcome, returned = None, FOREVER
                del claims[RequestId(client, number)]
            calls.append(
                Call(RequestId(client, number), encode_operation(operation), called, returned, outcome)
            )
    for client, (operation, called, number) in is_open.items():
        outcome, returned = (effected.get(client), now + 1) if not lost else (None, FOREVER)
        if lost or outcome is not None:
            calls.append(
                Call(RequestId(client, number), encode_operation(operation), called, returned, outcome)
            )
    return sorted(calls, key=lambda one: one.called_ns), claims


def judged(calls: Sequence[Call], claims: Claims | None = None, steps: int = ENOUGH) -> Judge:
    judge = Judge(SocialNetwork(), lambda: Budget(steps))
    judge.judge(calls, claimed=claims or {})
    return judge


def moved(model: SocialNetwork, state: State, operation: Operation, outcome: bytes | None) -> State:
    move = model.move(encode_operation(operation), outcome)
    assert move is not None
    return move.step(state)


@pytest.mark.parametrize("seed", range(12))
def test_it_behaves_as_the_service_does(seed: int) -> None:
    random, service, model = Random(seed), Social(), SocialNetwork()
    state: State = model.start
    before = b""
    for seq in range(1, 600):
        operation = some_operation(random)
        outcome = executed(service, operation, seq)
        after = moved(model, state, operation, outcome)
        assert after is not IMPOSSIBLE, (operation, outcome)
        if operation.READ_ONLY or is_refused(outcome):
            assert after is state
        for other in (encode_outcome(Refused("no_reason")), before, encode_outcome(10_000)):
            wrong = other and other != outcome and not isinstance(operation, ops.Post)
            assert not wrong or moved(model, state, operation, other) is IMPOSSIBLE, (operation, other)
        if not operation.READ_ONLY:
            unknown = moved(model, state, operation, None)
            assert (unknown == state) == is_refused(outcome)
        before, state = outcome, after


def test_the_oldest_post_makes_room() -> None:
    service, model = Social(), SocialNetwork()
    state = moved(model, model.start, ops.Register("ada"), executed(service, ops.Register("ada"), 1))
    for seq in range(2, ops.MAX_POSTS_PER_USER + 10):
        operation = ops.Post("ada", f"post {seq}")
        state = moved(model, state, operation, executed(service, operation, seq))
    outcome = executed(service, ops.Profile("ada"), 9_999)
    assert moved(model, state, ops.Profile("ada"), outcome) is state


def test_equal_states_are_equal_however_they_came_to_be() -> None:
    def play(*steps: tuple[Operation, Value | Refused]) -> State:
        state: State = SocialNetwork.start
        for operation, answer in steps:
            state = moved(SocialNetwork(), state, operation, encode_outcome(answer))
        return state

    users = (ops.Register("ada"), None), (ops.Register("bob"), None)
    there = play(*users, (ops.Follow("ada", "bob"), None), (ops.Post("bob", "hi"), 7))
    back = (ops.Unfollow("ada", "bob"), None), (ops.Follow("ada", "bob"), None)
    round_about = play(*reversed(users), (ops.Follow("ada", "bob"), None), *back, (ops.Post("bob", "hi"), 7))
    assert there == round_about and hash(there) == hash(round_about)
    assert there != play(*users, (ops.Post("bob", "hi"), 7), (ops.Follow("bob", "ada"), None))
    assert isinstance(there, Network) and isinstance(there.users["ada"], User)


@pytest.mark.parametrize("lost", [0.0, 0.1])
@pytest.mark.parametrize("seed", range(25))
def test_a_legal_history_is_valid_without_anybody_s_word(seed: int, lost: float) -> None:
    calls, _ = random_legal(Random(seed), 120, 3, lost)
    judge = judged(calls)
    assert judge.judgement.verdict is Verdict.VALID


def test_a_stale_timeline_is_found_with_the_two_requests_that_it_takes() -> None:
    post = {"id": 3, "author": "ada", "timestamp": 5, "text": "hello"}
    calls = [
        call(1, ops.Register("ada"), 0, 1),
        call(1, ops.Post("ada", "hello"), 2, 3, 3),
        call(2, ops.Timeline("ada", 10), 4, 5, [post]),
        call(3, ops.Followers("ada"), 4, 9, []),
        call(2, ops.Timeline("ada", 10), 6, 7, []),
    ]
    judge = judged(calls)
    [conflict] = judge.judgement.conflicts
    assert [one.request for one in conflict.calls] == [RequestId(2, 5), RequestId(2, 7)]  # seen, then not
    assert conflict.minimal
    claims = {one.request: place for place, one in enumerate(calls, 1)}
    assert judged(calls, claims).judgement.verdict is Verdict.INVALID, "whatever anybody claims"


def test_a_later_post_has_a_greater_number() -> None:
    calls = [
        call(1, ops.Register("ada"), 0, 1),
        call(1, ops.Post("ada", "one"), 2, 3, 5),
        call(1, ops.Post("ada", "two"), 4, 5, 4),
    ]
    assert judged(calls).judgement.verdict is Verdict.INVALID


def test_a_post_whose_fate_is_unknown_may_be_seen_and_may_not() -> None:
    post = {"id": 9, "author": "ada", "timestamp": 5, "text": "hello"}
    begin = [call(1, ops.Register("ada"), 0, 1), call(1, ops.Post("ada", "hello"), 2, 3, UNKNOWN)]
    for seen in ([], [post]):
        later = [call(2, ops.Timeline("ada", 10), 4, 5, seen), call(2, ops.DeletePost("ada", 9), 6, 7, 9)]
        assert judged(begin + later[: 1 + len(seen)]).judgement.verdict is Verdict.VALID
    twice = call(2, ops.Timeline("ada", 10), 4, 5, [post, post])
    assert judged([*begin, twice]).judgement.verdict is Verdict.INVALID


def test_of_many_clients_the_claimed_order_is_found_right() -> None:
    calls, claims = random_legal(Random(3), 3_000, 64)
    with_claim = judged(calls, claims, steps=500).judgement
    assert (with_claim.verdict, with_claim.checked) == (Verdict.VALID, len(calls))
    assert judged(calls, steps=500).judgement.unjudged > 0, "else the claim would be of no use"


@pytest.mark.parametrize("seed", range(10))
def test_a_wrong_claim_makes_nothing_wrong_and_nothing_right(seed: int) -> None:
    random = Random(seed)
    calls, claims = random_legal(random, 300, 4)
    numbers = list(claims.values())
    random.shuffle(numbers)
    assert judged(calls, dict(zip(claims, numbers, strict=True))).judgement.verdict is Verdict.VALID
    place = next(at for at, one in enumerate(calls) if one.outcome == encode_outcome(Refused("unknown_user")))
    calls[place] = calls[place]._replace(outcome=encode_outcome(Refused("of_the_moon")))
    assert judged(calls, claims).judgement.verdict is Verdict.INVALID
    assert judged(calls, claims, steps=0).judgement.verdict is Verdict.UNKNOWN


def test_a_claim_against_real_time_is_not_followed() -> None:
    calls = [
        call(1, ops.Register("ada"), 0, 1),
        call(1, ops.Follow("ada", "bob"), 2, 3, Refused("unknown_user")),
        call(2, ops.Register("bob"), 4, 5),
    ]
    names = [one.request for one in calls]
    right = judged(calls, dict(zip(names, (1, 2, 3), strict=True)), steps=0).judgement
    assert right.verdict is Verdict.VALID
    early = call(2, ops.Users(), 6, 7, ["ada"])
    wrong = judged([*calls, early], dict(zip([*names, early.request], (1, 2, 4, 3), strict=True)), steps=0)
    assert wrong.judgement.verdict is Verdict.UNKNOWN


def test_what_is_open_at_the_end_of_a_window_stays_open_or_is_taken() -> None:
    model = SocialNetwork()
    judge = Judge(model, lambda: Budget(0))
    register, follow = call(1, ops.Register("ada"), 0, 1), call(1, ops.Register("bob"), 2, 9)
    users = call(2, ops.Users(), 3, 4, ["ada", "bob"])
    claims = {register.request: 1, follow.request: 2, users.request: 3}
    judge.judge([register, follow, users], 5, claims)
    [standing] = judge._parts.values()
    assert [type(one) for one in standing.configurations] == [Configuration]
    last = call(2, ops.Users(), 6, 8, ["ada", "bob"])
    judge.judge([last], 20, {last.request: 4})
    assert (judge.judgement.verdict, judge.judgement.checked) == (Verdict.VALID, 4)
