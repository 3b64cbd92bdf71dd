"""Histories by hand and at random, and the slow way to judge them: try every order.

history(call(1, put("a", 1), 0, 3), call(2, get("a"), 1, 2, outcome=answer(1)))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, combinations, product
from random import Random

import msgspec

from core.checks.history import FOREVER, Call
from core.checks.judge import Judge
from core.checks.linearizability import Budget, Verdict
from core.checks.single_key import SingleKey
from core.ids import RequestId
from core.services.calls import encode_operation, encode_outcome, operation_decoder
from core.services.kv import KV_OPERATIONS, CompareAndSet, Delete, Get, Increment, KeyValue, Put
from core.services.machine import Context, Operation, Refused, Value

decode = operation_decoder(KV_OPERATIONS)
UNKNOWN = "unknown"
ENOUGH = 10_000_000


def call(
    client: int, operation: Operation, called: int, returned: int, answer: Value | Refused = None
) -> Call:
    """A request of this client, answered so at `returned`; with the answer UNKNOWN it returns FOREVER."""
    outcome = None if answer == UNKNOWN else encode_outcome(answer)
    returned = FOREVER if answer == UNKNOWN else returned
    return Call(RequestId(client, called + 1), encode_operation(operation), called, returned, outcome)


def judge(calls: Sequence[Call], steps: int = ENOUGH) -> Judge:
    """The whole history in one window."""
    judge = Judge(SingleKey(), lambda: Budget(steps))
    judge.judge(calls)
    return judge


def verdict(*calls: Call, steps: int = ENOUGH) -> Verdict:
    """What the checker says; conflicts are not looked into."""
    judge = Judge(SingleKey(), lambda: Budget(steps), kept_conflicts=0)
    judge.judge(calls)
    return judge.judgement.verdict


def brute_force(calls: Sequence[Call]) -> bool:
    """Whether some order explains the history. Wing and Gong's definition with nothing clever: each request
    that may come first is tried first, the unknown may never come, and the service itself executes."""

    def explained(left: tuple[Call, ...], state: bytes) -> bool:
        if all(one.outcome is None for one in left):
            return True
        first_return = min([one.returned_ns for one in left])
        for place, one in enumerate(left):
            if one.called_ns > first_return:
                continue
            after, answer = _executed(state, one.operation)
            if one.outcome in (None, answer) and explained(left[:place] + left[place + 1 :], after):
                return True
        return False

    return explained(tuple(calls), msgspec.msgpack.encode(KeyValue().snapshot()))


@lru_cache(100_000)
def _executed(state: bytes, operation: bytes) -> tuple[bytes, bytes]:
    service = KeyValue()
    service.restore(msgspec.msgpack.decode(state))
    answer = encode_outcome(service.apply(decode(operation), Context(1, 0)))
    return msgspec.msgpack.encode(service.snapshot()), answer


def shapes(requests: int) -> Iterator[list[tuple[int, int]]]:
    """Every way in which so many intervals can lie in time, once: calls in the order of the requests, and
    between two calls any of the open ones return. (called, returned) each, in steps."""

    def grow(called: list[int], returned: dict[int, int], now: int) -> Iterator[list[tuple[int, int]]]:
        if len(called) == requests:
            last = now + 1
            yield [(at, returned.get(place, last)) for place, at in enumerate(called)]
            return
        is_open = [place for place in range(len(called)) if place not in returned]
        for some in chain.from_iterable(combinations(is_open, size) for size in range(len(is_open) + 1)):
            following = returned | dict.fromkeys(some, now + 1)
            yield from grow([*called, now + 2], following, now + 2)

    yield from grow([], {}, 0)


Letter = tuple[Operation, Value | Refused]

ALPHABET: tuple[Letter, ...] = (
    (Put("x", 1), None), (Get("x"), None), (Get("x"), 1), (Increment("x"), 1), (Increment("x"), 2),
    (Put("y", 1), None), (Get("y"), None), (Get("y"), 1), (Increment("y"), 1), (Increment("y"), 2),
)  # fmt: skip
"""Operations on two keys, with answers that they might give."""

MORE: tuple[Letter, ...] = (
    (Put("x", 1), UNKNOWN), (Put("x", 2), None), (Get("x"), 2), (Increment("x"), UNKNOWN),
    (CompareAndSet("x", 1, 2), True), (CompareAndSet("x", 1, 2), False),
    (Delete("x"), True), (Delete("x"), False),
)  # fmt: skip


def all_histories(requests: int, letters: Sequence[Letter]) -> Iterator[list[Call]]:
    """Every history of so many requests: every order of their calls and returns, all letters. Two histories
    that differ in nothing but the names of the keys count as one: the first key used is x."""
    for word in product(letters, repeat=requests):
        if word[0][0].key != "x":  # type: ignore[attr-defined]
            continue
        for shape in shapes(requests):
            yield [
                call(client, operation, called, returned, answer)
                for client, ((operation, answer), (called, returned)) in enumerate(
                    zip(word, shape, strict=True), start=1
                )
            ]


def random_legal(random: Random, requests: int, clients: int, keys: int = 2, lost: float = 0.0) -> list[Call]:
    """What clients see of a store that is right: every request takes effect at a moment between call and
    return; some answers are lost."""
    service, now, seq = KeyValue(), 0, 0
    numbers = dict.fromkeys(range(1, clients + 1), 0)
    is_open: dict[int, tuple[Operation, int]] = {}
    effected: dict[int, Value | Refused] = {}
    calls: list[Call] = []
    late: list[Operation] = []
    while len(calls) < requests:
        now += random.randint(0, 1)
        client = random.randint(1, clients)
        if late and random.random() < 0.3:
            seq += 1
            service.apply(late.pop(), Context(seq, 0))
        elif client not in is_open:
            is_open[client] = _some_operation(random, keys), now
            numbers[client] += 1
        elif client not in effected:
            seq += 1
            operation, called = is_open[client]
            if random.random() < lost:
                calls.append(_lost(client, numbers[client], operation, called))
                del is_open[client]
                if random.random() < 0.7:
                    late.append(operation)
            else:
                effected[client] = service.apply(operation, Context(seq, 0))
        else:
            now += random.randint(0, 1)
            operation, called = is_open.pop(client)
            outcome = encode_outcome(effected.pop(client))
            encoded = encode_operation(operation)
            calls.append(Call(RequestId(client, numbers[client]), encoded, called, now, outcome))
            now += 1
    for client, (operation, called) in is_open.items():
        calls.append(_lost(client, numbers[client], operation, called))
    calls.sort(key=lambda one: one.called_ns)
    return calls


def _lost(client: int, number: int, operation: Operation, called: int) -> Call:
    return Call(RequestId(client, number), encode_operation(operation), called, FOREVER, None)


def _some_operation(random: Random, keys: int) -> Operation:
    key = "xyzuvw"[random.randrange(keys)]
    dice = random.randrange(6)
    if dice < 2:
        return Get(key)
    if dice == 2:
        return Increment(key, random.randint(1, 2))
    if dice == 3:
        return CompareAndSet(key, random.choice((None, 1, 2)), random.randint(1, 3))
    return Put(key, random.randint(1, 3))


def mutated(random: Random, calls: Sequence[Call]) -> list[Call]:
    """The history with one answer or one time changed."""
    calls = list(calls)
    place = random.randrange(len(calls))
    one = calls[place]
    dice = random.randrange(4)
    if dice == 0 and one.outcome is not None:
        others = [other.outcome for other in calls if other.outcome is not None]
        calls[place] = one._replace(outcome=random.choice([*others, encode_outcome(random.randint(0, 4))]))
    elif dice == 1 and one.returned_ns < FOREVER:
        calls[place] = one._replace(returned_ns=random.randint(one.called_ns, one.returned_ns))
    elif dice == 2 and one.returned_ns < FOREVER:
        calls[place] = one._replace(called_ns=random.randint(one.called_ns, one.returned_ns))
    else:
        other = calls[random.randrange(len(calls))]
        if one.outcome is not None and other.outcome is not None:
            calls[place] = one._replace(outcome=other.outcome)
    calls.sort(key=lambda one: one.called_ns)
    return calls
