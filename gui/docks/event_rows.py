"""The event log's rows as pictures: each is drawn once, and moving it costs nothing."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from core.trace.rows import EventRow
from core.trace.told import EventKind
from gui.docks.event_table import EventTable
from gui.theme import Theme

_KEPT_PICTURES = 160
_ROW_PX = 22
_MARGIN_PX = 6
_SAMPLE = "executed #1234 in 8 µs, digest 9f3a, ordered post alice"
"""As wide as events are on average."""
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
    EventKind.FAULT: "warn",
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
        self._number_font, self._text_font = _plain(theme.number_font(12)), _plain(theme.text_font(12))
        numbers, letters = QFontMetrics(self._number_font), QFontMetrics(self._text_font)
        self._digit_px = numbers.horizontalAdvance("0" * 10) / 10
        self._letter_px = letters.horizontalAdvance(_SAMPLE) / len(_SAMPLE) * 1.06
        row = theme.px(_ROW_PX)
        self._number_line = (row + numbers.ascent() - numbers.descent()) // 2
        self._text_line = (row + letters.ascent() - letters.descent()) // 2
        self.verticalHeader().setDefaultSectionSize(theme.px(_ROW_PX))
        for column, width in _WIDTHS_PX:
            self.horizontalHeader().resizeSection(column, theme.px(width))
        self.forget()

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
        with QPainter(self.viewport()) as painter:
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

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wider rows are other pictures."""
        super().resizeEvent(event)
        self.forget()

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

    def forget(self) -> None:
        """Draw every row anew."""
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
        """Text by its base line and cut by its number of letters: to lay it out in a rectangle, or to measure
        it, costs several times as much."""
        ratio, margin = self.devicePixelRatioF(), self._theme.px(_MARGIN_PX)
        width, height = self.viewport().width(), self.verticalHeader().defaultSectionSize()
        picture = QPixmap(round(width * ratio), round(height * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        with QPainter(picture) as painter:
            painter.setFont(self._number_font)
            for column in (0, 1, 3):
                text = self._table.text(event, column)
                start, room = self.columnViewportPosition(column), self.columnWidth(column)
                left = start + margin
                if column == 3:
                    left = start + room - margin - round(len(text) * self._digit_px)
                painter.setPen(self._colour(event, column))
                painter.drawText(left, self._number_line, text)
            left, room = self.columnViewportPosition(2) + margin, self.columnWidth(2) - margin
            painter.setFont(self._text_font)
            painter.setPen(self._colour(event, 2))
            painter.setClipRect(left, 0, room, height)
            painter.drawText(
                left, self._text_line, _cut(self._table.text(event, 2), int(room / self._letter_px))
            )
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


def _plain(font: QFont) -> QFont:
    """Without ligatures and the like, which would take half of the time."""
    plain = QFont(font)
    plain.setStyleStrategy(QFont.StyleStrategy.PreferNoShaping)
    return plain


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: max(1, letters - 1)].rstrip() + "…"
