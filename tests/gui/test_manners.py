"""Desktop manners: presentation, preferences with their defaults, reports of what nobody expected."""

from __future__ import annotations

import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot

from gui.crash_report import KEPT, CrashReports
from gui.main_window import MainWindow
from gui.preferences import Preferences
from gui.preferences_dialog import PreferencesDialog
from gui.theme import PRESENTATION_SCALE
from gui.timeline.caption import CaptionOverlay

pytestmark = pytest.mark.gui


def test_a_presentation_has_larger_type_and_nothing_beside_the_picture(
    qtbot: QtBot, window: MainWindow
) -> None:
    before = window.saveState()
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert window.arrangement.presenting
    assert window.dress.theme.scale == PRESENTATION_SCALE
    assert window.isFullScreen()
    assert not any(frame.isVisible() for frame in window.docks.frames.values())
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert not window.arrangement.presenting
    assert window.dress.theme.scale == 1.0
    assert not window.isFullScreen()
    assert window.docks.frames["console"].isVisible()
    assert window.saveState() == before


def test_a_presentation_is_not_what_is_kept(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.actions_by_id["presentation"].trigger()
    window.arrangement.save()
    assert window.preferences.type_scale == 1.0
    assert not window.arrangement.presenting
    assert window.docks.frames["console"].isVisible()


def test_preferences_take_effect_at_once_and_go_back_to_their_defaults(
    qtbot: QtBot, window: MainWindow
) -> None:
    qtbot.keyClick(window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    dialog = window.findChild(PreferencesDialog)
    assert dialog is not None
    qtbot.keyClick(dialog.theme, Qt.Key.Key_End)
    qtbot.keyClick(dialog.scale, Qt.Key.Key_End)
    qtbot.keyClick(dialog.ask, Qt.Key.Key_Space)
    dialog.theme.activated.emit(dialog.theme.currentIndex())
    assert window.dress.theme.name == "light"
    assert window.dress.theme.scale == 1.5
    assert not window.preferences.ask_before_closing
    qtbot.mouseClick(
        dialog.buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults), Qt.MouseButton.LeftButton
    )
    preferences: Preferences = window.preferences
    assert (preferences.theme, preferences.type_scale, preferences.ask_before_closing) == ("system", 1, True)
    assert window.dress.theme.scale == 1.0
    assert dialog.ask.isChecked()
    assert dialog.theme.currentData() == "system"


def test_every_lesson_is_one_click_away(qtbot: QtBot, window: MainWindow) -> None:
    names = [button.accessibleName() for button in window.top_bar.findChildren(type(window.top_bar.step))]
    assert "Lessons" in names


# A caption


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_a_caption_covers_no_card(qtbot: QtBot, window: MainWindow, size: tuple[int, int]) -> None:
    window.resize(*size)
    window.docks.arrange(size[1], size[0])
    window.bridge.tick()
    overlay: CaptionOverlay = window.timeline.caption
    overlay.show_text(
        "R3 holds back what it may not execute yet. Which number does it execute next, and what will C2 see?"
    )
    qtbot.waitUntil(lambda: overlay.isVisible())
    window.bridge.tick()
    covered = [
        name
        for name in ("C1", "C2", "C3", "FE", "R1", "R2", "R3")
        if window.stage.node_rect(name).intersects(overlay.geometry())
    ]
    assert covered == []
    assert overlay.text() == overlay.accessibleName()


# Reports


@pytest.fixture
def plain_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the test runner's own: it would count what is planted here as its failure."""
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)


def fail(reports: CrashReports, words: str) -> None:
    try:
        raise RuntimeError(words)
    except RuntimeError as error:
        reports.caught(type(error), error, error.__traceback__)


@pytest.mark.usefixtures("plain_hook")
def test_what_nobody_caught_is_reported_once_and_sent_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []
    before = sys.excepthook, threading.excepthook
    reports = CrashReports(tmp_path / "logs", told.append)
    try:
        for _ in range(3):
            fail(reports, "the tide turned")
    finally:
        reports.close()
    assert (sys.excepthook, threading.excepthook) == before
    (path,) = (tmp_path / "logs").iterdir()
    text = path.read_text("utf-8")
    assert "RuntimeError: the tide turned" in text
    assert "in fail" in text
    assert "Lockstep" in text.splitlines()[0]
    assert told == [f"Something went wrong: RuntimeError. A report is in {path}; it was sent nowhere."]
    assert capsys.readouterr().err.count("the tide turned") == 3


@pytest.mark.usefixtures("plain_hook")
def test_a_thread_that_fails_is_reported_too_and_old_reports_go(tmp_path: Path) -> None:
    told: list[str] = []
    reports = CrashReports(tmp_path, told.append)
    reports._before = (lambda *_: None, threading.excepthook)
    try:
        for number in range(KEPT + 3):
            thread = threading.Thread(target=fail_alone, args=(number,))
            thread.start()
            thread.join()
    finally:
        reports.close()
    kept = sorted(tmp_path.iterdir())
    assert len(kept) == KEPT
    assert len(told) == KEPT + 3
    assert all(one != other for one, other in pairwise(kept))


def fail_alone(number: int) -> None:
    raise ValueError(f"thread {number}")


@pytest.mark.usefixtures("plain_hook")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    (tmp_path / "file").write_text("")
    reports = CrashReports(tmp_path / "file", told.append)
    try:
        fail(reports, "worse")
    finally:
        reports.close()
    assert told == ["Something went wrong: RuntimeError. No report of it could be written."]
    assert "worse" in capsys.readouterr().err
