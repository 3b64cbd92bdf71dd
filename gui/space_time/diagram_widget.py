"""The space-time diagram in a person's hands: drag to pan, wheel to zoom, click to choose a request."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from gui.space_time.diagram_view import DiagramView
from gui.space_time.picture import choose, number_of
from gui.space_time.words import tip
from gui.theme import Theme

ZOOM = 1.25


class DiagramWidget(DiagramView):
    """The diagram, to be panned, zoomed and walked through with the keyboard."""

    requestChosen = Signal(int)
    """A request was clicked: its sequence number, 0 for none."""
    nodeChosen = Signal(str)
    """The name of a lifeline was clicked."""
    momentPointed = Signal(object)
    """The pointer is at this moment (an int, nanoseconds), or 0 for nowhere."""
    momentWanted = Signal(object)
    """A moment was clicked above the lines: go there."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._pressed: QPointF | None = None
        self._dragged = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    # Pointer

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A drag pans; a click chooses."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._pressed, self._dragged = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, or tell what is under the pointer."""
        point, pressed = event.position(), self._pressed
        if pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            moved = point - pressed
            if self._dragged or moved.manhattanLength() >= QApplication.startDragDistance():
                self._dragged = True
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self.pan(-moved.x() / self.picture().field.width())
                self._pressed = point
            return
        inside = self.picture().field.contains(point)
        self.momentPointed.emit(self.picture().time_at(point.x()) if inside else 0)
        over = self.picture().row_at(point) >= 0
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click, when it was no drag."""
        pressed, self._pressed = self._pressed, None
        if event.button() is Qt.MouseButton.LeftButton and pressed is not None and not self._dragged:
            self._click(event.position())
        self._dragged = False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Look closer."""
        if self.picture().field.contains(event.position()):
            self.zoom(1 / 4, self.picture().time_at(event.position().x()))

    def leaveEvent(self, event: QEvent) -> None:
        """Nobody points any more."""
        self.momentPointed.emit(0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer; pan sideways."""
        delta = event.angleDelta()
        if abs(delta.x()) > abs(delta.y()) or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan(-(delta.x() or delta.y()) / 1200)
        else:
            at_ns = self.picture().time_at(event.position().x())
            self.zoom(ZOOM ** (-delta.y() / 120), at_ns)
        event.accept()

    def _click(self, point: QPointF) -> None:
        picture = self.picture()
        if point.y() < picture.field.top():
            self.momentWanted.emit(picture.time_at(point.x()))
        elif point.x() < picture.field.left():
            name = picture.lanes.names[picture.lane_at(point.y())]
            if "–" not in name:
                self.nodeChosen.emit(name)
        else:
            row = picture.row_at(point)
            self.requestChosen.emit(number_of(picture.columns, row) if row >= 0 else 0)

    def event(self, event: QEvent) -> bool:
        """Tips tell what a line is."""
        if event.type() == QEvent.Type.ToolTip:
            help_event = cast(QHelpEvent, event)
            words = tip(self.picture(), QPointF(help_event.pos()))
            QToolTip.showText(help_event.globalPos(), words, self)
            return True
        return super().event(event)

    # Keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """+ − zoom, Ctrl with arrows pans, arrows up and down walk the requests, F fits, Esc lets go."""
        key, held = event.key(), event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(ZOOM if key == Qt.Key.Key_Minus else 1 / ZOOM)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and held:
            self.pan(-0.2 if key == Qt.Key.Key_Left else 0.2)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._walk(1 if key == Qt.Key.Key_Down else -1)
        elif key == Qt.Key.Key_F:
            self.fit()
        elif key == Qt.Key.Key_Escape and (self.chosen_seq or self._node):
            self.requestChosen.emit(0)
        else:
            super().keyPressEvent(event)

    def _walk(self, step: int) -> None:
        """The next request on or back; at first the newest one that is seen."""
        newest = self.picture().newest_number()
        seq = self.chosen_seq + step if self.chosen_seq else newest
        if seq >= 1 and choose(self.feed.columns(), seq) is not None:
            self.requestChosen.emit(seq)
