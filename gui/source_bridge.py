"""Sixty times a second: drain the source, log, fold, show, paint. What moves is shown in every frame, cards
and docks in turn (`rota`); what nobody sees is not drawn.

The engine's thread shares the interpreter lock with this one. A thread that waits for the lock asks for it
after a switch interval; so the interval is short between frames, when this thread is the one that will wait,
and long within one, so that the engine does not break in; and while a frame is made, its gate is closed
(`core.session.gate`). A frame is painted inside its tick: every return to the event loop would be another
wait for the lock.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from math import inf

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from core.facts import Answered, RunStarted, Said
from core.model.cluster_view import ClusterView
from core.model.fold import Fold
from core.session.scene import Scene
from core.session.source import ServiceFace, Source
from core.trace.events import EventLog
from core.trace.wire_log import is_pulse
from gui.frame_meter import FrameMeter
from gui.rota import Rota, Show

TICK_MS = 15
"""Between two frames: sixty a second, and room for one that is late."""
EVERY_TICK = inf
"""Times a second: as often as there is time for it."""
REST_MS = 250
"""While nothing comes but signs of life, and nothing moves: between two looks at the source …"""
REST_VIEW_NS = 1_000_000_000
"""… and between two views: clocks and waits go on."""
EXPECTS_NS = 500_000_000
"""Somebody who asked for something has the window's attention for so long: what comes of it shows at once."""
WITHIN_S, BETWEEN_S = 0.005, 0.0005
"""Switch intervals within a frame and between two."""


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
        self._rota = Rota()
        self._moving: Callable[[ClusterView], bool] | None = None
        self._looked_ns = 0
        self._changed_ns = 0
        self._moves = True
        self._unfinished: dict[Callable[[], bool], Callable[[], bool]] = {}  # work, and who sees it
        self._expects_until_ns = 0
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

    @property
    def rests(self) -> bool:
        """Nothing comes but signs of life, and nothing moves."""
        return self._timer.interval() == REST_MS

    def every_tick(self, show: Callable[[ClusterView], bool]) -> None:
        """What is shown in every frame: what moves. `show` says whether something did."""
        self._moving = show

    def now_and_then(self, seen: Callable[[], bool], show: Show, times_per_s: float) -> None:
        """What is shown less often, in turn, and only while somebody sees it."""
        self._rota.add(seen, show, times_per_s)

    def a_little_each_tick(self, seen: Callable[[], bool], work: Callable[[], bool]) -> None:
        """Work that a view spreads over ticks by itself, while somebody sees it. `work` says whether there is
        more to do at once."""

        def turn(_view: ClusterView) -> None:
            if work():
                self._unfinished[work] = seen
            else:
                self._unfinished.pop(work, None)

        self._rota.add(seen, turn, EVERY_TICK)

    def start(self) -> None:
        """Begin; the first tick comes at once."""
        sys.setswitchinterval(BETWEEN_S)
        self._timer.start()
        QTimer.singleShot(0, self, self.tick)

    def expect(self) -> None:
        """Somebody has done something: do not rest until what comes of it can be there, and is shown."""
        self._changed_ns = time.monotonic_ns()
        self._expects_until_ns = self._changed_ns + EXPECTS_NS
        if self._timer.isActive():
            self._beat(TICK_MS)

    def stop(self) -> None:
        """No tick after this."""
        self._timer.stop()
        sys.setswitchinterval(WITHIN_S)

    def tick(self) -> None:
        """One frame."""
        with self._source.gate:
            self._frame()

    def _frame(self) -> None:
        sys.setswitchinterval(WITHIN_S)
        self.meter.begin()
        scene, now_ns = self._source.turn(self.scene), time.monotonic_ns()
        if scene is not self.scene:
            self.scene, self._changed_ns = scene, now_ns
            self.turned.emit()
        records = self._source.drain()
        if records:
            scene.apply(records)
        for news in scene.news():
            self._speak(news)
        if not all(map(is_pulse, records)):
            self._changed_ns = now_ns
        seen = self._window.isVisible() and not self._window.isMinimized()
        resting = self._at_rest(now_ns) if seen else now_ns != self._changed_ns
        self._beat(REST_MS if resting else TICK_MS)
        recent = now_ns - self._looked_ns < REST_VIEW_NS
        if seen and not (resting and recent):
            self._look()
        self.meter.end()
        QCoreApplication.sendPostedEvents(self._window, QEvent.Type.UpdateRequest.value)
        sys.setswitchinterval(BETWEEN_S)

    def _at_rest(self, now_ns: int) -> bool:
        """Nothing is to be seen but what is seen."""
        if self._moves or now_ns < self._expects_until_ns or not self.fold.still:
            return False
        works = any(seen() for seen in self._unfinished.values())
        return not (works or self._rota.behind(self._changed_ns) or self._rota.hurries())

    def _beat(self, interval_ms: int) -> None:
        if self._timer.interval() != interval_ms:  # to set it anew would begin it anew
            self._timer.setInterval(interval_ms)

    def _look(self) -> None:
        """Make the view of now, and show it."""
        self._looked_ns = time.monotonic_ns()
        self.view = view = self.fold.view(self._source.now_ns())
        self._moves = self._moving is not None and self._moving(view)
        self._rota.go_round(view, self.meter.so_far_ns)

    def _speak(self, news: Answered | Said | RunStarted) -> None:
        if isinstance(news, Answered):
            self.answered.emit(news)
        elif isinstance(news, Said):
            self.said.emit(news)
        else:
            self.started.emit(news)
