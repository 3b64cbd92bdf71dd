"""The event log as a Qt table, newest on top.

What the table shows is a snapshot: everything up to one newest event. The next snapshot is prepared a little
in every frame (find the rows, decode them, draw them) and shown when it is whole, so no frame pays for it.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import OrderedDict
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.trace.events import EventFilter, EventLog
from core.trace.rows import EventRow
from core.trace.told import EventKind

COLUMNS = ("time", "who", "event", "seq")
SHOWN_ROWS = 5_000
"""Rows that the table offers at most; older ones are found by the filter."""
_DECODED_ROWS = 512
_STEP_ROWS = 50
_ALL_ROWS = 1_000_000
_GONE = EventRow(0, "", EventKind.NOTE, 0, 0, "(too old, no longer kept)")

Index = QModelIndex | QPersistentModelIndex


class EventTable(QAbstractTableModel):
    """Rows of the log that a filter lets pass, newest first."""

    def __init__(self, log: EventLog, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log = log
        self._wanted = EventFilter()
        self._matches = log.matching(self._wanted)
        self._newest = -1  # position of the newest event shown
        self._top = -1  # its place among the matches
        self._rows = 0
        self._decoded: OrderedDict[int, EventRow] = OrderedDict()
        self.complete = True
        """Every record was looked at."""

    def filter(self, wanted: EventFilter) -> bool:
        """Show other rows from now on; false when they are the same."""
        if wanted == self._wanted:
            return False
        self.beginResetModel()
        self._wanted, self._matches, self._rows = wanted, self._log.matching(wanted), 0
        self._newest = self._top = -1
        self.endResetModel()
        return True

    def search(self, budget_ns: int) -> bool:
        """Look at records that came since, for so long at most; true when all were looked at."""
        deadline_ns = time.perf_counter_ns() + budget_ns
        step = _STEP_ROWS if self._wanted != EventFilter() else _ALL_ROWS
        self.complete = self._matches.advance(step)
        while not self.complete and time.perf_counter_ns() < deadline_ns:
            self.complete = self._matches.advance(step)
        self._top = bisect_right(self._matches, self._newest) - 1
        return self.complete

    def coming(self, rows: int) -> list[int]:
        """Positions of the first rows that the next snapshot will show."""
        found = len(self._matches)
        return [self._matches[place] for place in range(found - 1, max(-1, found - 1 - rows), -1)]

    def turn(self, newest: int) -> bool:
        """Show the rows up to the one at position `newest`; false when they are shown already."""
        if newest == self._newest:
            return False
        self._newest, self._top = newest, bisect_right(self._matches, newest) - 1
        rows = min(SHOWN_ROWS, self._top + 1)
        if rows > self._rows:
            self.beginInsertRows(QModelIndex(), self._rows, rows - 1)
            self._rows = rows
            self.endInsertRows()
        elif rows < self._rows:
            self.beginRemoveRows(QModelIndex(), rows, self._rows - 1)
            self._rows = rows
            self.endRemoveRows()
        return True

    def position(self, row: int) -> int:
        """Position in the log of a row of the table; -1 when it was dropped."""
        place = self._top - row
        return self._matches[place] if 0 <= place < len(self._matches) else -1

    def event_at(self, position: int) -> EventRow:
        """The event at a position of the log."""
        known = self._decoded.get(position)
        if known is None:
            try:
                known = self._log.row(position)
            except IndexError:
                return _GONE
            self._decoded[position] = known
            if len(self._decoded) > _DECODED_ROWS:
                self._decoded.popitem(last=False)
        return known

    def row_at(self, row: int) -> EventRow:
        """The event in a row of the table."""
        return self.event_at(self.position(row))

    def text(self, event: EventRow, column: int) -> str:
        """What stands in a cell."""
        if column == 0:
            return f"{(event.time_ns - self._log.start_ns) / 1e9:.3f}" if event.time_ns else ""
        if column == 1:
            return event.node
        return event.text if column == 2 else _numbers(event)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        """Rows offered."""
        return 0 if parent.isValid() else self._rows

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Time, who, event, seq."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Names of the columns."""
        if orientation is Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return COLUMNS[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if section == 3 else Qt.AlignmentFlag.AlignLeft
                return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text of a cell, for screen readers; the painter asks for the event itself."""
        if role in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return self.text(self.row_at(index.row()), index.column())
        return None


def _numbers(event: EventRow) -> str:
    if not event.seq:
        return "–"
    more = event.last_seq - event.seq
    return f"{event.seq}+{more}" if more > 0 else str(event.seq)
