"""What the clients saw: every call, and the one answer to it.

The live checks compare what replicas say. This is the other end: an answer must reach the client that waits
for it, once, and must be what a replica gave under exactly that number.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.checks.history import FOREVER, Call
from core.effects import Return
from core.group.sequencer import Requests
from core.ids import RequestId
from core.protocol.codec import decode_body
from core.protocol.messages import FRONT_END, Order, Result, unpack_u32

_NOTHING = (0, b"", 0)


class Ledger:
    """Fed by the cluster; `problem` is the first thing that was wrong."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        """The history as the clients saw it: what was called, when it returned, and what came back."""
        self._open: dict[int, tuple[int, bytes, int]] = {}
        self._bodies: dict[int, list[bytes]] = {}
        self._told: list[Return] = []
        self._promises: dict[tuple[int, int], int] = {}
        self._next_seq = 1
        self._stamps: list[tuple[int, int]] = []  # (first number, timestamp)
        self.problem = ""

    def called(self, requests: Requests, now: int) -> None:
        """These were asked."""
        ids = requests.ids
        for client, number, operation in zip(ids[::2], ids[1::2], requests.operations, strict=True):
            known = self._open.get(client, _NOTHING)
            if known[:2] == (number, operation):
                continue  # once more, of another front end
            if client in self._open:
                self._wrong(f"{RequestId(client, number)} was asked before the answer to the one before it")
            self._open[client] = (number, operation, now)

    def ordered(self, order: Order) -> None:
        """The front end numbered these."""
        if order.first_seq != self._next_seq:
            self._wrong(f"#{order.first_seq} was given out where #{self._next_seq} was to follow")
        if self._stamps and order.timestamp < self._stamps[-1][1]:
            self._wrong(f"the timestamp of #{order.first_seq} is earlier than that of the number before")
        ids = unpack_u32(order.requests)
        for client, number, operation in zip(ids[::2], ids[1::2], order.operations, strict=True):
            if client != FRONT_END and self._open.get(client, _NOTHING)[:2] != (number, operation):
                self._wrong(f"{RequestId(client, number)} was ordered as something that was not asked")
        self._next_seq = order.first_seq + order.count
        self._stamps.append((order.first_seq, order.timestamp))

    def responded(self, result: Result) -> None:
        """A replica said this."""
        bodies = self._bodies.setdefault(result.first_seq, [])
        if result.body not in bodies:
            bodies.append(result.body)

    def told(self, effect: Return, ids: Sequence[int], now: int, needed: int, drops: int) -> None:
        """The clients of these (client, number, …) were answered, as `needed` replicas had answered alike,
        after `drops` replicas had been dropped."""
        self._told.append(effect)
        self._promises.update(dict.fromkeys(zip(ids[::2], ids[1::2], strict=True), needed + drops))
        self._returned(ids, effect.outcomes, now)

    def may_be_lost(self, request: RequestId, drops: int) -> bool:
        """Whether so many replicas were dropped by now that the answer to this request may be gone. The
        request counts and not its number: a second front end may have answered under another one what was
        executed under the first."""
        return drops >= self._promises.get((request.client, request.number), FOREVER)

    def resumed(self, next_seq: int) -> None:
        """A new front end goes on at this number: what was given a number from there on is gone."""
        while self._stamps and self._stamps[-1][0] >= next_seq:
            self._stamps.pop()
        self._next_seq = next_seq

    def unknown(self, ids: Sequence[int]) -> None:
        """Nobody knows what became of these (client, number, …), and nobody ever will."""
        self._returned(ids, [None] * (len(ids) // 2), FOREVER)

    def _returned(self, ids: Sequence[int], outcomes: Sequence[bytes | None], now: int) -> None:
        for client, number, outcome in zip(ids[::2], ids[1::2], outcomes, strict=True):
            asked, operation, called_ns = self._open.pop(client, _NOTHING)
            if asked != number:
                self._wrong(f"{RequestId(client, number)} was answered, and nobody waited for that")
            self.calls.append(Call(RequestId(client, number), operation, called_ns, now, outcome))

    def judge(self) -> str:
        """The first thing that was wrong in a sentence, or ""."""
        for effect in self._told:
            bodies = map(decode_body, self._bodies.get(effect.first_seq, ()))
            if (effect.requests, effect.outcomes) not in [(body.requests, body.outcomes) for body in bodies]:
                self._wrong(f"the clients of #{effect.first_seq} … were told what no replica answered")
        return self.problem

    def _wrong(self, sentence: str) -> None:
        if not self.problem:
            self.problem = sentence
