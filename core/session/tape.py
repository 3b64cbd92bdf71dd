"""A recording as a tape: its blocks on the run's own clock, also while it is still being written.

Records have the times that the live run gave them (the recording's, plus its base), so a view made from a
tape equals the live one to the last number.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import RecordingError
from core.session.reader import BlockFile, BlockPlace, Scanner
from core.trace.wire_log import Record

HELPING_BYTES = 32 << 20
"""Looked at in one `grow`: some 10 ms."""
CACHED_RECORDS = 40_000
"""Unpacked records kept, of the blocks that were used last."""

Floats = npt.NDArray[np.float64]


class FileTape:
    """The blocks of a recording file. `grow` and `load` belong to one thread; the rest may be asked from
    any, for blocks are only ever added."""

    def __init__(self, path: Path | str) -> None:
        """Raises RecordingError when there is no recording, or when its header is not whole."""
        self._scanner = Scanner(path)
        self.header = self._scanner.header
        self.path = self._scanner.path
        self.complete = False
        """Everything that is there by now was looked at."""
        self._file = BlockFile(self.path, self._scanner.blocks)
        self._loaded: OrderedDict[int, list[Record]] = OrderedDict()
        self._firsts: list[int] = []  # by block: records before it
        self._known: tuple[Floats, Floats] = (np.zeros(0), np.zeros(0))  # see `_until`

    @property
    def note(self) -> str:
        """What is missing, in a sentence; "" when the recording is whole."""
        return self._scanner.note

    @property
    def closed(self) -> bool:
        """It was ended as it should be: nothing more comes."""
        return self._scanner.closed

    @property
    def annotations(self) -> bytes:
        """Bookmarks and captions as the file has them, encoded; empty when it has none."""
        return self._scanner.annotations

    @property
    def whole_bytes(self) -> int:
        """Length of the file up to its last whole block."""
        return self._scanner.offset

    @property
    def blocks(self) -> int:
        """How many there are by now."""
        return len(self._firsts)

    @property
    def records(self) -> int:
        """Records in all of them."""
        count = self.blocks
        return self._firsts[count - 1] + self._place(count - 1).head.records if count else 0

    @property
    def start_ns(self) -> int:
        """Time of the first record; 0 before there is one."""
        return self.first_ns(0) if self.blocks else 0

    @property
    def end_ns(self) -> int:
        """Time of the last record."""
        if not self.blocks:
            return 0
        head = self._place(self.blocks - 1).head
        return head.base_ns + head.last_ns

    def first_record(self, block: int) -> int:
        """How many records are before a block."""
        return self._firsts[block]

    def first_ns(self, block: int) -> int:
        """Time of a block's first record."""
        head = self._place(block).head
        return head.base_ns + head.first_ns

    def block_of(self, record: int) -> int:
        """The block that has a record."""
        return bisect_right(self._firsts, record) - 1

    def grow(self, max_bytes: int = HELPING_BYTES) -> bool:
        """Look at what follows, at about so many bytes. True when there were new blocks. Raises
        RecordingError when the file cannot be read."""
        self.complete = self._scanner.scan(max_bytes)
        new = self._scanner.blocks[len(self._firsts) :]
        self._firsts.extend(place.first_record for place in new)
        return bool(new)

    def load(self, block: int) -> Sequence[Record]:
        """A block's records. Raises RecordingError when the file is damaged or cannot be read."""
        records = self._loaded.get(block)
        if records is None:
            head = self._place(block).head
            records = self._loaded[block] = self._file.load(block, head.base_ns)
            if len(records) != head.records:
                raise RecordingError("A block has other records than it claims.")
        self._loaded.move_to_end(block)
        while len(self._loaded) > 1 and sum(map(len, self._loaded.values())) > CACHED_RECORDS:
            self._loaded.popitem(last=False)
        return records

    def activity(self, bins: int, end_ns: int = 0) -> Floats:
        """Records per bin, the time from `start_ns` to `end_ns` (the last record's when 0) cut into so many:
        a block's records are spread over its time, so the heads alone tell."""
        count, end_ns = self.blocks, end_ns or self.end_ns
        if not count or end_ns <= self.start_ns:
            return np.zeros(bins)
        times_ns, records = self._until(count)
        at = np.linspace(times_ns[0], times_ns[0] + end_ns - self.start_ns, bins + 1)
        return np.diff(np.interp(at, times_ns, records))

    def _until(self, count: int) -> tuple[Floats, Floats]:
        """When each of the first blocks begins and ends, never back in time, and how many records there are
        until then. Only blocks that are new since the last call are looked at: a long run has many."""
        times_ns, records = self._known
        heads = [place.head for place in self._scanner.blocks[len(times_ns) // 2 : count]]
        if heads:
            steps = np.zeros(2 * len(heads))
            steps[1::2] = [head.records for head in heads]
            edges = np.array([(head.first_ns, head.last_ns) for head in heads], np.float64).ravel()
            times_ns = np.maximum.accumulate(np.concatenate((times_ns, edges)))
            records = np.concatenate((records, np.cumsum(steps) + (records[-1] if len(records) else 0.0)))
            self._known = times_ns, records
        return times_ns, records

    def _place(self, block: int) -> BlockPlace:
        return self._scanner.blocks[block]
