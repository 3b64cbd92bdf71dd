"""A new person's first five minutes, as docs/first-five-minutes.md has them: the same actions, by clicking.

The window is wired as the program wires it and starts a cluster of real daemons. Every action is counted;
where one leads nowhere, the test waits in vain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QTabBar, QWidget
from pytestqt.qtbot import QtBot

import main
from core.model.cluster_view import ReplicaState
from core.runtime.launch import launch
from core.runtime.run_settings import RunSettings
from core.session.reader import read
from gui.app import application, open_window
from gui.collector import Collector
from gui.main_window import MainWindow
from gui.options import Options
from tests.gui.real.conftest import LEFT, Live
from tests.gui.real.processes import ROOT, left_of

pytestmark = [pytest.mark.gui, pytest.mark.processes]

MOST = 11
"""Actions: fewer than twelve."""


@pytest.fixture
def live(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """What `python3 main.py` shows to somebody who has never started it before."""
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    (tmp_path / "HOME").mkdir()
    application()
    launched = launch(RunSettings(), None, at_once=False)
    options = Options(
        settings=tmp_path / "window.ini",
        ask=None,
        recording=main._recording(launched),
        keep=launched.keep,
        exporting=main._exporting(launched, "social"),
        painted=launched.start,
    )
    window = open_window(launched.source, launched.face, options)
    collector = Collector(window, lambda: window.bridge.rests)
    collector.start()
    window.resize(1366, 768)
    live = Live(qtbot, launched, window)
    yield live
    pids = live.pids
    live.close()
    assert left_of(pids) == []
    collector.stop()
    with qtbot.waitSignal(window.destroyed):
        window.deleteLater()


class Hand:
    """Clicks and types, and counts."""

    def __init__(self, bot: QtBot) -> None:
        self._bot = bot
        self.actions = 1
        """The program was started."""

    def click(self, widget: QWidget, place: QPoint | None = None) -> None:
        """One click."""
        assert widget.isVisible() and widget.isEnabled(), widget.objectName()
        self.actions += 1
        self._bot.mouseClick(widget, LEFT, pos=place or widget.rect().center())

    def key(self, widget: QWidget, key: Qt.Key) -> None:
        """One key."""
        self.actions += 1
        self._bot.keyClick(widget, key)

    def type(self, widget: QWidget, words: str) -> None:
        """Some words and Enter."""
        self.actions += 1
        self._bot.keyClicks(widget, words)
        self._bot.keyClick(widget, Qt.Key.Key_Return)


def tab(window: MainWindow, title: str) -> Callable[[], tuple[QTabBar, QPoint]]:
    """Where the tab of a dock is."""

    def found() -> tuple[QTabBar, QPoint]:
        bars = [bar for bar in window.findChildren(QTabBar) if bar.isVisible()]
        return next(
            (bar, bar.tabRect(place).center())
            for bar in bars
            for place in range(bar.count())
            if bar.tabText(place) == title
        )

    return found


@pytest.mark.timeout(300)
def test_the_first_five_minutes(live: Live, tmp_path: Path) -> None:
    window, hand = live.window, Hand(live.bot)
    live.until(live.up, 60)  # 1 start: everything runs
    stage = window.stage

    hand.click(stage, stage.node_rect("C1").center())  # 2 click a client
    live.until(window.query.isVisible)
    hand.type(window.query.fields[0].input, "alice")  # 3 a name, Enter: the first operation is register
    live.until(lambda: live.client(1).last_outcome == "ok")
    live.until(live.quiet)
    assert live.equal()

    hand.click(stage, stage.node_rect("R3").center())  # 4 click a replica
    hand.key(stage, Qt.Key.Key_K)  # 5 kill it
    live.until(lambda: live.replica(3).state is ReplicaState.DEAD)

    hand.click(*tab(window, "Checks")())  # 6 read the verdict
    rows = window.docks.checks.rows
    live.until(lambda: bool(rows) and all(row.isVisible() for row in rows.values()))
    assert live.view.violations == ()

    live.until(window.top_bar.keep.isVisible)
    hand.click(window.top_bar.keep)  # 7 record: keep this session
    live.until(lambda: "is kept, from its start to its end" in window.status.sentence.text())

    rail, journey = window.timeline.rail, window.journey
    live.until(
        lambda: rail.isVisible() and any(marker.text == "R3 killed" for marker, _ in journey.markers())
    )
    killed_ns = next(marker.time_ns for marker, _ in journey.markers() if marker.text == "R3 killed")
    # half a second later: a click on what was a moment ago is one on the present
    live.until(lambda: rail.x_of(killed_ns + 5 * 10**8) < rail.x_of(killed_ns + 10**12))
    before = round(rail.x_of(killed_ns)) - window.dress.theme.px(10)  # a mark draws clicks nearer than 7
    hand.click(rail, QPoint(before, rail.height() // 2))  # 8 go back to before the kill's mark
    live.until(lambda: window.timeline.badge.text() == "PAST")
    live.until(lambda: live.replica(3).state is ReplicaState.RUNNING)
    hand.key(stage, Qt.Key.Key_Space)  # 9 play it
    live.until(lambda: live.replica(3).state is ReplicaState.DEAD, 60)

    live.bot.keyClick(stage, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)  # 10 export
    hand.actions += 1
    live.until(lambda: window.export is not None and window.export.isVisible())
    dialog = window.export
    assert dialog is not None
    hand.click(dialog.start)  # 11 as it is offered: a film
    film = Path(dialog.file.text())
    live.until(lambda: dialog.status.text() == f"{film.name} is written.", 100)
    dialog.close()
    assert film.suffix == ".mp4" and film.stat().st_size > 10_000
    assert read(live.launched.path).records_count > 10
    assert hand.actions == MOST


def test_the_page_has_the_same_actions() -> None:
    page = (ROOT / "docs" / "first-five-minutes.md").read_text("utf-8")
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", page, re.MULTILINE)]
    assert numbers == list(range(1, MOST + 1))
