"""The event log's rows as pictures: each is drawn once, and moving it costs nothing."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from core.trace.rows import EventRow
from core.trace.told import EventKind
from gui.docks.event_table import COLUMNS, EventTable
from gui.theme import Theme

_KEPT_PICTURES = 160
_ROW_PX = 22
_MARGIN_PX = 6
_WIDTHS_PX = ((0, 66), (1, 60), (3, 80))

_COLOURS = {
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


class EventRows(QTableView):
    """A table that draws its rows itself, from pictures kept by position in the log."""

    def __init__(self, table: EventTable, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._table = table
        self._pictures: OrderedDict[int, QPixmap] = OrderedDict()
        self._prepare()
        self.setModel(table)
        self.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Other colours and sizes: every picture is drawn anew."""
        self._theme = theme
        self._fonts = (
            theme.number_font(12),
            theme.number_font(12),
            theme.text_font(12),
            theme.number_font(12),
        )
        self._metrics = QFontMetrics(self._fonts[2])
        self.verticalHeader().setDefaultSectionSize(theme.px(_ROW_PX))
        for column, width in _WIDTHS_PX:
            self.horizontalHeader().resizeSection(column, theme.px(width))
        self._forget()

    def visible_rows(self) -> int:
        """Rows that fit."""
        return self.viewport().height() // self.verticalHeader().defaultSectionSize() + 1

    def draw_one(self, positions: list[int]) -> bool:
        """Draw the first of `positions` that has no picture yet; false when all have one."""
        for position in positions:
            if position not in self._pictures:
                self._picture(position)
                return True
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Put the rows' pictures where they belong."""
        painter = QPainter(self.viewport())
        area, height = event.rect(), self.verticalHeader().defaultSectionSize()
        first, last = self.rowAt(area.top()), self.rowAt(area.bottom())
        rows = self._table.rowCount()
        chosen = self.currentIndex().row() if self.selectionModel().hasSelection() else -1
        for row in range(first, (last if last >= 0 else rows - 1) + 1) if first >= 0 else ():
            top = self.rowViewportPosition(row)
            if row == chosen:
                painter.fillRect(QRect(0, top, self.viewport().width(), height), self._theme.selection)
            position = self._table.position(row)
            if position >= 0:
                painter.drawPixmap(0, top, self._picture(position))
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wider rows are other pictures."""
        super().resizeEvent(event)
        self._forget()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc lets go of the chosen row and goes back to the newest."""
        if event.key() == Qt.Key.Key_Escape:
            self.go_to_newest()
        else:
            super().keyPressEvent(event)

    def go_to_newest(self) -> None:
        """Nothing chosen, nothing scrolled."""
        self.clearSelection()
        self.setCurrentIndex(QModelIndex())
        self.scrollToTop()

    def _prepare(self) -> None:
        self.setAccessibleName("Events")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def _forget(self) -> None:
        self._pictures.clear()
        self.viewport().update()

    def _picture(self, position: int) -> QPixmap:
        known = self._pictures.get(position)
        if known is None:
            known = self._pictures[position] = self._draw(self._table.event_at(position))
            if len(self._pictures) > _KEPT_PICTURES:
                self._pictures.popitem(last=False)
        return known

    def _draw(self, event: EventRow) -> QPixmap:
        ratio, margin = self.devicePixelRatioF(), self._theme.px(_MARGIN_PX)
        width, height = self.viewport().width(), self.verticalHeader().defaultSectionSize()
        picture = QPixmap(round(width * ratio), round(height * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for column in range(len(COLUMNS)):
            text = self._table.text(event, column)
            start, room = self.columnViewportPosition(column), self.columnWidth(column)
            if column == 2:
                text = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, room - margin)
            painter.setFont(self._fonts[column])
            painter.setPen(self._colour(event, column))
            cell = QRect(start + margin, 0, room - (2 if column == 3 else 1) * margin, height)
            painter.drawText(cell, right if column == 3 else left, text)
        painter.end()
        return picture

    def _colour(self, event: EventRow, column: int) -> QColor:
        theme = self._theme
        if column != 2:
            return theme.text if column == 1 else theme.text_muted
        alarming = event.kind in (EventKind.CLUSTER, EventKind.CHECK)
        if alarming and any(word in event.text for word in _ALARMS):
            return theme.bad
        colour = getattr(theme, _COLOURS[event.kind])
        assert isinstance(colour, QColor)
        return colour
