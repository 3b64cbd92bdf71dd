"""The rail: the run from left to right, how busy it was, what is worth finding again, and the handle."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from core.model.markers import Marker
from core.session.annotations import Note
from core.session.source import TravelState
from gui.journey import Journey, clock
from gui.stage.ink import Ink
from gui.theme import MEDIUM, Theme
from gui.timeline.marks import paint_mark
from gui.timeline.twin import timeline_sheet
from gui.twins.sheet import Twin

_EDGE_PX = 10
_AXIS_PX, _LABEL_PX = 16, 18
"""Heights of the times above and of the markers' words below."""
_LINE_PX, _HANDLE_PX = 4, 6
_BAR_PX = 4
_NEAR_PX = 7
_WORDS_PX = 150
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600)
_LABEL_ROOM_PX = 70
_STEP_NS = 1_000_000_000
"""A present that goes on moves the picture of the past no oftener."""


class Rail(QWidget):
    """Painted by itself; a press or drag goes to that moment."""

    noteActivated = Signal(object)
    """A bookmark or caption was double-clicked: its note."""

    momentPointed = Signal(object)
    """The pointer is at this moment (an int, nanoseconds), or 0 for nowhere."""

    def __init__(self, journey: Journey, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._journey = journey
        self._theme = theme
        self._state: TravelState | None = None
        self._marked: list[tuple[Marker, Note | None]] = []
        self._ground: QPixmap | None = None
        self._pointed_ns = 0
        self._shown: tuple[object, ...] = ()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Timeline")
        self.setAccessibleDescription(
            "The whole run; arrow keys step, Home and End go to its ends, Enter opens a bookmark"
        )
        self.setMinimumWidth(120)

    def set_theme(self, theme: Theme) -> None:
        """Other colours and sizes."""
        self._theme = theme
        self._ground = None
        self.update()

    def show_state(self, state: TravelState) -> None:
        """Follow the source; nothing is painted when nothing moved by a pixel."""
        marked = self._journey.markers()
        span_ns = max(1, state.end_ns - state.start_ns)
        step_ns = self._step_ns(span_ns) if state.live or state.can_go_live else 1
        ground = (state.start_ns, state.end_ns // step_ns, len(marked), [pair[0] for pair in marked])
        now = round(self.width() * (state.now_ns - state.start_ns) / span_ns)
        shown = (ground, now, state.live, round(state.read_share * 100))
        self._state, self._marked = state, marked
        if shown == self._shown:
            return
        if not self._shown or ground != self._shown[0]:
            self._ground = self._paint_ground(state) if self.isVisible() else None
        self._shown = shown
        self.update()

    def point_at(self, time_ns: int) -> None:
        """Mark a moment that somebody points at in another view; 0 for none."""
        if time_ns != self._pointed_ns:
            self._pointed_ns = time_ns
            self.update()

    def twins(self) -> tuple[Twin, ...]:
        """What it draws, as a table."""
        return (Twin("Timeline", lambda view: timeline_sheet(self._journey, self._pointed_ns)),)

    def x_of(self, time_ns: int) -> float:
        """Where a moment is."""
        state, edge = self._state, self._theme.px(_EDGE_PX)
        if state is None or state.end_ns <= state.start_ns:
            return edge
        share = (time_ns - state.start_ns) / (state.end_ns - state.start_ns)
        return edge + min(1.0, max(0.0, share)) * (self.width() - 2 * edge)

    def time_at(self, x: float) -> int:
        """The moment at a place."""
        state, edge = self._state, self._theme.px(_EDGE_PX)
        if state is None:
            return 0
        share = min(1.0, max(0.0, (x - edge) / max(1, self.width() - 2 * edge)))
        return state.start_ns + round(share * (state.end_ns - state.start_ns))

    # Pointer and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there; near a marker, to it."""
        if event.button() is Qt.MouseButton.LeftButton and self._state is not None:
            near = self._near(event.position().x())
            self._journey.seek(near[0].time_ns if near else self.time_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the handle, or tell what is under the pointer."""
        if self._state is None:
            return
        x = event.position().x()
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._journey.seek(self.time_at(x))
            return
        near = self._near(x)
        time_ns = near[0].time_ns if near else self.time_at(x)
        words = clock(time_ns - self._state.start_ns)
        if near:
            seq = f" · #{near[0].seq}" if near[0].seq else ""
            words = f"{near[0].text}{seq}\n{words}"
        QToolTip.showText(event.globalPosition().toPoint(), words, self)
        self.momentPointed.emit(time_ns)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Change a bookmark or caption."""
        self._activate(event.position().toPoint())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Likewise."""
        self._activate(event.pos())

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is told any more."""
        QToolTip.hideText()
        self.momentPointed.emit(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows step, also while the present is shown; Enter opens the bookmark or caption that is shown."""
        state = self._state
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and state is not None:
            self._activate(QPoint(round(self.x_of(state.now_ns)), 0))
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._journey.step(-1 if event.key() == Qt.Key.Key_Left else 1)
        else:
            super().keyPressEvent(event)

    def _activate(self, point: QPoint) -> None:
        near = self._near(point.x())
        if near and near[1] is not None:
            self.noteActivated.emit(near[1])

    def _near(self, x: float) -> tuple[Marker, Note | None] | None:
        reach = self._theme.px(_NEAR_PX)
        near = [pair for pair in self._marked if abs(self.x_of(pair[0].time_ns) - x) <= reach]
        # a person's own before what came by itself, then the nearest
        return min(
            near, key=lambda pair: (pair[1] is None, abs(self.x_of(pair[0].time_ns) - x)), default=None
        )

    # Painting

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Everything lies elsewhere."""
        self._ground = None
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground from a picture, then the handle."""
        state = self._state
        if state is None:
            return
        if self._ground is None:
            self._ground = self._paint_ground(state)
        theme, px = self._theme, self._theme.px
        line = self._line()
        x = self.x_of(state.end_ns if state.live else state.now_ns)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.drawPixmap(0, 0, self._ground)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.accent)
            done = QRectF(line.left(), line.top(), x - line.left(), line.height())
            painter.drawRoundedRect(done, line.height() / 2, line.height() / 2)
            if state.read_share < 1.0:
                self._paint_reading(painter, state, line)
            if state.start_ns <= self._pointed_ns <= state.end_ns:
                at = self.x_of(self._pointed_ns)
                painter.setPen(QPen(theme.text_faint, 1, Qt.PenStyle.DotLine))
                painter.drawLine(QPointF(at, px(_AXIS_PX)), QPointF(at, line.center().y()))
            painter.setPen(QPen(theme.text, px(1)))
            painter.drawLine(QPointF(x, px(_AXIS_PX)), QPointF(x, line.center().y()))
            painter.setPen(QPen(theme.accent if self.hasFocus() else theme.surface, px(2)))
            painter.setBrush(theme.text)
            painter.drawEllipse(QPointF(x, line.center().y()), px(_HANDLE_PX), px(_HANDLE_PX))

    def _line(self) -> QRectF:
        px = self._theme.px
        edge = px(_EDGE_PX)
        top = self.height() - px(_LABEL_PX) - px(_LINE_PX) - px(4)
        return QRectF(edge, top, self.width() - 2 * edge, px(_LINE_PX))

    def _step_ns(self, span_ns: int) -> int:
        """How far the present goes on before the picture of the past moves: about a pixel, and not less than
        what a person notices."""
        step_ns = _STEP_NS
        while step_ns * self.width() < span_ns:
            step_ns *= 2
        return step_ns

    def _paint_reading(self, painter: QPainter, state: TravelState, line: QRectF) -> None:
        """How far the recording was read, as a thin line below, until it was read whole."""
        painter.setBrush(self._theme.ok)
        width = line.width() * state.read_share
        painter.drawRect(QRectF(line.left(), line.bottom() + 1, width, self._theme.px(2)))

    def _paint_ground(self, state: TravelState) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        line = self._line()
        with QPainter(picture) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.outline)
            painter.drawRoundedRect(line, line.height() / 2, line.height() / 2)
            self._paint_activity(painter, line)
            self._paint_axis(painter, state)
            self._paint_marks(painter, line)
        return picture

    def _paint_activity(self, painter: QPainter, line: QRectF) -> None:
        """Bars as high as the square root of what happened: a quiet part beside full load is still seen."""
        travel = self._journey.travel
        bar = self._theme.px(_BAR_PX)
        bins = int(line.width()) // bar
        if travel is None or bins < 1:
            return
        counts = np.asarray(travel.activity(bins))
        most = counts.max(initial=0.0)
        ratio = self.devicePixelRatioF()
        room = line.top() - self._theme.px(_AXIS_PX) - self._theme.px(4)
        high, wide = round(room * ratio), round(bar * ratio)  # pixels of the device from here on
        if most <= 0 or high < 1:
            return
        heights = np.where(counts > 0, np.maximum(2, np.rint(high * np.sqrt(counts / most))), 0)
        lit = np.arange(high, 0, -1)[:, None] <= heights
        pixels = np.zeros((high, bins, wide), np.uint32)
        pixels[:, :, : wide - round(ratio)] = np.where(lit, np.uint32(self._theme.held.rgba()), 0)[:, :, None]
        image = QImage(pixels.data, bins * wide, high, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(ratio)
        painter.drawImage(QPointF(round(line.left()), round(line.top()) - 3 - high / ratio), image)

    def _paint_axis(self, painter: QPainter, state: TravelState) -> None:
        theme, length_s = self._theme, (state.end_ns - state.start_ns) / 1e9
        most = max(1, int(self.width() / theme.px(_LABEL_ROOM_PX)))
        step_s = next((step for step in _STEPS_S if length_s / step <= most), _STEPS_S[-1])
        ink = Ink(painter, theme, theme.scale)
        face = ink.figures(10)
        middle = round(face.metrics.ascent()) + 1 - face.cap_height / 2
        for place in range(int(length_s / step_s) + 1 if length_s > 0 else 1):
            words = f"{place * step_s:g} s"
            width = ink.width(face, words)
            x = self.x_of(state.start_ns + round(place * step_s * 1e9)) - width / 2
            ink.write((min(max(0.0, x), self.width() - width), middle), words, face, theme.text_faint)

    def _paint_marks(self, painter: QPainter, line: QRectF) -> None:
        """Marks below the line, in words as far as there is room: a person's own first."""
        theme, px = self._theme, self._theme.px
        painter.setFont(theme.text_font(11, MEDIUM))
        metrics = QFontMetrics(painter.font())
        taken: list[QRect] = []
        top = round(line.bottom()) + px(4)
        for marker, _ in sorted(self._marked, key=lambda pair: (pair[1] is None, pair[0].time_ns)):
            x = self.x_of(marker.time_ns)
            colour = paint_mark(painter, theme, marker.kind, QPointF(x, line.center().y()))
            words = metrics.elidedText(marker.text, Qt.TextElideMode.ElideRight, px(_WORDS_PX))
            width = metrics.horizontalAdvance(words)
            left = min(max(0, round(x - width / 2)), self.width() - width)
            place = QRect(left - px(3), top, width + px(6), px(_LABEL_PX) - px(3))
            if any(place.intersects(other) for other in taken):
                continue
            taken.append(place)
            painter.setPen(colour)
            painter.drawText(QPointF(left, top + metrics.ascent()), words)
