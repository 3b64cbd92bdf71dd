"""A whole run on virtual replicas, judged by the live checks.

court = Court(replicas=2)
court.run((1, 1, OPEN), (1, 2, increment("n")))
assert court.verdict() == []
"""

from __future__ import annotations

from collections.abc import Callable

from core.checks.live import LiveChecks
from core.facts import Violated
from core.protocol.codec import decode_body, encode
from core.protocol.messages import Order, Result, pack_u64, unpack_u64
from core.services.kv import KeyValue
from tests.support.group import Replica, Request, batch, said

Tamper = Callable[[int, list[bytes], list[int]], None]
"""Changes (first number, outcomes, digests) of a result in place."""


class Court:
    """Feeds the checks as the engine does: ordered, responded, returned."""

    def __init__(self, replicas: int = 3) -> None:
        self.checks = LiveChecks(KeyValue())
        self.replicas = {replica: Replica() for replica in range(1, replicas + 1)}
        self.tamper: dict[int, Tamper] = {}
        self.now = 0
        self._seq = 1

    @property
    def mask(self) -> int:
        return sum(1 << replica for replica in self.replicas)

    def order(self, *requests: Request) -> Order:
        """The next batch, not executed by anybody yet."""
        order = batch(self._seq, *requests, timestamp=self._seq)
        self._seq += len(requests)
        self.checks.ordered(order, self.mask)
        return order

    def result(self, replica: int, order: Order) -> Result:
        """What a replica answers, tampered with if it is to be."""
        [result] = said(self.replicas[replica].order(order))
        assert isinstance(result, Result)
        tamper = self.tamper.get(replica)
        if tamper is None:
            return result
        body = decode_body(result.body)
        outcomes, digests = list(body.outcomes), list(unpack_u64(body.digests))
        tamper(result.first_seq, outcomes, digests)
        told = type(body)(body.requests, pack_u64(digests), outcomes)
        return Result(1, 1, result.first_seq, result.count, 0, 0, 0, digests[-1], encode(told))

    def respond(self, replica: int, order: Order) -> None:
        self.checks.responded(replica, self.result(replica, order))

    def run(self, *requests: Request) -> Order:
        """One batch from order to return, called and returned now."""
        order = self.order(*requests)
        for replica in self.replicas:
            self.respond(replica, order)
        self.now += 10
        self.checks.returned(order.first_seq, order.count, self.now - 5, self.now)
        return order

    def verdict(self) -> list[Violated]:
        return self.checks.take()

    def counted(self) -> dict[str, tuple[int, int]]:
        return {count.name: (count.checked, count.violations) for count in self.checks.counts()}
