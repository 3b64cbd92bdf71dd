"""`bench --gui`: what the window costs the cluster, and the cluster the window.

Seven replicas and 64 clients at full load, headless and behind the real window in turn, several times, for
machines drift; medians are reported. Frames and throughput are measured while nobody touches anything; then
the mouse clicks on real widgets, as the system would deliver it, and the time until the effect is painted is
taken. Without a display the window paints into memory.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QTabBar, QWidget
from rich.console import Console

from core.facts import Pace
from core.runtime.headless import RunSettings
from core.runtime.launch import launch
from core.runtime.session import record_run
from gui.app import run
from gui.frame_meter import FrameFigures
from gui.main_window import MainWindow
from gui.options import Options

ROUNDS = 3
REPLICAS = 7
CLIENTS = 64
SIZE = (1366, 768)
WARM_UP_MS = 2_000
CLICKS = 60
PAUSE_MS = 37
"""Between two clicks: no multiple of a frame, so that they meet frames at any moment."""
LOST_CLICK_MS = 2_000
_PAINTED = QEvent.Type(QEvent.registerEventType())


@dataclass(slots=True)
class Round:
    """One turn: the window's figures beside those of the same run without it."""

    headless_per_s: float = 0.0
    requests_per_s: float = 0.0
    frames: FrameFigures | None = None
    clicks_ms: list[float] = field(default_factory=list)


def measure_window(as_json: bool, seconds: float) -> int:
    """Measure and print; progress goes to stderr. Returns the exit code."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform != "linux"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    rounds = []
    console = Console(stderr=True, highlight=False)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, ROUNDS + 1):
            if not as_json:
                console.print(f"round {number} of {ROUNDS} …")
            rounds.append(_round(Path(folder), seconds))
    figures = _figures(rounds)
    if as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        _print(figures)
    return 0


def _round(folder: Path, seconds: float) -> Round:
    turn = Round()
    settings = RunSettings(replicas=REPLICAS, clients=CLIENTS)
    path = folder / "bench.lockstep"
    report = record_run(RunSettings(replicas=REPLICAS, clients=CLIENTS, seconds=seconds), path)
    if not report.holds:
        raise SystemExit("A check failed during the benchmark: the figures would mean nothing.")
    turn.headless_per_s = report.throughput_per_s
    path.unlink()
    live = launch(settings, path, pace=Pace.REAL_TIME, load=True)
    watch: list[Watch] = []
    code = run(
        live.source,
        live.face,
        Options(
            settings=folder / "window.ini",
            ask=None,
            opened=lambda window: watch.append(Watch(window, turn, round(seconds * 1_000))),
        ),
    )
    path.unlink()
    if code:
        raise SystemExit("The window did not close: the figures would mean nothing.")
    gc.collect()
    return turn


class Watch(QObject):
    """Warms up, measures frames, clicks, and closes the window."""

    def __init__(self, window: MainWindow, turn: Round, measured_ms: int) -> None:
        super().__init__(window)
        self._window = window
        self._turn = turn
        self._since = (0, 0)
        window.resize(*SIZE)
        QTimer.singleShot(WARM_UP_MS, self, self._begin)
        QTimer.singleShot(WARM_UP_MS + measured_ms, self, self._end)

    def _begin(self) -> None:
        self._window.bridge.meter.reset()
        self._since = self._answered()

    def _end(self) -> None:
        answered, now_ns = self._answered()
        before, then_ns = self._since
        self._turn.requests_per_s = (answered - before) * 1e9 / (now_ns - then_ns)
        self._turn.frames = self._window.bridge.meter.figures()
        Clicker(self._window, self._turn.clicks_ms, self._window.leave).click()

    def _answered(self) -> tuple[int, int]:
        view = self._window.bridge.view
        assert view is not None
        return view.front_end.next_seq - 1, time.monotonic_ns()


@dataclass(frozen=True, slots=True)
class Target:
    """Where to click, what is painted then, and how to see that it is the effect."""

    widget: QWidget
    point: Callable[[], QPoint]
    painted: QWidget
    happened: Callable[[], bool]


class Clicker(QObject):
    """One click after the other: posted like the system's, done when what it changes was painted."""

    def __init__(self, window: MainWindow, clicks_ms: list[float], done: Callable[[], None]) -> None:
        super().__init__(window)
        self._window = window
        self._clicks_ms = clicks_ms
        self._done = done
        self._targets = targets(window)
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


def targets(window: MainWindow) -> Iterator[Target]:
    """For ever in turn: a replica's card is selected, a client's card opens the form, a tab its dock."""
    stage = window.stage
    turns = cycle(range(1, REPLICAS + 1))

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


def _figures(rounds: list[Round]) -> dict[str, float | int | list[int]]:
    frames = [turn.frames for turn in rounds if turn.frames is not None]
    clicks = np.array([took for turn in rounds for took in turn.clicks_ms])
    median = statistics.median
    return {
        "frames_per_s": round(median(one.frames_per_s for one in frames), 1),
        "frame_cpu_ms_p50": round(median(one.p50_ms for one in frames), 2),
        "frame_cpu_ms_p99": round(median(one.p99_ms for one in frames), 2),
        "throughput_vs_headless": round(median(t.requests_per_s / t.headless_per_s for t in rounds), 3),
        "requests_per_s": round(median(t.requests_per_s for t in rounds)),
        "headless_per_s": round(median(t.headless_per_s for t in rounds)),
        "click_ms_p50": round(float(np.percentile(clicks, 50)), 1),
        "click_ms_p99": round(float(np.percentile(clicks, 99)), 1),
        "clicks": len(clicks),
        "replicas": REPLICAS,
        "clients": CLIENTS,
        "size": list(SIZE),
        "rounds": ROUNDS,
    }


_WANTED = {
    "frames_per_s": ("frames a second", "≥ 57"),
    "frame_cpu_ms_p99": ("CPU of the window's thread a frame, p99, ms", "≤ 4"),
    "throughput_vs_headless": ("throughput against headless", "≥ 0.60"),
    "click_ms_p99": ("from a click to its picture, p99, ms", "≤ 100"),
}


def _print(figures: dict[str, float | int | list[int]]) -> None:
    console = Console(highlight=False)
    console.print(
        f"{REPLICAS} replicas, {CLIENTS} clients at full load: {figures['requests_per_s']:,} requests/s "
        f"behind the window, {figures['headless_per_s']:,} headless."
    )
    for name, (words, wanted) in _WANTED.items():
        console.print(f"  {figures[name]:>7}  {words} (wanted: {wanted})")
