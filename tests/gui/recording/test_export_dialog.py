"""The export as a person does it: by clicks, in a process of its own, with a way to stop it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.session.source import TravelState
from gui.main_window import MainWindow
from gui.recording.export_dialog import ExportDialog
from gui.recording.export_process import Exporting
from tests.support.daemons import ROOT
from tests.support.made_run import made_run, save

pytestmark = pytest.mark.gui
PATIENCE_MS = 60_000


def at(seconds: float, length: float) -> TravelState:
    start = 7 * 10**9
    end, now = start + round(length * 1e9), start + round(seconds * 1e9)
    return TravelState(False, False, False, False, 1.0, start, end, now, 1, 1, 1.0)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return save(tmp_path / "run.lockstep", made_run(200))


@pytest.fixture
def dialog(qtbot: QtBot, run: Path, tmp_path: Path) -> Iterator[ExportDialog]:
    dialog = ExportDialog(Exporting((sys.executable, str(ROOT / "main.py")), lambda: run))
    qtbot.addWidget(dialog)
    dialog.open_at(at(0.001, 0.003))
    dialog.file.setText(str(tmp_path / "out.mp4"))
    yield dialog
    dialog.process.abandon()


def choose(dialog: ExportDialog, name: str) -> None:
    dialog.format.setCurrentIndex(dialog.format.findData(name))


def click(qtbot: QtBot, button: QWidget) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_history_by_clicks(qtbot: QtBot, dialog: ExportDialog, tmp_path: Path) -> None:
    choose(dialog, "history")
    assert dialog.file.text() == str(tmp_path / "out.jsonl"), "the suffix follows the format"
    with qtbot.waitSignal(dialog.process.ended, timeout=PATIENCE_MS):
        click(qtbot, dialog.start)
        assert dialog.process.running and not dialog.start.isEnabled() and dialog.cancel.text() == "Cancel"
    assert dialog.status.text() == "out.jsonl is written."
    assert len([json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]) == 200
    assert dialog.start.isEnabled() and dialog.bar.value() == dialog.bar.maximum()


def test_a_film_by_clicks(qtbot: QtBot, dialog: ExportDialog, tmp_path: Path) -> None:
    dialog.pace.setCurrentIndex(dialog.pace.findData("0.01"))
    with qtbot.waitSignal(dialog.process.ended, timeout=PATIENCE_MS) as ended:
        click(qtbot, dialog.start)
    assert ended.args == [True, "out.mp4 is written."], ended.args
    assert (tmp_path / "out.mp4").read_bytes()[4:8] == b"ftyp"


def test_only_what_matters_is_asked(dialog: ExportDialog) -> None:
    shown = {
        name: [widget.isVisible() for widget in (dialog.begin, dialog.moment, dialog.resolution, dialog.pace)]
        for name in ("mp4", "png", "chrome")
        if choose(dialog, name) is None
    }
    assert shown["mp4"] == [True, False, True, True]
    assert shown["png"] == [False, True, True, False]
    assert shown["chrome"] == [True, False, False, False]


def test_what_is_filled_in_is_what_the_command_line_is_told(dialog: ExportDialog, run: Path) -> None:
    dialog.begin.setValue(0.001)
    told = dialog.arguments()
    assert told[:4] == [str(run), dialog.file.text(), "--to", "mp4"]
    assert " ".join(told[4:]) == "--from 0.001s --size 1280x720 --theme dark --pace 1"
    choose(dialog, "png")
    assert "--at 0.001000000s" in " ".join(dialog.arguments())


def test_the_moment_that_is_shown_is_told_exactly_until_another_is_chosen(dialog: ExportDialog) -> None:
    """A caption that begins with it would not be there a millisecond earlier."""
    dialog.open_at(at(0.0014567, 0.003))
    choose(dialog, "png")
    assert "--at 0.001456700s" in " ".join(dialog.arguments())
    dialog.moment.setValue(0.002)
    assert "--at 0.002000000s" in " ".join(dialog.arguments())


def test_cancel_leaves_nothing(qtbot: QtBot, dialog: ExportDialog, tmp_path: Path) -> None:
    dialog.pace.setCurrentIndex(dialog.pace.findData("0.001"))
    dialog.resolution.setCurrentIndex(3)  # 4k: it takes a while
    with qtbot.waitSignal(dialog.process.progressed, timeout=PATIENCE_MS):
        click(qtbot, dialog.start)
    with qtbot.waitSignal(dialog.process.ended, timeout=PATIENCE_MS):
        click(qtbot, dialog.cancel)
    assert dialog.isVisible(), "what is under way is stopped first"
    assert dialog.status.text() == "Cancelled; nothing was written."
    assert [path.name for path in tmp_path.iterdir()] == ["run.lockstep"]
    click(qtbot, dialog.cancel)
    assert not dialog.isVisible()


def test_what_goes_wrong_is_said(qtbot: QtBot, dialog: ExportDialog, tmp_path: Path) -> None:
    choose(dialog, "csv")
    (tmp_path / "out.csv").write_text("mine")
    with qtbot.waitSignal(dialog.process.ended, timeout=PATIENCE_MS):
        click(qtbot, dialog.start)
    assert "exists already" in dialog.status.text()
    dialog.file.clear()
    click(qtbot, dialog.start)
    assert dialog.status.text() == "Name the file to write."


def test_a_program_that_is_not_there_is_said(qtbot: QtBot, run: Path, tmp_path: Path) -> None:
    dialog = ExportDialog(Exporting((str(tmp_path / "nothing"),), lambda: run))
    qtbot.addWidget(dialog)
    dialog.file.setText(str(tmp_path / "out.mp4"))
    with qtbot.waitSignal(dialog.process.ended, timeout=PATIENCE_MS):
        dialog.export()
    assert dialog.status.text().startswith("The export cannot be started")


def test_without_a_recording_the_action_is_off(window: MainWindow) -> None:
    assert not window.actions_by_id["export"].isEnabled()
    window.open_export()
