"""What is lost is repaired: orders, results, and the last message of each kind."""

from __future__ import annotations

import pytest

from core.effects import Multicast, Retransmit
from core.errors import RemoteProtocolError
from core.group.front_end import FrontEnd
from core.protocol.codec import decode_from_front_end, encode
from core.protocol.messages import Order, Ping, Pong
from core.replica.hold_back_queue import HoldBackQueue
from core.services.calls import decode_outcome
from tests.support.group import OPEN, Replica, batch, get, put, respond, said
from tests.support.lossy import LossyNet
from tests.support.transcripts import Stage

FIRST = batch(1, (1, 1, OPEN))
SECOND = batch(2, (1, 2, put("a", 1)))


@pytest.mark.parametrize("seed", range(12))
def test_with_thirty_percent_lost_every_request_is_answered_once(seed: int) -> None:
    net = LossyNet(seed)
    net.run(requests=120)
    digests = {(manager.expected, manager.digest) for manager in net.replicas.values()}
    assert len(digests) == 1
    assert len(net.front_end.log._payloads) - net.front_end.log._start <= 120
    for client in range(1, net.clients + 1):
        numbers = sorted(number for who, number in net.answered if who == client)
        assert [decode_outcome(net.answered[client, n]) for n in numbers[1:]] == list(range(1, len(numbers)))


def test_on_a_sound_network_nothing_is_sent_twice() -> None:
    net = LossyNet(1, loss=0.0)
    net.doubled = 0.0
    net.run(requests=300)
    again = [effect for effect in net.effects if isinstance(effect, Retransmit)]
    assert len(again) < 20, "only what was overtaken"


def test_a_ping_tells_of_an_order_that_nothing_followed() -> None:
    replica = Replica()
    replica.order(FIRST)
    assert [type(message) for message in said(replica.manager.step(Ping(1, 3, 0), b"", 50))] == [Pong]
    due = replica.manager.nack_at
    assert due is not None
    [nack] = said(replica.manager.tick(due))
    assert (nack.first_seq, nack.last_seq) == (2, 3)  # type: ignore[union-attr]


def test_what_there_was_no_room_for_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    replica = Replica()
    monkeypatch.setattr(HoldBackQueue, "hold", lambda *_: False)
    replica.order(SECOND, now=7)
    replica.order(batch(3, (1, 3, get("a"))), now=7)
    monkeypatch.undo()
    [nack] = said(replica.manager.tick(replica.manager.nack_at or 0))
    assert (nack.first_seq, nack.last_seq) == (1, 3)  # type: ignore[union-attr]


def test_a_lost_result_is_asked_for_by_sending_its_order_again() -> None:
    stage = Stage()
    for said_ in ("R1 joins", "R2 joins", "request C1.1", "R1 answers #1"):
        stage.do(said_)
    assert stage.do("R2 pongs expecting #2") == [], "its result may still be on its way"
    assert stage.do("R2 pongs expecting #2") == ["order #1 again to R2"]
    assert stage.front_end.tick(0)  # the log keeps it as long as one response is missing
    assert stage.do("R2 pongs expecting #2") == ["order #1 again to R2"]
    assert stage.do("R2 answers #1") == []
    assert stage.do("R2 pongs expecting #2") == []


def test_results_heard_beyond_a_lost_one_are_not_asked_for() -> None:
    stage = Stage()
    for said_ in ("R1 joins", "request C1.1", "request C2.1", "request C3.1", "R1 answers #2"):
        stage.do(said_)
    stage.do("R1 pongs expecting #4")
    assert stage.do("R1 pongs expecting #4") == ["order #1 again to R1", "order #3 again to R1"]
    stage.do("R1 answers #1")
    assert stage.front_end.view.members[1].executed == 2


def test_a_ping_says_what_is_ordered_and_what_is_settled() -> None:
    stage = Stage()
    for said_ in ("R1 joins", "R2 joins", "request C1.1-3", "request C1.4", "R1 answers #1", "R1 answers #4"):
        stage.do(said_)
    stage.do("R2 answers #1")
    [ping] = [
        decode_from_front_end(effect.payload)
        for effect in stage.front_end.tick(0)
        if isinstance(effect, Multicast)
    ]
    assert ping == Ping(1, 4, 3)


def test_an_answer_that_is_gone_is_said_to_be_gone() -> None:
    """A late copy of what everybody has answered is nothing; a real question gets an error, not silence."""
    replica = Replica()
    for order in (FIRST, SECOND, batch(3, (1, 3, get("a")))):
        replica.order(order)
    replica.manager.step(Ping(1, 3, 3), b"", 0)
    assert replica.order(FIRST) == ()
    assert len(replica.manager._tail) == 1
    replica.manager._tail._drop_oldest()
    replica.manager._tail.stable = 1
    with pytest.raises(RemoteProtocolError, match="My answer to #2 is no longer kept"):
        replica.order(SECOND)


def test_the_tail_keeps_the_batch_that_ends_at_the_stable_number() -> None:
    replica = Replica()
    for seq in range(1, 8, 2):
        replica.order(batch(seq, (1, seq, OPEN), (1, seq + 1, put("a", seq))))
    replica.manager.step(Ping(1, 8, 4), b"", 0)
    assert list(replica.manager._tail._firsts) == [3, 5, 7]


@pytest.mark.parametrize("number", [3, 10**18])
def test_who_claims_what_was_never_ordered_breaks_the_protocol(number: int) -> None:
    front_end = FrontEnd(1, 0)
    front_end.joined(1, 1, 1, 0)
    with pytest.raises(RemoteProtocolError, match="is yet to be ordered"):
        front_end.received(1, Pong(1, number, (), 0), 0)
    with pytest.raises(RemoteProtocolError, match="was never ordered"):
        front_end.received(1, respond(batch(number, (1, 1, OPEN))), 0)


def test_retransmitted_orders_are_the_same_bytes() -> None:
    stage = Stage()
    stage.do("R1 joins")
    stage.do("request C1.1")
    [again] = stage.front_end.log.missing(1, 1, 1)
    assert isinstance(again, Retransmit)
    assert again.payload == encode(stage.orders[1])
    assert isinstance(decode_from_front_end(again.payload), Order)
