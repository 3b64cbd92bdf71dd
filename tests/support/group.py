"""Orders and results by hand, for tests that read like what happened.

batch(5, (1, 2, put("a", 1)))       #5 is the second request of C1
"""

from __future__ import annotations

from collections.abc import Sequence

from core.effects import Effect, Send
from core.protocol.codec import decode_body, decode_from_replica, encode
from core.protocol.messages import (
    CLOSE_SESSION,
    OPEN_SESSION,
    FromReplica,
    Order,
    Result,
    ResultBody,
    pack_u32,
    pack_u64,
    unpack_u64,
)
from core.replica.replica_manager import ReplicaManager
from core.services.calls import encode_operation, outcome_words
from core.services.kv import Get, Increment, KeyValue, Put

MS = 1_000_000
SECOND = 1_000_000_000
OK = b"\x92\x00\xc0"
OPEN, CLOSE = OPEN_SESSION, CLOSE_SESSION

Request = tuple[int, int, bytes]


def put(key: str, value: int | str) -> bytes:
    return encode_operation(Put(key, value))


def get(key: str) -> bytes:
    return encode_operation(Get(key))


def increment(key: str, by: int = 1) -> bytes:
    return encode_operation(Increment(key, by))


def batch(first_seq: int, *requests: Request, epoch: int = 1, timestamp: int = 1_000) -> Order:
    """An order of these (client, number, operation)."""
    ids = pack_u32(part for client, number, _ in requests for part in (client, number))
    operations = [operation for _, _, operation in requests]
    return Order(epoch, first_seq, len(requests), timestamp, ids, operations)


def respond(order: Order, outcomes: Sequence[bytes] = (), digests: Sequence[int] = ()) -> Result:
    """A replica's result for an order: ok throughout, unless other outcomes or digests are given."""
    outcomes = list(outcomes) or [OK] * order.count
    digests = list(digests) or [9] * order.count
    body = ResultBody(order.requests, pack_u64(digests), outcomes)
    return Result(order.epoch, 1, order.first_seq, order.count, 0, 0, 0, digests[-1], encode(body))


def said(effects: Sequence[Effect]) -> list[FromReplica]:
    """The messages that a replica manager sends."""
    return [decode_from_replica(effect.payload) for effect in effects if isinstance(effect, Send)]


class Replica:
    """A replica manager over a key-value store, spoken to in orders, heard in words."""

    def __init__(self, service: object = None) -> None:
        self.manager = ReplicaManager(service or KeyValue(), 1, lambda: 0)  # type: ignore[arg-type]
        self.answers: dict[int, str] = {}
        self.digests: dict[int, int] = {}

    def order(self, order: Order, now: int = 0) -> tuple[Effect, ...]:
        effects = self.manager.step(order, encode(order), now)
        for message in said(effects):
            if isinstance(message, Result):
                body = decode_body(message.body)
                for offset, outcome in enumerate(body.outcomes):
                    self.answers[message.first_seq + offset] = outcome_words(outcome)
                self.digests.update(enumerate(unpack_u64(body.digests), message.first_seq))
        return effects

    def outcomes(self, order: Order) -> list[str]:
        """What it answers to this order at once."""
        self.order(order)
        return [self.answers[seq] for seq in range(order.first_seq, order.first_seq + order.count)]
