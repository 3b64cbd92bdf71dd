"""Recordings as files: opened, dropped, found again, kept, saved, and recovered after a crash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox
from pytestqt.qtbot import QtBot

from core.session.reader import read
from core.session.recording_format import END
from core.session.recovery import left_behind
from gui.app import application, open_window
from gui.options import Options
from gui.top_bar import Recording
from tests.gui.conftest import close
from tests.gui.replaying import LEFT, Player, player, recording
from tests.support.fake_source import FakeFace, FakeSource

__all__ = ["player", "recording"]
"""Fixtures that the tests name."""


def test_a_recording_dropped_on_the_window_is_opened(player: Player, tmp_path: Path) -> None:
    other = tmp_path / "other.lockstep"
    other.write_bytes(b"x")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(other))])
    held, copied = Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    entered = QDragEnterEvent(QPoint(9, 9), copied, data, LEFT, held)
    QApplication.sendEvent(player.window, entered)
    assert entered.isAccepted()
    QApplication.sendEvent(player.window, QDropEvent(QPointF(9, 9), copied, data, LEFT, held))
    assert not player.window.isVisible()
    assert player.opened == [other]


def test_what_cannot_be_opened_is_said_and_the_window_stays(player: Player, tmp_path: Path) -> None:
    player.window.library.open(tmp_path / "gone.lockstep")
    assert "There is no file" in player.window.status.sentence.text()
    assert player.window.isVisible()


def test_a_copy_is_saved_and_what_goes_wrong_is_said(player: Player, tmp_path: Path) -> None:
    copy, sentence = tmp_path / "copy.lockstep", player.window.status.sentence
    player.window.library.save(copy)
    player.bot.waitUntil(lambda: sentence.text() == f"Saved to {copy}.")
    assert read(copy).records_count == player.source.travel.state.all_records
    assert player.window.preferences.recent_files[0] == str(copy)
    player.window.library.save(tmp_path / "nowhere" / "copy.lockstep")
    player.bot.waitUntil(lambda: "There is no directory" in sentence.text())


def test_recent_recordings_are_in_the_menu(player: Player, tmp_path: Path) -> None:
    gone, there = tmp_path / "gone.lockstep", tmp_path / "there.lockstep"
    there.write_bytes(b"x")
    for path in (gone, there):
        player.window.preferences.add_recent(str(path))
    menu = player.window.top_bar.files.menu()
    menu.aboutToShow.emit()
    recent = next(action.menu() for action in menu.actions() if action.text() == "Open recent")
    assert isinstance(recent, QMenu)
    assert [action.text() for action in recent.actions()] == ["there.lockstep", "run.lockstep"]
    recent.actions()[0].trigger()
    assert player.opened == [there]


def test_one_click_keeps_the_session_and_the_bar_says_so(
    qtbot: QtBot, source: FakeSource, options: Options, tmp_path: Path
) -> None:
    kept: list[Path] = []

    def keep() -> Path:
        kept.append(tmp_path / "demo.lockstep")
        return kept[-1]

    def recording() -> Recording:
        return Recording(kept[-1] if kept else tmp_path / "session.lockstep", 4_100_000, bool(kept))

    application()
    window = open_window(source, FakeFace(), replace(options, keep=keep, recording=recording))
    bar = window.top_bar
    window._show_recording()
    assert "4.1 MB" in bar.record.text()
    assert "REC" not in bar.record.text()
    assert bar.keep.isVisibleTo(window)
    qtbot.mouseClick(bar.keep, LEFT)
    window._show_recording()
    assert len(kept) == 1
    assert "REC" in bar.record.text()
    assert not bar.keep.isVisibleTo(window)
    assert "demo.lockstep" in window.status.sentence.text()
    assert window.preferences.recent_files == [str(kept[0])]
    window.leave()
    close(window, qtbot)


def test_what_a_crash_left_is_offered_once(
    qtbot: QtBot, source: FakeSource, options: Options, recording: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    left = folder / "session-1.lockstep"
    left.write_bytes(recording.read_bytes()[: -END.size - 10])
    opened: list[Path] = []
    application()
    window = open_window(source, FakeFace(), replace(options, open_file=opened.append, autosaves=folder))
    window.library.look_for_left_behind()
    box = window.findChild(QMessageBox, "leftBehind")
    assert isinstance(box, QMessageBox)
    assert "ended unexpectedly" in box.text()
    qtbot.mouseClick(box.buttons()[0], LEFT)
    assert opened == [left]
    assert not window.isVisible()
    assert read(left).note == ""
    assert left_behind(folder) is None
    close(window, qtbot)
