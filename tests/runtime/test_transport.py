"""Messages between the front end and its links, with faults: on a virtual clock, without a socket."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import cast

import pytest

from core.facts import Fact, Pace
from core.link_faults import Link, LinkFaults, Way, links_of
from core.protocol.codec import encode
from core.protocol.messages import Order, Ping, Result, pack_u32
from core.runtime.pacer import Hop
from core.runtime.transport import Transport
from core.trace.wire_log import Tap
from tests.support.fake_loop import FakeLoop

ORDER = encode(Order(1, 7, 2, 0, pack_u32([1, 1, 2, 1]), [b"\x90", b"\x90"]))
PING = encode(Ping(1))
MS = 1_000_000


class Wire:
    """What a replica's socket was given."""

    def __init__(self) -> None:
        self.frames = 0

    def write(self, frame: bytes) -> None:
        self.frames += 1


class Net:
    """A transport to three replicas, what it wrote down, and what came in."""

    def __init__(self) -> None:
        self.loop = FakeLoop()
        self.wires = {replica: Wire() for replica in (1, 2, 3)}
        self.written: list[tuple[Tap, int, int]] = []
        self.came_in: list[int] = []
        self.transport = Transport(cast(asyncio.AbstractEventLoop, self.loop), self._write, self.wires, 1)

    def _write(self, tap: Tap, links: int, token: int, body: bytes | Fact) -> None:
        self.written.append((tap, links, token))

    def fault(self, link: Link, faults: LinkFaults) -> None:
        self.transport.faults.set(link, faults)
        self.transport.faults_changed()

    def send(self, payload: bytes = ORDER, paced: bool = True) -> None:
        self.transport.send((1, 2, 3), payload, paced)

    def receive(self, replica: int, paced: bool = True) -> None:
        self.transport.receive(replica, ORDER, partial(self.came_in.append, replica), paced)

    def arrived(self) -> tuple[int, ...]:
        return tuple(wire.frames for wire in self.wires.values())


@pytest.fixture
def net() -> Net:
    return Net()


def test_without_faults_a_multicast_is_one_record(net: Net) -> None:
    net.send()
    assert net.arrived() == (1, 1, 1)
    assert net.written == [(Tap.TO_PASSED, 0b1110, 0)]
    assert net.transport.untouched


def test_a_cut_link_loses_orders_and_signs_of_life_and_is_seen_to(net: Net) -> None:
    net.fault(Link(2, Way.TO), LinkFaults(cut=True))
    net.send()
    net.send(PING, paced=False)
    assert net.arrived() == (2, 0, 2)
    assert net.written == [(Tap.TO_LOST, 0b100, 0), (Tap.TO_PASSED, 0b1010, 0)] * 2


def test_what_comes_in_over_a_cut_link_never_arrives(net: Net) -> None:
    net.fault(Link(2, Way.FROM), LinkFaults(cut=True))
    net.receive(1)
    net.receive(2)
    assert net.came_in == [1]
    assert net.written == [(Tap.FROM_PASSED, 0b10, 0), (Tap.FROM_LOST, 0b100, 0)]


def test_a_delayed_message_is_sent_now_and_delivered_later(net: Net) -> None:
    net.fault(Link(3, Way.TO), LinkFaults(delay_ns=200 * MS))
    net.send()
    assert net.arrived() == (1, 1, 0)
    net.loop.advance(0.19)
    assert net.arrived() == (1, 1, 0)
    net.loop.advance(0.02)
    assert net.arrived() == (1, 1, 1)
    assert net.written == [(Tap.TO_SENT, 8, 1), (Tap.TO_PASSED, 0b110, 0), (Tap.TO_DELIVERED, 8, 1)]


def test_a_message_that_is_held_is_overtaken_by_the_next(net: Net) -> None:
    net.fault(Link(1, Way.FROM), LinkFaults(reorder=1.0))
    net.transport.receive(1, ORDER, partial(net.came_in.append, 1), True)
    net.fault(Link(1, Way.FROM), LinkFaults())
    net.transport.receive(1, ORDER, partial(net.came_in.append, 2), True)
    net.loop.advance(1)
    assert net.came_in == [2, 1]


def test_a_doubled_message_arrives_twice(net: Net) -> None:
    net.fault(Link(1, Way.TO), LinkFaults(duplicate=1.0))
    net.send()
    net.loop.advance(1)
    assert net.arrived() == (2, 1, 1)
    assert [tap for tap, _, _ in net.written].count(Tap.TO_DOUBLED) == 1


