"""The pace of messages: the shim between the front end and its links (and its clients).

Real processes answer in microseconds, too fast to see. Under SLOW every message takes a visible delay; under
STEP it waits until the person lets it go. In real time nothing is touched. Only requests, orders, results and
answers are paced, each message alone; signs of life never are, for a paced replica is not a dead one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

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


@dataclass(slots=True)
class _Held:
    hop: Hop
    replica: int
    body: bytes | Fact
    deliver: Callable[[], None]


class Pacer:
    """Carries messages at the chosen pace; each held one is named by a token, ascending."""

    def __init__(self, loop: asyncio.AbstractEventLoop, write: Write) -> None:
        self._loop = loop
        self._write = write
        self._held: dict[int, _Held] = {}
        self._token = 0
        self._change = 0  # counts the changes of pace, so that timers of an earlier pace do nothing
        self.pace = Pace.REAL_TIME
        self.delay_ns = 0
        self.untouched = True
        """Messages pass at once (real time)."""

    def carry(self, hop: Hop, replica: int, body: bytes | Fact, deliver: Callable[[], None]) -> None:
        """Log one message (replica 0: on a client's hop) and call `deliver` when it may arrive."""
        links = 1 << replica if replica else 0
        passed, sent, _ = hop.value
        if self.untouched:
            self._write(passed, links, 0, body)
            deliver()
            return
        self._token += 1
        self._held[self._token] = _Held(hop, replica, body, deliver)
        self._write(sent, links, self._token, body)
        self._schedule(self._token)

    def deliver(self, token: int = 0) -> bool:
        """Let one message arrive, the oldest when `token` is 0. False when there is none such."""
        if token == 0:
            token = next(iter(self._held), 0)
        held = self._held.pop(token, None)
        if held is None:
            return False
        self._write(held.hop.value[2], 1 << held.replica if held.replica else 0, token, held.body)
        held.deliver()
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
            for token in self._held:
                self._schedule(token)

    def holds(self, hop: Hop, replica: int) -> bool:
        """Something on this way is late by our own doing: it is not lost."""
        return any(held.hop is hop and held.replica == replica for held in self._held.values())

    def forget(self, replica: int) -> None:
        """A replica is down: what is on its way from or to it goes with it."""
        for token in [token for token, held in self._held.items() if held.replica == replica]:
            del self._held[token]

    def _schedule(self, token: int) -> None:
        if self.pace is Pace.SLOW:
            change = self._change
            self._loop.call_later(self.delay_ns / 1e9, self._due, token, change)

    def _due(self, token: int, change: int) -> None:
        if change == self._change and token in self._held:
            self.deliver(token)
