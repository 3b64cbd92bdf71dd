"""Widgets are tested without a screen, with settings in a temporary file and a source without a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

# The same on every machine, whatever display it has: 32 bits a pixel, and the window that is shown is active.
os.environ["QT_QPA_PLATFORM"] = os.environ.get("LOCKSTEP_TEST_PLATFORM", "offscreen")

from gui.app import application, open_window
from gui.main_window import MainWindow
from gui.options import Options
from tests.support.fake_source import FakeFace, FakeSource, running_cluster

WAIT_MS = 20_000
"""A machine that does other work too is slow; who waits in vain is late with saying so, no more."""


class PatientBot(QtBot):
    """Waits longer than pytest-qt would when nothing is said."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = WAIT_MS) -> None:
        """Until `callback` holds."""
        super().waitUntil(callback, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """The hand that clicks."""
    return PatientBot(request)


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
    show_all(window)
    yield window
    window.leave()
    close(window, qtbot)


def show_all(window: MainWindow) -> None:
    """Everybody who is seen shows the moment; nobody waits for a turn."""
    window.bridge.tick()
    assert window.bridge.view is not None
    for turn in window.bridge._rota._turns:
        if turn.seen():
            turn.show(window.bridge.view)


def close(window: MainWindow, qtbot: QtBot) -> None:
    """Let go of a window and of everything that was its own."""
    with qtbot.waitSignal(window.destroyed):
        window.deleteLater()
