"""Single records of requests, for runs of which every message is known. Numbers are nanoseconds."""

from __future__ import annotations

from core.facts import Called, Joined, Returned
from core.protocol.codec import encode
from core.protocol.messages import Order, Result, pack_u32, pack_u64
from core.trace.wire_log import Record, Tap, encode_fact


def called(at: int, client: int, number: int, tap: Tap = Tap.CALL_DELIVERED, token: int = 0) -> Record:
    body = encode_fact(Called(pack_u32((client, number)), [b"\x91\xa1x"]))
    return Record(at, tap, 0, token, body)


def ordered(
    at: int,
    seq: int,
    *replicas: int,
    client: int = 1,
    number: int = 1,
    tap: Tap = Tap.TO_PASSED,
    token: int = 0,
) -> Record:
    order = Order(1, seq, 1, 0, pack_u32((client, number)), [b"\x91\xa1x"])
    return Record(at, tap, sum(1 << replica for replica in replicas), token, encode(order))


def executed(
    at: int, seq: int, replica: int, received: int, started: int, tap: Tap = Tap.FROM_PASSED, token: int = 0
) -> Record:
    result = Result(1, 1, seq, 1, received, started, started + 2, 7, b"")
    return Record(at, tap, 1 << replica, token, encode(result))


def returned(at: int, client: int, number: int, seq: int, tap: Tap = Tap.RETURN_DELIVERED) -> Record:
    return Record(
        at, tap, 0, 0, encode_fact(Returned(1, pack_u32((client, number)), pack_u64((seq,)), b"\0"))
    )


def joined(*replicas: int, at: int = 1, expected: int = 1) -> list[Record]:
    return [Record(at, Tap.FACT, 0, 0, encode_fact(Joined(r, 1, 5, expected))) for r in replicas]
