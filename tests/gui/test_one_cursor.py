"""What is chosen or pointed at in one view is so in all of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from core.facts import KillOrdered
from gui.main_window import MainWindow
from gui.space_time.page import SpaceTimePage
from tests.gui.space_time.test_page import page
from tests.support.fake_source import fact_record

__all__ = ["page"]
pytestmark = pytest.mark.gui
MOMENT_NS = 330_000_000
EVENT = fact_record(KillOrdered(2, "user"), MOMENT_NS)

CHOOSERS: dict[str, Callable[[MainWindow, SpaceTimePage], None]] = {
    "event log": lambda window, page: window.docks.log.chosen.emit("C1", 4, EVENT),
    "diagram": lambda window, page: page.diagram.requestChosen.emit(4),
}


@pytest.mark.parametrize("where", CHOOSERS)
def test_a_request_chosen_in_one_view_is_chosen_in_all(
    qtbot: QtBot,
    window: MainWindow,
    page: SpaceTimePage,
    where: str,
) -> None:
    CHOOSERS[where](window, page)
    assert window.selection.seq == 4
    assert window.stage._lit == 4
    assert window.stage.selection() == "C1"
    assert page.diagram.chosen_seq == 4
    assert window.docks.inspector.title.text() == "Request #4"


@pytest.mark.parametrize("where", ["stage", "diagram", "table"])
def test_a_node_chosen_in_one_view_is_chosen_in_all(
    qtbot: QtBot,
    window: MainWindow,
    page: SpaceTimePage,
    where: str,
) -> None:
    if where == "stage":
        window.stage.select("R2")
    elif where == "diagram":
        page.diagram.nodeChosen.emit("R2")
    else:
        window.selection.choose("R2", 0)
    assert window.selection.name == "R2"
    assert window.stage.selection() == "R2"
    assert page.diagram._node == "R2"
    assert window.docks.inspector.title.text() == "Replica 2"


@pytest.mark.parametrize("where", ["timeline", "diagram", "event log"])
def test_a_moment_pointed_at_in_one_view_is_marked_in_all(
    qtbot: QtBot,
    window: MainWindow,
    page: SpaceTimePage,
    where: str,
) -> None:
    if where == "timeline":
        window.timeline.rail.momentPointed.emit(MOMENT_NS)
    elif where == "diagram":
        page.diagram.momentPointed.emit(MOMENT_NS)
    else:
        window.docks.log.chosen.emit("C1", 4, EVENT)
    assert window.selection.moment_ns == MOMENT_NS
    assert window.timeline.rail._pointed_ns == MOMENT_NS
    assert page.diagram._pointed_ns == MOMENT_NS
