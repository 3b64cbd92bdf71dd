"""The rows of the space-time diagram, as columns that only grow at one end.

A row is a message between two nodes, or a span or a moment at one node. Rows come nearly in the order of
time, so they are found by block: each block of `BLOCK_ROWS` knows its earliest and its latest moment. When
`max_rows` are kept the oldest quarter goes; rows are named by their number since the start of the run.

One thread appends. What `columns` gives may be read by another: appending never writes below its end, and a
patch (a message arrived) changes single numbers.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from enum import IntEnum
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from core.ids import client_name, replica_name
from core.limits import MAX_REPLICAS

BLOCK_ROWS = 1_024
MAX_ROWS = 1 << 20
"""Some 40 MB; of a long live run these are the newest."""
OPEN_NS = 1 << 62
"""End of what has not ended yet."""

FRONT_END = 0
"""Code of the front end; Rn has n, Cn `FIRST_CLIENT` + n - 1."""
FIRST_CLIENT = MAX_REPLICAS + 1

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.uint8]


class RowKind(IntEnum):
    """What a row tells."""

    CALL = 0  # client → front end
    ORDERED = 1  # a moment at the front end: a request got its number
    ORDER = 2  # front end → replica
    AGAIN = 3  # an order that was sent before, or a copy of one
    EXECUTED = 4  # a span at a replica
    HELD = 5  # a span at a replica: held back until the number before it came
    RESULT = 6  # replica → front end
    GAP = 7  # replica → front end: a number is missing
    ANSWER = 8  # front end → client


class Fate(IntEnum):
    """What became of a message."""

    UNDER_WAY = 0  # nothing is known yet: `right_ns` equals `left_ns`
    ARRIVED = 1
    LOST = 2


def node_name(code: int) -> str:
    """`FE`, `R2`, `C3`."""
    if code == FRONT_END:
        return "FE"
    return replica_name(code) if code < FIRST_CLIENT else client_name(code - FIRST_CLIENT + 1)


def client_code(client: int) -> int:
    """The code of a client."""
    return FIRST_CLIENT + client - 1


class Columns(msgspec.Struct, frozen=True):
    """Rows `first …` as columns. Times are on the clock of the records."""

    left_ns: Ints  # when it left, or began
    right_ns: Ints  # when it arrived, or ended
    seq: Ints  # first sequence number, 0 for none
    count: npt.NDArray[np.int32]  # numbers from `seq` on
    number: npt.NDArray[np.int32]  # request number within its client, 0 for none or several
    client: Small  # 0 for none or several
    source: Small  # codes of nodes
    target: Small
    kind: Small
    fate: Small
    earliest_ns: Ints  # by block
    latest_ns: Ints
    first: int

    def __len__(self) -> int:
        return len(self.left_ns)

    def within(self, start_ns: int, end_ns: int) -> Ints:
        """Indices of the rows that touch a time, in their order."""
        parts = [np.arange(b * BLOCK_ROWS, min(len(self), (b + 1) * BLOCK_ROWS))
                 for b in self.blocks_within(start_ns, end_ns)]  # fmt: skip
        if not parts:
            return np.zeros(0, np.int64)
        rows: Ints = np.concatenate(parts)
        return rows[(self.left_ns[rows] <= end_ns) & (self.right_ns[rows] >= start_ns)]

    def blocks_within(self, start_ns: int, end_ns: int) -> Ints:
        """Blocks with a row that touches a time, or nearly."""
        return np.flatnonzero((self.earliest_ns <= end_ns) & (self.latest_ns >= start_ns))


_TYPES = ("q", "q", "q", "i", "i", "B", "B", "B", "B", "B")
"""Of the columns, as `array` calls them."""


class NewRows:
    """Rows that are being told, before they are kept."""

    def __init__(self) -> None:
        self.columns = tuple(array(kind) for kind in _TYPES)

    def __len__(self) -> int:
        return len(self.columns[0])

    def add(self, *values: int) -> None:
        """One row, its values in the order of `Columns`."""
        for column, value in zip(self.columns, values, strict=True):
            column.append(value)

    def add_many(self, rows: int, *values: int | bytes) -> None:
        """So many rows that differ in some columns only: the bytes of those, one number for the others."""
        for column, value in zip(self.columns, values, strict=True):
            if isinstance(value, bytes):
                column.frombytes(value)
            else:
                column.extend(array(column.typecode, (value,)) * rows)


class Lines:
    """The rows kept."""

    def __init__(self, max_rows: int = MAX_ROWS) -> None:
        self._max_rows = max_rows
        self._room = 16 * BLOCK_ROWS
        self._columns: list[npt.NDArray[Any]] = [np.zeros(self._room, kind) for kind in _TYPES]
        self._count = 0
        self.first = 0
        """Number of the oldest row kept."""
        self._earliest = np.zeros(self._room // BLOCK_ROWS, np.int64)
        self._latest = np.zeros(self._room // BLOCK_ROWS, np.int64)

    @property
    def end(self) -> int:
        """Number after the newest row."""
        return self.first + self._count

    def columns(self) -> Columns:
        """The rows as they are now."""
        count, blocks = self._count, -(-self._count // BLOCK_ROWS)
        parts: list[Any] = [column[:count] for column in self._columns]
        return Columns(*[*parts, self._earliest[:blocks], self._latest[:blocks], self.first])

    def append(self, rows: NewRows) -> None:
        """Keep these rows too."""
        new = len(rows)
        if not new:
            return
        self._make_room(new)
        for kept, column in zip(self._columns, rows.columns, strict=True):
            kept[self._count : self._count + new] = np.frombuffer(column, kept.dtype)
        first_block = self._count // BLOCK_ROWS
        self._count += new
        self._bound(range(first_block, -(-self._count // BLOCK_ROWS)))

    def patch(self, row: int, right_ns: int, fate: Fate) -> int:
        """A row ended; its block, -1 when it is no longer kept. `bound` has to follow."""
        index = row - self.first
        if index < 0:
            return -1
        self._columns[1][index] = max(right_ns, int(self._columns[0][index]))
        self._columns[9][index] = fate
        return index // BLOCK_ROWS

    def bound(self, blocks: set[int]) -> None:
        """After patches: the moments of these blocks."""
        self._bound(block for block in blocks if block >= 0)

    def _bound(self, blocks: Iterable[int]) -> None:
        for block in blocks:
            part = slice(block * BLOCK_ROWS, min(self._count, (block + 1) * BLOCK_ROWS))
            self._earliest[block] = self._columns[0][part].min()
            self._latest[block] = self._columns[1][part].max()

    def _make_room(self, new: int) -> None:
        if self._count + new > self._max_rows:
            drop = max(self._max_rows // 4, self._count + new - self._max_rows)
            drop = min(-(-drop // BLOCK_ROWS) * BLOCK_ROWS, self._count // BLOCK_ROWS * BLOCK_ROWS)
            self._columns = [np.concatenate((c[drop : self._count], np.zeros_like(c[: drop + new])))
                             for c in self._columns]  # fmt: skip
            self._count -= drop
            self.first += drop
            self._room = len(self._columns[0])
            self._earliest = self._earliest[drop // BLOCK_ROWS :]
            self._latest = self._latest[drop // BLOCK_ROWS :]
        if self._count + new > self._room:
            self._room = max(self._count + new, 2 * self._room)
            self._columns = [_longer(column, self._room) for column in self._columns]
        blocks = -(-self._room // BLOCK_ROWS)
        if len(self._earliest) < blocks:
            self._earliest, self._latest = _longer(self._earliest, blocks), _longer(self._latest, blocks)


def _longer(column: npt.NDArray[Any], length: int) -> npt.NDArray[Any]:
    longer = np.zeros(length, column.dtype)
    longer[: len(column)] = column
    return longer
