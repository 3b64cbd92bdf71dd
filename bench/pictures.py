"""`python3 main.py pictures`: the pictures of the documentation, taken from the real window on real clusters.

Every picture is a scene that a person could reach by clicking; nothing is painted for the camera. The window
is shown in memory, on a screen of its own size, so the pictures look the same wherever they are made.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtTest import QTest

from core.commands import Deliver, SetPace
from core.facts import Pace
from core.model.cluster_view import ClusterView, ReplicaState, Token, TokenKind
from core.runtime.headless import RunSettings
from core.runtime.launch import launch
from gui.app import run
from gui.main_window import MainWindow
from gui.options import Options

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
SIZES = ((1366, 768), (1920, 1080))
THEMES = ("dark", "light")
_LOOK_MS = 15
_SHADE = 6
_OWN_SHARE = 0.001
_PATIENCE_S = 60.0

Script = Iterator[Callable[[], bool]]
"""Does something, then yields what to wait for, and so on."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A cluster, and what is done and photographed on it."""

    replicas: int
    clients: int
    script: Callable[[Camera], Script]


class Camera:
    """A window and what can be done to it."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self._taken: dict[str, QImage] = {}

    @property
    def view(self) -> ClusterView:
        """The moment that is shown."""
        view = self.window.intents.view
        assert view is not None
        return view

    def up(self) -> bool:
        """The cluster runs and the window has seen it."""
        view = self.window.intents.view
        return bool(
            view
            and view.replicas
            and all(card.state is ReplicaState.RUNNING and card.port for card in view.replicas)
            and all(card.last_seq for card in view.clients)
        )

    def after(self, seconds: float) -> Callable[[], bool]:
        """So much of a person's time."""
        due = time.monotonic() + seconds
        return lambda: time.monotonic() > due

    def ask(self, client: int, line: str) -> None:
        """A line typed into the console."""
        self.window.docks.console.enter(f"C{client}> {line}")

    def quiet(self) -> bool:
        """Nothing is open."""
        return not any(card.waiting_since_ns for card in self.view.clients) and not self.view.tokens

    def click_token(self, token: int) -> None:
        """Click a message on its way."""
        point = self.window.stage.token_point(token)
        assert point is not None, f"message {token} is not shown"
        QTest.mouseClick(self.window.stage, Qt.MouseButton.LeftButton, pos=point.toPoint())

    def tokens(self, kind: TokenKind, target: str = "") -> list[Token]:
        """Messages of a kind on their way, oldest first."""
        return [t for t in self.view.tokens if t.kind is kind and target in ("", t.target)]

    def lively(self) -> bool:
        """Orders are half-way, and other messages travel too."""
        now_ns = self.view.now_ns
        orders = [t for t in self.tokens(TokenKind.ORDER) if t.due_ns]
        half = [0.3 < (now_ns - t.sent_ns) / (t.due_ns - t.sent_ns) < 0.7 for t in orders]
        return any(half) and len({t.kind for t in self.view.tokens if t.token > 0}) >= 2

    def dress(self, theme: str, size: tuple[int, int]) -> None:
        """Another theme and size."""
        self.window.dress.choose(theme)
        self.window.resize(*size)
        self.window.docks.arrange(size[1], size[0])

    def shoot(self, name: str) -> None:
        """Take a picture of the window, and of the form in front of it."""
        picture = self.window.grab()
        if self.window.query.isVisible():
            form: QPixmap = self.window.query.grab()
            with QPainter(picture) as painter:
                painter.drawPixmap(self.window.query.pos() - self.window.mapToGlobal(QPoint(0, 0)), form)
        self._taken[name] = picture.toImage()

    def develop(self, folder: Path) -> None:
        """Write what was taken; after the run, for it takes long and would make the window stutter."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, image in self._taken.items():
            path = folder / f"{name}.png"
            path.write_bytes(small_png(image))
            sys.stdout.write(f"{path.name} {path.stat().st_size // 1000} kB\n")


def small_png(image: QImage) -> bytes:
    """The image as PNG: shades a person cannot tell apart made equal, rows unfiltered, for flat colours."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    width, height = rgb.width(), rgb.height()
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(height, rgb.bytesPerLine())[:, : width * 3]
    shades = np.minimum((rows.astype(np.uint16) + _SHADE // 2) // _SHADE * _SHADE, 255).astype(np.uint8)
    colours = rows.reshape(-1, 3).astype(np.uint32) @ np.array((1 << 16, 1 << 8, 1), np.uint32)
    _, places, counts = np.unique(colours, return_inverse=True, return_counts=True)
    own = (counts > _OWN_SHARE * len(colours))[places].reshape(height, width)  # grounds keep their colour
    filtered = np.zeros((height, width * 3 + 1), np.uint8)
    filtered[:, 1:] = np.where(np.repeat(own, 3, axis=1), rows, shades)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(filtered.tobytes(), 9)),
        (b"IEND", b""),
    )
    chunks = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


