"""A recording in the window: played, scrubbed, stepped, bookmarked and captioned by clicks and keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox
from pytestqt.qtbot import QtBot

from bench.synthetic import START_NS, load_records, words
from core.errors import RecordingError
from core.facts import KillOrdered
from core.model.markers import MarkerKind
from core.session.annotations import Note, decode_notes
from core.session.reader import read
from core.session.recorder import Recorder
from core.session.recording_format import END, RecordingHeader
from core.session.recovery import left_behind
from core.session.replay_source import ReplaySource
from core.session.saving import save_copy
from core.session.tape import FileTape
from gui.app import application, open_window
from gui.main_window import MainWindow
from gui.options import Options
from gui.top_bar import Recording
from tests.gui.conftest import close
from tests.support.fake_source import FakeFace, FakeSource, fact_record
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
        self.window.bridge.tick()

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


def test_it_says_that_it_is_a_replay(player: Player) -> None:
    assert player.window.preferences.recent_files == [str(player.source.path)]
    assert player.window.timeline.badge.text() == "REPLAY"
    player.bot.waitUntil(lambda: "replay · run.lockstep" in player.window.status.figures.text())
    assert not player.window.top_bar.pace.isEnabled()
    player.window.intents.kill(1)
    assert "nothing in it can be changed" in player.window.status.sentence.text()


def test_a_press_on_the_rail_goes_there_and_a_drag_takes_everything_along(player: Player) -> None:
    rail = player.window.timeline.rail
    player.bot.mouseClick(rail, LEFT, pos=player.rail(0.4))
    player.rest()
    assert player.since_start_s == pytest.approx(0.4, abs=0.01)
    shown = player.window.intents.view
    assert shown is not None
    assert shown.now_ns == player.source.travel.state.now_ns
    log = player.window.bridge.log
    assert log.end == player.records
    assert player.window.docks.log.model.search(5, 10**9)
    player.bot.mousePress(rail, LEFT, pos=player.rail(0.4))
    for since_start_s in (0.5, 0.7, 0.9):
        player.bot.mouseMove(rail, player.rail(since_start_s))
    player.bot.mouseRelease(rail, LEFT, pos=player.rail(0.9))
    player.rest()
    player.bot.waitUntil(lambda: player.window.timeline.number.text() != "#0")


def test_play_and_pause_by_button_and_space(player: Player) -> None:
    player.bot.mouseClick(player.window.timeline.buttons["play"], LEFT)
    before = player.records
    player.bot.waitUntil(lambda: player.records > before + 10)
    player.key(Qt.Key.Key_Space)
    assert not player.source.travel.state.playing
    assert player.window.timeline.buttons["play"].accessibleName() in ("Play", "Pause")


def test_steps_by_buttons_and_arrows(player: Player) -> None:
    player.window.journey.go_to("0.5s")
    player.rest()
    start = player.records
    player.click("step_on")
    assert player.records == start + 1
    player.key(Qt.Key.Key_Left)
    player.key(Qt.Key.Key_Left)
    assert player.records == start - 1
    player.bot.mouseClick(player.window.timeline.unit, LEFT)
    player.click("step_on")
    answer = player.records
    assert answer >= start
    player.key(Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    player.key(Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert player.records == answer


def test_home_and_end(player: Player) -> None:
    player.key(Qt.Key.Key_End)
    assert player.records == player.source.travel.state.all_records
    player.key(Qt.Key.Key_Home)
    assert player.since_start_s == 0


def test_goto_in_the_console(player: Player) -> None:
    console = player.window.docks.console
    for line, since_start_s in (("goto 0.25s", 0.25), ("goto start", 0.0)):
        console.enter(line)
        player.rest()
        assert player.since_start_s == pytest.approx(since_start_s)
    console.enter("goto #4001")
    player.rest()
    assert player.window.intents.view is not None
    assert player.window.intents.view.front_end.next_seq == 4_041
    console.enter("goto nowhere")
    assert "is no moment" in console.output.toPlainText()
    console.enter("goto #999999999")
    player.bot.waitUntil(lambda: "never ordered" in player.window.status.sentence.text())


def test_the_speed_is_chosen(player: Player) -> None:
    player.key(Qt.Key.Key_BracketLeft)
    assert player.source.travel.state.speed == 0.5
    menu = player.window.timeline.speed.menu()
    next(action for action in menu.actions() if action.text() == "20×").trigger()
    assert player.source.travel.state.speed == 20
    assert not player.source.travel.state.playing


def test_a_bookmark_is_set_named_moved_to_and_deleted(player: Player) -> None:
    player.window.journey.go_to("0.3s")
    player.rest()
    player.key(Qt.Key.Key_B)
    assert player.source.travel.notes == (Note(300_000_000, "bookmark 1"),)
    form, rail = player.window.timeline.form, player.window.timeline.rail
    player.bot.waitUntil(lambda: any(note for _, note in rail._marked))
    player.bot.mouseDClick(rail, LEFT, pos=player.rail(0.3))
    assert form.isVisible()
    form.text.selectAll()
    player.bot.keyClicks(form.text, "before the kill")
    player.bot.mouseClick(form.keep, LEFT)
    assert [note.text for note in player.source.travel.notes] == ["before the kill"]
    player.window.journey.go_to("0.9s")
    player.rest()
    player.bot.mouseClick(rail, LEFT, pos=player.rail(0.3) + QPoint(3, 0))
    player.rest()
    assert player.since_start_s == pytest.approx(0.3)
    player.bot.mouseDClick(rail, LEFT, pos=player.rail(0.3))
    player.bot.mouseClick(form.remove, LEFT)
    assert player.source.travel.notes == ()
    player.bot.waitUntil(lambda: not player.source.writing)
    tape = FileTape(player.source.path)
    tape.grow()
    assert decode_notes(tape.annotations) == ()
    assert tape.annotations != b""


def test_a_caption_is_shown_while_it_lasts(player: Player) -> None:
    player.window.journey.go_to("0.3s")
    player.rest()
    player.key(Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    form, caption = player.window.timeline.form, player.window.timeline.caption
    player.bot.keyClicks(form.text, "Now R2 dies")
    form.seconds.setValue(0.4)
    player.bot.keyClick(form.text, Qt.Key.Key_Return)
    assert player.source.travel.notes == (Note(300_000_000, "Now R2 dies", 400_000_000),)
    player.bot.waitUntil(caption.isVisible)
    assert caption.accessibleName() == "Now R2 dies"
    player.window.journey.go_to("0.8s")
    player.rest()
    player.bot.waitUntil(lambda: not caption.isVisible())


def test_markers_of_what_happened_are_on_the_rail(player: Player) -> None:
    markers = [marker for marker, note in player.window.journey.markers() if note is None]
    assert [(marker.kind, marker.text) for marker in markers] == [(MarkerKind.KILL, "R2 killed")]


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


def test_a_source_without_a_past_has_no_timeline(window: MainWindow, source: FakeSource) -> None:
    assert not window.timeline.isVisible()
    window.journey.bookmark()
    assert "not recorded" in window.status.sentence.text()
    assert source.sent == []


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
