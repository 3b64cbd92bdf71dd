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
from core.protocol.messages import Order, Result, unpack_u32

_NOTHING = (0, b"", 0)


class Ledger:
    """Fed by the cluster; `problem` is the first thing that was wrong."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        """The history as the clients saw it: what was called, when it returned, and what came back."""
        self._open: dict[int, tuple[int, bytes, int]] = {}
        self._bodies: dict[int, bytes] = {}
        self._told: list[Return] = []
        self._next_seq = 1
        self._timestamp = 0
        self.problem = ""

    def called(self, requests: Requests, now: int) -> None:
        """These were asked."""
        ids = requests.ids
        for client, number, operation in zip(ids[::2], ids[1::2], requests.operations, strict=True):
            if client in self._open:
                self._wrong(f"{RequestId(client, number)} was asked before the answer to the one before it")
            self._open[client] = (number, operation, now)

    def ordered(self, order: Order) -> None:
        """The front end numbered these."""
        if order.first_seq != self._next_seq:
            self._wrong(f"#{order.first_seq} was given out where #{self._next_seq} was to follow")
        if order.timestamp < self._timestamp:
            self._wrong(f"the timestamp of #{order.first_seq} is earlier than that of the number before")
        ids = unpack_u32(order.requests)
        for client, number, operation in zip(ids[::2], ids[1::2], order.operations, strict=True):
            if self._open.get(client, _NOTHING)[:2] != (number, operation):
                self._wrong(f"{RequestId(client, number)} was ordered as something that was not asked")
        self._next_seq = order.first_seq + order.count
        self._timestamp = order.timestamp

    def responded(self, result: Result) -> None:
        """A replica said this."""
        self._bodies.setdefault(result.first_seq, result.body)

    def told(self, effect: Return, ids: Sequence[int], now: int) -> None:
        """The clients of these (client, number, …) were answered."""
        self._told.append(effect)
        self._returned(ids, effect.outcomes, now)

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
            encoded = self._bodies.get(effect.first_seq)
            body = None if encoded is None else decode_body(encoded)
            if body is None or body.requests != effect.requests or list(body.outcomes) != effect.outcomes:
                self._wrong(f"the clients of #{effect.first_seq} … were told what no replica answered")
        return self.problem

    def _wrong(self, sentence: str) -> None:
        if not self.problem:
            self.problem = sentence
