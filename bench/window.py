"""`bench --gui`: what the window costs the cluster, and the cluster the window.

Seven replicas and 64 clients at full load, headless and behind the real window in turn, several times, for
machines drift; medians are reported. Frames and throughput are measured while nobody touches anything, with
the docks as they are at first; then the mouse clicks on real widgets, as the system would deliver it, and the
time until the effect is painted is taken; then every dock is opened, and frames are measured again; then the
load stops, and what the app costs once it has read its recording through is its idle cost. Last comes the
space-time diagram, a million rows long. Without a display the window paints into memory.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer
from rich.console import Console

from bench.clicks import Clicker
from core.facts import Pace
from core.runtime.launch import launch
from core.runtime.run_settings import RunSettings
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
SETTLE_MS = 1_500
"""After docks were opened."""
READ_THROUGH_MS = 15_000
"""After the load stopped: the recording is read through once, so that one can look back anywhere."""
IDLE_MS = 10_000


@dataclass(slots=True)
class Round:
    """One turn: the window's figures beside those of the same run without it."""

    headless_per_s: float = 0.0
    requests_per_s: float = 0.0
    frames: FrameFigures | None = None
    all_docks: FrameFigures | None = None
    clicks_ms: list[float] = field(default_factory=list)
    idle_percent: float = 0.0
    """Of one core, all threads of the app together."""


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
    if not as_json:
        console.print("the space-time diagram …")
    figures = _figures(rounds) | {"space_time_ms": _space_time()}
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
    """Warms up, measures frames, clicks, opens every dock, stops the load, and closes the window."""

    def __init__(self, window: MainWindow, turn: Round, measured_ms: int) -> None:
        super().__init__(window)
        self._window = window
        self._turn = turn
        self._measured_ms = measured_ms
        self._since = (0, 0)
        window.resize(*SIZE)
        self._after(WARM_UP_MS, self._measure)

    def _after(self, wait_ms: int, go_on: Callable[[], None]) -> None:
        QTimer.singleShot(wait_ms, self, go_on)

    def _measure(self) -> None:
        self._window.bridge.meter.reset()
        self._since = self._answered()
        self._after(self._measured_ms, self._click)

    def _click(self) -> None:
        answered, now_ns = self._answered()
        before, then_ns = self._since
        self._turn.requests_per_s = (answered - before) * 1e9 / (now_ns - then_ns)
        self._turn.frames = self._window.bridge.meter.figures()
        Clicker(self._window, REPLICAS, self._turn.clicks_ms, self._open_docks).click()

    def _open_docks(self) -> None:
        self._window.query.hide()
        open_all_docks(self._window)
        self._after(SETTLE_MS, self._measure_docks)

    def _measure_docks(self) -> None:
        hidden = [name for name, frame in self._window.docks.frames.items() if not frame.is_seen()]
        if hidden:
            raise SystemExit(f"Not every dock could be opened: {', '.join(hidden)}.")
        self._window.bridge.meter.reset()
        self._after(self._measured_ms, self._rest)

    def _rest(self) -> None:
        self._turn.all_docks = self._window.bridge.meter.figures()
        self._window.intents.set_load(False)
        self._after(READ_THROUGH_MS, self._measure_idle)

    def _measure_idle(self) -> None:
        began_s, spent_s = time.monotonic(), time.process_time()

        def leave() -> None:
            self._turn.idle_percent = 100 * (time.process_time() - spent_s) / (time.monotonic() - began_s)
            self._window.leave()

        self._after(IDLE_MS, leave)

    def _answered(self) -> tuple[int, int]:
        view = self._window.bridge.view
        assert view is not None
        return view.front_end.next_seq - 1, time.monotonic_ns()


def open_all_docks(window: MainWindow) -> None:
    """Every dock beside the others, none behind a tab: two columns on the right of the stage."""
    frames = list(window.docks.frames.values())
    for frame in frames:
        window.removeDockWidget(frame)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, frames[0])
    window.splitDockWidget(frames[0], frames[1], Qt.Orientation.Horizontal)
    for above, below in zip(frames, frames[2:], strict=False):
        window.splitDockWidget(above, below, Qt.Orientation.Vertical)
    for frame in frames:
        frame.show()


def _space_time() -> float:
    """Milliseconds of CPU a frame of the space-time diagram takes with a million rows: the slowest zoom's
    median."""
    from bench.space_time import million

    return round(max(costs[len(costs) // 2] for _, _, costs in million(40)), 2)


def _figures(rounds: list[Round]) -> dict[str, float | int | list[int]]:
    frames = [turn.frames for turn in rounds if turn.frames is not None]
    all_docks = [turn.all_docks for turn in rounds if turn.all_docks is not None]
    clicks = np.array([took for turn in rounds for took in turn.clicks_ms])
    median = statistics.median
    return {
        "frames_per_s": round(median(one.frames_per_s for one in frames), 1),
        "frame_cpu_ms_p50": round(median(one.p50_ms for one in frames), 2),
        "frame_cpu_ms_p99": round(median(one.p99_ms for one in frames), 2),
        "throughput_vs_headless": round(median(t.requests_per_s / t.headless_per_s for t in rounds), 3),
        "requests_per_s": round(median(t.requests_per_s for t in rounds)),
        "headless_per_s": round(median(t.headless_per_s for t in rounds)),
        "all_docks_frames_per_s": round(median(one.frames_per_s for one in all_docks), 1),
        "all_docks_frame_cpu_ms_p50": round(median(one.p50_ms for one in all_docks), 2),
        "all_docks_frame_cpu_ms_p99": round(median(one.p99_ms for one in all_docks), 2),
        "idle_cpu_percent": round(median(turn.idle_percent for turn in rounds), 2),
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
    "all_docks_frames_per_s": ("frames a second, every dock open", "≥ 57"),
    "all_docks_frame_cpu_ms_p99": ("CPU of the window's thread a frame, p99, ms, every dock open", "≤ 4"),
    "throughput_vs_headless": ("throughput against headless", "≥ 0.60"),
    "click_ms_p99": ("from a click to its picture, p99, ms", "≤ 100"),
    "idle_cpu_percent": ("CPU of the idle app, % of a core", "≤ 2"),
    "space_time_ms": ("CPU of a frame of the space-time diagram, a million rows, ms", "≤ 16"),
}


def _print(figures: dict[str, float | int | list[int]]) -> None:
    console = Console(highlight=False)
    console.print(
        f"{REPLICAS} replicas, {CLIENTS} clients at full load: {figures['requests_per_s']:,} requests/s "
        f"behind the window, {figures['headless_per_s']:,} headless."
    )
    for name, (words, wanted) in _WANTED.items():
        console.print(f"  {figures[name]:>7}  {words} (wanted: {wanted})")
