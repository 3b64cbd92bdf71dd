"""The pointer on the stage: pressed, moved, let go."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QLineF, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from gui.main_window import MainWindow

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


def mouse(window: MainWindow, kind: QEvent.Type, point: QPoint, button: Qt.MouseButton) -> None:
    held = NONE if kind is QEvent.Type.MouseButtonRelease else LEFT
    where = QPointF(window.stage.mapToGlobal(point))
    event = QMouseEvent(kind, QPointF(point), where, button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window.stage, event)


def draw(window: MainWindow, *names: str, steps: int = 6) -> Callable[[], None]:
    """Draw a line across the links of these replicas, first and last at its ends; lets go when called."""
    points = [window.stage.link_point(name) for name in names]
    line = QLineF(points[0] or QPointF(), points[-1] or QPointF())
    if line.isNull():
        line = QLineF(line.p1() - QPointF(0, 1), line.p1() + QPointF(0, 1))
    line.setLength(line.length() + 25)
    line = QLineF(line.p2(), line.p1())
    line.setLength(line.length() + 25)
    mouse(window, QEvent.Type.MouseButtonPress, line.p1().toPoint(), LEFT)
    for step in range(1, steps + 1):
        mouse(window, QEvent.Type.MouseMove, line.pointAt(step / steps).toPoint(), NONE)
    return lambda: mouse(window, QEvent.Type.MouseButtonRelease, line.p2().toPoint(), LEFT)
