"""A block: many records as columns, compressed, with a checksum of its own.

Every integer column is stored byte plane by byte plane (all lowest bytes first), so that the many zero bytes
of small numbers lie together and compress to nothing. Bodies are made of three *parts* from a store, in which
a part that occurs again is kept once. A block may also use parts of the few blocks before it: where a replica
lags, its results are those that another one gave long ago.

`docs/recording-format.md` describes the bytes; `core.trace.block_builder` writes them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import zstandard
from xxhash import xxh3_64_intdigest

from core.errors import RecordingError
from core.limits import FRAME_BYTES
from core.trace.wire_log import Record

BLOCK_MAGIC = b"BLK2"
PARTS_OF_A_BODY = {b"BLK1": 2, BLOCK_MAGIC: 3}
"""By the magic, which names the layout; only the newest is written."""
HEAD = struct.Struct("<4sIIIqqqQ")
"""magic, compressed bytes, raw bytes, records, first and last time, time base, checksum of the payload."""
HEAD_BYTES = HEAD.size + 8
"""With the checksum of the head itself behind it."""

BLOCK_RECORDS = 1 << 16
"""Records in a block at most."""
PARTS_BYTES = FRAME_BYTES + (8 << 20)
"""Bytes of all parts together at most, those of earlier blocks too; a writer seals a block long before."""
BODIES_BYTES = FRAME_BYTES + (12 << 20)
"""Bytes of all bodies together at most, shared parts counted each time."""
_AT_ONCE = 4_096
BACK_BLOCKS = 16
"""So many blocks back may a part be that a block has not itself."""

COUNTS = struct.Struct("<III")
"""Records, parts, parts of earlier blocks."""
_COUNTS_1 = struct.Struct("<II")
_RECORD_COLUMNS = ("<i8", "u1", "<u4", "<u8")  # time steps, taps, links, tokens
_PART_COLUMN = "<u4"  # as many of them as a body has parts
_RECORD_BYTES = sum(np.dtype(kind).itemsize for kind in _RECORD_COLUMNS)
_EARLIER_BYTES = 1 + 4  # how many blocks back, which of its parts
RAW_BYTES = (
    COUNTS.size + BLOCK_RECORDS * (_RECORD_BYTES + 3 * 4 + 3 * 4 + 3 * _EARLIER_BYTES) + 4 + PARTS_BYTES
)
Earlier = Callable[[int, Sequence[int], int], list[bytes]]
"""Parts of a block so many blocks back, by their indices, of so many bytes at most. Raises RecordingError."""


class BlockHead(NamedTuple):
    """What a block says of itself. Times are nanoseconds since the recording's first record; `base_ns` is
    that record's own monotonic time, on whose clock the times inside of result frames are."""

    compressed_bytes: int
    raw_bytes: int
    records: int
    first_ns: int
    last_ns: int
    base_ns: int
    checksum: int
    magic: bytes = BLOCK_MAGIC


def pack_head(head: BlockHead) -> bytes:
    """A block's head as bytes, its own checksum behind it."""
    packed = HEAD.pack(head.magic, *head[:-1])
    return packed + xxh3_64_intdigest(packed).to_bytes(8, "little")


def unpack_head(data: bytes) -> BlockHead:
    """A block's head. Raises RecordingError when the bytes are none, or when it claims what cannot be."""
    if len(data) != HEAD_BYTES or data[:4] not in PARTS_OF_A_BODY:
        raise RecordingError("A block does not begin where it should.")
    if xxh3_64_intdigest(data[: HEAD.size]) != int.from_bytes(data[HEAD.size :], "little"):
        raise RecordingError("The head of a block is damaged.")
    told = HEAD.unpack(data[: HEAD.size])
    head = BlockHead(*told[1:])._replace(magic=told[0])
    if not 0 < head.records <= BLOCK_RECORDS or head.raw_bytes > RAW_BYTES:
        raise RecordingError("A block claims more than a recording can hold.")
    if head.compressed_bytes > zstd_bound(head.raw_bytes):
        raise RecordingError("A block claims to be longer than its content.")
    return head


def zstd_bound(raw_bytes: int) -> int:
    """No zstd frame of so many raw bytes is longer than this."""
    return raw_bytes + (raw_bytes >> 8) + 1_024


def unpack_records(head: BlockHead, payload: bytes, earlier: Earlier | None = None) -> list[Record]:
    """The records of a block, times since the recording's first record. Raises RecordingError when the
    payload is damaged or claims what cannot be: nothing is allocated before its size was checked, and what
    is not needed any more is let go, so that no block takes more than 64 MiB beside its payload."""
    return records_in(head, unpack(head, payload), earlier)


