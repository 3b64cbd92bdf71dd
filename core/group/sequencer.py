"""The sequencer: one number for each request, without gaps (Coulouris et al., section 15.4.3).

One front end orders for the whole group, so total order is a counter. Everything that arrived since the last
call leaves together in batches: ordering costs by the batch, not by the request.
"""

from __future__ import annotations

import msgspec

from core.protocol.messages import Order, pack_u32


class Requests(msgspec.Struct):
    """Requests in the order in which they arrived, as columns: `ids` holds client and request number by
    turns, `operations` the encoded operations."""

    ids: list[int] = []
    operations: list[bytes] = []

    def __len__(self) -> int:
        return len(self.operations)

    def add(self, client: int, number: int, operation: bytes) -> None:
        """One more."""
        self.ids += (client, number)
        self.operations.append(operation)

    def followed_by(self, others: Requests) -> Requests:
        """These and then others, as a new value: who keeps these for the log keeps them unchanged."""
        if not self.operations:
            return others
        return Requests(self.ids + others.ids, self.operations + others.operations)

    def split(self, count: int) -> tuple[Requests, Requests]:
        """The first `count`, and the others."""
        ids, operations = self.ids, self.operations
        if count >= len(operations):
            return self, Requests()
        return Requests(ids[: 2 * count], operations[:count]), Requests(ids[2 * count :], operations[count:])


class Sequencer:
    """Gives numbers from `next_seq` on, under one epoch, stamped with a clock that never runs back."""

    def __init__(self, epoch: int, next_seq: int = 1) -> None:
        self.epoch = epoch
        self.next_seq = next_seq
        self._timestamp = 0

    def resume(self, next_seq: int, timestamp: int) -> None:
        """Go on where a predecessor's last order, of this time, was executed."""
        self.next_seq, self._timestamp = next_seq, timestamp

    def order(self, requests: Requests, wall_ns: int) -> Order:
        """One batch of requests, in the given order, numbered. `wall_ns` is nanoseconds since 1970."""
        if wall_ns > self._timestamp:
            self._timestamp = wall_ns
        first_seq, count = self.next_seq, len(requests.operations)
        self.next_seq += count
        return Order(
            self.epoch, first_seq, count, self._timestamp, pack_u32(requests.ids), requests.operations
        )
