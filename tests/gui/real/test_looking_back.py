"""Looking back while real replicas run: scrub, see the past, and return to a present that has gone on."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt

from core.model.cluster_view import ReplicaState
from core.session.annotations import decode_notes
from core.session.tape import FileTape
from tests.gui.real.conftest import LEFT, Start

pytestmark = [pytest.mark.gui, pytest.mark.processes]


def test_a_kill_is_undone_in_the_picture_alone_and_end_brings_the_present_back(start: Start) -> None:
    live = start(load=True)
    window, journey = live.window, live.window.journey
    live.until(lambda: live.view.front_end.next_seq > 200)
    live.until(lambda: live.view.now_ns - live.view.started_ns > 5_000_000_000)  # a pixel is not long then
    live.click("R2")
    live.bot.keyClick(window.stage, Qt.Key.Key_K)
    live.until(lambda: live.replica(2).state is ReplicaState.DEAD)
    live.until(lambda: any(marker.text == "R2 killed" for marker, _ in journey.markers()))
    killed_ns = next(marker.time_ns for marker, _ in journey.markers() if marker.text == "R2 killed")
    travel = journey.travel
    assert travel is not None
    tape = live.launched.source.travel.player.tape  # type: ignore[union-attr]
    live.until(lambda: tape.end_ns > killed_ns + 3 * 10**8)  # else a click before it is one on the end
    answered = live.view.metrics.answered

    rail = window.timeline.rail
    live.until(lambda: rail.isVisible() and window.timeline.badge.text() == "LIVE")
    before = QPoint(round(rail.x_of(killed_ns)) - 25, rail.height() // 2)
    live.bot.mouseClick(rail, LEFT, pos=before)
    live.until(lambda: not travel.state.live and not travel.state.busy)
    live.until(lambda: window.timeline.badge.text() == "PAST")
    assert live.view.now_ns < killed_ns
    assert live.replica(2).state is not ReplicaState.DEAD
    assert live.view.front_end.next_seq > 1

    live.bot.keyClick(window.stage, Qt.Key.Key_B)  # kept in the recording that is being written
    assert [note.text for note in travel.notes] == ["bookmark 1"]
    live.bot.keyClick(window.stage, Qt.Key.Key_K)
    assert "nothing in it can be changed" in window.status.sentence.text()

    live.bot.keyClick(window.stage, Qt.Key.Key_End)
    live.until(lambda: travel.state.live and window.timeline.badge.text() == "LIVE")
    live.until(lambda: live.replica(2).state is ReplicaState.DEAD)
    live.until(lambda: live.view.metrics.answered > answered)
    live.close()
    kept = FileTape(live.launched.path)
    kept.grow()
    assert kept.closed and kept.note == ""
    assert [note.text for note in decode_notes(kept.annotations)] == ["bookmark 1"]
