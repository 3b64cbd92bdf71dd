"""The tail of what a replica executed: orders and the answers given, kept while anybody may ask for them.

A Result may be lost, and a front end may be: so a replica repeats what it answered, byte for byte, and can
tell a new front end what it executed. The tail ends where every member has executed and answered (`stable`,
which the front end tells with each Ping), so it covers whatever any other live replica may still miss.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from core.errors import RemoteProtocolError
from core.limits import TAIL_BYTES, TAIL_REQUESTS
from core.protocol.messages import Order


class ExecutedTail:
    """Executed batches, oldest first, each with its encoded Result: TAIL_REQUESTS numbers at most."""

    def __init__(self) -> None:
        self._firsts: deque[int] = deque()
        self._kept: dict[int, tuple[Order, bytes, int]] = {}
        self._bytes = 0
        self.stable = 0
        """Nobody asks for numbers up to this one again."""

    def __len__(self) -> int:
        return len(self._firsts)

    def remember(self, order: Order, payload: bytes) -> None:
        """One more batch was executed and answered with `payload`."""
        first, size = order.first_seq, len(payload) + sum(map(len, order.operations))
        self._firsts.append(first)
        self._kept[first] = (order, payload, size)
        self._bytes += size
        while first - self._firsts[0] > TAIL_REQUESTS or self._bytes > TAIL_BYTES:
            self._drop_oldest()

    def settled(self, stable: int) -> None:
        """Let go of what ends before `stable`; the batch that ends there stays, for its digest."""
        if stable > self.stable:
            self.stable = stable
            while len(self._firsts) > 1 and self._firsts[1] <= stable:
                self._drop_oldest()

    def answer_to(self, order: Order) -> bytes | None:
        """The Result that this order was answered with, None when it is not kept.

        Raises RemoteProtocolError when other contents were executed under its number.
        """
        executed, payload, _ = self._kept.get(order.first_seq, (None, b"", 0))
        if executed is None:
            return None
        if executed.requests != order.requests or executed.operations != order.operations:
            raise RemoteProtocolError(f"#{order.first_seq} arrived twice with different contents.")
        return payload

    @property
    def first_seq(self) -> int | None:
        """The lowest number kept, None when nothing is."""
        return self._firsts[0] if self._firsts else None

    def since(self, seq: int) -> Iterator[tuple[Order, bytes]]:
        """What was executed and answered, from the batch on that ends at or after this number."""
        for first in self._firsts:
            order, payload, _ = self._kept[first]
            if first + order.count > seq:
                yield order, payload

    def _drop_oldest(self) -> None:
        self._bytes -= self._kept.pop(self._firsts.popleft())[2]
