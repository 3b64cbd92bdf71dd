"""Gathers records into blocks.

A body is split into parts so that what occurs again is kept once: a multicast is logged once per link under
slow and step, an order has the requests that clients called just before, and the body of a result is the same
on every replica while its head (incarnation, times) is not. A replica may lag by seconds, so the results of
the last few blocks are remembered. In the store parts lie sorted by what they are made of, for digests
between answers would spoil the statistics that the compressor makes of words. The split is found by decoding
but any split is lossless, for a reader only joins the parts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import accumulate, chain

import msgspec
import numpy as np
import zstandard
from xxhash import xxh3_64_intdigest

from core.errors import RecordingError
from core.limits import FRAME_BYTES
from core.protocol.messages import Result
from core.trace.blocks import BACK_BLOCKS, BLOCK_RECORDS, COUNTS, BlockHead, pack_head, planes
from core.trace.wire_log import UNREADABLE, Record, Tap

SEAL_PARTS_BYTES = 2 << 20
SEAL_ALL_PARTS_BYTES = 4 << 20
"""With those of earlier blocks. Twice as much is no smaller in the end, but a seek has to unpack it."""
SEAL_BODIES_BYTES = 12 << 20
REMEMBERED_BYTES = 12 << 20
"""Of results in earlier blocks: as far as a replica may lag (`LAG_REQUESTS`), and a block more."""

_COMPRESSION = zstandard.ZstdCompressionParameters(
    strategy=zstandard.STRATEGY_DFAST,
    window_log=22,
    hash_log=16,
    chain_log=15,
    search_log=1,
    min_match=6,
    enable_ldm=True,
    ldm_hash_log=15,
    ldm_min_match=64,
    ldm_hash_rate_log=7,
)
"""Answers repeat each other in long runs (a timeline is the one before and a post more), which the search
for long matches finds at few places, so that the search between them may be a fast one: 1.1 µs and 32.5 bytes
a request. Level 3 takes 0.8 µs for 37.5, a lazy search 2.0 for 30.2, and there is better use for the time."""
_RESULT = ord("r")
_ORDER = ord("o")
_CALLED_TAG_BYTES = 8
"""What stands before the requests of a `called` fact."""
_MIXED, _HEADS, _NUMBERS, _ANSWERS, _FOREIGN = range(5)
"""What parts are made of, in the order of the store: messages as they are; the fronts of orders and results;
request numbers and digests; answers. Foreign ones are in an earlier block. A part's *place* is its place
among its kind, times 8, and the kind."""
_RESULT_TAPS = frozenset(
    {int(Tap.FROM_PASSED), int(Tap.FROM_SENT), int(Tap.FROM_DELIVERED), int(Tap.FROM_LOST)}
)
_result = msgspec.msgpack.Decoder(Result)


class _Told:
    """What a result told, and where: places while its block is gathered, indices once it is sealed."""

    __slots__ = ("answers", "block", "body", "numbers")

    def __init__(self, body: bytes, block: int, numbers: int, answers: int) -> None:
        self.body = body
        self.block = block
        self.numbers = numbers
        self.answers = answers


class BlockBuilder:
    """Gathers records until they are sealed into a block."""

    def __init__(self, base_ns: int) -> None:
        self._base_ns = base_ns
        self._compressor = zstandard.ZstdCompressor(compression_params=_COMPRESSION)
        self._block = 0
        self._told: dict[int, _Told] = {}
        self._sealed: deque[list[int]] = deque()  # by block: what of `_told` is in it
        self._sealed_bytes = 0
        self._clear()

    def _clear(self) -> None:
        self._records: list[Record] = []
        self._places: list[tuple[int, int, int]] = []  # of each body's parts: place in its kind, then kind
        self._parts: tuple[list[bytes], ...] = ([b""], [], [], [])
        self._known: dict[int, int] = {}
        self._new: list[int] = []  # what of `_told` is in this block
        self._foreign: dict[tuple[int, int], int] = {}  # (block, index) of parts in earlier blocks
        self._calls = b""  # the requests of the newest calls, and where they are
        self._calls_place = 0
        self.parts_bytes = 0
        self.foreign_bytes = 0
        self.bodies_bytes = 0

    def __len__(self) -> int:
        """Records gathered."""
        return len(self._records)

    @property
    def full(self) -> bool:
        """It is time to seal."""
        return (
            self.parts_bytes >= SEAL_PARTS_BYTES
            or self.parts_bytes + self.foreign_bytes >= SEAL_ALL_PARTS_BYTES
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
        foreign = np.array(list(self._foreign), "<u4").reshape(-1, 2)
        columns = (
            np.diff(time_column, prepend=time_column[:1]),
            np.array(taps, "u1"),
            np.array(links, "<u4"),
            np.array(tokens, "<u8"),
            *(np.array(firsts, "<u4")[place & 7] + (place >> 3) for place in places),
            np.array([len(part) for part in parts], "<u4"),
            (self._block - foreign[:, 0]).astype("u1"),
            foreign[:, 1].copy(),
        )
        counts = COUNTS.pack(len(times), len(parts), len(foreign))
        raw = b"".join((counts, *map(planes, columns), *parts))
        payload = self._compressor.compress(raw)
        first_ns, last_ns = int(time_column[0]), int(time_column[-1])
        head = pack_head(
            BlockHead(
                len(payload), len(raw), len(times), first_ns, last_ns, self._base_ns,
                xxh3_64_intdigest(payload),
            )
        )  # fmt: skip
        self._remember(firsts)
        self._clear()
        return head + payload

    def _remember(self, firsts: list[int]) -> None:
        """Keep what results told in this block, and forget what is too long ago."""
        for key in self._new:
            told = self._told[key]
            told.numbers = firsts[told.numbers & 7] + (told.numbers >> 3)
            told.answers = firsts[told.answers & 7] + (told.answers >> 3)
            self._sealed_bytes += len(told.body)
        self._block += 1
        self._sealed.append(self._new)
        while self._sealed_bytes > REMEMBERED_BYTES or len(self._sealed) > BACK_BLOCKS:
            for key in self._sealed.popleft():
                self._sealed_bytes -= len(self._told.pop(key).body)

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
        head = self._store(body[: -len(told)], _HEADS)
        key = xxh3_64_intdigest(told)
        known = self._told.get(key)
        if known is None:
            places = self._store(told[:numbers], _NUMBERS), self._store(told[numbers:], _ANSWERS)
            self._told[key] = _Told(told, self._block, *places)
            self._new.append(key)
            return head, *places
        if known.body != told:  # the same key by chance
            return head, 0, self._store(told, _ANSWERS)
        if known.block == self._block:
            return head, known.numbers, known.answers
        return head, self._borrow(known, known.numbers), self._borrow(known, known.answers, len(told))

    def _borrow(self, told: _Told, index: int, size: int = 0) -> int:
        """Have a part of an earlier block; with its size, unless another one's has that already."""
        key = told.block, index
        if key not in self._foreign:
            self.foreign_bytes += size
        return self._foreign.setdefault(key, len(self._foreign)) << 3 | _FOREIGN

    def _store(self, part: bytes, kind: int) -> int:
        parts = self._parts[kind]
        parts.append(part)
        self.parts_bytes += len(part)
        return len(parts) - 1 << 3 | kind

    def _shared(self, part: bytes, kind: int) -> int:
        """As `_store`, but a part that is there already is not kept again."""
        key = xxh3_64_intdigest(part)  # a tenth of the time that a dict would hash for
        place = self._known.get(key)
        if place is None or self._parts[place & 7][place >> 3] != part:
            place = self._known[key] = self._store(part, kind)
        return place
