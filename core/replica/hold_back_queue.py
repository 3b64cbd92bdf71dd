"""The hold-back queue: messages that arrived before the expected one wait here (Coulouris, figure 15.11).

Bounded by count and bytes. The same sequence number with other bytes is an alarm, not a duplicate: two
different requests under one number would let replicas part ways silently.
"""

from __future__ import annotations

from core.errors import RemoteProtocolError
from core.limits import HOLD_BACK_BYTES, HOLD_BACK_MESSAGES
from core.protocol.messages import Order


class HoldBackQueue:
    """Batches ahead of the expected number, by their first number. Costs nothing while it is empty."""

    def __init__(self) -> None:
        self.batches: dict[int, tuple[Order, bytes]] = {}
        """What waits, each with its bytes."""
        self._bytes = 0

    def __len__(self) -> int:
        return len(self.batches)

    def hold(self, order: Order, payload: bytes) -> bool:
        """Keep a batch that came too early. False when there is no room: it will be sent again.

        Raises RemoteProtocolError when other bytes are already held under its number.
        """
        known = self.batches.get(order.first_seq)
        if known is not None:
            if known[1] != payload:
                raise RemoteProtocolError(f"#{order.first_seq} arrived twice with different contents.")
            return True
        if len(self.batches) >= HOLD_BACK_MESSAGES or self._bytes + len(payload) > HOLD_BACK_BYTES:
            return False
        self.batches[order.first_seq] = (order, payload)
        self._bytes += len(payload)
        return True

    def take(self, seq: int) -> Order | None:
        """The batch that begins at the expected number, if it waits here."""
        found = self.batches.pop(seq, None)
        if found is None:
            return None
        self._bytes -= len(found[1])
        return found[0]

    def lowest(self) -> int:
        """The lowest number held. Raises ValueError when nothing is held."""
        return min(self.batches)

    def ranges(self) -> tuple[int, ...]:
        """What is held, ascending, as pairs (first, last): runs that touch are joined."""
        pairs: list[int] = []
        for first in sorted(self.batches):
            last = first + self.batches[first][0].count - 1
            if pairs and pairs[-1] == first - 1:
                pairs[-1] = last
            else:
                pairs += (first, last)
        return tuple(pairs)
