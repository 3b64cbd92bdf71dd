"""A partition drawn with the pointer: shown before it is made, let go with Esc, taken back the same way."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QLineF, QPoint, Qt
from pytestqt.qtbot import QtBot

from core import facts
from core.commands import Partition
from core.facts import Exited, LinkFaulted
from core.link_faults import LinkFaults, Way
from core.model.cluster_view import ClusterView
from gui.main_window import MainWindow
from gui.partition import across
from gui.stage.cut_line import crossed
from tests.gui.pointer import LEFT, NONE, draw, mouse
from tests.support.dialogue import Dialogue
from tests.support.fake_source import FakeSource

pytestmark = pytest.mark.gui


def cut(source: FakeSource, *replicas: int) -> None:
    source.say(*(LinkFaulted(replica, way, LinkFaults(cut=True)) for replica in replicas for way in Way))


def shown(window: MainWindow) -> ClusterView:
    view = window.intents.view
    assert view is not None
    return view


def test_a_line_across_links_cuts_them_off_when_let_go(window: MainWindow, source: FakeSource) -> None:
    let_go = draw(window, "R2", "R3")
    assert source.sent == []
    let_go()
    assert source.sent == [Partition((2, 3))]


def test_what_would_be_cut_is_seen_before(window: MainWindow, qtbot: QtBot) -> None:
    before = window.stage.grab().toImage()
    edge = window.stage.node_rect("R3").topLeft() + QPoint(60, -3)
    let_go = draw(window, "R2", "R3")
    seen = window.stage.grab().toImage()
    reddened = [
        seen.pixelColor(edge.x() + x, edge.y() + y) != before.pixelColor(edge.x() + x, edge.y() + y)
        for x in range(12)
        for y in range(-2, 3)
    ]
    assert any(reddened), "the card behind the link is framed"
    qtbot.keyClick(window.stage, Qt.Key.Key_Escape)
    assert window.stage.grab().toImage() == before
    let_go()


def test_esc_lets_go_of_the_line_and_of_the_rest_of_the_drag(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    let_go = draw(window, "R2", "R3")
    qtbot.keyClick(window.stage, Qt.Key.Key_Escape)
    mouse(window, QEvent.Type.MouseMove, QPoint(300, 300), NONE)
    let_go()
    assert source.sent == []


def test_a_line_across_what_is_cut_joins_it_again(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    cut(source, 2, 3)
    qtbot.waitUntil(lambda: len(shown(window).faulty_links) == 4)
    draw(window, "R3")()
    assert source.sent == [Partition((2,))]
    draw(window, "R1", "R2", "R3")()
    assert source.sent[1:] == [Partition((1, 2, 3))]


def test_a_short_drag_or_a_line_across_nothing_does_nothing(window: MainWindow, source: FakeSource) -> None:
    mouse(window, QEvent.Type.MouseButtonPress, QPoint(200, 600), LEFT)
    mouse(window, QEvent.Type.MouseMove, QPoint(240, 630), NONE)
    mouse(window, QEvent.Type.MouseButtonRelease, QPoint(240, 630), LEFT)
    assert source.sent == []


def test_nothing_is_drawn_over_the_past(window: MainWindow, source: FakeSource) -> None:
    window.bridge.stop()
    window.stage.set_badge("REPLAY")
    draw(window, "R2", "R3")()
    assert source.sent == []


def test_a_card_is_dragged_as_before(window: MainWindow, source: FakeSource) -> None:
    centre = window.stage.node_rect("R2").center()
    mouse(window, QEvent.Type.MouseButtonPress, centre, LEFT)
    mouse(window, QEvent.Type.MouseMove, centre - QPoint(60, 0), NONE)
    mouse(window, QEvent.Type.MouseButtonRelease, centre - QPoint(60, 0), LEFT)
    assert source.sent == [] and "R2" in window.stage.positions()


def test_the_words_tell_who_and_the_dead_are_left_alone(window: MainWindow) -> None:
    talk = Dialogue(3).say(*(LinkFaulted(3, way, LinkFaults(cut=True)) for way in Way))
    view = talk.say(Exited(1, -9, ""), facts.Dropped(1, "it was killed")).view()
    assert across(view, [1, 2, 3]) == ({2, 3}, (2, 3), False, "Cut R2 off")
    assert across(view, [3]) == ({3}, (), True, "Join R3 again")
    assert across(view, [1]) == (frozenset(), (3,), False, "")


def test_only_links_to_replicas_are_crossed(window: MainWindow) -> None:
    layout = window.stage._picture.layout
    middle = window.stage.node_rect("FE").center()
    far_left = QLineF(middle.x() - 130, 0, middle.x() - 130, window.stage.height())
    assert crossed(layout, far_left) == {}
    whole = QLineF(
        window.stage.node_rect("R1").left() - 30, 0, window.stage.node_rect("R1").left() - 30, 2_000
    )
    assert set(crossed(layout, whole)) == {1, 2, 3}