def records_in(head: BlockHead, raw: bytes, earlier: Earlier | None = None) -> list[Record]:
    """The records of a block that is unpacked. Raises RecordingError like `unpack_records`."""
    shape = _shape(raw, head)
    columns = _columns(raw, shape, head)
    starts, ends = _bounds(raw, shape)
    parts = [raw[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    foreign = (
        _unplanes(raw, shape.foreign, "u1", shape.foreigners),
        _unplanes(raw, shape.foreign + shape.foreigners, "<u4", shape.foreigners),
    )
    del raw
    parts += _parts_of_earlier(*foreign, PARTS_BYTES - int((ends - starts).sum()), earlier)
    steps, taps, links, tokens, *places = columns
    if max(int(column.max()) for column in places) >= len(parts):
        raise RecordingError("A block refers to a body that it does not have.")
    lengths = np.fromiter(map(len, parts), np.int64, len(parts))
    if sum(int(lengths[column].sum()) for column in places) > BODIES_BYTES:
        raise RecordingError("A block's bodies are longer than a recording can hold.")
    bodies: list[bytes] = []
    if len(places) == 2:
        places.insert(0, np.zeros(shape.records, np.uint32))
    for start in range(0, shape.records, _AT_ONCE):  # as lists in full they would take too much memory
        some = (column[start : start + _AT_ONCE].tolist() for column in places)
        bodies += [
            b"".join((parts[first], parts[second], parts[third])) if first or second else parts[third]
            for first, second, third in zip(*some, strict=True)
        ]
    del parts
    times = head.first_ns + np.cumsum(steps, dtype=np.int64)
    return list(map(Record, times.tolist(), taps.tolist(), links.tolist(), tokens.tolist(), bodies))


def parts_in(head: BlockHead, raw: bytes, wanted: Sequence[int], max_bytes: int) -> list[bytes]:
    """Some parts of an unpacked block. Raises RecordingError like `unpack_records`, and when they have more
    bytes."""
    starts, ends = _bounds(raw, _shape(raw, head))
    places = np.array(wanted, np.int64)
    if int(places.max()) >= len(ends):
        raise RecordingError("A block refers to a body that an earlier one does not have.")
    if int((ends[places] - starts[places]).sum()) > max_bytes:
        raise RecordingError("A block's parts are longer than a recording can hold.")
    return [raw[starts[place] : ends[place]] for place in wanted]


class _Shape(NamedTuple):
    """How many of what, and where in the unpacked bytes."""

    records: int
    parts: int
    foreigners: int
    columns: int
    lengths: int
    foreign: int
    bodies: int


def unpack(head: BlockHead, payload: bytes) -> bytes:
    """A block's payload, unpacked. Raises RecordingError when it is damaged."""
    if len(payload) != head.compressed_bytes or xxh3_64_intdigest(payload) != head.checksum:
        raise RecordingError("A block is damaged.")
    try:
        if zstandard.frame_content_size(payload) != head.raw_bytes:
            raise RecordingError("A block claims another size than it has.")
        raw = zstandard.ZstdDecompressor().decompress(payload, max_output_size=head.raw_bytes)
    except zstandard.ZstdError as error:
        raise RecordingError(f"A block cannot be unpacked ({error}).") from error
    if len(raw) < COUNTS.size:
        raise RecordingError("A block is too short.")
    return raw


def _shape(raw: bytes, head: BlockHead) -> _Shape:
    of_a_body = PARTS_OF_A_BODY[head.magic]
    first = of_a_body == 2
    at = (_COUNTS_1 if first else COUNTS).size
    count, parts, foreigners = (*_COUNTS_1.unpack_from(raw), 0) if first else COUNTS.unpack_from(raw)
    limit = of_a_body * head.records
    if count != head.records or not 0 < parts <= limit + 1 or foreigners > limit:
        raise RecordingError("A block has other records than it claims.")
    lengths = at + count * (_RECORD_BYTES + 4 * of_a_body)
    foreign = lengths + 4 * parts
    bodies = foreign + _EARLIER_BYTES * foreigners
    if len(raw) < bodies:
        raise RecordingError("A block is too short.")
    return _Shape(count, parts, foreigners, at, lengths, foreign, bodies)


def _columns(raw: bytes, shape: _Shape, head: BlockHead) -> list[npt.NDArray[Any]]:
    columns: list[npt.NDArray[Any]] = []
    offset = shape.columns
    for kind in (*_RECORD_COLUMNS, *PARTS_OF_A_BODY[head.magic] * (_PART_COLUMN,)):
        columns.append(_unplanes(raw, offset, kind, shape.records))
        offset += shape.records * columns[-1].itemsize
    return columns


def _bounds(raw: bytes, shape: _Shape) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where the parts begin and end."""
    lengths = _unplanes(raw, shape.lengths, "<u4", shape.parts).astype(np.int64)
    ends = shape.bodies + np.cumsum(lengths)
    if int(ends[-1]) != len(raw):
        raise RecordingError("A block's bodies have other lengths than it claims.")
    return ends - lengths, ends


def _parts_of_earlier(
    backs: npt.NDArray[Any], indices: npt.NDArray[Any], max_bytes: int, earlier: Earlier | None
) -> list[bytes]:
    """The parts that a block has from earlier ones, in its order."""
    found = len(backs) * [b""]
    for back in np.unique(backs).tolist():
        if earlier is None or not 0 < back <= BACK_BLOCKS:
            raise RecordingError("A block refers to another that is not there.")
        where = np.flatnonzero(backs == back).tolist()
        for place, part in zip(where, earlier(back, indices[where].tolist(), max_bytes), strict=True):
            found[place] = part
            max_bytes -= len(part)
    return found


def planes(column: npt.NDArray[np.generic]) -> bytes:
    """A column's bytes, plane by plane."""
    return column.view(np.uint8).reshape(-1, column.itemsize).T.tobytes()


def _unplanes(raw: bytes, offset: int, kind: str, count: int) -> npt.NDArray[np.generic]:
    size = np.dtype(kind).itemsize
    planes = np.frombuffer(raw, np.uint8, count * size, offset).reshape(size, count)
    return np.array(planes.T, order="C").view(kind).reshape(count)  # a copy: `raw` need not stay