# --- scenes -----------------------------------------------------------------------------------------------


def _windows(camera: Camera, state: str) -> Script:
    replicas = len(camera.view.replicas)
    for theme in THEMES:
        for size in SIZES:
            camera.dress(theme, size)
            yield camera.after(1.0)
            if state == "load" and camera.view.pace is Pace.SLOW:
                yield camera.lively
            width, height = size
            camera.shoot(f"window-{theme}-{width}x{height}-{replicas}-{state}")


def idle(camera: Camera) -> Script:
    """As it stands after the first start."""
    yield from _up(camera)
    yield camera.after(1.5)
    yield from _windows(camera, "idle")


def small_load(camera: Camera) -> Script:
    """Three clients that ask in turn, slow enough to be followed, on data of a while."""
    yield from _with_data(camera)
    yield from _followed(camera)
    yield from _windows(camera, "load")


def large_load(camera: Camera) -> Script:
    """Sixty-four clients at full speed."""
    yield from _up(camera)
    camera.window.intents.set_pace(Pace.REAL_TIME)
    camera.window.intents.set_load(True)
    yield camera.after(4.0)
    yield from _windows(camera, "load")


def query_form(camera: Camera) -> Script:
    """A client was clicked."""
    yield from _with_data(camera)
    window = camera.window
    QTest.mouseClick(window.stage, Qt.MouseButton.LeftButton, pos=window.stage.node_rect("C2").center())
    yield window.query.isVisible
    window.query.choose("post")
    yield camera.after(0.5)
    for field, text in zip(window.query.fields, ("bob", "the same order everywhere"), strict=False):
        QTest.keyClicks(field.input, text)
    yield camera.after(0.5)
    camera.shoot("query-form-dark")


def killed(camera: Camera) -> Script:
    """A replica was killed while its messages were on their way."""
    yield from _with_data(camera)
    yield from _followed(camera)
    yield camera.lively
    stage = camera.window.stage
    QTest.mouseClick(stage, Qt.MouseButton.LeftButton, pos=stage.node_rect("R2").center())
    QTest.keyClick(stage, Qt.Key.Key_K)
    yield lambda: camera.view.replicas[1].state is ReplicaState.DEAD
    yield camera.after(0.4)
    camera.shoot("killed-dark")


def hold_back(camera: Camera) -> Script:
    """Under step the person let two orders overtake another on the way to R2."""
    yield from _with_data(camera)
    intents = camera.window.intents
    intents.set_pace(Pace.STEP)
    yield lambda: camera.view.pace is Pace.STEP
    for client, line in ((1, "follow alice bob"), (2, 'post bob "who is first?"'), (3, "follow carol bob")):
        camera.ask(client, line)
    yield lambda: len(camera.tokens(TokenKind.REQUEST)) == 3
    for token in camera.tokens(TokenKind.REQUEST):
        intents.send(Deliver(token.token))
    yield lambda: len(camera.tokens(TokenKind.ORDER, "R2")) == 3
    yield camera.after(1.0)
    for late in (1, 2):
        camera.click_token(sorted(camera.tokens(TokenKind.ORDER, "R2"), key=lambda t: t.seq)[1].token)
        yield lambda late=late: camera.view.replicas[1].held_count == late  # type: ignore[misc]
        yield camera.after(0.3)
    yield camera.after(1.0)
    camera.shoot("step-hold-back-dark")


