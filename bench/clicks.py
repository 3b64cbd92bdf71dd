"""Clicks on the real window, as the system would deliver them, and how long until their effect is painted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QTabBar, QWidget

from gui.main_window import MainWindow

CLICKS = 60
PAUSE_MS = 37
"""Between two clicks: no multiple of a frame, so that they meet frames at any moment."""
LOST_CLICK_MS = 2_000
_PAINTED = QEvent.Type(QEvent.registerEventType())


@dataclass(frozen=True, slots=True)
class Target:
    """Where to click, what is painted then, and how to see that it is the effect."""

    widget: QWidget
    point: Callable[[], QPoint]
    painted: QWidget
    happened: Callable[[], bool]


class Clicker(QObject):
    """One click after the other: posted like the system's, done when what it changes was painted."""

    def __init__(
        self, window: MainWindow, replicas: int, clicks_ms: list[float], done: Callable[[], None]
    ) -> None:
        super().__init__(window)
        self._window = window
        self._clicks_ms = clicks_ms
        self._done = done
        self._targets = targets(window, replicas)
        self._target: Target | None = None
        self._left = CLICKS
        self._since_ns = 0
        self._lost = QTimer(self, singleShot=True, interval=LOST_CLICK_MS)
        self._lost.timeout.connect(self._give_up)

    def click(self) -> None:
        """Click on the next target."""
        self._window.query.hide()
        target = next(self._targets)
        self._target = target
        target.painted.installEventFilter(self)
        point = QPointF(target.point())
        self._lost.start()
        self._since_ns = time.perf_counter_ns()
        for kind, buttons in (
            (QEvent.Type.MouseButtonPress, Qt.MouseButton.LeftButton),
            (QEvent.Type.MouseButtonRelease, Qt.MouseButton.NoButton),
        ):
            event = QMouseEvent(
                kind,
                point,
                QPointF(target.widget.mapToGlobal(point)),
                Qt.MouseButton.LeftButton,
                buttons,
                Qt.KeyboardModifier.NoModifier,
            )
            QCoreApplication.postEvent(target.widget, event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A paint after the effect: an event posted now is handled when the painting is over."""
        target = self._target
        painted = event.type() == QEvent.Type.Paint and target is not None and watched is target.painted
        if painted and target is not None and target.happened():
            self._target = None
            QCoreApplication.postEvent(self, QEvent(_PAINTED), Qt.EventPriority.HighEventPriority.value)
        return False

    def event(self, event: QEvent) -> bool:
        """The effect is painted."""
        if event.type() == _PAINTED:
            self._finish((time.perf_counter_ns() - self._since_ns) / 1e6)
            return True
        return super().event(event)

    def _give_up(self) -> None:
        self._target = None
        self._finish(float(LOST_CLICK_MS))

    def _finish(self, took_ms: float) -> None:
        self._lost.stop()
        self._clicks_ms.append(took_ms)
        self._left -= 1
        if self._left:
            QTimer.singleShot(PAUSE_MS, self, self.click)
        else:
            self._done()


def targets(window: MainWindow, replicas: int) -> Iterator[Target]:
    """For ever in turn: a replica's card is selected, a client's card opens the form, a tab its dock."""
    stage = window.stage
    turns = cycle(range(1, replicas + 1))

    def node(name: str) -> Callable[[], QPoint]:
        return lambda: stage.node_rect(name).center()

    def select(name: str) -> Target:
        return Target(stage, node(name), stage, lambda: stage.selection() == name)

    query = window.query
    for number in turns:
        yield select(f"R{number}")
        yield Target(stage, node(f"C{number * 8}"), query, lambda: query.isVisible())
        yield select("FE")
        for frame in window.docks.frames.values():
            found = _tab(window, frame.windowTitle())
            if found is not None and not found[0].tabRect(found[1]).isEmpty():
                bar, place = found
                if bar.currentIndex() == place:
                    continue
                yield Target(
                    bar,
                    lambda bar=bar, place=place: bar.tabRect(place).center(),  # type: ignore[misc]
                    bar,
                    lambda bar=bar, place=place: bar.currentIndex() == place,  # type: ignore[misc]
                )


def _tab(window: MainWindow, title: str) -> tuple[QTabBar, int] | None:
    for bar in window.findChildren(QTabBar):
        for place in range(bar.count()):
            if bar.tabText(place) == title:
                return bar, place
    return None
