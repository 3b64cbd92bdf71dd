"""Operations and outcomes as bytes: what the front end, a replica and a recording hold of them.

An operation is a msgpack array that opens with its name, `["post", "alice", "hello"]`. An outcome is `[0,
value]` when the operation was executed and `[1, "code"]` when it was refused. Replicas agree when these bytes
agree, so there is one way only to write an outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, reduce
from operator import or_
from typing import Any

import msgspec
from xxhash import xxh3_64_intdigest

from core.errors import RemoteProtocolError, ServiceError
from core.services.machine import Operation, Refused, Value

_encode = msgspec.msgpack.Encoder().encode
_decode_pair = msgspec.msgpack.Decoder(tuple[int, Any]).decode

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding arbitrary bytes may raise."""

_ARRAY_OPENS = frozenset(bytes([head]) for head in (*range(0x90, 0xA0), 0xDC, 0xDD))
_EXECUTED = 0
_REFUSED = 1
_KIND_AT = 1
"""Where the kind stands in an encoded outcome: after the byte that opens an array of two."""

encode_operation: Callable[[Operation], bytes] = _encode
"""The bytes of an operation. Raises `OverflowError` for an integer beyond 64 bits."""


@cache
def operation_decoder(operations: tuple[type[Operation], ...]) -> Callable[[bytes], Operation]:
    """A function from bytes to one of `operations`.

    The function raises one of `UNREADABLE` for any other bytes.
    Raises `ServiceError` here when the operations cannot be told apart or hold what cannot travel.
    """
    if not operations:
        raise ServiceError("The service has no operations.", "List them in its `operations`.")
    for operation in operations:
        if not operation.__struct_config__.tag:
            raise ServiceError(
                f"The operation {operation.__name__} has no name.",
                f'Write `class {operation.__name__}(Operation, frozen=True, tag="…")`.',
            )
    union: Any = reduce(or_, operations)
    try:
        decode: Callable[[bytes], Operation] = msgspec.msgpack.Decoder(union).decode
    except TypeError as error:
        raise ServiceError(f"The operations cannot be encoded: {error}") from error
    return decode


def decode_each(decode: Callable[[bytes], Operation], operations: Sequence[bytes]) -> list[Operation | None]:
    """Every operation of a batch by such a function; None for bytes that are none.

    A batch is decoded before it is executed, not by turns: the processor then runs the same few functions 64
    times, out of its nearest cache.
    """
    try:
        return [*map(decode, operations)]
    except UNREADABLE:
        return [_decoded(decode, operation) for operation in operations]


def _decoded(decode: Callable[[bytes], Operation], operation: bytes) -> Operation | None:
    if operation[:1] not in _ARRAY_OPENS:
        return None  # what opens a session, say: to be told why would cost ten times as much
    try:
        return decode(operation)
    except UNREADABLE:
        return None


def encode_outcome(outcome: Value | Refused) -> bytes:
    """The bytes of what an operation answered. Raises `OverflowError` or `TypeError` when it is none."""
    if outcome is None:
        return _NOTHING
    if type(outcome) is Refused:
        return _encode((_REFUSED, outcome.code))
    return _encode((_EXECUTED, outcome))


def decode_outcome(outcome: bytes) -> Value | Refused:
    """The answer in `outcome`; records come back as dictionaries. Raises `RemoteProtocolError`."""
    try:
        kind, value = _decode_pair(outcome)
    except UNREADABLE as error:
        raise RemoteProtocolError(f"An outcome cannot be read: {error}") from error
    if kind == _EXECUTED:
        answer: Value = value
        return answer
    if kind == _REFUSED and isinstance(value, str):
        return Refused(value)
    raise RemoteProtocolError(f"An outcome of kind {kind} is unknown.")


def is_refused(outcome: bytes) -> bool:
    """Whether an encoded outcome is a refusal; looks at one byte."""
    return outcome[_KIND_AT] == _REFUSED


_NOTHING = _encode((_EXECUTED, None))

INVALID_OPERATION = encode_outcome(Refused("invalid_operation"))
"""The bytes of a request are none of the service's operations."""

NO_SESSION = encode_outcome(Refused("no_session"))
"""The client has no open session: it never had one, or it was evicted."""

STALE_REQUEST = encode_outcome(Refused("stale_request"))
"""The client has already sent a later request, so the result of this one is no longer kept."""

OK_NOTHING = _NOTHING
"""Executed, with nothing to tell."""


def sessions_outcome(last: Mapping[int, tuple[int, bytes]]) -> bytes:
    """The outcome of a change of the view: the hash of a session table, client → (last number, outcome)."""
    rows = [(client, *last[client]) for client in sorted(last)]
    return encode_outcome(f"{xxh3_64_intdigest(_encode(rows)):016x}")


def anything_words(outcome: bytes) -> str:
    """What a replica answered, even when it is no answer: a lying one may say anything."""
    try:
        return outcome_words(outcome)
    except RemoteProtocolError:
        return f"what is no answer: {outcome[:40].hex()}"


def outcome_words(outcome: bytes) -> str:
    """An encoded outcome for a person: "ok", the value as JSON, or "refused: unknown_user"."""
    answer = decode_outcome(outcome)
    if isinstance(answer, Refused):
        return f"refused: {answer.code}"
    return "ok" if answer is None else msgspec.json.encode(answer).decode()
