"""The checks dock argues: the requests that conflict are drawn, and choosing one chooses it everywhere."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from core import facts
from core.facts import CheckCount, Checked, ConflictCall, Violated
from gui.docks.dispute_view import DisputeView
from gui.main_window import MainWindow
from gui.theme import DARK, LIGHT
from tests.model.test_dispute import split
from tests.support.fake_source import FakeSource

pytestmark = pytest.mark.gui

LEFT = Qt.MouseButton.LeftButton


def show_split(qtbot: QtBot, window: MainWindow, source: FakeSource) -> DisputeView:
    talk = (
        split()
        .at(2.1)
        .say(
            Checked((CheckCount("digest", 2, 1),)), Violated("digest", 2, 1, "aa", "bb"), facts.Diverged(1, 2)
        )
    )
    source.put(talk.records)
    source.time_ns = talk.time_ns
    window.docks.show("checks")
    dispute = window.docks.checks.card.dispute
    qtbot.waitUntil(lambda: dispute.isVisible() and dispute.dispute is not None)
    return dispute


def middle(dispute: DisputeView, place: int) -> QPoint:
    return dispute.claim_rect(place).center().toPoint()


def test_a_click_on_a_bar_chooses_the_request_everywhere(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    dispute = show_split(qtbot, window, source)
    reading = window.docks.checks.card.reading.text()
    assert "R1 made something else of it than R2, R3." in reading
    assert "Wrong meanwhile: FE→R1 30 % lost" in reading
    qtbot.mouseClick(dispute, LEFT, pos=middle(dispute, 0))
    assert (window.selection.name, window.selection.seq) == ("C2", 2)
    assert window.docks.log.filter.text() == "#2"
    assert dispute.current is not None and dispute.current.seq == 2


def test_the_keyboard_walks_from_request_to_request(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    second = 1_000_000_000
    calls = (
        ConflictCall(1, 2, 3, 1 * second, 2 * second, "put a 1", "ok"),
        ConflictCall(2, 2, 4, 3 * second, 4 * second, "get a", "null"),
        ConflictCall(3, 2, 0, 1 * second, 0, "put a 2", ""),
    )
    source.say(Violated("linearizability", 4, 0, "an order", "none", calls))
    window.docks.show("checks")
    dispute = window.docks.checks.card.dispute
    qtbot.waitUntil(dispute.isVisible)
    dispute.setFocus()
    for expected in (("C1", 3), ("C2", 4), ("C3", 0), ("C3", 0)):
        qtbot.keyClick(dispute, Qt.Key.Key_Down)
        assert (window.selection.name, window.selection.seq) == expected
    assert "3 of 3: C3" in dispute.accessibleDescription()
    assert dispute.claim_rect(2).right() == dispute.width()  # open: nobody saw it end
    assert dispute.claim_rect(0).right() < dispute.claim_rect(1).left()
    window.selection.choose("C1", 3)
    assert dispute.current is not None and dispute.current.seq == 3
    [twin] = dispute.twins()
    assert window.intents.view is not None
    rows = [line.cells[0] for line in twin.sheet(window.intents.view).lines]
    assert rows == ["C1", "C2", "C3"]


def test_open_ends_and_faults_are_seen_in_both_themes(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    dispute = show_split(qtbot, window, source)
    for theme in (LIGHT, DARK):
        dispute.set_theme(theme)
        dispute.resize(dispute.sizeHint())  # the dock lays it out a little later
        image = dispute.grab().toImage()
        colours = {
            image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(image.height())
        }
        assert theme.client_colour(2).name() in colours
        assert theme.bad.name() in colours and theme.ok.name() in colours
        assert theme.warn.name() in colours


def test_every_check_that_failed_can_be_looked_at(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    second = 1_000_000_000
    calls = (ConflictCall(1, 2, 3, 1 * second, 2 * second, "get a", "null"),)
    replies = [Violated("reply", seq, 1, "1", "2") for seq in range(1, 130)]
    source.say(*replies, Violated("linearizability", 3, 0, "an order", "none", calls))
    window.docks.show("checks")
    card = window.docks.checks.card
    qtbot.waitUntil(lambda: card.isVisible() and card.following.isVisible())
    assert card.title.text() == "Right answers: failed for #1 at R1"
    assert card.following.text() == "Next: Linearizable"
    card.following.click()
    qtbot.waitUntil(lambda: card.title.text() == "Linearizable: failed for #3")
    qtbot.waitUntil(lambda: card.dispute.isVisible())
    assert card.reading.text().startswith("One request is enough to show it: whenever C1.2 took effect")
    assert card.following.text() == "Next: Right answers"
