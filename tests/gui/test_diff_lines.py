"""`diff` in the console when nobody answers, and when there is nothing to compare."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from pytestqt.qtbot import QtBot

from core.commands import Look
from gui.main_window import MainWindow
from tests.support.fake_source import FakeSource

pytestmark = pytest.mark.gui


def test_who_does_not_answer_is_named(
    qtbot: QtBot, window: MainWindow, source: FakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.docks.diff_lines._PATIENCE_S", 0.1)
    console = window.docks.console
    console.enter("diff R1 R2")
    assert "R1 expects #1" in console.output.toPlainText()
    qtbot.waitUntil(lambda: "R1 and R2 did not answer" in console.output.toPlainText())
    assert {(one.replica, one.path) for one in source.sent if isinstance(one, Look)} == {(1, ""), (2, "")}


def test_a_recording_without_its_service_tells_digests_only(window: MainWindow, source: FakeSource) -> None:
    source.capabilities = replace(source.capabilities, control=False)
    window.docks.console.enter("diff R1 R2")
    told = window.docks.console.output.toPlainText()
    assert "What R1 holds cannot be asked now." in told
