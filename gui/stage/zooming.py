"""The stage, looked at more closely: by wheel, pinch and keys."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import cast

from PySide6.QtCore import QEvent, QPointF, QSizeF, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QNativeGestureEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QToolButton, QWidget

from gui.stage.lens import WHOLE, Lens
from gui.stage.stage_view import StageView
from gui.theme import Theme

ZOOM = 1.25
PAN_SHARE = 0.2
"""Of the stage, per key."""
_NOTCH = 120.0
_EDGE_PX = 10
STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class ZoomingStage(StageView):
    """A stage with a lens. While it is used, a button says how close one is, and goes back to the whole."""

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, *, clock: Callable[[], int] = perf_counter_ns
    ) -> None:
        super().__init__(theme, parent, clock=clock)
        self._back = QToolButton(self)
        self._back.setObjectName("wholeAgain")
        self._back.setToolTip("Show the whole cluster again (F)")
        self._back.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._back.setCursor(Qt.CursorShape.PointingHandCursor)
        self._back.clicked.connect(self.fit)
        self._back.hide()

    @property
    def lens(self) -> Lens:
        """How close, and where."""
        return self._lens

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """So many times as close; around a point, else around the selected node or the middle."""
        if at is None:
            at = QPointF(self.node_rect(self.selection()).center())
        self._look_through(self._lens.zoomed(factor, at, QSizeF(self.size())))

    def pan(self, by: QPointF) -> None:
        """What is seen moves by so many pixels."""
        self._look_through(self._lens.moved(by, QSizeF(self.size())))

    def fit(self) -> None:
        """The whole cluster."""
        self._look_through(WHOLE)
        self.setFocus()

    def select(self, name: str) -> None:
        """Select a node, and have it in view; not under a person's finger, which points at it."""
        super().select(name)
        pressed = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
        if name and not pressed and not self._lens.whole and name == self.selection():
            place = self._picture.layout.places[name].rect
            self._look_through(self._lens.showing(place, QSizeF(self.size())))

    def _look_through(self, lens: Lens) -> None:
        before, self._lens = self._lens, lens
        if lens == before or self._view is None:
            return
        if lens.zoom == before.zoom:
            self._picture.look(self._view, lens)
            self.update()
        else:
            self._begin()
        self._back.setVisible(not lens.whole)
        self._back.setText(f"{lens.zoom:.0%} · show all")
        self._back.setAccessibleName(f"{lens.zoom:.0%} of its size: show the whole cluster")
        self._place_button()

    def _place_button(self) -> None:
        self._back.adjustSize()
        legend = self._picture.layout.legend
        edge = self._theme.px(_EDGE_PX)
        self._back.move(edge, round(legend.top()) - self._back.height() - edge // 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_button()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Closer at the pointer; sideways, or with Shift, along."""
        delta = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier or abs(delta.x()) > abs(delta.y()):
            self.pan(QPointF(delta.x() or delta.y(), 0))
        elif delta.y():
            self.zoom(ZOOM ** (delta.y() / _NOTCH), event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.NativeGesture:
            gesture = cast(QNativeGestureEvent, event)
            if gesture.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom(1 + gesture.value(), gesture.position())
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """+ and − zoom, F shows the whole, Ctrl+Shift with arrows moves along."""
        held = event.modifiers()
        along = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(1 / ZOOM if event.key() == Qt.Key.Key_Minus else ZOOM)
        elif event.key() == Qt.Key.Key_F and not held:
            self.fit()
        elif held & along == along and event.key() in STEPS:
            x, y = STEPS[Qt.Key(event.key())]
            self.pan(QPointF(-x * self.width() * PAN_SHARE, -y * self.height() * PAN_SHARE))
        else:
            super().keyPressEvent(event)
