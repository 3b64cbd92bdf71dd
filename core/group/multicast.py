"""The front end's log of ordered batches, and who still has to get them.

A batch is encoded once; every replica is sent the same bytes. The log keeps a batch until all members have
executed it, so that a Nack, or a replica whose link was full, is served from it (rules 1 and 11).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable

from core.effects import Effect, Multicast, Retransmit
from core.protocol.messages import Order


class MulticastLog:
    """Ordered batches not yet executed by all, ascending, and the links that are full."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._payloads: list[bytes] = []
        self._start = 0  # entries before it are done; cut off now and then, so that trimming stays cheap
        self._behind: dict[int, int] = {}  # replica whose link is full → first number it was not sent
        self.bytes = 0
        self.last_seq = 0

    def multicast(self, order: Order, payload: bytes, replicas: tuple[int, ...]) -> Multicast:
        """Log the batch, then send it to every replica whose link has room."""
        self._firsts.append(order.first_seq)
        self._payloads.append(payload)
        self.bytes += len(payload)
        self.last_seq = order.first_seq + order.count - 1
        if self._behind:
            for replica in replicas:
                if self._behind.get(replica) == 0:
                    self._behind[replica] = order.first_seq
            replicas = tuple(replica for replica in replicas if replica not in self._behind)
        return Multicast(replicas, payload)

    def link_full(self, replica: int) -> None:
        """Send this replica nothing more for now: it alone falls behind."""
        self._behind.setdefault(replica, 0)

    def follow_up(self, replica: int, seq: int) -> tuple[Effect, ...]:
        """Send the batches from this number on, none of which it was ever sent."""
        first = bisect_left(self._firsts, seq, lo=self._start)
        return tuple(Multicast((replica,), payload) for payload in self._payloads[first:])

    def link_drained(self, replica: int) -> tuple[Effect, ...]:
        """The link has room again: what it missed follows."""
        first = self._behind.pop(replica, 0)
        if first == 0:
            return ()
        return tuple(Multicast((replica,), payload) for payload in self._from(first))

    def missing(
        self, replica: int, first_seq: int, last_seq: int, but: Container[int] = ()
    ) -> tuple[Effect, ...]:
        """Send the batches that hold these numbers again, but for those with these first numbers."""
        behind = self._behind.get(replica, 0)
        again: list[Effect] = []
        for first, payload in zip(self._firsts_from(first_seq), self._from(first_seq), strict=True):
            if first > last_seq or (behind and first >= behind):
                break
            if first not in but:
                again.append(Retransmit(replica, payload))
        return tuple(again)

    def trim(self, executed_by_all: int) -> None:
        """Forget batches that begin at or before this number but for the last such one."""
        keep = bisect_right(self._firsts, executed_by_all + 1, lo=self._start) - 1
        if keep <= self._start:
            return
        self.bytes -= sum(map(len, self._payloads[self._start : keep]))
        self._payloads[self._start : keep] = [b""] * (keep - self._start)
        self._start = keep
        if self._start > 1024:
            del self._firsts[:keep], self._payloads[:keep]
            self._start = 0

    def forget(self, replica: int) -> None:
        """A dropped replica is owed nothing."""
        self._behind.pop(replica, None)

    def _index(self, seq: int) -> int:
        return max(self._start, bisect_right(self._firsts, seq) - 1)

    def _from(self, seq: int) -> Iterable[bytes]:
        return self._payloads[self._index(seq) :]

    def _firsts_from(self, seq: int) -> Iterable[int]:
        return self._firsts[self._index(seq) :]
