"""The pace of messages: the shim between the front end and its links (and its clients).

Real processes answer in microseconds, too fast to see. Under SLOW every message takes a visible delay; under
STEP it waits until the person lets it go. In real time nothing is touched. Only requests, orders, results and
answers are paced, each message alone; signs of life never are, for a paced replica is not a dead one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from core.delivery_order import put_behind
from core.facts import Fact, Pace
from core.trace.wire_log import Tap

Write = Callable[[Tap, int, int, bytes | Fact], None]
"""Writes a record: tap, links, token, body."""


class Hop(Enum):
    """A way that messages take, with its taps: at once, when sent, when delivered."""

    CALL = (Tap.CALL_DELIVERED, Tap.CALL_SENT, Tap.CALL_DELIVERED)
    TO = (Tap.TO_PASSED, Tap.TO_SENT, Tap.TO_DELIVERED)
    FROM = (Tap.FROM_PASSED, Tap.FROM_SENT, Tap.FROM_DELIVERED)
    RETURN = (Tap.RETURN_DELIVERED, Tap.RETURN_SENT, Tap.RETURN_DELIVERED)

    @property
    def lost(self) -> Tap:
        """The tap of a message that never arrives; only links between front end and replicas lose any."""
        return Tap.TO_LOST if self is Hop.TO else Tap.FROM_LOST

    @property
    def doubled(self) -> Tap:
        """The tap of a copy that nobody sent."""
        return Tap.TO_DOUBLED if self is Hop.TO else Tap.FROM_DOUBLED


ON_TIME = (0,)
"""The fate of a message on a link without faults: one copy, not late."""
_NEVER = -1


@dataclass(slots=True)
class _Held:
    hop: Hop
    replica: int
    body: bytes | Fact
    deliver: Callable[[], None]
    late_ns: int  # on top of the pace; _NEVER: it is lost on its way
    put_off_ns: int = 0  # by a person's word, when its time has come


class Pacer:
    """Carries messages at the chosen pace; each held one is named by a token, ascending."""

    def __init__(self, loop: asyncio.AbstractEventLoop, write: Write) -> None:
        self._loop = loop
        self._write = write
        self._held: dict[int, _Held] = {}  # in the order in which they are delivered one by one
        self._token = 0
        self._change = 0  # counts the changes of pace, so that timers of an earlier pace do nothing
        self.pace = Pace.REAL_TIME
        self.delay_ns = 0
        self.untouched = True
        """Messages pass at once (real time)."""

    def carry(
        self,
        hop: Hop,
        replica: int,
        body: bytes | Fact,
        deliver: Callable[[], None],
        late_ns: tuple[int, ...] = ON_TIME,
    ) -> None:
        """Log one message (replica 0: on a client's hop) and call `deliver` when it may arrive: for each copy
        so much later than the pace says, never when `late_ns` is empty."""
        links = 1 << replica if replica else 0
        passed, sent, _ = hop.value
        if self.untouched:
            self._write(passed, links, 0, body)
            deliver()
            return
        for copy, late in enumerate(late_ns or (_NEVER,)):
            token = self.name()
            self._held[token] = _Held(hop, replica, body, deliver, late)
            self._write(hop.doubled if copy else sent, links, token, body)
            self._schedule(token)

    def name(self) -> int:
        """A new token."""
        self._token += 1
        return self._token

    def deliver(self, token: int = 0) -> bool:
        """Let one message arrive, the next when `token` is 0. False when there is none such."""
        if token == 0:
            token = next(iter(self._held), 0)
        held = self._held.pop(token, None)
        if held is None:
            return False
        lost = held.late_ns == _NEVER
        tap = held.hop.lost if lost else held.hop.value[2]
        self._write(tap, 1 << held.replica if held.replica else 0, token, held.body)
        if not lost:
            held.deliver()
        return True

    def holds(self, token: int) -> bool:
        """This message is on its way."""
        return token in self._held

    def delay(self, token: int, behind: int = 0) -> int:
        """Put a message that is on its way off: behind another one, or behind all that is on its way now. How
        much later it arrives by that, in nanoseconds; 0 when it waits for the person's word anyway."""
        put_behind(self._held, token, behind)
        later_ns = self.delay_ns if self.pace is Pace.SLOW else 0
        self._held[token].put_off_ns += later_ns
        return later_ns

    def lose(self, token: int) -> bool:
        """Let one message between the front end and a replica never arrive. False when there is none such."""
        held = self._on_a_link(token)
        if held is None:
            return False
        held.late_ns = _NEVER
        return self.deliver(token)

    def double(self, token: int) -> bool:
        """Let a copy of one message between the front end and a replica travel behind it. False when there is
        none such."""
        held = self._on_a_link(token)
        if held is None:
            return False
        copy = self.name()
        self._held[copy] = replace(held, put_off_ns=0)
        self._write(held.hop.doubled, 1 << held.replica, copy, held.body)
        self._schedule(copy)
        return True

    def set(self, pace: Pace, delay_ns: int) -> None:
        """Change the pace. What is on its way follows the new one, in order."""
        self.pace, self.delay_ns = pace, delay_ns
        self.untouched = pace is Pace.REAL_TIME
        self._change += 1
        if self.untouched:
            for token in list(self._held):
                self.deliver(token)
        else:
            for token, held in self._held.items():
                held.put_off_ns = 0
                self._schedule(token)

    def on_its_way(self, hop: Hop, replica: int) -> list[bytes | Fact]:
        """What is late on this way by our own doing, and not lost."""
        return [
            held.body
            for held in self._held.values()
            if held.hop is hop and held.replica == replica and held.late_ns != _NEVER
        ]

    def forget(self, replica: int) -> None:
        """A replica is down: what is on its way from or to it goes with it."""
        for token in [token for token, held in self._held.items() if held.replica == replica]:
            del self._held[token]

    def _on_a_link(self, token: int) -> _Held | None:
        held = self._held.get(token)
        return held if held is not None and held.replica else None

    def _schedule(self, token: int) -> None:
        if self.pace is Pace.SLOW:
            late_ns = self._held[token].late_ns
            wait_ns = self.delay_ns // 2 if late_ns == _NEVER else self.delay_ns + late_ns
            self._loop.call_later(wait_ns / 1e9, self._due, token, self._change)

    def _due(self, token: int, change: int) -> None:
        held = self._held.get(token)
        if change != self._change or held is None:
            return
        if held.put_off_ns:
            wait_ns, held.put_off_ns = held.put_off_ns, 0
            self._loop.call_later(wait_ns / 1e9, self._due, token, change)
        else:
            self.deliver(token)
