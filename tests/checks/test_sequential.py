"""The sequential behaviour that the search tries is the service's own."""

from __future__ import annotations

from random import Random
from typing import Any, ClassVar

import pytest

from core.checks.judge import Judge
from core.checks.linearizability import Verdict
from core.checks.sequential import IMPOSSIBLE, ServiceModel, model_of
from core.checks.single_key import SingleKey, execute
from core.checks.social_network import SocialNetwork
from core.services.calls import INVALID_OPERATION, encode_operation, encode_outcome
from core.services.kv import (
    MAX_KEY_CHARACTERS,
    MAX_VALUE_CHARACTERS,
    TOO_MANY_KEYS,
    Append,
    CompareAndSet,
    Content,
    Delete,
    Get,
    Increment,
    KeyValue,
    Put,
)
from core.services.machine import LARGEST_INTEGER, SMALLEST_INTEGER, Context, Operation
from core.services.social import Social
from core.workload.clients import WorkloadSettings, make_workload
from tests.support.histories import call, decode, random_legal
from tests.support.services import Opaque

KEYS = ("a", "é", "", "k" * MAX_KEY_CHARACTERS, "k" * (MAX_KEY_CHARACTERS + 1))
VALUES: tuple[Content, ...] = (
    0, 1, -1, LARGEST_INTEGER, SMALLEST_INTEGER, "", "1", "héllo", "小", "v" * MAX_VALUE_CHARACTERS,
    "v" * (MAX_VALUE_CHARACTERS + 1),
)  # fmt: skip


def some_operation(random: Random, key: str) -> Operation:
    value = random.choice(VALUES)
    number = random.choice([one for one in VALUES if isinstance(one, int)])
    text = random.choice([one for one in VALUES if isinstance(one, str)])
    expected = random.choice((None, *VALUES))
    return random.choice(
        (
            Put(key, value), Get(key), Delete(key), Increment(key, number), Append(key, text),
            CompareAndSet(key, expected, value),
        )
    )  # fmt: skip


def test_one_key_behaves_as_the_service_does() -> None:
    random = Random(1)
    for key in KEYS:
        service = KeyValue()
        held: Content | None = None
        for seq in range(1, 4_000):
            operation = some_operation(random, key)
            answer = service.apply(operation, Context(seq, 0))
            held, mine = execute(operation, held)
            assert (type(mine), mine) == (type(answer), answer), operation
            assert service.snapshot() == ([] if held is None else [[key, held]])


def test_a_move_is_possible_with_the_services_answer_and_with_no_other() -> None:
    workload, service, model = make_workload(KeyValue(), WorkloadSettings(seed=3), 1), KeyValue(), SingleKey()
    states: dict[str, Any] = {}
    for seq in range(1, 3_000):
        encoded = workload.next(1)
        outcome = encode_outcome(service.apply(decode(encoded), Context(seq, 0)))
        for tried in (outcome, encode_outcome("no such answer"), encode_outcome(1 << 40)):
            move = model.move(encoded, tried)
            assert move is not None
            after = move.step(states.get(move.part))
            if tried == outcome:
                assert after is not IMPOSSIBLE
                assert not move.observes or after == states.get(move.part)
                right, part = after, move.part
            else:
                assert after is IMPOSSIBLE
        states[part] = right


def test_a_bound_on_all_keys_is_believed_where_it_may_be_true() -> None:
    model = SingleKey()
    full = encode_outcome(TOO_MANY_KEYS)
    put, increment = encode_operation(Put("a", 1)), encode_operation(Increment("a"))
    for encoded in (put, increment):
        move = model.move(encoded, full)
        assert move is not None
        assert move.step(None) is None
        assert move.step(5) is IMPOSSIBLE, "the key is there: no other is needed"
    move = model.move(encode_operation(Increment("a")), full)
    assert move is not None
    assert move.step("text") is IMPOSSIBLE


def test_what_constrains_nothing_is_no_move() -> None:
    for model in (SingleKey(), ServiceModel(KeyValue())):
        assert model.move(encode_operation(Get("a")), None) is None
        assert model.move(b"\xc1", None) is None
        assert model.move(encode_operation(Get("a")), INVALID_OPERATION) is None


def test_a_service_with_a_partition_is_judged_by_its_own_code() -> None:
    for seed in range(20):
        calls = random_legal(Random(seed), 60, 3, keys=3, lost=0.02)
        slow, fast = Judge(ServiceModel(KeyValue())), Judge(SingleKey())
        slow.judge(calls)
        fast.judge(calls)
        assert slow.judgement.verdict is fast.judgement.verdict is Verdict.VALID
    wrong = Judge(ServiceModel(KeyValue()))
    wrong.judge([call(1, Put("a", 1), 0, 1), call(2, Get("a"), 2, 3, None)])
    [conflict] = wrong.judgement.conflicts
    assert len(conflict.calls) == 2


def test_after_a_gap_a_service_of_ones_own_is_judged_no_further() -> None:
    judge = Judge(ServiceModel(KeyValue()))
    judge.judge([call(1, Put("a", 1), 0, 1)], 2)
    judge.missed(10, 5)
    assert judge.judge([call(2, Get("a"), 6, 7, 99), call(2, Get("b"), 8, 9, 99)]) == []
    assert (judge.judgement.checked, judge.judgement.unjudged) == (1, 12)


@pytest.mark.parametrize(
    ("service", "kind"),
    [(KeyValue(), SingleKey), (Social(), SocialNetwork), (Opaque(), None)],
    ids=["kv", "social", "opaque"],
)
def test_which_services_can_be_judged(service: Any, kind: type | None) -> None:
    model = model_of(service)
    assert model is None if kind is None else isinstance(model, kind)


def test_a_service_of_ones_own_needs_only_a_partition() -> None:
    class Mine(KeyValue):
        name: ClassVar[str] = "mine"

    # a subclass may answer differently: it is judged by its own code
    model = model_of(Mine())
    assert isinstance(model, ServiceModel)
    assert model.words(model.start) == "[]"
