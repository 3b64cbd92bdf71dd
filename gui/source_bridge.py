"""Sixty times a second: drain the source, log, fold, show, paint. One tick never refreshes more than one
dock, and under load cards and docks take turns, so no frame pays for all of them; what nobody sees is not
drawn.

The engine's thread shares the interpreter lock with this one. A thread that waits for the lock asks for it
after a switch interval; so the interval is short between frames, when this thread is the one that will wait,
and long within one, so that the engine does not break in. A frame is painted inside its tick: every return
to the event loop would be another wait for the lock.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from core.facts import Answered, RunStarted, Said
from core.model.cluster_view import ClusterView
from core.model.fold import Fold
from core.session.scene import Scene
from core.session.source import ServiceFace, Source
from core.trace.events import EventLog
from gui.frame_meter import FrameMeter

TICK_MS = 16
WITHIN_S, BETWEEN_S = 0.005, 0.0005
"""Switch intervals within a frame and between two."""

BUSY_NS = 700_000
"""A frame that spent so much on records and view leaves cards or docks to the next one."""

Show = Callable[[ClusterView], None]
ShowFrame = Callable[[ClusterView, bool], None]
"""Show a view; when false, only what moves has to be right: the rest may wait for the next one."""


@dataclass(slots=True)
class _Reader:
    seen: Callable[[], bool]
    show: Show
    every_ns: int
    due_ns: int = 0


class SourceBridge(QObject):
    """Between the source and everything that shows it."""

    answered = Signal(object)
    """An `Answered` fact: the answer to a query sent by hand. Rare."""
    said = Signal(object)
    """A `Said` fact: a sentence from the cluster. Rare."""
    started = Signal(object)
    """The `RunStarted` fact."""
    turned = Signal()
    """Another scene is shown from now on: somebody went to another moment."""

    def __init__(self, source: Source, face: ServiceFace, window: QWidget) -> None:
        super().__init__(window)
        self._source = source
        self._window = window
        self.scene = Scene.new(face.words)
        self.meter = FrameMeter(self)
        self._stage: ShowFrame | None = None
        self._odd = False
        self._readers: list[_Reader] = []
        self._workers: list[tuple[Callable[[], bool], Callable[[], None]]] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)
        self.view: ClusterView | None = None

    @property
    def fold(self) -> Fold:
        """The fold of the scene shown."""
        return self.scene.fold

    @property
    def log(self) -> EventLog:
        """The event log of the scene shown."""
        return self.scene.log

    def every_tick(self, show: ShowFrame) -> None:
        """What is shown in every frame: the stage."""
        self._stage = show

    def now_and_then(self, seen: Callable[[], bool], show: Show, times_per_s: float) -> None:
        """What is shown less often, and only while somebody sees it."""
        self._readers.append(_Reader(seen, show, round(1e9 / times_per_s)))

    def a_little_each_tick(self, seen: Callable[[], bool], work: Callable[[], None]) -> None:
        """Work that a view spreads over ticks by itself, while somebody sees it."""
        self._workers.append((seen, work))

    def start(self) -> None:
        """Begin; the first tick comes at once."""
        sys.setswitchinterval(BETWEEN_S)
        self._timer.start()
        QTimer.singleShot(0, self, self.tick)

    def stop(self) -> None:
        """No tick after this."""
        self._timer.stop()
        sys.setswitchinterval(WITHIN_S)

    def tick(self) -> None:
        """One frame."""
        sys.setswitchinterval(WITHIN_S)
        self.meter.begin()
        scene = self._source.turn(self.scene)
        if scene is not self.scene:
            self.scene = scene
            self.turned.emit()
        records = self._source.drain()
        if records:
            scene.apply(records)
        for news in scene.news():
            self._speak(news)
        if not self._window.isMinimized() and self._window.isVisible():
            self.view = view = self.fold.view(self._source.now_ns())
            busy = self.meter.so_far_ns() > BUSY_NS
            self._odd = not self._odd
            if self._stage is not None:
                self._stage(view, self._odd or not busy)
            if not (busy and self._odd):
                self._show_one(view)
                for seen, work in self._workers:
                    if seen():
                        work()
        self.meter.end()
        QCoreApplication.sendPostedEvents(self._window, QEvent.Type.UpdateRequest.value)
        sys.setswitchinterval(BETWEEN_S)

    def _show_one(self, view: ClusterView) -> None:
        now_ns = time.monotonic_ns()
        late = [reader for reader in self._readers if reader.due_ns <= now_ns and reader.seen()]
        if late:
            reader = min(late, key=lambda reader: reader.due_ns)
            reader.due_ns = now_ns + reader.every_ns
            reader.show(view)

    def _speak(self, news: Answered | Said | RunStarted) -> None:
        if isinstance(news, Answered):
            self.answered.emit(news)
        elif isinstance(news, Said):
            self.said.emit(news)
        else:
            self.started.emit(news)
