"""What the clients saw: every call, and the one answer to it.

The live checks compare what replicas say. This is the other end: an answer must reach the client that waits
for it, once, and must be what a replica gave under exactly that number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.checks.history import FOREVER, Call
from core.effects import Return
from core.group.sequencer import Requests
from core.ids import RequestId
from core.protocol.codec import decode_body
from core.protocol.messages import FRONT_END, Order, Result, unpack_pairs

_NOTHING = (0, b"", 0)


class Ledger:
    """Fed by the cluster; `problem` is the first thing that was wrong."""

    def __init__(self) -> None:
        self.under_way: set[int] = set()
        """Clients whose open request the present front end has ordered."""
        self._open: dict[int, tuple[int, bytes, int]] = {}  # client → number, operation, when called
        self._returned: list[tuple[int, int, bytes, int, int, bytes | None]] = []
        self._bodies: dict[int, list[bytes]] = {}
        self._told: list[tuple[Return, int]] = []  # and how many drops may undo it
        self._next_seq = 1
        self._stamps: list[tuple[int, int]] = []  # (first number, timestamp)
        self.problem = ""

    def calls(self) -> list[Call]:
        """The history as the clients saw it: what was called, when it returned, and what came back."""
        return [
            Call(RequestId(client, number), operation, called_ns, returned_ns, outcome)
            for client, number, operation, called_ns, returned_ns, outcome in self._returned
        ]

    def numbers(self) -> dict[RequestId, int]:
        """The sequence numbers that clients were answered under."""
        numbers: dict[RequestId, int] = {}
        for effect, _ in self._told:
            pairs = enumerate(unpack_pairs(effect.requests), effect.first_seq)
            numbers.update((RequestId(*pair), seq) for seq, pair in pairs)
        return numbers

    def longest_wait_ns(self) -> int:
        """How long the client waited that was answered last after its call."""
        return max((one[4] - one[3] for one in self._returned if one[5] is not None), default=0)

    def called(self, requests: Requests, now: int) -> None:
        """These were asked."""
        still_open, ids = self._open, iter(requests.ids)
        for client, number, operation in zip(ids, ids, requests.operations, strict=True):
            known = still_open.get(client)
            if known is not None:
                if known[0] == number and known[1] == operation:
                    continue  # once more, of another front end
                self._wrong(f"{RequestId(client, number)} was asked before the answer to the one before it")
            still_open[client] = (number, operation, now)

    def ordered(self, order: Order) -> None:
        """The front end numbered these."""
        first_seq, stamps = order.first_seq, self._stamps
        if first_seq != self._next_seq:
            self._wrong(f"#{first_seq} was given out where #{self._next_seq} was to follow")
        if stamps and order.timestamp < stamps[-1][1]:
            self._wrong(f"the timestamp of #{first_seq} is earlier than that of the number before")
        still_open, under_way, ids = self._open, self.under_way, unpack_pairs(order.requests)
        for (client, number), operation in zip(ids, order.operations, strict=True):
            known = still_open.get(client, _NOTHING)
            if (known[0] != number or known[1] != operation) and client != FRONT_END:
                self._wrong(f"{RequestId(client, number)} was ordered as something that was not asked")
            under_way.add(client)
        under_way.discard(FRONT_END)
        self._next_seq = first_seq + order.count
        stamps.append((first_seq, order.timestamp))

    def overrun(self, window: int) -> None:
        """More requests are under way than the window lets."""
        self._wrong(f"{len(self.under_way)} requests are under way, and {window} are the most that may be")

    def responded(self, result: Result) -> None:
        """A replica said this."""
        bodies = self._bodies.get(result.first_seq)
        if bodies is None:
            self._bodies[result.first_seq] = [result.body]
        elif result.body not in bodies:
            bodies.append(result.body)

    def told(self, effect: Return, ids: Iterable[int], now: int, needed: int, drops: int) -> None:
        """The clients of these (client, number, …) were answered, as `needed` replicas had answered alike,
        after `drops` replicas had been dropped."""
        self._told.append((effect, needed + drops))
        self._return(ids, effect.outcomes, now)

    def may_be_lost(self, request: RequestId, drops: int) -> bool:
        """Whether so many replicas were dropped by now that the answer to this request may be gone. The
        request counts and not its number: a second front end may have answered under another one what was
        executed under the first."""
        for effect, enough in reversed(self._told):
            if request in unpack_pairs(effect.requests):
                return drops >= enough
        return False

    def resumed(self, next_seq: int) -> None:
        """A new front end goes on at this number: what was given a number from there on is gone."""
        while self._stamps and self._stamps[-1][0] >= next_seq:
            self._stamps.pop()
        self._next_seq = next_seq
        self.under_way.clear()

    def unknown(self, ids: Sequence[int]) -> None:
        """Nobody knows what became of these (client, number, …), and nobody ever will."""
        self._return(ids, [None] * (len(ids) // 2), FOREVER)

    def _return(self, ids: Iterable[int], outcomes: Sequence[bytes | None], now: int) -> None:
        still_open, under_way, returned = self._open, self.under_way, self._returned
        pairs = iter(ids)
        for client, number, outcome in zip(pairs, pairs, outcomes, strict=True):
            asked, operation, called_ns = still_open.pop(client, _NOTHING)
            under_way.discard(client)
            if asked != number:
                self._wrong(f"{RequestId(client, number)} was answered, and nobody waited for that")
            returned.append((client, number, operation, called_ns, now, outcome))

    def judge(self) -> str:
        """The first thing that was wrong in a sentence, or ""."""
        for effect, _ in self._told:
            for encoded in self._bodies.get(effect.first_seq, ()):
                body = decode_body(encoded)
                if body.outcomes == effect.outcomes and body.requests == effect.requests:
                    break
            else:
                self._wrong(f"the clients of #{effect.first_seq} … were told what no replica answered")
        return self.problem

    def _wrong(self, sentence: str) -> None:
        if not self.problem:
            self.problem = sentence
