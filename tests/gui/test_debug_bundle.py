"""When something goes wrong: the window says where the report is, and “Save a debug bundle…” leaves a zip."""

from __future__ import annotations

import sys
import threading
import zipfile
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from core.runtime.crash_reports import CrashReports
from gui.debug_bundle import DebugBundle
from gui.help import Help
from gui.main_window import MainWindow
from gui.options import Options
from gui.recording.export_process import Exporting
from tests.gui.real.processes import ROOT

pytestmark = pytest.mark.gui


@pytest.fixture
def options(tmp_path: Path) -> Options:
    exporting = Exporting((sys.executable, str(ROOT / "main.py")), lambda: tmp_path)
    return Options(settings=tmp_path / "window.ini", ask=None, exporting=exporting)


def test_an_error_in_the_window_is_told_with_the_place_of_its_report(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import main

    reports = CrashReports()
    monkeypatch.setattr("core.runtime.places.crash_folder", lambda: tmp_path)
    monkeypatch.setattr(main, "REPORTS", reports)
    monkeypatch.setattr(main, "watch_for_fatal", lambda: None)
    main._tell_of_reports(window)
    for fail in (
        reports.of_program,
        lambda *seen: threading.Thread(target=reports.of_program, args=seen).start(),
    ):
        fail(ValueError, ValueError("odd"), None)
        qtbot.waitUntil(lambda: str(tmp_path) in window.status.sentence.text())
        assert "was sent to nobody" in window.status.sentence.text()
        window.status.say("info", "")
        reports._seen.clear()


@pytest.mark.processes
def test_it_is_saved_by_clicking(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    window.actions_by_id["help"].trigger()
    help_page = window.findChild(Help)
    assert help_page is not None
    button = help_page.findChild(QPushButton, "debugBundle")
    assert button is not None
    said: list[tuple[str, str]] = []
    window.doctor.said.connect(lambda level, text: said.append((level, text)))
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not help_page.isVisible()
    qtbot.waitUntil(lambda: len(said) == 2, timeout=90_000)
    assert said[-1] == (
        "info", f"The debug bundle is {tmp_path / 'mine.zip'}. Nothing was sent: look into it first."
    )  # fmt: skip
    with zipfile.ZipFile(tmp_path / "mine.zip") as archive:
        assert {"about.txt", "doctor.json", "versions.json"} <= {*archive.namelist()}


def test_what_goes_wrong_is_said(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    for command, sentence in (
        (("/nowhere/at/all",), "The doctor cannot be started"),
        ((sys.executable, "-c", "import sys; sys.exit('Error: no room.')"), "no room."),
    ):
        doctor = DebugBundle(command, window)
        said: list[tuple[str, str]] = []
        doctor.said.connect(lambda level, text, said=said: said.append((level, text)))
        doctor.save(tmp_path / "d.zip")
        qtbot.waitUntil(lambda said=said: len(said) > 1)
        assert said[-1][1].startswith(sentence)
        assert not doctor.running
