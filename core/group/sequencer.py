"""The sequencer: one number for each request, without gaps (Coulouris et al., section 15.4.3).

One front end orders for the whole group, so total order is a counter. Everything that arrived since the last
call leaves together in batches: ordering costs by the batch, not by the request.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.protocol.messages import Order, pack_u32

Request = tuple[int, int, bytes]
"""(client, request number, encoded operation)"""


class Sequencer:
    """Gives numbers from `next_seq` on, under one epoch, stamped with a clock that never runs back."""

    def __init__(self, epoch: int, next_seq: int = 1) -> None:
        self.epoch = epoch
        self.next_seq = next_seq
        self._timestamp = 0

    def order(self, requests: Sequence[Request], wall_ns: int) -> Order:
        """One batch of requests, in the given order, numbered. `wall_ns` is nanoseconds since 1970."""
        self._timestamp = max(self._timestamp, wall_ns)
        first_seq = self.next_seq
        self.next_seq += len(requests)
        return Order(
            self.epoch,
            first_seq,
            len(requests),
            self._timestamp,
            pack_u32([part for client, number, _ in requests for part in (client, number)]),
            [operation for _, _, operation in requests],
        )
