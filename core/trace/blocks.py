"""A block: many records as columns, compressed, with a checksum of its own.

Every integer column is stored byte plane by byte plane (all lowest bytes first), so that the many zero bytes
of small numbers lie together and compress to nothing. Bodies are made of three *parts* from a store in which
a part that occurs again is kept once: a multicast is logged once per link under slow and step, an order has
the requests that clients called just before, and the body of a result is the same on every replica while its
head (incarnation, times) is not. In the store parts lie sorted by what they are made of, for digests between
answers would spoil the statistics that the compressor makes of words. The split is found by decoding but any
split is lossless, for a reader only joins the parts.

`docs/recording-format.md` describes the bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from itertools import accumulate, chain
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import zstandard
from xxhash import xxh3_64_intdigest

from core.errors import RecordingError
from core.limits import FRAME_BYTES
from core.protocol.messages import Result
from core.trace.wire_log import UNREADABLE, Record, Tap

BLOCK_MAGIC = b"BLK2"
PARTS_OF_A_BODY = {b"BLK1": 2, BLOCK_MAGIC: 3}
"""By the magic, which names the layout; only the newest is written."""
HEAD = struct.Struct("<4sIIIqqqQ")
"""magic, compressed bytes, raw bytes, records, first and last time, time base, checksum of the payload."""
HEAD_BYTES = HEAD.size + 8
"""With the checksum of the head itself behind it."""

BLOCK_RECORDS = 1 << 16
"""Records in a block at most."""
PARTS_BYTES = FRAME_BYTES + (4 << 20)
"""Bytes of all parts together at most; a writer seals a block long before."""
BODIES_BYTES = FRAME_BYTES + (16 << 20)
"""Bytes of all bodies together at most, shared parts counted each time."""
SEAL_PARTS_BYTES = 4 << 20
SEAL_BODIES_BYTES = 12 << 20

_COUNTS = struct.Struct("<II")
_RECORD_COLUMNS = ("<i8", "u1", "<u4", "<u8")  # time steps, taps, links, tokens
_PART_COLUMN = "<u4"  # as many of them as a body has parts
_RECORD_BYTES = sum(np.dtype(kind).itemsize for kind in _RECORD_COLUMNS)
RAW_BYTES = _COUNTS.size + BLOCK_RECORDS * (_RECORD_BYTES + 3 * 4 + 3 * 4) + 4 + PARTS_BYTES

_COMPRESSION = zstandard.ZstdCompressionParameters(
    strategy=zstandard.STRATEGY_LAZY, window_log=22, hash_log=17, chain_log=16, search_log=2, min_match=6
)
"""Answers repeat each other in long runs (a timeline is the one before and a post more), which a lazy search
for long matches finds: 19 % smaller than level 3, for 1.4 µs a request more; level 6 costs 1.8 for 23 %."""
_RESULT = ord("r")
_ORDER = ord("o")
_CALLED_TAG_BYTES = 8
"""What stands before the requests of a `called` fact."""
_MIXED, _HEADS, _NUMBERS, _ANSWERS = range(4)
"""What parts are made of, in the order of the store: messages as they are; the fronts of orders and results;
request numbers and digests; answers."""
_RESULT_TAPS = frozenset(
    {int(Tap.FROM_PASSED), int(Tap.FROM_SENT), int(Tap.FROM_DELIVERED), int(Tap.FROM_LOST)}
)
_result = msgspec.msgpack.Decoder(Result)


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


class BlockBuilder:
    """Gathers records until they are sealed into a block."""

    def __init__(self, base_ns: int) -> None:
        self._base_ns = base_ns
        self._compressor = zstandard.ZstdCompressor(compression_params=_COMPRESSION)
        self._clear()

    def _clear(self) -> None:
        self._records: list[Record] = []
        self._places: list[tuple[int, int, int]] = []  # of each body's parts: place in its kind, then kind
        self._parts: tuple[list[bytes], ...] = ([b""], [], [], [])
        self._known: dict[int, int] = {}
        self._results: dict[int, tuple[int, int]] = {}  # where the numbers and answers of a result are
        self._calls = b""  # the requests of the newest calls, and where they are
        self._calls_place = 0
        self.parts_bytes = 0
        self.bodies_bytes = 0

    def __len__(self) -> int:
        """Records gathered."""
        return len(self._records)

    @property
    def full(self) -> bool:
        """It is time to seal."""
        return (
            self.parts_bytes >= SEAL_PARTS_BYTES
            or self.bodies_bytes >= SEAL_BODIES_BYTES
            or len(self._records) >= BLOCK_RECORDS
        )

    @property
    def span_ns(self) -> int:
        """From the first record gathered to the last."""
        return self._records[-1][0] - self._records[0][0] if self._records else 0

    def add(self, records: Iterable[Record]) -> None:
        """Take records until `full`; the iterator then stands at the next one. Raises RecordingError when a
        body is longer than a frame may be."""
        for record in records:
            body = record[4]
            if len(body) > FRAME_BYTES:
                raise RecordingError(f"A record has {len(body):,} bytes, more than a recording can hold.")
            self._places.append(self._split(record))
            self._records.append(record)
            self.bodies_bytes += len(body)
            if self.full:
                return

    def seal(self) -> bytes:
        """The gathered records as a block; the builder is empty then."""
        if not self._records:
            raise ValueError("nothing to seal")
        times, taps, links, tokens, _ = zip(*self._records, strict=True)
        time_column = np.array(times, "<i8") - self._base_ns
        firsts = list(accumulate(map(len, self._parts), initial=0))
        places = np.array(self._places, "<u4").T
        parts = list(chain.from_iterable(self._parts))
        columns = (
            np.diff(time_column, prepend=time_column[:1]),
            np.array(taps, "u1"),
            np.array(links, "<u4"),
            np.array(tokens, "<u8"),
            *(np.array(firsts, "<u4")[place & 3] + (place >> 2) for place in places),
            np.array([len(part) for part in parts], "<u4"),
        )
        raw = b"".join((_COUNTS.pack(len(times), len(parts)), *map(_planes, columns), *parts))
        payload = self._compressor.compress(raw)
        first_ns, last_ns = int(time_column[0]), int(time_column[-1])
        head = pack_head(
            BlockHead(
                len(payload), len(raw), len(times), first_ns, last_ns, self._base_ns,
                xxh3_64_intdigest(payload),
            )
        )  # fmt: skip
        self._clear()
        return head + payload

    def _split(self, record: Record) -> tuple[int, int, int]:
        """Where the three parts of the record's body are in the store."""
        _, tap, _, token, body = record
        if token or len(body) < _CALLED_TAG_BYTES:
            return 0, 0, self._shared(body, _MIXED)
        if tap in _RESULT_TAPS and body[2] == _RESULT:
            return self._split_result(body)
        if tap == Tap.CALL_DELIVERED:
            self._calls = body[_CALLED_TAG_BYTES:]
            self._calls_place = self._store(self._calls, _MIXED)
            return 0, self._shared(body[:_CALLED_TAG_BYTES], _HEADS), self._calls_place
        if tap == Tap.TO_PASSED and body[2] == _ORDER and self._calls and body.endswith(self._calls):
            return 0, self._store(body[: -len(self._calls)], _HEADS), self._calls_place
        if tap == Tap.RETURN_DELIVERED:
            return 0, 0, self._store(body, _NUMBERS)
        return 0, 0, self._shared(body, _MIXED)

    def _split_result(self, body: bytes) -> tuple[int, int, int]:
        """Its head, the numbers and digests of its requests, and their answers."""
        try:
            result = _result.decode(body)
        except UNREADABLE:
            return 0, 0, self._shared(body, _MIXED)
        told = result.body
        numbers = 1 + 2 * (3 + 8 * result.count)
        if not 0 < numbers < len(told):
            return 0, 0, self._shared(body, _MIXED)
        key = xxh3_64_intdigest(told)
        places = self._results.get(key)
        if places is None or not self._are(told, *places):
            places = self._store(told[:numbers], _NUMBERS), self._store(told[numbers:], _ANSWERS)
            self._results[key] = places
        return self._store(body[: -len(told)], _HEADS), *places

    def _are(self, told: bytes, numbers: int, answers: int) -> bool:
        """These two parts make up what a result told."""
        front, rest = self._parts[_NUMBERS][numbers >> 2], self._parts[_ANSWERS][answers >> 2]
        return len(front) + len(rest) == len(told) and told.startswith(front) and told.endswith(rest)

    def _store(self, part: bytes, kind: int) -> int:
        parts = self._parts[kind]
        parts.append(part)
        self.parts_bytes += len(part)
        return len(parts) - 1 << 2 | kind

    def _shared(self, part: bytes, kind: int) -> int:
        """As `_store`, but a part that is there already is not kept again."""
        key = xxh3_64_intdigest(part)  # a tenth of the time that a dict would hash for
        place = self._known.get(key)
        if place is None or self._parts[place & 3][place >> 2] != part:
            place = self._known[key] = self._store(part, kind)
        return place


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


