"""A window on a recording, and the hand that uses it: for the tests of time travel and of files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from bench.synthetic import START_NS, load_records, words
from core.errors import RecordingError
from core.facts import KillOrdered
from core.session.recorder import Recorder
from core.session.recording_format import RecordingHeader
from core.session.replay_source import ReplaySource
from core.session.saving import save_copy
from core.session.tape import FileTape
from gui.app import application, open_window
from gui.main_window import MainWindow
from gui.options import Options
from tests.gui.conftest import close, show_all
from tests.support.fake_source import FakeFace, fact_record
from tests.support.waiting import wait_until

LEFT = Qt.MouseButton.LeftButton
HEADER = RecordingHeader(app_version="0", service="social", service_version=1, seed=1, replicas=3, clients=64)


class Player:
    """A window on a recording, and the hand that uses it."""

    def __init__(self, bot: QtBot, source: ReplaySource, window: MainWindow) -> None:
        self.bot, self.source, self.window = bot, source, window
        self.opened: list[Path] = []

    @property
    def records(self) -> int:
        return self.source.travel.state.records

    @property
    def since_start_s(self) -> float:
        state = self.source.travel.state
        return (state.now_ns - state.start_ns) / 1e9

    def rest(self) -> None:
        """Until nothing is sought, and the picture shows it."""
        self.bot.waitUntil(lambda: not self.source.travel.state.busy, timeout=20_000)
        show_all(self.window)

    def click(self, button: str) -> None:
        self.bot.mouseClick(self.window.timeline.buttons[button], LEFT)
        self.rest()

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.window.stage.setFocus()
        self.bot.keyClick(self.window.stage, key, held)
        self.rest()

    def rail(self, since_start_s: float) -> QPoint:
        rail = self.window.timeline.rail
        x = rail.x_of(self.source.travel.state.start_ns + round(since_start_s * 1e9))
        return QPoint(round(x), rail.height() // 2)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tapes") / "run.lockstep"
    kill = fact_record(KillOrdered(2, "user"), START_NS + 600_000_000)
    records = sorted([*load_records(1.0, 3), kill], key=lambda record: record.time_ns)
    recorder = Recorder(path, HEADER)
    recorder.append_many(records)
    recorder.close()
    return path


@pytest.fixture
def player(qtbot: QtBot, recording: Path, tmp_path: Path) -> Iterator[Player]:
    application()
    path = tmp_path / "run.lockstep"
    path.write_bytes(recording.read_bytes())
    source = ReplaySource(FileTape(path), words)
    opened: list[Path] = []

    def open_file(path: Path) -> None:
        if path.suffix != ".lockstep" or not path.exists():
            raise RecordingError(f"There is no file {path}.")
        opened.append(path)

    options = Options(
        settings=tmp_path / "window.ini",
        ask=None,
        open_file=open_file,
        shown_file=path,
        save_as=partial(save_copy, path),
    )
    window = open_window(source, FakeFace(), options)
    window.resize(1366, 768)
    source.start()
    qtbot.waitUntil(lambda: window.intents.view is not None and len(window.intents.view.clients) == 64)
    qtbot.waitUntil(lambda: source.travel.state.read_share == 1.0 and window.timeline.isVisible())
    player = Player(qtbot, source, window)
    player.opened = opened
    player.rest()
    yield player
    window.leave()
    source.close()
    close(window, qtbot)
    wait_until(lambda: source.closed)
