"""Between the front end and its links: every message passes here, with its pace and its faults.

The faults are decided by `core.group.faults` and done here, for each message alone, before the socket on the
way out and after it on the way in: TCP itself would hide them (rule 13). Without pace and faults a message
passes untouched, and a multicast is one encoding, one record and a write for each link.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from core.facts import Fact, Pace
from core.group.faults import NetworkFaults
from core.link_faults import Link, Way
from core.protocol.codec import decode_from_front_end, decode_from_replica
from core.protocol.framing import pack
from core.protocol.messages import Order, Result
from core.runtime.pacer import ON_TIME, Hop, Pacer, Write
from core.trace.wire_log import Tap


class Socket(Protocol):
    """What a frame is written to."""

    def write(self, frame: bytes) -> None:
        """Send one frame."""


class Transport:
    """Sends and receives through `links`; `write` takes the records."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, write: Write, links: Mapping[int, Socket], seed: int
    ) -> None:
        self._loop = loop
        self._write = write
        self._links = links
        self._lives: dict[int, int] = {}  # how often a replica was forgotten: its late messages go with it
        self.retransmissions = 0
        """Orders sent again."""
        self.pacer = Pacer(loop, write)
        self.faults = NetworkFaults(seed)
        self.untouched = True
        """Messages pass at once, and all of them arrive."""

    # --- what a person sets -------------------------------------------------------------------------------

    def set_pace(self, pace: Pace, delay_ns: int) -> None:
        """Change the pace. What is on its way follows the new one, in order."""
        self.pacer.set(pace, delay_ns)
        self._settle()

    def faults_changed(self) -> None:
        """Somebody changed `faults`: they are seen from the next message on."""
        self._settle()

    def _settle(self) -> None:
        self.untouched = self.pacer.untouched and not self.faults.any

    # --- messages -----------------------------------------------------------------------------------------

    def send(self, replicas: Sequence[int], payload: bytes, paced: bool = True) -> None:
        """Send to each of these replicas. What is not `paced` (signs of life, looks at the data) keeps real
        time: a paced replica is not a dead one. Faults spare nothing."""
        frame = pack(payload)
        if not all(map(self._links.__contains__, replicas)):  # one went down since this was decided
            replicas = [replica for replica in replicas if replica in self._links]
        if self.untouched or not (paced or self.faults.any):
            self._pass(replicas, payload, frame)
            return
        paced = paced and not self.pacer.untouched
        at_once = []
        for replica in replicas:
            fate = self._fate(Link(replica, Way.TO))
            if paced or fate != ON_TIME:
                self._carry(Hop.TO, replica, payload, partial(self._links[replica].write, frame), fate, paced)
            else:
                at_once.append(replica)
        if at_once:
            self._pass(at_once, payload, frame)

    def send_again(self, replica: int, payload: bytes) -> None:
        """Send an order once more, unless the pace holds it or its result: then it is late, and not lost."""
        if self.pacer.untouched or not self._holds_either(replica, payload):
            self.retransmissions += 1
            self.send((replica,), payload)

    def instruct(self, replica: int, payload: bytes) -> None:
        """Send what is no part of the protocol: neither pace nor faults touch it."""
        self._pass((replica,), payload, pack(payload))

    def receive(self, replica: int, payload: bytes, arrived: Callable[[], None], paced: bool) -> None:
        """A message came in; call `arrived` when, and as often as, it may."""
        fate = self._fate(Link(replica, Way.FROM))
        self._carry(Hop.FROM, replica, payload, arrived, fate, paced and not self.pacer.untouched)

    def holds(self, replica: int, seq: int) -> bool:
        """The order with this number is on its way to the replica, late by the pace alone: it is not lost."""
        held = (decode_from_front_end(body) for body in self._on_its_way(Hop.TO, replica))
        return any(isinstance(order, Order) and 0 <= seq - order.first_seq < order.count for order in held)

    def first_on_its_way(self) -> int | None:
        """The lowest number whose order is late by the pace alone: who has not got it yet misses nothing."""
        if self.pacer.untouched:
            return None
        held = (
            decode_from_front_end(body) for link in self._links for body in self._on_its_way(Hop.TO, link)
        )
        return min((order.first_seq for order in held if isinstance(order, Order)), default=None)

    def _holds_either(self, replica: int, payload: bytes) -> bool:
        """This order is on its way to the replica or its result on its way back, late by the pace alone."""
        order = decode_from_front_end(payload)
        if not isinstance(order, Order):
            return False
        results = map(decode_from_replica, self._on_its_way(Hop.FROM, replica))
        return self.holds(replica, order.first_seq) or any(
            isinstance(result, Result) and result.first_seq == order.first_seq for result in results
        )

    def _on_its_way(self, hop: Hop, replica: int) -> list[bytes]:
        return [body for body in self.pacer.on_its_way(hop, replica) if isinstance(body, bytes)]

    def forget(self, replica: int) -> None:
        """A replica is down: what is on its way from or to it goes with it."""
        self.pacer.forget(replica)
        self._lives[replica] = self._lives.get(replica, 0) + 1

    def _pass(self, replicas: Sequence[int], payload: bytes, frame: bytes) -> None:
        mask = 0
        for replica in replicas:
            mask |= 1 << replica
        self._write(Tap.TO_PASSED, mask, 0, payload)
        links = self._links
        for replica in replicas:
            links[replica].write(frame)

    def _fate(self, link: Link) -> tuple[int, ...]:
        """How late each copy is, in nanoseconds; () when it is lost."""
        overtake_ns = 3 * self.pacer.delay_ns // 2 if self.pacer.pace is Pace.SLOW else 0
        return self.faults.decide(link, 0, overtake_ns) if self.faults.any else ON_TIME

    def _carry(
        self,
        hop: Hop,
        replica: int,
        body: bytes,
        deliver: Callable[[], None],
        fate: tuple[int, ...],
        paced: bool,
    ) -> None:
        if paced:
            self.pacer.carry(hop, replica, body, deliver, fate)
            return
        links = 1 << replica
        passed, sent, _ = hop.value
        if not fate:
            self._write(hop.lost, links, 0, body)
        for copy, late_ns in enumerate(fate):
            if late_ns:
                token = self.pacer.name()
                self._write(hop.doubled if copy else sent, links, token, body)
                due = partial(self._due, hop, replica, self._lives.get(replica, 0), token, body, deliver)
                self._loop.call_later(late_ns / 1e9, due)
            else:
                self._write(hop.doubled if copy else passed, links, 0, body)
                deliver()

    def _due(
        self, hop: Hop, replica: int, life: int, token: int, body: bytes | Fact, deliver: Callable[[], None]
    ) -> None:
        if life == self._lives.get(replica, 0):
            self._write(hop.value[2], 1 << replica, token, body)
            deliver()
