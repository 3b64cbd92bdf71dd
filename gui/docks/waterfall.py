"""The life of the selected request, drawn: a row a node, a bar a stretch of time. Words stand below it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.model.waterfall import Bar, Stage
from core.model.words import duration
from gui.theme import Theme
from gui.twins.sheet import Line, Sheet, Twin

_ROW_PX, _BAR_PX, _NAMES_PX, _AXIS_PX = 20, 12, 30, 18
_THINNEST_PX = 2.0


class Waterfall(QWidget):
    """Bars of one request on a common time."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bars: tuple[Bar, ...] = ()
        self._nodes: list[str] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Waterfall of the selected request")

    def set_theme(self, theme: Theme) -> None:
        """Colours of the theme."""
        self._theme = theme
        self.updateGeometry()
        self.update()

    def show_bars(self, bars: tuple[Bar, ...]) -> None:
        """Draw these."""
        if bars == self._bars:
            return
        self._bars = bars
        nodes = list(dict.fromkeys(bar.node for bar in bars))
        if nodes != self._nodes:
            self._nodes = nodes
            self.updateGeometry()
        words = (f"{bar.node} {bar.stage.value} {duration(bar.end_ns - bar.start_ns)}" for bar in bars)
        self.setAccessibleDescription("; ".join(words))
        self.update()

    def twins(self) -> tuple[Twin, ...]:
        """What it draws, as a table."""
        return (Twin("Waterfall of the selected request", lambda view: self._sheet()),)

    def _sheet(self) -> Sheet:
        start_ns = min((bar.start_ns for bar in self._bars), default=0)
        lines = [
            Line(
                (
                    bar.node,
                    bar.stage.value,
                    duration(bar.start_ns - start_ns),
                    duration(bar.end_ns - bar.start_ns),
                ),
                bar.node,
                0,
                bar.start_ns,
            )
            for bar in self._bars
        ]
        return Sheet(("node", "stage", "after", "for"), lines)

    def sizeHint(self) -> QSize:
        theme = self._theme
        return QSize(theme.px(240), theme.px(_ROW_PX) * len(self._nodes) + theme.px(_AXIS_PX))

    def bar_rect(self, bar: Bar) -> QRectF:
        """Where a bar lies."""
        theme = self._theme
        start_ns = min(one.start_ns for one in self._bars)
        span_ns = max(1, max(one.end_ns for one in self._bars) - start_ns)
        left, room = theme.px(_NAMES_PX), self.width() - theme.px(_NAMES_PX) - 2
        x = left + room * (bar.start_ns - start_ns) / span_ns
        width = max(_THINNEST_PX, room * (bar.end_ns - bar.start_ns) / span_ns)
        x = min(x, left + room - width)
        top = theme.px(_ROW_PX) * self._nodes.index(bar.node) + theme.px(_ROW_PX - _BAR_PX) / 2
        return QRectF(x, top, width, theme.px(_BAR_PX))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._bars:
            return
        theme = self._theme
        row = theme.px(_ROW_PX)
        with QPainter(self) as painter:
            painter.setFont(self.font())
            painter.setPen(theme.text_muted)
            middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            for place, node in enumerate(self._nodes):
                painter.drawText(QRectF(0, place * row, theme.px(_NAMES_PX), row), middle, node)
            for bar in self._bars:
                self._paint_bar(painter, bar)
            span_ns = max(bar.end_ns for bar in self._bars) - min(bar.start_ns for bar in self._bars)
            axis = QRectF(
                theme.px(_NAMES_PX),
                len(self._nodes) * row,
                self.width() - theme.px(_NAMES_PX) - 2,
                theme.px(_AXIS_PX),
            )
            painter.setPen(theme.text_muted)
            painter.drawText(axis, middle, "0")
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(axis, right, duration(span_ns))

    def _paint_bar(self, painter: QPainter, bar: Bar) -> None:
        """Ways are thin, work is thick: the stage is read without its colour."""
        rect = self.bar_rect(bar)
        if bar.stage in (Stage.WAY, Stage.BACK, Stage.WAITS, Stage.ORDERS):
            inset = rect.height() * (0.38 if bar.stage is not Stage.ORDERS else 0.2)
            rect = rect.adjusted(0, inset, 0, -inset)
        painter.fillRect(rect, self._colour(bar))

    def _colour(self, bar: Bar) -> QColor:
        theme = self._theme
        if bar.stage is Stage.WAITS:
            return theme.client_colour(int(bar.node[1:]))
        return {Stage.HELD: theme.held, Stage.EXECUTES: theme.ok, Stage.ORDERS: theme.accent}.get(
            bar.stage, theme.text_faint
        )

    def bar_at(self, point: QPointF) -> Bar | None:
        """The bar under a point, the one painted last if several are."""
        near = [bar for bar in self._bars if self.bar_rect(bar).adjusted(-2, -3, 2, 3).contains(point)]
        return near[-1] if near else None

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            bar = self.bar_at(QPointF(event.pos()))
            text = f"{bar.node}: {bar.stage.value} {duration(bar.end_ns - bar.start_ns)}" if bar else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)