def unpack_records(head: BlockHead, payload: bytes) -> list[Record]:
    """The records of a block, times since the recording's first record. Raises RecordingError when the
    payload is damaged or claims what cannot be: nothing is allocated before its size was checked, and what
    is not needed any more is let go, so that no block takes more than 64 MiB beside its payload."""
    raw = _unpacked(head, payload)
    columns, parts = _columns_and_parts(raw, head)
    del raw
    steps, taps, links, tokens, *places = columns
    bodies = [
        b"".join([parts[place] for place in of_body]) if any(of_body[:-1]) else parts[of_body[-1]]
        for of_body in zip(*places, strict=True)  # not as lists, which would take memory at the worst moment
    ]
    del parts
    times = head.first_ns + np.cumsum(steps, dtype=np.int64)
    return list(map(Record, times.tolist(), taps.tolist(), links.tolist(), tokens.tolist(), bodies))


def _unpacked(head: BlockHead, payload: bytes) -> bytes:
    if len(payload) != head.compressed_bytes or xxh3_64_intdigest(payload) != head.checksum:
        raise RecordingError("A block is damaged.")
    try:
        if zstandard.frame_content_size(payload) != head.raw_bytes:
            raise RecordingError("A block claims another size than it has.")
        raw = zstandard.ZstdDecompressor().decompress(payload, max_output_size=head.raw_bytes)
    except zstandard.ZstdError as error:
        raise RecordingError(f"A block cannot be unpacked ({error}).") from error
    if len(raw) < _COUNTS.size:
        raise RecordingError("A block is too short.")
    return raw


