"""The event log: the records as rows, decoded when and where somebody looks.

Appending keeps references and decodes nothing. A row is one record: a batch of 64 requests that went to
three replicas is one row, "ordered #128–#191 → R1 R2 R3". Rows are named by their position since the start
of the run (`first … end - 1`), which stays theirs when older rows are dropped.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter

import msgspec

from core.trace.rows import EventKind, EventRow, kind_of, nodes_of, row_of
from core.trace.wire_log import Record

CHUNK_RECORDS = 1_024
MAX_RECORDS = 200_000
MAX_BYTES = 64 << 20
"""Bodies kept by the log at most: the older records go first."""

ASKED_AGAIN_RECORDS = 64
"""So far back a record of the same words is looked for: at least a second, unless there is load."""

_body = itemgetter(4)


class EventFilter(msgspec.Struct, frozen=True):
    """Which rows to show; what is left out (or empty) lets everything pass."""

    nodes: frozenset[str] = frozenset()  # "C1", "FE", "R2": rows that concern one of them
    kinds: frozenset[EventKind] = frozenset()  # who asks again for the same belongs to the heartbeats
    seq: int = 0  # rows about this sequence number
    text: str = ""  # part of the row's text, whatever the case


class EventLog:
    """The newest records, up to `MAX_RECORDS` and `MAX_BYTES`. `words` turns an operation into a call."""

    def __init__(
        self, words: Callable[[bytes], str], max_records: int = MAX_RECORDS, max_bytes: int = MAX_BYTES
    ) -> None:
        self._words = words
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._chunks: deque[list[Record]] = deque([[]])
        self._chunk_bytes: deque[int] = deque([0])
        self._bytes = 0
        self._count = 0
        self._dropped: list[Record] = []
        self.first = 0
        """Position of the oldest row kept; so many were dropped before it."""
        self.start_ns = 0
        """Time of the run's first record."""

    def __len__(self) -> int:
        """Rows kept."""
        return self._count

    @property
    def end(self) -> int:
        """Position after the newest row."""
        return self.first + self._count

    def begin_at(self, position: int, start_ns: int) -> None:
        """An empty log goes on from here: so many records of the run, which began at `start_ns`, are not
        kept."""
        self.first, self.start_ns = position, start_ns

    def append(self, records: Sequence[Record]) -> None:
        """Take the next records. Nothing is decoded. What was dropped before is let go bit by bit: to free a
        thousand records at once takes as long as a third of a frame."""
        del self._dropped[-2 * len(records) :]
        if records and not self.end:
            self.start_ns = records[0][0]
        self._count += len(records)
        pending = iter(records)
        left = len(records)
        while left:
            newest = self._chunks[-1]
            if len(newest) == CHUNK_RECORDS:
                newest = []
                self._chunks.append(newest)
                self._chunk_bytes.append(0)
            part = list(islice(pending, CHUNK_RECORDS - len(newest)))
            size = sum(map(len, map(_body, part)))
            newest += part
            self._chunk_bytes[-1] += size
            self._bytes += size
            left -= len(part)
        while len(self._chunks) > 1 and (self._count > self._max_records or self._bytes > self._max_bytes):
            dropped = self._chunks.popleft()
            self._dropped += dropped
            self._bytes -= self._chunk_bytes.popleft()
            self.first += len(dropped)
            self._count -= len(dropped)
        del self._dropped[2 * CHUNK_RECORDS :]  # unless it is more than comes again

    def record(self, position: int) -> Record:
        """The record at a position. Raises IndexError when it was dropped or is not there yet."""
        if not self.first <= position < self.end:
            raise IndexError(position)
        # every chunk but the newest is full, and only whole chunks are dropped
        chunk, place = divmod(position - self.first, CHUNK_RECORDS)
        return self._chunks[chunk][place]

    def newest_first(self, at_most: int) -> Iterator[Record]:
        """The newest records, so many at most, the newest first."""
        return islice(chain.from_iterable(map(reversed, reversed(self._chunks))), at_most)

    def between(self, position: int, end: int) -> Iterator[Record]:
        """The records from one position up to another, as far as they are kept, oldest first."""
        position, end = max(position, self.first), min(end, self.end)
        chunk, place = divmod(position - self.first, CHUNK_RECORDS)
        while position < end:
            part = self._chunks[chunk][place : place + end - position]
            yield from part
            position, chunk, place = position + len(part), chunk + 1, 0

    def row(self, position: int) -> EventRow:
        """The row at a position, decoded now. Raises IndexError like `record`."""
        return row_of(self.record(position), self._words)

    def position_at(self, time_ns: int) -> int:
        """Position of the first row that is not older than `time_ns`; `end` when there is none."""
        low, high = self.first, self.end
        while low < high:
            middle = (low + high) // 2
            if self.record(middle)[0] < time_ns:
                low = middle + 1
            else:
                high = middle
        return low

    def passes(self, position: int, wanted: EventFilter) -> bool:
        """Whether the row at a position is wanted; cheap conditions first."""
        record = self.record(position)
        if wanted.kinds:
            kind = kind_of(record)
            if kind is EventKind.GAP and self._asked_again(position, record):
                kind = EventKind.HEARTBEAT  # six times a second, as long as the pace holds what is missing
            if kind not in wanted.kinds:
                return False
        if wanted.nodes and wanted.nodes.isdisjoint(nodes_of(record)):
            return False
        if not wanted.seq and not wanted.text:
            return True
        row = row_of(record, self._words)
        if wanted.seq and not row.seq <= wanted.seq <= row.last_seq:
            return False
        return wanted.text.casefold() in f"{row.node} {row.text}".casefold()

    def _asked_again(self, position: int, record: Record) -> bool:
        """Whether this replica asked for the same a moment ago, and for nothing else since."""
        _, tap, links, _, body = record
        for earlier in range(position - 1, max(self.first, position - ASKED_AGAIN_RECORDS) - 1, -1):
            other = self.record(earlier)
            if other[2] == links and other[1] == tap and kind_of(other) is EventKind.GAP:
                return other[4] == body
        return False

    def matching(self, wanted: EventFilter) -> Matches:
        """The rows that a filter lets pass, found step by step."""
        return Matches(self, wanted)


class Matches(Sequence[int]):
    """Positions of the rows that a filter lets pass, oldest first, found step by step (`advance`)."""

    def __init__(self, log: EventLog, wanted: EventFilter) -> None:
        self._log = log
        self._wanted = wanted
        self._next = log.first
        self._found = array("q")
        self._start = 0

    def advance(self, budget: int = 2_000) -> bool:
        """Look at up to `budget` more records, and forget rows that were dropped. True when all were seen.

        A record costs well under 1 µs without `seq` or `text`, a few µs with them."""
        log, wanted, found = self._log, self._wanted, self._found
        while self._start < len(found) and found[self._start] < log.first:
            self._start += 1
        if self._start > len(found) // 2:
            del found[: self._start]
            self._start = 0
        start = max(self._next, log.first)
        self._next = min(log.end, start + budget)
        if wanted == _ALL:
            found.extend(range(start, self._next))
        else:
            found.extend(position for position in range(start, self._next) if log.passes(position, wanted))
        return self._next == log.end

    def __len__(self) -> int:
        return len(self._found) - self._start

    def __getitem__(self, index: int) -> int:  # type: ignore[override]
        """Position of the row at this place. Raises IndexError."""
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return self._found[self._start + index if index >= 0 else index]


_ALL = EventFilter()
