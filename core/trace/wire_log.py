"""The wire log: what crossed each link, when, as the bytes that crossed it, and the facts beside them.

A record is `(time_ns, tap, links, token, body)`:

time_ns   monotonic nanoseconds, as of the run's first record when written to a file
tap       where the record was taken (`Tap`)
links     bit mask of replica ids whose link carried the frame (bit r for Rr); 0 for facts and client hops
token     names one message that travels visibly (slow, step), from SENT to DELIVERED; otherwise 0
body      the frame's payload or the encoded fact

A multicast is one record with many links, so that logging costs per batch and not per message.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import msgspec

from core.facts import Fact, FactUnion


class Tap(IntEnum):
    """Where on its way a frame was seen. TO: front end → replica. FROM: replica → front end."""

    FACT = 0
    TO_PASSED = 1
    """Sent and handed to the socket in one go (real time)."""
    TO_SENT = 2
    """Left the front end, held by the pace."""
    TO_DELIVERED = 3
    """Handed to the socket after the pace let it go."""
    FROM_PASSED = 4
    FROM_SENT = 5
    FROM_DELIVERED = 6
    CALL_SENT = 7
    """A client's request left it (body: Called), held by the pace."""
    CALL_DELIVERED = 8
    RETURN_SENT = 9
    """An answer left the front end (body: Returned), held by the pace."""
    RETURN_DELIVERED = 10
    TO_LOST = 11
    """Lost by a fault of the link. Token 0: at once; otherwise on its way, after its SENT."""
    FROM_LOST = 12
    TO_DOUBLED = 13
    """A copy that nobody sent, made by a fault of the link. Token 0: it arrived at once; otherwise it
    travels, to its DELIVERED or LOST."""
    FROM_DOUBLED = 14


class Record(NamedTuple):
    """One line of the wire log."""

    time_ns: int
    tap: int
    links: int
    token: int
    body: bytes


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError)
"""What decoding may raise when the bytes are not the expected message: a tag or text that is not UTF-8 is no
DecodeError. Both are kinds of ValueError."""

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[FactUnion] = msgspec.msgpack.Decoder(FactUnion)


_PULSES = frozenset((b"ping", b"pong", b"coun", b"chec"))


def is_pulse(record: Record) -> bool:
    """A sign of life, or a count that is told again and again: they come even when nothing happens."""
    return record[4][2:6] in _PULSES


def encode_fact(fact: Fact) -> bytes:
    """A fact as a record's body."""
    return _encoder.encode(fact)


def decode_fact(body: bytes) -> FactUnion:
    """A record's body as a fact. Raises one of `UNREADABLE` when it is none."""
    return _decoder.decode(body)