def console(camera: Camera) -> Script:
    """Queries, a refusal and a kill, as lines."""
    yield from _up(camera)
    frames = camera.window.docks.frames
    camera.window.resizeDocks([frames["console"], frames["log"]], [440, 200], Qt.Orientation.Vertical)
    camera.window.intents.set_pace(Pace.REAL_TIME)
    for client, line in (
        (1, "register alice"),
        (2, "register bob"),
        (3, "register bob"),
        (2, "follow bob alice"),
        (1, 'post alice "hello, replicas"'),
        (2, "timeline bob"),
        (1, "followers alice"),
    ):
        camera.ask(client, line)
        yield camera.quiet
        yield camera.after(0.3)
    camera.window.docks.console.enter("kill R3")
    yield camera.after(1.5)
    camera.shoot("console-dark")


def _up(camera: Camera) -> Script:
    yield camera.up
    camera.dress("dark", SIZES[0])
    yield camera.after(0.3)


def _with_data(camera: Camera) -> Script:
    """A second of full load, so that there is something to see."""
    yield from _up(camera)
    intents = camera.window.intents
    intents.set_pace(Pace.REAL_TIME)
    for client, name in enumerate(("alice", "bob", "carol"), start=1):
        camera.ask(client, f"register {name}")
    yield camera.after(0.3)
    intents.set_load(True)
    yield camera.after(0.8)
    intents.set_load(False)
    yield camera.quiet
    camera.window.docks.console.enter("clear")


def _followed(camera: Camera) -> Script:
    """Every client asks again and again, each in its own time, slow enough to be followed."""
    camera.window.intents.send(SetPace(Pace.SLOW, 1_500_000_000))
    for client, line in ((1, "post alice hello"), (2, "follow bob alice"), (3, "followers alice")):
        camera.ask(client, line)
        yield camera.after(1.9)
    camera.window.intents.set_load(True)
    yield camera.after(9.0)


SCENES = (
    Scene(3, 3, idle),
    Scene(7, 3, idle),
    Scene(3, 3, small_load),
    Scene(7, 64, large_load),
    Scene(3, 3, query_form),
    Scene(3, 3, killed),
    Scene(3, 3, hold_back),
    Scene(3, 3, console),
)


# --- the photographer -------------------------------------------------------------------------------------


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
        for scene in SCENES:
            if not only or scene.script.__name__ in only:
                _take(scene, folder, Path(scratch))
    return 0


def _take(scene: Scene, folder: Path, scratch: Path) -> None:
    settings = scratch / "window.ini"
    settings.unlink(missing_ok=True)
    cluster = RunSettings(replicas=scene.replicas, clients=scene.clients)
    live = launch(cluster, scratch / "pictures.lockstep")
    directors: list[_Director] = []
    cameras: list[Camera] = []

    def begin(window: MainWindow) -> None:
        camera = Camera(window)
        cameras.append(camera)
        camera.dress("dark", SIZES[0])
        directors.append(_Director(window, scene.script(camera)))

    errors: list[BaseException] = []
    options = Options(settings=settings, ask=None, opened=begin)
    code = run(live.source, live.face, options)
    errors += [director.error for director in directors if director.error is not None]
    (scratch / "pictures.lockstep").unlink()
    if errors or code:
        raise SystemExit(f"Scene {scene.script.__name__}: {errors[0] if errors else 'the window got stuck'}.")
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
