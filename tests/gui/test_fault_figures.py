"""Figures of one's own for a link's faults: said in words before they are sent, and sent as said."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.commands import Heal, SetFault
from core.facts import Dropped, Exited, LinkFaulted
from core.link_faults import LinkFaults, Way
from core.model.cluster_view import ClusterView
from gui.fault_figures import EVERY_LINK, FaultFigures
from gui.main_window import MainWindow
from tests.gui.menus import LEFT, click_entry, faults_menu, link_menu, node_menu
from tests.support.fake_source import FakeSource

pytestmark = pytest.mark.gui

MS = 1_000_000


def dialog(window: MainWindow) -> FaultFigures:
    figures = window.faults.figures
    assert figures is not None and figures.isVisible()
    return figures


def shown(window: MainWindow) -> ClusterView:
    view = window.intents.view
    assert view is not None
    return view


def type_in(qtbot: QtBot, figures: FaultFigures, **values: str) -> None:
    for name, text in values.items():
        spin = figures.figures[name]
        spin.setFocus()
        spin.selectAll()
        qtbot.keyClicks(spin, text)


def test_from_a_links_menu_by_keyboard_alone(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    click_entry(qtbot, link_menu(qtbot, window, "R2"), "Other figures…")
    figures = dialog(window)
    assert (figures.replica, figures.chosen_way) == (2, None)
    assert figures.note.text() == "It is so already." and not figures.apply.isEnabled()
    assert figures.preview.text() == "–"
    qtbot.keyClicks(figures.figures["loss"], "12.5")
    type_in(qtbot, figures, delay="200", jitter="50.5", reorder="7")
    assert figures.preview.text().split("\n") == ["drop 12.5% R2", "reorder 7% R2", "delay R2 200ms 50.5ms"]
    qtbot.keyClick(figures.figures["reorder"], Qt.Key.Key_Return)
    assert source.sent == [
        SetFault(2, loss=0.125),
        SetFault(2, reorder=0.07),
        SetFault(2, delay_ns=200 * MS, jitter_ns=round(50.5 * MS)),
    ]
    qtbot.keyClick(figures, Qt.Key.Key_Escape)
    assert not figures.isVisible()


def test_what_is_wrong_now_is_loaded_changed_and_healed(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    source.say(*(LinkFaulted(3, way, LinkFaults(loss=0.3, duplicate=0.1)) for way in Way))
    qtbot.waitUntil(lambda: len(shown(window).faulty_links) == 2)
    window.selection.set("R3")
    qtbot.keyClick(window.stage, Qt.Key.Key_F8)
    figures = dialog(window)
    assert [figures.figures[name].value() for name in ("loss", "duplicate", "delay")] == [30, 10, 0]
    assert "FE→R3: 30 % lost" in figures.now.text()
    type_in(qtbot, figures, loss="0")
    assert figures.preview.text() == "drop 0% R3"
    qtbot.mouseClick(figures.apply, LEFT)
    qtbot.mouseClick(figures.heal, LEFT)
    assert source.sent == [SetFault(3, loss=0.0), Heal(3)]
    source.say(*(LinkFaulted(3, way, LinkFaults()) for way in Way))
    qtbot.waitUntil(lambda: figures.now.text() == "Now: nothing is wrong")
    assert not figures.heal.isEnabled() and not figures.apply.isEnabled()


def test_one_direction_from_the_card(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    click_entry(qtbot, node_menu(window, "R1"), "Link of R1", "Only R1→FE", "Other figures…")
    figures = dialog(window)
    assert (figures.replica, figures.chosen_way) == (1, Way.FROM)
    qtbot.mouseClick(figures.cut, LEFT)
    assert figures.preview.text() == "cut R1->FE"
    assert not any(spin.isEnabled() for spin in figures.figures.values())
    assert "silent for 2 s is dropped" in figures.note.text()
    qtbot.mouseClick(figures.apply, LEFT)
    assert source.sent == [SetFault(1, Way.FROM, cut=True)]


def test_every_link_from_the_menu_faults(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    click_entry(qtbot, faults_menu(qtbot, window), "All links", "Other figures…")
    figures = dialog(window)
    assert figures.link.currentText() == EVERY_LINK and figures.way.count() == 1
    assert not figures.cut.isEnabled(), "a group is cut off by a partition"
    type_in(qtbot, figures, duplicate="5")
    qtbot.mouseClick(figures.apply, LEFT)
    assert source.sent == [SetFault(0, duplicate=0.05)]


@pytest.mark.parametrize(("typed", "taken"), [("150", 15.0), ("-5", 0.0), ("99.99", 99.9), ("abc", 0.0)])
def test_only_possible_figures_can_be_typed(
    qtbot: QtBot, window: MainWindow, typed: str, taken: float
) -> None:
    window.faults.open_figures(2)
    type_in(qtbot, dialog(window), loss=typed)
    assert dialog(window).figures["loss"].value() == taken


@pytest.mark.parametrize(
    ("values", "way", "words"),
    [
        ({"delay": "200"}, None, ""),
        ({"delay": "200", "jitter": "100"}, None, "silent for 0.6 s at first, it is suspected"),
        ({"delay": "1200"}, None, "silent for 2.4 s at first, it may be dropped"),
        ({"delay": "1200"}, Way.TO, "silent for 1.2 s at first, it is suspected"),
        ({"loss": "100"}, Way.TO, "Losing all is a cut."),
    ],
)
def test_a_person_is_told_before_what_else_comes_of_it(
    qtbot: QtBot, window: MainWindow, values: dict[str, str], way: Way | None, words: str
) -> None:
    window.faults.open_figures(2, way)
    type_in(qtbot, dialog(window), **values)
    note = dialog(window).note.text()
    assert words in note if words else not note


def test_who_dies_meanwhile_has_no_link_any_more(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    window.faults.open_figures(3)
    type_in(qtbot, dialog(window), loss="20")
    source.say(Exited(1, -9, ""), Dropped(1, "it was killed"))
    qtbot.waitUntil(lambda: dialog(window).link.count() == 3)  # R2, R3, every link
    assert dialog(window).replica == 3 and dialog(window).preview.text() == "drop 20% R3"
    source.say(Exited(3, -9, ""), Dropped(3, "it was killed"))
    qtbot.waitUntil(lambda: dialog(window).replica == 2)
    assert not dialog(window).apply.isEnabled(), "what was typed was meant for R3"
