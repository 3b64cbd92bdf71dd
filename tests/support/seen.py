"""Records of calls, results and returns, by hand.

called(10, (1, 2, get("a"))), result(20, 1, {(1, 2): ok(7)}), returned(30, 1, (1, 2))
"""

from __future__ import annotations

from collections.abc import Iterable

from core.facts import Called, Returned
from core.protocol.codec import encode
from core.protocol.messages import Result, ResultBody, pack_u32, pack_u64
from core.services.calls import encode_outcome
from core.trace.wire_log import Record, Tap, encode_fact

Id = tuple[int, int]


def column(requests: Iterable[Id]) -> bytes:
    return pack_u32(part for request in requests for part in request)


def called(time_ns: int, *calls: tuple[int, int, bytes], tap: Tap = Tap.CALL_DELIVERED) -> Record:
    ids = column((client, number) for client, number, _ in calls)
    return Record(time_ns, tap, 0, 0, encode_fact(Called(ids, [operation for *_, operation in calls])))


def result(time_ns: int, replica: int, answers: dict[Id, bytes], first_seq: int = 1) -> Record:
    body = ResultBody(column(answers), pack_u64([0] * len(answers)), list(answers.values()))
    frame = encode(Result(1, 1, first_seq, len(answers), 0, 0, 0, 0, encode(body)))
    return Record(time_ns, Tap.FROM_PASSED, 1 << replica, 0, frame)


def returned(time_ns: int, replica: int, *requests: Id, code: int = 0, seq: int = 1) -> Record:
    seqs = pack_u64(range(seq, seq + len(requests)))
    fact = Returned(replica, column(requests), seqs, bytes([code]) * len(requests))
    return Record(time_ns, Tap.RETURN_DELIVERED, 0, 0, encode_fact(fact))


def ok(value: object = None) -> bytes:
    return encode_outcome(value)  # type: ignore[arg-type]
