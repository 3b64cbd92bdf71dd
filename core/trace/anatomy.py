"""A record taken apart: every field with its name, its meaning, and the bytes that say it.

A message is a msgpack array led by its tag, and a frame puts a length before it (`core.protocol.framing`). So
the bytes of a field are found without a parser of our own: the array is decoded into its raw items, and what
is left of the body is the array's own head. Columns (request ids, numbers, digests) and what lies encoded
inside of a field (operations, the body of a result) are taken apart in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from core.errors import RemoteProtocolError
from core.ids import RequestId, replica_name
from core.protocol.codec import decode_body, decode_from_front_end, decode_from_replica
from core.protocol.framing import HEAD_BYTES
from core.protocol.messages import FRAMES, ResultBody, unpack_u32, unpack_u64
from core.services.calls import anything_words
from core.trace.rows import session_words
from core.trace.wire_log import UNREADABLE, Record, Tap, decode_fact

SHOWN_ITEMS = 64
"""Parts of one field that are listed; of the others only how many there are is said."""

Words = Callable[[bytes], str]

_ON_LINKS_TO = frozenset({Tap.TO_PASSED, Tap.TO_SENT, Tap.TO_DELIVERED, Tap.TO_LOST, Tap.TO_DOUBLED})
_ON_LINKS_FROM = frozenset(
    {Tap.FROM_PASSED, Tap.FROM_SENT, Tap.FROM_DELIVERED, Tap.FROM_LOST, Tap.FROM_DOUBLED}
)
_OUTCOMES = ("ok", "refused", "unknown")


class Field(msgspec.Struct, frozen=True):
    """A stretch of bytes: what it is called, what it says, and where it begins in the frame (-1: it lies
    inside of the field above it)."""

    name: str
    says: str
    data: bytes
    offset: int
    parts: tuple[Field, ...] = ()


class Anatomy(msgspec.Struct, frozen=True):
    """A record in full. `framed`: it crossed a link, with a length before it; a fact never did."""

    name: str
    framed: bool
    data: bytes
    fields: tuple[Field, ...]

    @property
    def sizes(self) -> str:
        """How long it is, in words."""
        if self.framed:
            body = len(self.data) - HEAD_BYTES
            return f"{len(self.data):,} bytes: {HEAD_BYTES} of framing, {body:,} of message"
        return f"{len(self.data):,} bytes, written down beside the frames: no link carried them"


def anatomy(record: Record, words: Words) -> Anatomy:
    """Take a record apart. `words` turns an encoded operation into a short call. What cannot be read is one
    field that says so."""
    framed = record.tap in _ON_LINKS_TO or record.tap in _ON_LINKS_FROM
    body, start = record.body, HEAD_BYTES if framed else 0
    head = len(body).to_bytes(HEAD_BYTES, "big") if framed else b""
    fields = [Field("length", f"{len(body):,} bytes follow", head, 0)] if framed else []
    try:
        message = _decoded(record)
        fields += _fields_of(message, body, start, words)
        name = type(message).__struct_config__.tag
    except (RemoteProtocolError, *UNREADABLE, ValueError, IndexError, KeyError):
        name = "unreadable"
        fields.append(Field("body", "cannot be read as a message", body, start))
    return Anatomy(str(name), framed, head + body, tuple(fields))


def _decoded(record: Record) -> Any:
    if record.tap in _ON_LINKS_TO:
        return decode_from_front_end(record.body)
    return decode_from_replica(record.body) if record.tap in _ON_LINKS_FROM else decode_fact(record.body)


def _fields_of(message: Any, body: bytes, start: int, words: Words) -> Iterator[Field]:
    raws = msgspec.msgpack.decode(body, type=list[msgspec.Raw])
    items = [bytes(raw) for raw in raws]
    head = len(body) - sum(map(len, items))
    yield Field("array", f"{len(items)} items follow", body[:head], start)
    names = ("tag", *type(message).__struct_fields__)
    at = start + head
    for name, data in zip(names, items, strict=False):
        if name == "tag":
            kind = "message" if type(message) in _MESSAGES else "fact"
            yield Field(name, f"{type(message).__struct_config__.tag} · which kind of {kind}", data, at)
        else:
            value = getattr(message, name)
            yield Field(name, _says(name, value), data, at, tuple(_parts(name, value, message, words)))
        at += len(data)


_MESSAGES = frozenset(FRAMES)


# --- what a field says --------------------------------------------------------------------------------------


def _says(name: str, value: Any) -> str:
    what = _MEANINGS.get(name, "")
    return " · ".join(part for part in (_value(name, value), what) if part)


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        if name.endswith("digest"):
            return f"{value:016x}"
        if name in _REPLICAS:
            return replica_name(value) if value else "nobody"
        return f"#{value}" if name in _NUMBERS else f"{value:,}"
    if isinstance(value, bytes):
        per = _COLUMNS.get(name, 0)
        return f"{len(value) // per:,} of {per} bytes each" if per else f"{len(value):,} bytes"
    if isinstance(value, list | tuple):
        return f"{len(value):,} {'item' if len(value) == 1 else 'items'}"
    return str(value)


_NUMBERS = frozenset({"first_seq", "last_seq", "seq", "next_seq", "expected", "ordered", "stable"})
_REPLICAS = frozenset({"replica", "donor"})
_COLUMNS = {"requests": 8, "seqs": 8, "digests": 8, "outcomes": 1}
_MEANINGS = {
    "epoch": "of the front end that speaks",
    "first_seq": "first sequence number of the batch",
    "last_seq": "last sequence number",
    "count": "requests in the batch",
    "timestamp": "the front end's clock, ns since 1970",
    "requests": "client and request number",
    "operations": "one encoded operation each",
    "incarnation": "which life of this replica",
    "received_ns": "when the batch was complete, ns",
    "started_ns": "when its execution began, ns",
    "finished_ns": "when its execution was done, ns",
    "last_digest": "of the state after the last number",
    "digest": "of the state before “expected”",
    "body": "the same bytes from every replica",
    "digests": "of the state after each number",
    "outcomes": "one answer each",
    "expected": "the number it executes next",
    "held": "ranges that it holds back: first, last",
    "ordered": "the highest number sent to anybody",
    "stable": "the highest that every member has executed",
    "nonce": "names this question and its answer",
    "seqs": "one sequence number each",
    "rows": "key and value",
    "total": "rows that there are",
    "offset": "rows or bytes before it",
    "limit": "rows at most",
    "branches": "deeper paths",
}


# --- what lies inside of a field ----------------------------------------------------------------------------


def _parts(name: str, value: Any, message: Any, words: Words) -> Iterator[Field]:
    first = getattr(message, "first_seq", 0)
    match name, value:
        case "requests", bytes():
            yield from _requests(value, first)
        case "operations", list():
            yield from _shown(_operation(place, first, data, words) for place, data in enumerate(value))
        case "seqs", bytes():
            numbers = unpack_u64(value)
            yield from _shown(_item(f"#{seq}", "", value, 8, place) for place, seq in enumerate(numbers))
        case "outcomes", bytes():
            yield from _shown(
                Field(f"answer {place + 1}", _OUTCOMES[code] if code < 3 else "?", bytes([code]), -1)
                for place, code in enumerate(value)
            )
        case "body", bytes() if getattr(message, "count", 0):
            yield from _body(decode_body(value), first)
        case ("rows", list() | tuple()):
            yield from _shown(Field(str(key), str(text), b"", -1) for key, text in value)


def _requests(column: bytes, first: int) -> Iterator[Field]:
    ids = unpack_u32(column)
    pairs = zip(ids[::2], ids[1::2], strict=True)
    return _shown(
        _item(f"#{first + place}" if first else f"request {place + 1}", _who(*pair), column, 8, place)
        for place, pair in enumerate(pairs)
    )


def _who(client: int, number: int) -> str:
    return str(RequestId(client, number)) if client else "the front end's own"


def _operation(place: int, first: int, data: bytes, words: Words) -> Field:
    name = f"#{first + place}" if first else f"request {place + 1}"
    return Field(name, session_words(data) or words(data), data, -1)


def _body(body: ResultBody, first: int) -> Iterator[Field]:
    digests = unpack_u64(body.digests)
    yield Field("requests", _says("requests", body.requests), body.requests, -1,
                tuple(_requests(body.requests, first)))  # fmt: skip
    yield Field("digests", _says("digests", body.digests), body.digests, -1, tuple(_shown(
        _item(f"after #{first + place}", f"{digest:016x}", body.digests, 8, place)
        for place, digest in enumerate(digests))))  # fmt: skip
    yield Field("outcomes", _says("outcomes", body.outcomes), b"".join(body.outcomes), -1, tuple(_shown(
        Field(f"#{first + place}", anything_words(outcome), outcome, -1)
        for place, outcome in enumerate(body.outcomes))))  # fmt: skip


def _item(name: str, says: str, column: bytes, width: int, place: int) -> Field:
    return Field(name, says, column[place * width : (place + 1) * width], -1)


def _shown(fields: Iterator[Field]) -> Iterator[Field]:
    for shown, field in enumerate(fields):
        if shown == SHOWN_ITEMS:
            more = 1 + sum(1 for _ in fields)
            yield Field("…", f"and {more:,} more", b"", -1)
            return
        yield field
