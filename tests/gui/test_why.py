"""“Why?” where a person meets it: on the stage, in the menu, in the inspector, in the console."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from core import facts
from core.harm import Harm
from core.link_faults import LinkFaults, Way
from core.trace.wire_log import Tap
from gui.main_window import MainWindow
from gui.stage.card_frame import CardFrame
from gui.stage.replica_card import replica_rows
from gui.stage.tips import tip
from tests.support.dialogue import Dialogue
from tests.support.fake_source import FakeSource

pytestmark = pytest.mark.gui

MISSING = "#1 was lost on FE→R1 at 2.000 s."


def lose_the_first(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    """#1 is lost on its way to R1, which holds #2."""
    talk = Dialogue(clients=3)
    talk.at(1.9).say(facts.LinkFaulted(1, Way.TO, LinkFaults(loss=0.3)))
    talk.at(2.0).call((1, 1, "post hi"))
    talk.order(1, (1, 1, "post hi"), to=(2, 3)).order(1, (1, 1, "post hi"), to=(1,), tap=Tap.TO_LOST)
    talk.at(2.1).call((2, 1, "post ho")).order(2, (2, 1, "post ho")).pong(1, 1, 2, 2)
    source.put(talk.records)
    source.time_ns = talk.time_ns
    qtbot.waitUntil(lambda: window.intents.view is not None and bool(window.intents.view.replicas[0].held))


def test_the_console_answers(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    lose_the_first(qtbot, window, source)
    prompt = window.docks.console.prompt
    for line in ("why R1", "why #2", "why R9"):
        qtbot.keyClicks(prompt, line)
        qtbot.keyClick(prompt, Qt.Key.Key_Return)
    said = window.docks.console.output.toPlainText()
    assert "R1 holds #2. It may not execute it before #1." in said
    assert MISSING in said
    assert "#2 is post ho (C2.1)." in said
    assert "There is no replica R9." in said


def test_the_tip_of_a_hold_back_slot_says_what_it_waits_for(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    lose_the_first(qtbot, window, source)
    view, stage = window.intents.view, window.stage
    assert view is not None
    place = stage._picture.layout.places["R1"]
    slots = replica_rows(CardFrame(place.rect, place.scale, place.detail)).slots
    said = tip(view, place, slots.center(), stage.explain)
    assert "The hold-back queue." in said
    assert MISSING in said
    well = stage._picture.layout.places["R2"]
    assert "\n\n" not in tip(view, well, QPointF(well.rect.center().x(), well.rect.top() + 5), stage.explain)


def test_the_inspector_explains_what_is_selected(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    lose_the_first(qtbot, window, source)
    card = window.docks.inspector.why
    window.docks.show("inspector")
    window.selection.set("R1")
    qtbot.waitUntil(lambda: MISSING in card.text() and card.isVisible())
    window.selection.set("R2")
    qtbot.waitUntil(lambda: not card.isVisible())


def test_the_menu_of_a_replica_asks_why_of_one_that_is_well(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    lose_the_first(qtbot, window, source)
    window.faults.open_replica(2, window.mapToGlobal(window.rect().center()))
    menu = next(menu for menu in window.findChildren(QMenu) if menu.accessibleName() == "Replica 2")
    next(action for action in menu.actions() if action.text() == "Why?").trigger()
    menu.close()
    card = window.docks.inspector.why
    qtbot.waitUntil(lambda: card.isVisible() and card.text().startswith("R2 "))


def test_a_selected_request_is_shown_as_a_waterfall_and_in_rows(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    lose_the_first(qtbot, window, source)
    talk = Dialogue().at(2.2).result(2, 1).answer(2, (1, 1, 1, "ok"))
    source.put(talk.records[-2:])
    window.docks.show("inspector")
    window.selection.choose("", 1)
    inspector = window.docks.inspector
    qtbot.waitUntil(lambda: inspector.waterfall.isVisible() and inspector.facts.rowCount() >= 6)
    rows = {}
    for row in range(inspector.facts.rowCount()):
        items = [inspector.facts.item(row, column) for column in (0, 1)]
        texts = [item.text() for item in items if item is not None]
        rows.setdefault(texts[0], texts[1])
    assert inspector.title.text() == "Request #1"
    assert rows["request"] == "post hi  (C1.1)"
    assert rows["C1"] == "waits for its answer 200 ms"
    assert rows["R2"].startswith("on its way there 200 ms")
    assert rows["answer"] == "ok, from R2 first"
    assert "executed with its batch" in inspector.waterfall.accessibleDescription()
    assert inspector.why.text().startswith("#1 is post hi (C1.1).")
    window.selection.set("R2")
    qtbot.waitUntil(lambda: not inspector.waterfall.isVisible())


def test_a_violation_argues_with_the_operation_and_the_cause(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    lose_the_first(qtbot, window, source)
    source.say(facts.Tampered(1, Harm.CORRUPT, 1))
    source.say(facts.Violated("digest", 2, 1, "digest aa", "digest bb"))
    window.docks.show("checks")
    card = window.docks.checks.card
    qtbot.waitUntil(lambda: card.why.isVisible())
    operation, cause = card.why.text().splitlines()
    assert operation == "#2 is post ho of C2.1."
    assert cause.startswith("A bit of R1's memory was turned on purpose at ")
