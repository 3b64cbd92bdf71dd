"""The outside of a recording file: preamble, header, end mark. Blocks are in `core.trace.blocks`.

preamble   magic, format version, length of the header, checksum of the header
header     `RecordingHeader` as a msgpack map: a newer minor field does not hinder an older reader
blocks     one after the other
end mark   only when the recording was closed as it should be

What a person adds (bookmarks, captions) stands in *annotation blocks*, between blocks or behind the end mark;
the last one counts. So annotations change and no block of the log is ever touched.
"""

from __future__ import annotations

import struct
from typing import Any

import msgspec
from xxhash import xxh3_64_intdigest

from core.errors import RecordingError
from core.session import migration
from core.trace.wire_log import UNREADABLE

MAGIC = b"\x89LOCKSTEP\r\n\x1a"
"""Not text, and spoiled by whatever turns line ends around (as PNG does it)."""
PREAMBLE = struct.Struct("<12sHIQ")
HEADER_BYTES = 64 << 10
END_MAGIC = b"END1"
END = struct.Struct("<4sQQQ")
"""magic, blocks, records, checksum of what stands before it."""
ANNOTATIONS_MAGIC = b"NOTE"
ANNOTATIONS_HEAD = struct.Struct("<4sIQ")
"""magic, length of the payload, checksum of the payload."""
ANNOTATIONS_BYTES = 1 << 20
SUFFIX = ".lockstep"


class RecordingHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording says of its run before its first record."""

    app_version: str
    service: str
    service_version: int
    seed: int
    replicas: int
    clients: int
    reply_policy: str = "first"
    failure_policy: str = "drop forever"
    started_wall_ns: int = 0
    """Wall clock (nanoseconds since the Unix epoch) when the run began."""
    title: str = ""


class RecordingEnd(msgspec.Struct, frozen=True):
    """The sum at the end of a recording that was closed as it should be."""

    blocks: int
    records: int


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(RecordingHeader)
_fields = msgspec.msgpack.Decoder(dict[str, Any])


def pack_header(header: RecordingHeader) -> bytes:
    """Preamble and header. Raises RecordingError when the header is too long."""
    body = _encoder.encode(header)
    if len(body) > HEADER_BYTES:
        raise RecordingError("The recording's header is too long.", "Give it a shorter title.")
    return PREAMBLE.pack(MAGIC, migration.FORMAT_VERSION, len(body), xxh3_64_intdigest(body)) + body


def header_length(preamble: bytes) -> tuple[int, int, int]:
    """(format version, length, checksum) of the header, from the preamble. Raises RecordingError when it is
    no recording or one that this program cannot read."""
    if len(preamble) < PREAMBLE.size or not preamble.startswith(MAGIC):
        raise RecordingError("This file is not a Lockstep recording.", f"Recordings end in {SUFFIX}.")
    _, version, length, checksum = PREAMBLE.unpack(preamble)
    if not migration.can_read(version):
        newest = migration.FORMAT_VERSION
        raise RecordingError(
            f"This recording has format {version}; this version of Lockstep reads format {newest}.",
            "A newer Lockstep made it: update." if version > newest else "",
        )
    if length > HEADER_BYTES:
        raise RecordingError("The recording's header is damaged.")
    return version, length, checksum


def unpack_header(body: bytes, checksum: int, version: int) -> RecordingHeader:
    """The header, of whatever version it is. Raises RecordingError when it is damaged."""
    if xxh3_64_intdigest(body) != checksum:
        raise RecordingError("The recording's header is damaged.")
    try:
        if version == migration.FORMAT_VERSION:
            return _decoder.decode(body)
        fields = migration.migrated_header(_fields.decode(body), version)
        return msgspec.convert(fields, RecordingHeader)
    except UNREADABLE as error:
        raise RecordingError(f"The recording's header cannot be read ({error}).") from error


def pack_end(end: RecordingEnd) -> bytes:
    """The end mark."""
    front = END.pack(END_MAGIC, end.blocks, end.records, 0)[:-8]
    return front + xxh3_64_intdigest(front).to_bytes(8, "little")


def unpack_end(data: bytes) -> RecordingEnd | None:
    """The end mark; None when the bytes are none."""
    if len(data) != END.size or data[:4] != END_MAGIC:
        return None
    _, blocks, records, checksum = END.unpack(data)
    return RecordingEnd(blocks, records) if xxh3_64_intdigest(data[:-8]) == checksum else None


def pack_annotations(payload: bytes) -> bytes:
    """An annotation block. Raises RecordingError when it is too long."""
    if len(payload) > ANNOTATIONS_BYTES:
        raise RecordingError("A recording cannot hold so many bookmarks and captions.", "Remove some.")
    return ANNOTATIONS_HEAD.pack(ANNOTATIONS_MAGIC, len(payload), xxh3_64_intdigest(payload)) + payload


def annotations_length(head: bytes) -> int | None:
    """Length of an annotation block's payload; None when the bytes are no such head."""
    if len(head) != ANNOTATIONS_HEAD.size:
        return None
    magic, length, _ = ANNOTATIONS_HEAD.unpack(head)
    return int(length) if magic == ANNOTATIONS_MAGIC and length <= ANNOTATIONS_BYTES else None


def annotations_whole(head: bytes, payload: bytes) -> bool:
    """The payload is the one that its head promises."""
    return bool(ANNOTATIONS_HEAD.unpack(head)[2] == xxh3_64_intdigest(payload))
