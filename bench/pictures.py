"""`python3 main.py pictures`: the pictures of the documentation, taken from the real window on real clusters.

Every picture is a scene (`bench.scenes`, `bench.walks`) that a person could reach by clicking; nothing is
painted for the camera. The window is shown in memory, on a screen of its own size, so the pictures look the
same wherever they are made.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from bench.camera import Camera
from bench.scenes import SCENES, SIZES, Scene, Script
from bench.walks import WALKS
from core.runtime.launch import launch
from core.runtime.run_settings import RunSettings
from core.runtime.scenario_run import settings_of
from core.workload.scenarios import find_scenario
from gui.app import run
from gui.main_window import MainWindow
from gui.options import Options
from gui.recording.export_process import Exporting

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
_LOOK_MS = 15
_PATIENCE_S = 60.0


class _Director(QObject):
    """Runs a script beside the window, a look every few milliseconds."""

    def __init__(self, window: MainWindow, script: Script) -> None:
        super().__init__(window)
        self._window = window
        self._script = script
        self._ready: Callable[[], bool] = lambda: True
        self._deadline_s = time.monotonic() + _PATIENCE_S
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        self.error: BaseException | None = None

    def _look(self) -> None:
        try:
            if self._ready():
                self._deadline_s = time.monotonic() + _PATIENCE_S
                self._ready = next(self._script)
            elif time.monotonic() > self._deadline_s:
                raise TimeoutError("the scene did not come about")
        except StopIteration:
            self._leave()
        except Exception as error:  # a scene that fails must not leave a window behind
            self.error = error
            self._leave()

    def _leave(self) -> None:
        self._timer.stop()
        self._window.leave()


def take_pictures(only: tuple[str, ...] = (), folder: Path = FOLDER) -> int:
    """Take every picture, or those of the scenes named. Returns the exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        _bring_a_screen(Path(scratch))
        for scene in (*SCENES, *WALKS):
            if not only or scene.name in only:
                _take(scene, folder, Path(scratch))
    return 0


def _take(scene: Scene, folder: Path, scratch: Path) -> None:
    settings = scratch / "window.ini"
    settings.unlink(missing_ok=True)
    lesson = find_scenario(scene.lesson) if scene.lesson else None
    cluster = RunSettings(replicas=scene.replicas, clients=scene.clients)
    live = launch(settings_of(lesson) if lesson else cluster, scratch / "pictures.lockstep")
    directors: list[_Director] = []
    cameras: list[Camera] = []

    def begin(window: MainWindow) -> None:
        camera = Camera(window)
        cameras.append(camera)
        camera.dress("dark", SIZES[0])
        directors.append(_Director(window, scene.script(camera)))

    errors: list[BaseException] = []
    exporting = Exporting((), lambda: live.path)  # the form is shown, and nothing exported
    options = Options(
        settings=settings, ask=None, opened=begin, rebuilt=live.rebuilt, lesson=lesson, exporting=exporting
    )
    code = run(live.source, live.face, options)
    errors += [director.error for director in directors if director.error is not None]
    (scratch / "pictures.lockstep").unlink()
    if errors or code:
        raise SystemExit(f"Scene {scene.name}: {errors[0] if errors else 'the window got stuck'}.")
    for camera in cameras:
        camera.develop(folder)


def _bring_a_screen(scratch: Path) -> None:
    """A screen in memory, large enough for every picture."""
    width, height = SIZES[-1]
    screen = {
        "name": "pictures", "x": 0, "y": 0, "width": width, "height": height,
        "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1.0,
    }  # fmt: skip
    file = scratch / "screen.json"
    file.write_text(
        json.dumps({"synchronousWindowSystemEvents": False, "windowFrameMargins": False, "screens": [screen]})
    )
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={file}"
    os.environ["QT_SCALE_FACTOR"] = "1"
