"""The views look as they did when somebody looked at them: at two sizes, in both themes.

They are painted from a recording (`pictures/scene.toml` says of what), each at a moment of it that stands
still, in the app's own type, on the same platform everywhere. They are the pictures of `docs/views.md`: every
view is in one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.services.face import Face
from core.services.registry import load_service
from core.session.annotations import Note
from core.session.rebuilt import RebuiltData
from core.session.replay_source import ReplaySource
from core.session.tape import FileTape
from gui.app import application, open_window
from gui.main_window import MainWindow
from gui.options import Options
from gui.space_time.level_of_detail import Camera
from tests.gui.conftest import close
from tests.gui.picture_book import hold_against, unlike
from tests.support.waiting import wait_until

pytestmark = pytest.mark.gui
SCENE = Path(__file__).parent / "pictures" / "scene.lockstep"
SIZES = ((1366, 768), (1920, 1080))
S = 1_000_000_000
REQUEST = 470
_ROUNDS = 4
"""Plots and rows are drawn a little at a time."""


def stage(window: MainWindow) -> None:
    """A replica waits for a number; the log beside it."""
    window.docks.show("log")
    window.stage.select("R2")


def request(window: MainWindow) -> None:
    """A request in the diagram and in the inspector."""
    page = window.centre.show_space_time()
    window.bridge.tick()
    state = window.journey.state
    assert state is not None
    wait_until(lambda: page.diagram.feed.model.end_ns > state.end_ns - S)
    window.selection.choose("C2", REQUEST)
    page.diagram._set_camera(Camera(state.now_ns - S // 25, S // 20))
    window.docks.show("inspector")


def data(window: MainWindow) -> None:
    """What a replica holds, as a tree."""
    window.docks.show("inspector")
    window.docks.inspector.look(1, "users/alice")
    tree = window.docks.inspector.data
    wait_until(lambda: tree.refresh(0) is None and tree.note.text().startswith("Not in the recording"))


def metrics(window: MainWindow) -> None:
    """The curves; a replica holds numbers back, and the console says why."""
    console = window.docks.console
    if len(console._lines) == 1:
        console.enter("why R2")
    window.docks.show("metrics")


def table(window: MainWindow) -> None:
    """The lessons, and the cluster as a table."""
    window.lessons.frame.hide()
    window.lessons.show()  # with the width that it first has
    window.docks.show("table")


def dead(window: MainWindow) -> None:
    """A dead replica; the checks."""
    window.docks.show("checks")
    if not window.journey.notes:
        words = "R3 is dead. Nobody waits for it, and no answer is lost."
        window.journey.put(None, Note(12 * S, words, 2 * S))


VIEWS: dict[str, tuple[Callable[[MainWindow], None], float]] = {
    "stage": (stage, 7.2),
    "request": (request, 7.2),
    "data": (data, 3.0),
    "metrics": (metrics, 5.6),
    "table": (table, 4.0),
    "dead": (dead, 12.6),
}


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures go that are not as they were."""
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture
def played(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    """A window on the recording."""
    app = application()
    app.setCursorFlashTime(0)
    path = tmp_path / "scene.lockstep"
    path.write_bytes(SCENE.read_bytes())
    tape = FileTape(path)
    face = Face(load_service("social"))
    source = ReplaySource(tape, face.words)
    rebuilt = RebuiltData(path, partial(load_service, "social"))
    settings = tmp_path / "window.ini"
    window = open_window(source, face, Options(settings=settings, ask=None, shown_file=path, rebuilt=rebuilt))
    source.start()
    qtbot.waitUntil(lambda: source.travel.state.read_share == 1.0 and window.timeline.isVisible())
    yield window
    window.leave()
    source.close()
    rebuilt.close()
    close(window, qtbot)
    wait_until(lambda: source.closed)


def go_to(window: MainWindow, seconds: float, qtbot: QtBot) -> None:
    """That moment of the run, and nothing moves any more."""
    state = window.journey.state
    assert state is not None
    window.journey.seek(state.start_ns + round(seconds * S))
    qtbot.waitUntil(lambda: not window.journey.state.busy, timeout=20_000)
    window.bridge.tick()
    window.bridge.stop()


def settle(window: MainWindow) -> None:
    """Everything that is seen shows this moment."""
    assert window.bridge.view is not None
    # which messages stand for the many depends on how a person came to this moment
    view = replace(window.bridge.view, tokens=(), sampling=1)
    window.intents.view = view
    window.stage.set_view(view)
    for _ in range(_ROUNDS):
        QApplication.processEvents()
        for turn in window.bridge._rota._turns:
            if turn.seen():
                turn.show(view)
    window.docks.tables._show_now()  # under load its rows stay for a while
    log = window.docks.log
    log.set_log(window.bridge.log)  # how far back it has found rows depends on the way here, too
    for _ in range(2 if window.docks.frames["log"].is_seen() else 0):
        log._turn_ns = 0
        log.work()
        while log._coming or log.searching:
            log.work()
    log.show_view(view)
    window.stage._begin()
    window.status.figures.setText("figures of this machine")
    here = QApplication.focusWidget()
    if here is not None:
        here.clearFocus()
    QApplication.processEvents()


@pytest.mark.parametrize("view", VIEWS)
def test_it_looks_as_it_did(qtbot: QtBot, played: MainWindow, wrong: Path, view: str) -> None:
    show, seconds = VIEWS[view]
    go_to(played, seconds, qtbot)
    for theme in ("dark", "light"):
        for width, height in SIZES:
            played.dress.choose(theme)
            played.resize(width, height)
            played.docks.arrange(height, width)
            show(played)
            settle(played)
            hold_against(f"{view}-{theme}-{width}x{height}", played.grab().toImage(), wrong)


# The comparison itself


def drawn(x: int, colour: str = "#eef1f6", words: str = "expects #128") -> QImage:
    image = QImage(240, 120, QImage.Format.Format_RGB32)
    image.fill(QColor("#0b0e14"))
    with QPainter(image) as painter:
        painter.setPen(QColor(colour))
        painter.drawText(x, 60, words)
    return image


def test_the_comparison_forgives_a_breath_and_sees_what_a_person_sees(qapp: object) -> None:
    kept = drawn(20)
    assert unlike(kept, drawn(20)) == []
    assert unlike(kept, drawn(20, "#e4e8ee")) == []
    assert unlike(kept, drawn(21)) == []
    assert unlike(kept, drawn(24))
    assert unlike(kept, drawn(20, words="waits for #128"))
    assert unlike(kept, drawn(20, "#727d90"))
    assert unlike(kept, kept.scaled(200, 100)) == [(0, 0)]


def test_a_picture_that_changed_is_kept_beside_the_old_one_with_the_way_to_renew_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, qapp: object
) -> None:
    monkeypatch.delenv("LOCKSTEP_RENEW_PICTURES", raising=False)
    name = "stage-dark-1366x768"
    other = QImage(1366, 768, QImage.Format.Format_RGB32)
    other.fill(QColor("#0b0e14"))
    with pytest.raises(pytest.fail.Exception, match=r"LOCKSTEP_RENEW_PICTURES=1 python3 main.py test"):
        hold_against(name, other, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.png", f"{name}-differs.png"}
