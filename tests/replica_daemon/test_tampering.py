"""Replicas that fail on purpose: what harm does, and that nothing but the harm is done."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import RemoteProtocolError
from core.harm import Harm
from core.protocol.codec import decode_body
from core.protocol.messages import Result, Tamper
from core.replica.memory_watch import EVERY_NS, SHARE, MemoryWatch, hash_of_memory
from core.services.calls import decode_outcome, encode_outcome
from core.services.kv import KeyValue, Put
from core.services.machine import Context, Refused, Service
from core.services.social import Social
from core.services.social_operations import Post, Register
from replica_daemon.bit_flip import turn_a_bit
from replica_daemon.tampering import Saboteur, lie, tampered
from tests.support.group import OPEN, Replica, batch, get, increment, put, said

FIRST = batch(1, (1, 1, OPEN), (1, 2, put("a", 7)))
SECOND = batch(3, (1, 3, get("a")), (1, 4, increment("a")))


def answers(effects: Any) -> list[object]:
    [result] = said(effects)
    assert isinstance(result, Result)
    return [decode_outcome(outcome) for outcome in decode_body(result.body).outcomes]


def harmed(harm: Harm, amount: int) -> tuple[Replica, Any]:
    """A replica that executed something, and its manager with a harm."""
    replica = Replica()
    replica.order(FIRST)
    return replica, tampered(replica.manager, Tamper(harm.value, amount))


def test_a_slow_replica_takes_longer_for_each_execution() -> None:
    waits: list[float] = []
    slow = Saboteur(Replica().manager, waits.append)
    slow.do(Tamper("slow", 5_000_000))
    slow.step(FIRST, b"", 0)
    assert waits == [0.01]
    slow.do(Tamper("slow", 0))
    slow.step(SECOND, b"", 0)
    assert waits == [0.01]


def test_a_liar_answers_wrong_but_its_state_is_right() -> None:
    replica, liar = harmed(Harm.LIE, 1)
    honest = Replica()
    honest.order(FIRST)
    assert answers(honest.order(SECOND)) == [7, 8]
    assert answers(liar.step(SECOND, b"", 0)) == [6, 7]
    assert replica.manager.digest == honest.manager.digest


def test_a_liar_may_lie_only_now_and_then_and_become_honest() -> None:
    _, liar = harmed(Harm.LIE, 2)
    assert answers(liar.step(SECOND, b"", 0)) == [7, 7]
    same = tampered(liar, Tamper("lie", 0))
    assert same is liar
    assert answers(liar.step(batch(5, (1, 5, get("a"))), b"", 0)) == [8]


@pytest.mark.parametrize("answer", [None, True, 0, 5, -5, "", "a", [], [1], {"a": 1}, Refused("no")])
def test_every_lie_is_an_answer_but_not_the_right_one(answer: Any) -> None:
    told = decode_outcome(lie(encode_outcome(answer)))
    assert told != decode_outcome(encode_outcome(answer))


def test_a_flood_is_as_long_as_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    harmed(Harm.FLOOD, 100_000)
    assert 100_000 <= len(capsys.readouterr().err) < 100_100


def test_an_unknown_harm_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="bewitch"):
        tampered(Replica().manager, Tamper("bewitch", 1))


def social() -> Social:
    service = Social()
    for seq, operation in enumerate([Register("ann"), Register("bob"), Post("ann", "hello there")], 1):
        service.apply(operation, Context(seq, seq))
    return service


def key_value() -> KeyValue:
    service = KeyValue()
    for number in range(50):
        service.apply(Put(f"k{number}", number), Context(number, 0))
    service.inspect("", 0, 10)
    return service


class WithoutRecomputing(KeyValue):
    """Like a service of one's own that keeps to what the protocol asks for."""

    recompute_hash = None  # type: ignore[assignment]


def own() -> KeyValue:
    service = WithoutRecomputing()
    service.apply(Put("ann", 10), Context(1, 0))
    return service


@pytest.mark.parametrize("make", [social, key_value, own])
def test_a_turned_bit_is_found_in_the_memory_of_any_service(make: Any) -> None:
    service: Service = make()
    kept = service.state_hash
    assert hash_of_memory(service) == kept
    turn_a_bit(service)
    assert service.state_hash == kept, "the service knows nothing of it"
    assert hash_of_memory(service) != kept


def test_of_an_empty_state_the_hash_itself_is_turned() -> None:
    service = KeyValue()
    turn_a_bit(service)
    assert service.state_hash != hash_of_memory(service)


def test_corrupted_memory_shows_in_the_digest_at_the_next_look() -> None:
    replica = Replica()
    replica.order(FIRST)
    clock = [0]
    watch = MemoryWatch(replica.manager, 1, lambda: clock[0])
    right = replica.manager.digest
    watch.pinged(EVERY_NS)
    assert replica.manager.digest == right
    turn_a_bit(replica.manager.service)
    watch.pinged(EVERY_NS + 1)
    assert replica.manager.digest == right, "not yet time"
    watch.pinged(2 * EVERY_NS)
    wrong = replica.manager.digest
    assert wrong != right
    watch.pinged(9 * EVERY_NS)
    assert replica.manager.digest == wrong, "told once"
    replica.order(SECOND)
    other = Replica()
    other.order(FIRST)
    other.order(SECOND)
    assert replica.manager.digest != other.manager.digest, "and in every result from then on"


def test_a_look_that_costs_much_comes_seldom() -> None:
    replica = Replica()
    times = iter([0, EVERY_NS * 2])  # at the start, and after a look that took a second
    watch = MemoryWatch(replica.manager, 1, lambda: next(times))
    watch.pinged(EVERY_NS)
    watch.pinged(SHARE * EVERY_NS)
    with pytest.raises(StopIteration):
        watch.pinged((SHARE + 1) * EVERY_NS)
