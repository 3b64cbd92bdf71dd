"""Widgets are tested without a screen, with settings in a temporary file and a source without a cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

# The same on every machine, whatever display it has: 32 bits a pixel, and the window that is shown is active.
os.environ["QT_QPA_PLATFORM"] = os.environ.get("LOCKSTEP_TEST_PLATFORM", "offscreen")

from gui.app import application, open_window
from gui.main_window import MainWindow
from gui.options import Options
from tests.support.fake_source import FakeFace, FakeSource, running_cluster


@pytest.fixture
def source() -> FakeSource:
    """Three replicas and three clients that have just come up."""
    return FakeSource(running_cluster())


@pytest.fixture
def options(tmp_path: Path) -> Options:
    """Nothing is asked, nothing of this person's settings is touched."""
    return Options(settings=tmp_path / "window.ini", ask=None)


@pytest.fixture
def window(qtbot: QtBot, source: FakeSource, options: Options) -> Iterator[MainWindow]:
    """A window on `source` that has seen the cluster."""
    application()
    window = open_window(source, FakeFace(), options)
    window.resize(1366, 768)
    qtbot.waitUntil(lambda: window.intents.view is not None and len(window.intents.view.clients) == 3)
    yield window
    window.leave()
    close(window, qtbot)


def close(window: MainWindow, qtbot: QtBot) -> None:
    """Let go of a window and of everything that was its own."""
    with qtbot.waitSignal(window.destroyed):
        window.deleteLater()
