"""A recording in the window: played, scrubbed, stepped, bookmarked and captioned by clicks and keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from bench.synthetic import START_NS, words
from core.model.markers import MarkerKind
from core.session.annotations import Note, decode_notes
from core.session.replay_source import ReplaySource
from core.session.tape import FileTape
from gui.app import application, open_window
from gui.main_window import MainWindow
from gui.options import Options
from tests.gui.conftest import close
from tests.gui.replaying import LEFT, Player, player, recording
from tests.support.fake_source import FakeFace, FakeSource

__all__ = ["player", "recording"]
"""Fixtures that the tests name."""


def test_it_says_that_it_is_a_replay(player: Player) -> None:
    assert player.window.preferences.recent_files == [str(player.source.path)]
    assert player.window.timeline.badge.text() == "REPLAY"
    player.bot.waitUntil(lambda: "replay · run.lockstep" in player.window.status.figures.text())
    bar = player.window.top_bar
    for theme in ("light", "dark"):
        assert not any(control.isEnabled() for control in (bar.pace, bar.load, bar.faults, bar.clients))
        player.window.dress.choose(theme)
    player.window.intents.kill(1)
    assert "nothing in it can be changed" in player.window.status.sentence.text()


def test_the_stage_never_jumps_to_make_room_for_the_timeline(
    qtbot: QtBot, recording: Path, options: Options
) -> None:
    """A click on its way to a card would miss it."""
    application()
    source = ReplaySource(FileTape(recording), words)
    window = open_window(source, FakeFace(), options)
    window.resize(1366, 768)
    assert window.timeline.badge.text() == "REPLAY"  # not LIVE before it knows
    first = window.stage.size()
    source.start()
    qtbot.waitUntil(lambda: window.timeline.badge.text() == "REPLAY")
    window.grab()
    assert window.stage.size() == first
    window.leave()
    source.close()
    close(window, qtbot)


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
    player.bot.waitUntil(lambda: any(note and note.text == "before the kill" for _, note in rail._marked))
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


def test_a_source_without_a_past_has_no_timeline(window: MainWindow, source: FakeSource) -> None:
    assert not window.timeline.isVisible()
    window.journey.bookmark()
    assert "not recorded" in window.status.sentence.text()
    assert source.sent == []


def test_the_diagram_of_a_recording_shows_more_than_has_happened_yet(player: Player) -> None:
    player.window.journey.go_to("0.5s")
    player.rest()
    page = player.window.centre.show_space_time()
    diagram = page.diagram
    player.bot.waitUntil(lambda: diagram.feed.model.end_ns > START_NS + 900_000_000, timeout=20_000)
    player.window.bridge.tick()
    player.bot.waitUntil(lambda: diagram.picture().cursor_ns == START_NS + 500_000_000)
    assert diagram.picture().lanes.names[-3:] == ("R1", "R2", "R3")
    diagram.fit()
    part = diagram.picture().field
    x = diagram.picture().x_of(START_NS + 200_000_000)
    player.bot.mouseClick(diagram, LEFT, pos=QPointF(x, part.top() - 6).toPoint())
    player.rest()
    assert player.since_start_s == pytest.approx(0.2, abs=0.01)
