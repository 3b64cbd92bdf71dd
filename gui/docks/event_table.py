"""The event log as a Qt table, newest on top, and the painter of its cells.

A refresh costs nothing per row: rows are decoded when they are painted. While a person reads (has scrolled
down or selected a row) the table stands still and says how much came since.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from core.trace.events import EventFilter, EventLog
from core.trace.rows import EventRow
from core.trace.told import EventKind
from gui.theme import Theme

COLUMNS = ("time", "who", "event", "seq")
SHOWN_ROWS = 5_000
"""Rows that the table offers at most; older ones are found by the filter."""
_DECODED_ROWS = 512
_BUDGET_NS = 700_000
_BUDGET_ROWS = 500
_GONE = EventRow(0, "", EventKind.NOTE, 0, 0, "(too old, no longer kept)")

Index = QModelIndex | QPersistentModelIndex

COLOURS = {
    EventKind.REQUEST: "violet",
    EventKind.ORDER: "accent",
    EventKind.RESULT: "ok",
    EventKind.ANSWER: "text",
    EventKind.GAP: "caution",
    EventKind.HEARTBEAT: "text_faint",
    EventKind.LOOK: "text_faint",
    EventKind.CLUSTER: "warn",
    EventKind.CONTROL: "text_muted",
    EventKind.CHECK: "text_muted",
    EventKind.NOTE: "text",
}
_ALARMS = ("kill", "signal", "violated", "failed", "differs", "diverged", "dropped")


class EventTable(QAbstractTableModel):
    """Rows of the log that a filter lets pass, newest first."""

    def __init__(self, log: EventLog, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log = log
        self._wanted = EventFilter()
        self._matches = log.matching(self._wanted)
        self._rows = 0
        self._decoded: OrderedDict[int, EventRow] = OrderedDict()
        self.complete = True
        """Every record was looked at."""
        self.seen_end = 0
        """Position after the newest record that was looked at."""

    def filter(self, wanted: EventFilter) -> None:
        """Show other rows from now on."""
        if wanted == self._wanted:
            return
        self.beginResetModel()
        self._wanted, self._matches, self._rows = wanted, self._log.matching(wanted), 0
        self.complete = False
        self.endResetModel()
        self.refresh()

    def refresh(self) -> bool:
        """Take what came since, for a short while at most; true when the table changed."""
        if self._log.end == self.seen_end and self.complete:
            return False
        deadline_ns = time.perf_counter_ns() + _BUDGET_NS
        before = self._matches[-1] if len(self._matches) else -1
        budget = _BUDGET_ROWS if self._wanted != EventFilter() else 1_000_000
        self.complete = self._matches.advance(budget)
        while not self.complete and time.perf_counter_ns() < deadline_ns:
            self.complete = self._matches.advance(budget)
        self.seen_end = self._log.end
        rows = min(SHOWN_ROWS, len(self._matches))
        if rows > self._rows:
            self.beginInsertRows(QModelIndex(), self._rows, rows - 1)
            self._rows = rows
            self.endInsertRows()
        elif rows < self._rows:
            self.beginRemoveRows(QModelIndex(), rows, self._rows - 1)
            self._rows = rows
            self.endRemoveRows()
        return before != (self._matches[-1] if len(self._matches) else -1)

    def row_at(self, row: int) -> EventRow:
        """The event in a row of the table."""
        if row >= len(self._matches):
            return _GONE
        position = self._matches[len(self._matches) - 1 - row]
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

    def text(self, row: int, column: int) -> str:
        """What stands in a cell."""
        event = self.row_at(row)
        if column == 0:
            return f"{(event.time_ns - self._log.start_ns) / 1e9:.3f}"
        if column == 1:
            return event.node
        if column == 2:
            return event.text
        return _numbers(event)

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
        """Text of a cell, for screen readers and tests; the painter asks `text` itself."""
        if role in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return self.text(index.row(), index.column())
        return None


class EventPainter(QStyledItemDelegate):
    """Paints a cell without asking the style: forty rows in well under a millisecond."""

    def __init__(self, table: EventTable, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._table = table
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Other colours and sizes."""
        self._theme = theme
        self._fonts = (
            theme.number_font(12),
            theme.number_font(12),
            theme.text_font(12),
            theme.number_font(12),
        )
        self._metrics = QFontMetrics(self._fonts[2])
        self._margin = theme.px(6)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Only the header's own sections count."""
        return QSize(self._theme.px(60), self._theme.px(22))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One cell."""
        row, column, rect = index.row(), index.column(), option.rect
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, self._theme.selection)
        elif row % 2:
            painter.fillRect(rect, self._theme.surface)
        text = self._table.text(row, column)
        if not text:
            return
        painter.setFont(self._fonts[column])
        painter.setPen(self._colour(self._table.row_at(row), column))
        inner = QRect(rect.x() + self._margin, rect.y(), rect.width() - self._margin, rect.height())
        side = Qt.AlignmentFlag.AlignLeft
        if column == 3:
            inner.translate(-self._margin, 0)
            side = Qt.AlignmentFlag.AlignRight
        elif column == 2:
            text = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, side | Qt.AlignmentFlag.AlignVCenter, text)

    def _colour(self, event: EventRow, column: int) -> QColor:
        theme = self._theme
        if column != 2:
            return theme.text if column == 1 else theme.text_muted
        if event.kind in (EventKind.CLUSTER, EventKind.CHECK) and any(word in event.text for word in _ALARMS):
            return theme.bad
        colour = getattr(theme, COLOURS[event.kind])
        assert isinstance(colour, QColor)
        return colour


def _numbers(event: EventRow) -> str:
    if not event.seq:
        return "–"
    more = event.last_seq - event.seq
    return f"{event.seq}+{more}" if more > 0 else str(event.seq)
