"""The response collector: the first answer wins, and the others are matched by identifier and checked.

Textbook step 5 (Coulouris et al., section 18.3.2): the front end passes the first response on. The responses
that come later are not thrown away unseen: they must carry the same request ids, outcomes and digests.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.effects import Differ, Effect, Return
from core.errors import RemoteProtocolError
from core.protocol.codec import decode_body
from core.protocol.messages import Order, Result, ResultBody, unpack_u32


@dataclass(slots=True)
class Pending:
    """A batch in flight: who has still to respond, and the first answer once it is there."""

    first_seq: int
    count: int
    requests: bytes
    waiting: int  # bit mask of the replicas that have not responded: bit r for Rr
    first_replica: int = 0
    body: bytes = b""


class ResponseCollector:
    """Batches in flight, oldest first. `unanswered` counts the requests that nobody has answered yet."""

    def __init__(self) -> None:
        self._pending: dict[int, Pending] = {}
        self.unanswered = 0
        self.first_answers: dict[int, int] = {}

    @property
    def pending(self) -> int:
        """How many batches some live replica has not responded to."""
        return len(self._pending)

    def expect(self, order: Order, replicas: int) -> None:
        """Await a response to this batch from each of these replicas (a bit mask)."""
        self._pending[order.first_seq] = Pending(order.first_seq, order.count, order.requests, replicas)
        self.unanswered += order.count

    def collect(self, replica: int, result: Result) -> tuple[Effect, ...]:
        """Take one replica's response.

        Raises RemoteProtocolError when it answers requests other than those it was sent.
        """
        pending = self._pending.get(result.first_seq)
        if pending is None or not pending.waiting >> replica & 1:
            return ()  # a repeated response: its first copy was checked
        if pending.count != result.count:
            raise RemoteProtocolError(f"R{replica} answered {result.count} of {pending.count} requests.")
        pending.waiting &= ~(1 << replica)
        effects: tuple[Effect, ...] = ()
        if not pending.first_replica:
            effects = self._first(pending, replica, result)
        elif pending.body != result.body:
            effects = self._compare(pending, replica, result)
        if not pending.waiting:
            del self._pending[pending.first_seq]
        return effects

    def forget(self, replica: int) -> None:
        """A dropped replica is waited for no longer."""
        for pending in list(self._pending.values()):
            pending.waiting &= ~(1 << replica)
            if not pending.waiting and pending.first_replica:
                del self._pending[pending.first_seq]

    def abandon(self) -> tuple[tuple[int, int, int], ...]:
        """Nobody is left: give up every request without an answer, as (client, number, seq)."""
        lost: list[tuple[int, int, int]] = []
        for pending in self._pending.values():
            if not pending.first_replica:
                ids = unpack_u32(pending.requests)
                lost += zip(
                    ids[::2],
                    ids[1::2],
                    range(pending.first_seq, pending.first_seq + pending.count),
                    strict=True,
                )
        self._pending.clear()
        self.unanswered = 0
        return tuple(lost)

    def _first(self, pending: Pending, replica: int, result: Result) -> tuple[Effect, ...]:
        body = _body_for(pending, replica, result)
        pending.first_replica, pending.body = replica, result.body
        self.unanswered -= pending.count
        self.first_answers[replica] = self.first_answers.get(replica, 0) + pending.count
        return (Return(replica, pending.first_seq, pending.requests, body.outcomes),)

    def _compare(self, pending: Pending, replica: int, result: Result) -> tuple[Effect, ...]:
        mine, other = decode_body(pending.body), _body_for(pending, replica, result)
        for offset, (first, later) in enumerate(zip(mine.outcomes, other.outcomes, strict=True)):
            if first != later:
                return (Differ(pending.first_seq + offset, pending.first_replica, first, replica, later),)
        return ()  # equal answers, unequal digests: the digest check names the number


def _body_for(pending: Pending, replica: int, result: Result) -> ResultBody:
    """What a replica answered. Raises RemoteProtocolError unless it is one answer to each request."""
    body = decode_body(result.body)
    if (
        body.requests != pending.requests
        or len(body.outcomes) != pending.count
        or len(body.digests) != 8 * pending.count
    ):
        raise RemoteProtocolError(f"R{replica} answered other requests than those at #{pending.first_seq}.")
    return body
