"""The event log as a Qt table, newest on top.

What the table shows is a snapshot: everything up to one newest event. The next snapshot is prepared a little
in every frame (find the rows, decode them, draw them) and shown when it is whole, so no frame pays for it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.trace.events import EventFilter, EventLog
from core.trace.rows import EventRow
from core.trace.told import EventKind
from gui.docks.row_finder import RowFinder

COLUMNS = ("time", "who", "event", "seq")
_DECODED_ROWS = 512
_MORE_ROWS = 300
_MORE_NS = 4_000_000
_GONE = EventRow(0, "", EventKind.NOTE, 0, 0, "(too old, no longer kept)")

Index = QModelIndex | QPersistentModelIndex


class EventTable(QAbstractTableModel):
    """Rows of the log that a filter lets pass, newest first."""

    def __init__(self, log: EventLog, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log = log
        self._wanted = EventFilter()
        self._finder = RowFinder(log, self._wanted)
        self._shown: list[int] = []
        self._decoded: OrderedDict[int, EventRow] = OrderedDict()

    def set_log(self, log: EventLog) -> None:
        """Show another log."""
        self.beginResetModel()
        self._log, self._finder, self._shown = log, RowFinder(log, self._wanted), []
        self._decoded.clear()
        self.endResetModel()

    def filter(self, wanted: EventFilter) -> bool:
        """Show other rows from now on; false when they are the same."""
        if wanted == self._wanted:
            return False
        self.beginResetModel()
        self._wanted, self._finder, self._shown = wanted, RowFinder(self._log, wanted), []
        self.endResetModel()
        return True

    def search(self, rows: int, budget_ns: int) -> bool:
        """Look for the newest `rows`; false when time ran out."""
        return self._finder.look_ahead(rows, budget_ns)

    def coming(self) -> list[int]:
        """Positions that the next snapshot will show."""
        return list(self._finder.positions)

    def turn(self, positions: list[int]) -> bool:
        """Show these rows; false when they are shown already."""
        if positions[:1] == self._shown[:1] and len(positions) == len(self._shown):
            return False
        before, now = len(self._shown), len(positions)
        if now > before:
            self.beginInsertRows(QModelIndex(), before, now - 1)
            self._shown = positions
            self.endInsertRows()
        elif now < before:
            self.beginRemoveRows(QModelIndex(), now, before - 1)
            self._shown = positions
            self.endRemoveRows()
        else:
            self._shown = positions
        return True

    def canFetchMore(self, parent: Index) -> bool:
        """Whether older rows may be found."""
        return not parent.isValid() and bool(self._shown) and not self._finder.exhausted

    def fetchMore(self, parent: Index) -> None:
        """Somebody scrolled to the end: look further back for a moment."""
        if self._finder.positions[: len(self._shown)] != self._shown:
            return  # the next snapshot is on its way and begins elsewhere
        self._finder.look_back(len(self._shown) + _MORE_ROWS, _MORE_NS)
        self.turn(self.coming())

    def position(self, row: int) -> int:
        """Position in the log of a row of the table; -1 when there is none."""
        return self._shown[row] if 0 <= row < len(self._shown) else -1

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
        return 0 if parent.isValid() else len(self._shown)

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
