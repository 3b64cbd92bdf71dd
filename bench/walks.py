"""The scenes of `main.py pictures` that go along with a text: the first five minutes, the eight lessons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from bench.camera import Camera
from bench.scenes import SIZES, Scene, Script
from core.model.cluster_view import ReplicaState
from core.workload.scenarios import lesson_files

_LEFT = Qt.MouseButton.LeftButton
Moment = Callable[[Camera], bool]


def _click(widget: QWidget, place: QPoint | None = None) -> None:
    QTest.mouseClick(widget, _LEFT, pos=place or widget.rect().center())


def first_minutes(camera: Camera) -> Script:
    """docs/first-five-minutes.md, action by action; tests/gui/real/test_first_minutes.py does the same."""
    yield camera.up
    camera.dress("dark", SIZES[0])
    yield camera.after(0.5)
    window, stage = camera.window, camera.window.stage
    _click(stage, stage.node_rect("C1").center())
    yield window.query.isVisible
    yield camera.after(0.4)
    QTest.keyClicks(window.query.fields[0].input, "alice")
    camera.shoot("minutes-query-dark")
    QTest.keyClick(window.query.fields[0].input, Qt.Key.Key_Return)
    yield lambda: camera.view.clients[0].last_outcome == "ok" and camera.quiet()
    _click(stage, stage.node_rect("R3").center())
    QTest.keyClick(stage, Qt.Key.Key_K)
    yield lambda: camera.view.replicas[2].state is ReplicaState.DEAD
    window.actions_by_id["show_checks"].trigger()
    yield camera.after(1.5)
    camera.shoot("minutes-verdict-dark")
    rail, journey = window.timeline.rail, window.journey
    yield lambda: any(marker.text == "R3 killed" for marker, _ in journey.markers())
    killed_ns = next(marker.time_ns for marker, _ in journey.markers() if marker.text == "R3 killed")
    before = rail.x_of(killed_ns - 2_800_000_000)  # the request took 2.4 s of that
    _click(rail, QPoint(round(before), rail.height() // 2))
    yield lambda: journey.badge == "PAST" and camera.up()
    window.activateWindow()  # in memory nobody does that for a person
    yield window.isActiveWindow
    QTest.keyClick(stage, Qt.Key.Key_Space)
    yield lambda: bool(camera.view.tokens)
    yield camera.after(0.3)
    camera.shoot("minutes-past-dark")
    window.open_export()
    yield lambda: window.export is not None and window.export.isVisible()
    assert window.export is not None
    window.export.file.setText(str(Path("demo").with_suffix(".mp4")))
    yield camera.after(0.6)
    camera.shoot("minutes-export-dark")
    window.export.close()


# --- lessons ----------------------------------------------------------------------------------------------


def _lesson(name: str, moment: Moment, dock: str = "") -> Callable[[Camera], Script]:
    """Plays a lesson, every prediction right, until the moment that it is about."""

    def script(camera: Camera) -> Script:
        yield camera.up
        camera.dress("dark", SIZES[0])
        if dock:
            camera.window.actions_by_id[f"show_{dock}"].trigger()
        card = camera.window.lessons.view.question
        while not moment(camera):
            desk = camera.window.lessons.desk
            assert desk.director is not None
            question = desk.director.question
            if question is not None and card.isVisible():
                if name == "hold-back":
                    yield camera.after(0.5)
                    camera.shoot("lesson-question-dark")
                _click(card.rows[question.right - 1].button)
                _click(card.button)
                yield camera.after(0.3)
                _click(card.button)
            yield camera.after(0.02)
        yield camera.after(2.0 if camera.view.violations else 0.5)  # both sides are asked for what differs
        yield lambda: not camera.window.difference.verdict.text().startswith("Comparing")
        camera.shoot(f"lesson-{name}-dark")

    return script


def _playing(camera: Camera) -> int:
    """How many steps have been played."""
    director = camera.window.lessons.desk.director
    return director.place if director is not None else 0


def _state(replica: int, state: ReplicaState, incarnation: int = 1) -> Moment:
    def moment(camera: Camera) -> bool:
        card = next((card for card in camera.view.replicas if card.replica == replica), None)
        return card is not None and card.state is state and card.incarnation >= incarnation

    return moment


_MOMENTS: dict[str, tuple[Moment, str]] = {
    "order": (lambda camera: _playing(camera) >= 5 and camera.quiet(), ""),
    "kill": (_state(2, ReplicaState.DEAD), ""),
    "hold-back": (lambda camera: camera.view.replicas[1].held_count > 1, ""),
    "no-order": (lambda camera: bool(camera.view.violations), "checks"),
    "slow": (lambda camera: _playing(camera) == 5 and _state(3, ReplicaState.SUSPECTED)(camera), ""),
    "revival": (_state(2, ReplicaState.RUNNING, incarnation=2), ""),
    "front-end": (lambda camera: camera.view.front_end.epoch > 1, ""),
    "liar": (lambda camera: bool(camera.view.violations), "checks"),
}

WALKS = (
    Scene(3, 3, first_minutes),
    *(Scene(3, 3, _lesson(name, *_MOMENTS[name]), lesson=name) for name in lesson_files()),
)
