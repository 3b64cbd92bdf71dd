"""The scenes of `main.py pictures` that show the window and its parts. A scene is what a person would do, by
clicking where that is what the picture is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from bench.camera import Camera
from core.commands import Continue, Deliver, Pause, SetFault, SetPace
from core.facts import Pace
from core.link_faults import Way
from core.model.cluster_view import ReplicaState, TokenKind
from core.session.annotations import Note

SIZES = ((1366, 768), (1920, 1080))
THEMES = ("dark", "light")

Script = Iterator[Callable[[], bool]]
"""Does something, then yields what to wait for, and so on."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A cluster, and what is done and photographed on it. `name` is what it is called; a lesson brings a
    cluster of its own."""

    replicas: int
    clients: int
    script: Callable[[Camera], Script]
    lesson: str = ""

    @property
    def name(self) -> str:
        """How it is named on the command line."""
        return f"lesson-{self.lesson}" if self.lesson else self.script.__name__


def _windows(camera: Camera, state: str) -> Script:
    replicas = len(camera.view.replicas)
    for theme in THEMES:
        for size in SIZES:
            camera.dress(theme, size)
            yield camera.after(3.0)  # docks take turns: all of them have had one
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


def faults(camera: Camera) -> Script:
    """A line across two links that is not let go yet; then figures for a link that loses messages already."""
    yield from _with_data(camera)
    window, stage = camera.window, camera.window.stage
    high, low = stage.link_point("R2"), stage.link_point("R3")
    assert high is not None and low is not None
    start, end = high + QPointF(18, -40), low + QPointF(-6, 40)
    _drag(stage, QEvent.Type.MouseButtonPress, start)
    _drag(stage, QEvent.Type.MouseMove, end)
    yield camera.after(0.5)
    camera.shoot("cut-line-dark")
    QTest.keyClick(stage, Qt.Key.Key_Escape)
    _drag(stage, QEvent.Type.MouseButtonRelease, end)
    window.intents.send(SetFault(2, loss=0.3))
    yield lambda: len(camera.view.faulty_links) == 2
    window.selection.set("R2")
    window.actions_by_id["figures"].trigger()
    figures = window.faults.figures
    assert figures is not None
    for name, value in (("delay", 120.0), ("jitter", 60.0), ("duplicate", 12.5)):
        figures.figures[name].setValue(value)
    yield camera.after(1.0)
    camera.shoot("fault-figures-dark")


def _drag(stage: QWidget, kind: QEvent.Type, point: QPointF) -> None:
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    held = none if kind is QEvent.Type.MouseButtonRelease else left
    where = QPointF(stage.mapToGlobal(point))
    event = QMouseEvent(kind, point, where, left, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(stage, event)


def looking_back(camera: Camera) -> Script:
    """A replica was killed, and the picture goes back to before that while the others go on."""
    yield from _with_data(camera)
    journey, intents = camera.window.journey, camera.window.intents
    intents.set_load(True)
    yield camera.after(1.5)
    journey.bookmark()
    yield camera.after(0.8)
    intents.kill(2)
    yield camera.after(1.5)
    killed_ns = next(marker.time_ns for marker, note in journey.markers() if note is None)
    state = journey.state
    assert state is not None
    note = Note(killed_ns - state.start_ns - 1_000_000_000, "R2 is about to die", 2_000_000_000)
    journey.put(None, note)
    journey.seek(killed_ns - 500_000_000)
    yield lambda: journey.badge == "PAST"
    yield camera.after(0.8)
    camera.shoot("looking-back-dark")


def space_time(camera: Camera) -> Script:
    """A link that loses and delays messages, a replica that stands still, and one request's causes."""
    yield from _up(camera)
    window, intents = camera.window, camera.window.intents
    intents.send(SetPace(Pace.SLOW, 250_000_000))
    intents.send(SetFault(2, Way.TO, loss=0.3, delay_ns=120_000_000, jitter_ns=300_000_000))
    intents.set_load(True)
    page = window.centre.show_space_time()
    yield camera.after(4.0)
    intents.send(Pause(3))
    yield camera.after(0.9)
    intents.send(Continue(3))
    yield camera.after(3.5)
    camera.shoot("space-time-dark")
    page.diagram.look_at(page.diagram.camera.end_ns - page.diagram.camera.span_ns // 2)
    window.selection.choose("", page.diagram.picture().newest_number() - 5)
    camera.dress("light", SIZES[1])
    yield camera.after(0.5)
    camera.shoot("space-time-request-light")


def space_time_load(camera: Camera) -> Script:
    """Thousands of requests a second, and a replica that is killed."""
    yield from _with_data(camera)
    intents = camera.window.intents
    page = camera.window.centre.show_space_time()
    intents.set_load(True)
    yield camera.after(2.0)
    intents.kill(2)
    yield camera.after(1.2)
    intents.set_load(False)
    yield camera.after(1.0)
    page.diagram.fit()
    yield camera.after(0.5)
    camera.shoot("space-time-density-dark")


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
    Scene(3, 3, faults),
    Scene(3, 3, looking_back),
    Scene(3, 3, space_time),
    Scene(3, 3, space_time_load),
)