def _columns_and_parts(raw: bytes, head: BlockHead) -> tuple[list[npt.NDArray[Any]], list[bytes]]:
    count, part_count = _COUNTS.unpack_from(raw)
    of_a_body = PARTS_OF_A_BODY[head.magic]
    if count != head.records or not 0 < part_count <= of_a_body * count + 1:
        raise RecordingError("A block has other records than it claims.")
    offset = _COUNTS.size
    if len(raw) < offset + count * (_RECORD_BYTES + 4 * of_a_body) + part_count * 4:
        raise RecordingError("A block is too short.")
    columns: list[npt.NDArray[Any]] = []
    for kind in (*_RECORD_COLUMNS, *of_a_body * (_PART_COLUMN,)):
        columns.append(_unplanes(raw, offset, kind, count))
        offset += count * columns[-1].itemsize
    lengths = _unplanes(raw, offset, "<u4", part_count).astype(np.int64)
    offset += 4 * part_count
    ends = offset + np.cumsum(lengths)
    if int(ends[-1]) != len(raw):
        raise RecordingError("A block's bodies have other lengths than it claims.")
    places = columns[-of_a_body:]
    if max(int(column.max()) for column in places) >= part_count:
        raise RecordingError("A block refers to a body that it does not have.")
    if sum(int(lengths[column].sum()) for column in places) > BODIES_BYTES:
        raise RecordingError("A block's bodies are longer than a recording can hold.")
    parts = [raw[end - length : end] for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)]
    return columns, parts


def _planes(column: npt.NDArray[np.generic]) -> bytes:
    """A column's bytes, plane by plane."""
    return column.view(np.uint8).reshape(-1, column.itemsize).T.tobytes()


def _unplanes(raw: bytes, offset: int, kind: str, count: int) -> npt.NDArray[np.generic]:
    size = np.dtype(kind).itemsize
    planes = np.frombuffer(raw, np.uint8, count * size, offset).reshape(size, count)
    return np.array(planes.T, order="C").view(kind).reshape(count)  # a copy: `raw` need not stay
