"""A recording in the real window: `python -m bench.replay_window FILE`, a program of its own.

Takes how long it is from the command to the first picture of the recording, plays it at its own pace and
counts frames, reads it to its end, and then jumps to moments all over it and takes the time until each is
painted. At last the same program opens it once more, as a window does that has been open. Prints one JSON
object. Without a display the window paints into memory.
"""

from __future__ import annotations

import gc
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.session.scene import Scene
    from core.session.source import ServiceFace, Source, Travel
    from gui.main_window import MainWindow
    from gui.options import Options

SIZE = (1366, 768)
WARM_UP_MS = 1_000
PLAYED_MS = 10_000
SEEKS = 200
LOOK_MS = 50
LONGEST_MS = 240_000
"""Then it is given up, whatever is missing."""


class Watch:
    """First picture, play, read to the end, jump: one after the other, then the window is closed."""

    def __init__(self, source: Source, began_ns: int, again: bool = False) -> None:
        assert source.travel is not None
        self._window: MainWindow | None = None
        self._travel: Travel = source.travel
        self._turn = source.turn
        self._began_ns = began_ns
        self._again = again  # only the first picture is of interest
        self._chance = random.Random(1)
        self._since = (0, 0)
        self._seeks_ms: list[float] = []
        self._seeks_cpu_ms: list[float] = []
        self.figures: dict[str, float | int] = {}
        self._arrived: Callable[[], None] = self._first_picture

    def watch(self, window: MainWindow) -> None:
        """This is the window."""
        self._window = window
        _later(LONGEST_MS, window.leave)

    def turn(self, scene: Scene) -> Scene:
        """In the place of the source's own: a new scene is painted when the window's tick is over."""
        turned = self._turn(scene)
        if turned is not scene:
            arrived, self._arrived = self._arrived, _nothing
            _later(0, arrived)
        return turned

    @property
    def window(self) -> MainWindow:
        assert self._window is not None
        return self._window

    def _first_picture(self) -> None:
        took_s = round((time.monotonic_ns() - self._began_ns) / 1e9, 3)
        if self._again:
            self.figures["first_picture_again_s"] = took_s
            self.window.leave()
            return
        self.figures["first_picture_s"] = took_s
        self.figures["first_picture_cpu_s"] = round(time.process_time(), 3)
        self.window.resize(*SIZE)
        self._travel.play(1.0)
        _later(WARM_UP_MS, self._play)

    def _play(self) -> None:
        self.window.bridge.meter.reset()
        _later(PLAYED_MS, self._played)

    def _played(self) -> None:
        frames = self.window.bridge.meter.figures()
        self.figures["played_frames_per_s"] = round(frames.frames_per_s, 1)
        self.figures["played_frame_cpu_ms_p99"] = round(frames.p99_ms, 2)
        self._travel.pause()
        self._read()

    def _read(self) -> None:
        if self._travel.state.read_share < 1.0:
            _later(LOOK_MS, self._read)
            return
        self.figures["read_to_the_end_s"] = round((time.monotonic_ns() - self._began_ns) / 1e9, 1)
        self._seek()

    def _seek(self) -> None:
        state = self._travel.state
        self._arrived = self._sought
        self._since = time.perf_counter_ns(), time.process_time_ns()
        self._travel.seek(self._chance.randrange(state.start_ns, state.end_ns))

    def _sought(self) -> None:
        wall_ns, cpu_ns = self._since
        self._seeks_ms.append((time.perf_counter_ns() - wall_ns) / 1e6)
        self._seeks_cpu_ms.append((time.process_time_ns() - cpu_ns) / 1e6)
        if len(self._seeks_ms) < SEEKS:
            _later(LOOK_MS, self._seek)
            return
        for name, costs in (("seek_ms", self._seeks_ms), ("seek_cpu_ms", self._seeks_cpu_ms)):
            shares = quantiles(costs, n=100, method="inclusive")
            for share in (50, 99):
                self.figures[f"{name}_p{share}"] = round(shares[share - 1], 1)
        self.figures["seeks"] = len(self._seeks_ms)
        from bench.replay import resource_mib

        self.figures["memory_mib"] = round(resource_mib())
        self.window.leave()


def _later(ms: int, do: Callable[[], None]) -> None:
    from PySide6.QtCore import QTimer  # the program itself is the first to import Qt: the order costs

    QTimer.singleShot(ms, do)


def _nothing() -> None:
    """Nobody waits for a picture."""


def main() -> None:
    """Show the file as the program does, measure, and print. The second argument is when the command was
    given."""
    path = Path(sys.argv[1])
    began_ns = int(sys.argv[2]) if len(sys.argv) > 2 else time.monotonic_ns()
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform != "linux"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    gc.disable()  # as the program does before it imports a window
    import main as program
    from gui import app

    run = app.run
    figures: dict[str, float | int] = {}
    began = [began_ns]

    def watched(source: Source, face: ServiceFace, options: Options | None = None) -> int:
        assert options is not None
        watch = Watch(source, began[-1], again=len(began) > 1)
        setattr(source, "turn", watch.turn)  # noqa: B010 - a method of this one source
        with tempfile.TemporaryDirectory() as folder:
            settings = Path(folder) / "window.ini"
            code = run(source, face, replace(options, settings=settings, ask=None, opened=watch.watch))
        figures.update(watch.figures)
        return code

    app.run = watched
    code = program.open_recording(path, "")
    began.append(time.monotonic_ns())
    code = code or program.open_recording(path, "")
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
