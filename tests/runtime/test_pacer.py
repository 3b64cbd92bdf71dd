"""The pace of messages on a loop with a virtual clock: at once, late, or one by one."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import cast

import pytest

from core.facts import Fact, Pace
from core.runtime.pacer import Hop, Pacer
from core.trace.wire_log import Tap
from tests.support.fake_loop import FakeLoop

DELAY_NS = 600_000_000


class Post:
    """A pacer, what it wrote, and what arrived."""

    def __init__(self) -> None:
        self.loop = FakeLoop()
        self.pacer = Pacer(cast(asyncio.AbstractEventLoop, self.loop), self._write)
        self.written: list[tuple[Tap, int, int]] = []
        self.arrived: list[str] = []

    def _write(self, tap: Tap, links: int, token: int, body: bytes | Fact) -> None:
        self.written.append((tap, links, token))

    def send(self, name: str, hop: Hop = Hop.TO, replica: int = 1) -> None:
        self.pacer.carry(hop, replica, name.encode(), partial(self.arrived.append, name))


@pytest.fixture
def post() -> Post:
    return Post()


def test_in_real_time_nothing_is_touched(post: Post) -> None:
    post.send("order", Hop.TO, 2)
    post.send("answer", Hop.RETURN, 0)
    assert post.arrived == ["order", "answer"]
    assert post.written == [(Tap.TO_PASSED, 1 << 2, 0), (Tap.RETURN_DELIVERED, 0, 0)]


def test_slow_takes_its_time(post: Post) -> None:
    post.pacer.set(Pace.SLOW, DELAY_NS)
    post.send("order")
    post.loop.advance(0.59)
    assert post.arrived == []
    post.loop.advance(0.02)
    assert post.arrived == ["order"]
    assert post.written == [(Tap.TO_SENT, 2, 1), (Tap.TO_DELIVERED, 2, 1)]


def test_slow_keeps_the_order(post: Post) -> None:
    post.pacer.set(Pace.SLOW, DELAY_NS)
    for name in ("one", "two", "three"):
        post.send(name)
    post.loop.advance(1)
    assert post.arrived == ["one", "two", "three"]


@pytest.mark.parametrize("hop", list(Hop))
def test_each_hop_has_its_taps(post: Post, hop: Hop) -> None:
    passed, sent, delivered = hop.value
    post.send("at once", hop, 0)
    post.pacer.set(Pace.STEP, 0)
    post.send("by step", hop, 0)
    post.pacer.deliver()
    assert [tap for tap, _, _ in post.written] == [passed, sent, delivered]


def test_step_by_step(post: Post) -> None:
    post.pacer.set(Pace.STEP, 0)
    for name in ("one", "two", "three"):
        post.send(name)
    post.loop.advance(3_600)
    assert post.arrived == []
    assert post.pacer.deliver()
    assert post.pacer.deliver(3)
    assert post.arrived == ["one", "three"]
    assert not post.pacer.deliver(3), "it is there already"
    assert not post.pacer.deliver(99)
    assert post.pacer.deliver()
    assert not post.pacer.deliver(), "nothing is on its way"


def test_back_to_real_time_lets_everything_go_in_order(post: Post) -> None:
    post.pacer.set(Pace.STEP, 0)
    post.send("one")
    post.send("two")
    post.pacer.set(Pace.REAL_TIME, 0)
    assert post.arrived == ["one", "two"]
    post.send("three")
    assert post.arrived == ["one", "two", "three"]


def test_a_slower_pace_holds_what_is_on_its_way(post: Post) -> None:
    post.pacer.set(Pace.SLOW, DELAY_NS)
    post.send("order")
    post.loop.advance(0.5)
    post.pacer.set(Pace.SLOW, 10 * DELAY_NS)
    post.loop.advance(5.9)
    assert post.arrived == []
    post.loop.advance(0.2)
    assert post.arrived == ["order"]


def test_stepping_stops_what_was_slow(post: Post) -> None:
    post.pacer.set(Pace.SLOW, DELAY_NS)
    post.send("order")
    post.pacer.set(Pace.STEP, 0)
    post.loop.advance(60)
    assert post.arrived == []
    post.pacer.set(Pace.SLOW, DELAY_NS)
    post.loop.advance(0.7)
    assert post.arrived == ["order"]
    assert post.written[-1] == (Tap.TO_DELIVERED, 2, 1)


def test_what_is_held_is_known(post: Post) -> None:
    post.pacer.set(Pace.STEP, 0)
    post.send("order", Hop.TO, 2)
    post.pacer.carry(Hop.TO, 2, b"doomed", lambda: None, ())
    assert post.pacer.on_its_way(Hop.TO, 2) == [b"order"]
    assert not post.pacer.on_its_way(Hop.TO, 1)
    assert not post.pacer.on_its_way(Hop.FROM, 2)
    post.pacer.deliver()
    assert not post.pacer.on_its_way(Hop.TO, 2)


def test_a_message_in_hand_is_lost_and_no_longer_on_its_way(post: Post) -> None:
    post.pacer.set(Pace.STEP, 0)
    post.send("order", Hop.TO, 2)
    assert post.pacer.lose(1)
    assert post.written == [(Tap.TO_SENT, 4, 1), (Tap.TO_LOST, 4, 1)]
    assert not post.arrived and not post.pacer.on_its_way(Hop.TO, 2)
    assert not post.pacer.lose(1) and not post.pacer.double(1)


def test_a_message_in_hand_is_doubled_and_its_copy_travels_behind_it(post: Post) -> None:
    post.pacer.set(Pace.STEP, 0)
    post.send("result", Hop.FROM, 2)
    assert post.pacer.double(1)
    assert post.written[-1] == (Tap.FROM_DOUBLED, 4, 2)
    assert post.pacer.deliver() and post.pacer.deliver()
    assert post.arrived == ["result", "result"] and not post.pacer.deliver()


def held_in_order(post: Post) -> list[int]:
    return list(post.pacer._held)


def test_what_is_put_off_is_passed_over_until_all_others_have_arrived(post: Post) -> None:
    post.pacer.set(Pace.STEP, 0)
    for name in ("one", "two", "three"):
        post.send(name)
    assert post.pacer.delay(1) == 0
    post.send("four")
    assert held_in_order(post) == [2, 3, 1, 4], "what is sent later goes behind it"
    while post.pacer.deliver():
        pass
    assert post.arrived == ["two", "three", "one", "four"]


@pytest.mark.parametrize(
    ("moves", "order"),
    [
        ([(1, 2)], [2, 1, 3, 4]),
        ([(1, 4)], [2, 3, 4, 1]),
        ([(4, 1)], [1, 4, 2, 3]),
        ([(2, 1)], [1, 2, 3, 4]),
        ([(1, 3), (2, 3)], [3, 2, 1, 4]),
        ([(1, 0), (1, 2)], [2, 1, 3, 4]),
    ],
)
def test_a_message_is_put_right_behind_another_one(
    post: Post, moves: list[tuple[int, int]], order: list[int]
) -> None:
    post.pacer.set(Pace.STEP, 0)
    for replica in (1, 2, 3, 1):
        post.send(f"to {replica}", Hop.TO, replica)
    for token, behind in moves:
        post.pacer.delay(token, behind)
    assert held_in_order(post) == order


def test_under_slow_what_is_put_off_arrives_one_more_delay_later(post: Post) -> None:
    post.pacer.set(Pace.SLOW, DELAY_NS)
    post.send("order")
    post.loop.advance(0.5)
    assert post.pacer.delay(1) == DELAY_NS
    post.send("later")
    post.loop.advance(0.65)
    assert post.arrived == ["later"]
    post.loop.advance(0.1)
    assert post.arrived == ["later", "order"]
    assert post.written.count((Tap.TO_DELIVERED, 2, 1)) == 1


def test_put_off_twice_under_slow_is_twice_as_late_and_its_copy_is_not(post: Post) -> None:
    post.pacer.set(Pace.SLOW, DELAY_NS)
    post.send("order")
    post.pacer.delay(1)
    post.pacer.delay(1)
    post.pacer.double(1)
    post.loop.advance(0.65)
    assert post.written[-1] == (Tap.TO_DELIVERED, 2, 2)
    post.loop.advance(1.1)
    assert post.arrived == ["order"]
    post.loop.advance(0.1)
    assert post.arrived == ["order", "order"]


def test_another_pace_forgets_how_late_a_message_was_to_be_but_not_its_place(post: Post) -> None:
    post.pacer.set(Pace.SLOW, DELAY_NS)
    post.send("one")
    post.send("two")
    post.pacer.delay(1)
    post.pacer.set(Pace.SLOW, DELAY_NS // 2)
    post.loop.advance(0.31)
    assert post.arrived == ["two", "one"]


def test_what_has_arrived_is_held_no_more(post: Post) -> None:
    post.pacer.set(Pace.STEP, 0)
    post.send("request", Hop.CALL, 0)
    assert post.pacer.holds(1)
    post.pacer.delay(1)  # a client's message, too
    post.pacer.deliver(1)
    assert not post.pacer.holds(1) and not post.pacer.holds(0)


def test_a_copy_made_by_hand_keeps_the_pace(post: Post) -> None:
    post.pacer.set(Pace.SLOW, DELAY_NS)
    post.send("order")
    post.loop.advance(0.3)
    assert post.pacer.double(1)
    post.loop.advance(0.4)
    assert post.arrived == ["order"]
    post.loop.advance(0.3)
    assert post.arrived == ["order", "order"]


def test_only_links_to_replicas_lose_and_double(post: Post) -> None:
    post.pacer.set(Pace.STEP, 0)
    post.send("request", Hop.CALL, 0)
    assert not post.pacer.lose(1) and not post.pacer.double(1)
    assert post.pacer.deliver(1) and post.arrived == ["request"]


def test_a_doomed_message_is_lost_half_way(post: Post) -> None:
    post.pacer.set(Pace.SLOW, DELAY_NS)
    post.pacer.carry(Hop.TO, 1, b"", partial(post.arrived.append, "never"), ())
    post.pacer.carry(Hop.FROM, 1, b"", partial(post.arrived.append, "never"), ())
    post.loop.advance(0.29)
    assert [tap for tap, _, _ in post.written] == [Tap.TO_SENT, Tap.FROM_SENT]
    post.loop.advance(0.02)
    assert post.written[2:] == [(Tap.TO_LOST, 2, 1), (Tap.FROM_LOST, 2, 2)]
    post.loop.advance(9)
    assert post.arrived == []


def test_under_step_a_doomed_message_is_lost_when_it_should_arrive(post: Post) -> None:
    post.pacer.set(Pace.STEP, 0)
    post.pacer.carry(Hop.TO, 1, b"", partial(post.arrived.append, "never"), ())
    assert post.pacer.deliver()
    assert post.written[-1] == (Tap.TO_LOST, 2, 1) and post.arrived == []


def test_copies_travel_alone_and_a_late_one_comes_later_than_the_pace_says(post: Post) -> None:
    post.pacer.set(Pace.SLOW, DELAY_NS)
    post.pacer.carry(Hop.TO, 1, b"", partial(post.arrived.append, "order"), (0, 200_000_000))
    post.loop.advance(0.7)
    assert post.arrived == ["order"]
    post.loop.advance(0.2)
    assert post.arrived == ["order", "order"]
    assert [tap for tap, _, _ in post.written] == [
        Tap.TO_SENT,
        Tap.TO_DOUBLED,
        Tap.TO_DELIVERED,
        Tap.TO_DELIVERED,
    ]


def test_what_is_on_its_way_dies_with_its_replica(post: Post) -> None:
    post.pacer.set(Pace.SLOW, DELAY_NS)
    post.send("to two", Hop.TO, 2)
    post.send("from two", Hop.FROM, 2)
    post.send("to one", Hop.TO, 1)
    post.send("to a client", Hop.RETURN, 0)
    post.pacer.forget(2)
    post.loop.advance(1)
    assert post.arrived == ["to one", "to a client"]


def test_a_message_sent_while_another_arrives_is_carried_too(post: Post) -> None:
    post.pacer.set(Pace.SLOW, DELAY_NS)
    post.pacer.carry(Hop.CALL, 0, b"", lambda: post.send("order"))
    post.loop.advance(0.7)
    assert post.arrived == []
    post.loop.advance(0.6)
    assert post.arrived == ["order"]