def test_faults_meet_the_pace(net: Net) -> None:
    net.transport.set_pace(Pace.SLOW, 600 * MS)
    net.fault(Link(1, Way.TO), LinkFaults(cut=True))
    net.fault(Link(2, Way.TO), LinkFaults(delay_ns=200 * MS))
    net.send()
    net.loop.advance(0.61)
    assert net.arrived() == (0, 0, 1)
    assert (Tap.TO_LOST, 2, 1) in net.written, "lost where a person sees it: half way"
    net.loop.advance(0.2)
    assert net.arrived() == (0, 1, 1)


def test_signs_of_life_keep_real_time_under_a_pace_but_their_faults_too(net: Net) -> None:
    net.transport.set_pace(Pace.STEP, 0)
    net.fault(Link(2, Way.TO), LinkFaults(delay_ns=100 * MS))
    net.send(PING, paced=False)
    assert net.arrived() == (1, 0, 1)
    net.loop.advance(0.11)
    assert net.arrived() == (1, 1, 1)


def test_a_reordered_message_is_overtaken_visibly_when_messages_are_slow(net: Net) -> None:
    net.transport.set_pace(Pace.SLOW, 600 * MS)
    net.fault(Link(1, Way.TO), LinkFaults(reorder=1.0))
    net.send()
    net.fault(Link(1, Way.TO), LinkFaults())
    net.loop.advance(0.5)
    net.send()
    net.loop.advance(0.61)
    assert net.wires[1].frames == 1
    sent = [token for tap, links, token in net.written if tap is Tap.TO_SENT and links == 2]
    first = [token for tap, links, token in net.written if tap is Tap.TO_DELIVERED and links == 2]
    assert first == sent[1:], "the one sent later came first"


def test_only_what_the_pace_holds_counts_as_on_its_way(net: Net) -> None:
    net.transport.set_pace(Pace.STEP, 0)
    net.fault(Link(1, Way.TO), LinkFaults(cut=True))
    net.send()
    assert not net.transport.holds(1, 7), "it is lost, whatever the pace says"
    assert net.transport.holds(2, 7) and net.transport.holds(2, 8) and not net.transport.holds(2, 9)
    assert net.transport.first_on_its_way() == 7
    for token in (2, 3):
        net.transport.pacer.deliver(token)
    assert net.transport.first_on_its_way() is None, "what is lost must be told of, so that it is asked for"


def test_an_order_is_not_sent_again_while_the_pace_holds_it(net: Net) -> None:
    net.transport.set_pace(Pace.STEP, 0)
    net.transport.send_again(1, ORDER)
    net.transport.send_again(1, ORDER)
    assert net.transport.retransmissions == 1 and len(net.transport.pacer.on_its_way(Hop.TO, 1)) == 1
    assert net.transport.pacer.lose(1)
    net.transport.send_again(1, ORDER)
    assert net.transport.retransmissions == 2, "that one was lost"
    assert net.transport.pacer.deliver()
    net.transport.receive(1, encode(Result(1, 1, 7, 2, 0, 0, 0, 9, b"")), lambda: None, True)
    net.transport.send_again(1, ORDER)
    assert net.transport.retransmissions == 2, "its result is on its way"


def test_what_is_late_for_a_replica_that_goes_down_goes_with_it(net: Net) -> None:
    for link in links_of(1):
        net.fault(link, LinkFaults(delay_ns=50 * MS))
    net.send()
    net.receive(1)
    net.transport.forget(1)
    net.loop.advance(1)
    assert net.arrived() == (0, 1, 1) and net.came_in == []


def test_what_was_meant_for_a_replica_that_went_down_meanwhile_goes_to_the_others(net: Net) -> None:
    del net.wires[2]
    net.send()
    assert net.arrived() == (1, 1)
    assert net.written == [(Tap.TO_PASSED, 0b1010, 0)]


def test_instructions_to_fail_pass_every_fault(net: Net) -> None:
    net.fault(Link(1, Way.TO), LinkFaults(cut=True))
    net.transport.set_pace(Pace.STEP, 0)
    net.transport.instruct(1, PING)
    assert net.arrived() == (1, 0, 0)


def test_healed_links_are_untouched_again(net: Net) -> None:
    net.fault(Link(1, Way.TO), LinkFaults(cut=True))
    assert not net.transport.untouched
    net.transport.faults.heal()
    net.transport.faults_changed()
    assert net.transport.untouched
