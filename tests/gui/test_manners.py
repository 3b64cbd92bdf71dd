"""Desktop manners: presentation, and preferences with their defaults."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot

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
