"""Comparing data: two replicas, and one replica at two moments, live and in a recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.commands import Look
from core.protocol.codec import encode
from core.protocol.messages import Inspect
from core.services.face import Face
from core.services.registry import load_service
from core.session.rebuilt import RebuiltData
from core.session.replay_source import ReplaySource
from core.session.tape import FileTape
from core.trace.wire_log import Tap
from gui.app import application, open_window
from gui.difference import Difference
from gui.main_window import MainWindow
from gui.options import Options
from tests.gui.conftest import close
from tests.support.dialogue import Dialogue
from tests.support.fake_source import FakeSource
from tests.support.made_run import made_run, save
from tests.support.waiting import wait_until

pytestmark = pytest.mark.gui

KV = partial(load_service, "kv")


@dataclass
class Replay:
    """A window on a recording whose service is at hand."""

    window: MainWindow
    source: ReplaySource
    bot: QtBot

    @property
    def dialog(self) -> Difference:
        return self.window.difference

    def go_to(self, seq: int) -> None:
        self.source.travel.seek_number(seq)
        self.bot.waitUntil(lambda: not self.source.travel.state.busy)

    def choose(self, side: str, moment: str) -> None:
        line = getattr(self.dialog, side).moment
        line.clear()
        self.bot.keyClicks(line, moment)
        self.bot.keyClick(line, Qt.Key.Key_Return)

    def verdict(self, start: str) -> str:
        self.bot.waitUntil(lambda: self.dialog.verdict.text().startswith(start), timeout=10_000)
        return self.dialog.verdict.text()


@pytest.fixture
def replay(qtbot: QtBot, tmp_path: Path) -> Iterator[Replay]:
    application()
    path = save(tmp_path / "run.lockstep", made_run(200))
    face, rebuilt = Face(KV()), RebuiltData(path, KV)
    source = ReplaySource(FileTape(path), face.words)
    window = open_window(source, face, Options(settings=tmp_path / "w.ini", ask=None, rebuilt=rebuilt))
    source.start()
    qtbot.waitUntil(lambda: window.intents.view is not None and source.travel.state.read_share == 1.0)
    replay = Replay(window, source, qtbot)
    source.travel.go_live()
    qtbot.waitUntil(lambda: window.intents.view.front_end.next_seq > 200)  # type: ignore[union-attr]
    yield replay
    window.leave()
    source.close()
    close(window, qtbot)
    wait_until(lambda: source.closed)


def test_one_replica_is_compared_with_itself_at_another_number(replay: Replay) -> None:
    window, dialog = replay.window, replay.dialog
    window.selection.set("R2")
    window.actions_by_id["compare"].trigger()
    assert replay.verdict("Nothing differs")
    assert "The digest is the one that R2 told, so it held this." in dialog.notes[0].text()
    dialog.right.replica.setCurrentIndex(1)
    replay.choose("right", "#198")
    said = replay.verdict("")
    replay.bot.waitUntil(lambda: "differ." in dialog.verdict.text())
    said = dialog.verdict.text()
    assert "after other numbers" in said and "#198" in said
    assert dialog.table.horizontalHeaderItem(2).text() == "R2 after #198"
    assert dialog.table.item(0, 0).text().startswith("≠ ")
    assert "made again by executing its first 198 requests" in dialog.notes[1].text()
    rows = dialog.table.rowCount()
    dialog.only.setChecked(True)
    assert 0 < dialog.table.rowCount() < rows


def test_a_time_is_a_moment_too_and_one_outside_is_said_to_be(replay: Replay) -> None:
    window, dialog = replay.window, replay.dialog
    window.selection.set("R1")
    window.actions_by_id["compare"].trigger()
    replay.choose("left", "0.000001 s")
    replay.bot.waitUntil(lambda: dialog.table.horizontalHeaderItem(1).text() == "R1 after #0")
    replay.choose("left", "99 s")
    replay.bot.waitUntil(lambda: "does not reach 99 s" in dialog.notes[0].text())
    replay.choose("left", "tomorrow")
    replay.bot.waitUntil(lambda: "“tomorrow” is no moment" in dialog.notes[0].text())
    replay.choose("left", "#9999")
    replay.bot.waitUntil(lambda: "no request after #204" in dialog.notes[0].text())


def test_the_data_of_a_past_moment_is_in_the_inspector(replay: Replay) -> None:
    window = replay.window
    window.docks.show("inspector")
    window.selection.set("R3")
    replay.go_to(60)
    inspector = window.docks.inspector
    replay.bot.waitUntil(lambda: inspector.pages.isTabVisible(1))
    inspector.pages.setCurrentIndex(1)
    tree, note = inspector.data.tree, inspector.data.note
    replay.bot.waitUntil(lambda: "so it held this" in note.text())
    expected = window.intents.replica(3).expected - 1  # type: ignore[union-attr]
    assert f"first {expected} requests" in note.text()
    replay.bot.waitUntil(lambda: tree.topLevelItem(0) is not None)
    assert tree.topLevelItem(0).text(0) == "keys"


def test_living_replicas_are_asked_themselves(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    dialog = window.difference
    window.selection.set("R1")
    window.actions_by_id["compare"].trigger()
    qtbot.waitUntil(lambda: {Look(1, "", 0, 100), Look(2, "", 0, 100)} <= set(source.sent))
    talk = Dialogue()
    for replica, users in ((1, "2"), (2, "3")):
        talk.write(Tap.TO_PASSED, encode(Inspect(replica, "", 0, 100)), 1 << replica)
        talk.summary(replica, 1, ("users", users), nonce=replica)
    source.put([record._replace(time_ns=source.now_ns()) for record in talk.records[-4:]])
    qtbot.waitUntil(lambda: dialog.verdict.text() == "1 of 1 row differs.", timeout=10_000)
    assert [dialog.table.item(0, column).text() for column in range(3)] == ["≠ users", "2", "3"]
    dialog.left.moment.setText("#1")
    dialog.left.moment.editingFinished.emit()
    qtbot.waitUntil(lambda: "needs a recording" in dialog.notes[0].text())
    dialog.accept()
