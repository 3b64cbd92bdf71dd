"""Clicks and keys become intents; the widget repaints only what it must."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from core.facts import Pace
from core.model.cluster_view import ReplicaState, Token, TokenKind
from gui.stage.card_frame import CardFrame
from gui.stage.replica_card import replica_rows
from gui.stage.stage_widget import StageWidget
from gui.theme import DARK, LIGHT
from tests.support.sample_views import sample

LEFT = Qt.MouseButton.LeftButton


class Watched(StageWidget):
    """Counts its paint events."""

    def __init__(self) -> None:
        super().__init__(DARK)
        self.paints = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        self.paints += 1
        super().paintEvent(event)


@pytest.fixture
def stage(qtbot: QtBot) -> Iterator[Watched]:
    widget = Watched()
    qtbot.addWidget(widget)
    widget.resize(980, 560)
    widget.set_view(replace(sample("idle"), pace=Pace.SLOW))
    widget.show()
    qtbot.waitExposed(widget)
    QApplication.sendPostedEvents()
    yield widget


def centre(stage: StageWidget, name: str) -> QPoint:
    return stage.node_rect(name).center()


def kill_button(stage: StageWidget, name: str) -> QPoint:
    place = stage._picture.layout.places[name]
    return replica_rows(CardFrame(place.rect, place.scale, place.detail)).kill.center().toPoint()


def move(stage: StageWidget, point: QPoint, buttons: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    at = QPointF(point)
    event = QMouseEvent(
        QEvent.Type.MouseMove, at, QPointF(stage.mapToGlobal(point)), Qt.MouseButton.NoButton, buttons,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(stage, event)


def waiting_token(stage: StageWidget) -> QPoint:
    """Put one message that waits on the link to R1; where it stands."""
    view = stage.view()
    assert view is not None
    token = Token(41, TokenKind.ORDER, 128, 1, "#128", "FE", "R1", view.now_ns - 10**9, 0)
    stage.set_view(replace(view, pace=Pace.STEP, tokens=(token,)))
    flight = stage._picture._flight
    return QPoint(round(flight.x[0]), round(flight.y[0]))


# Painting


def test_an_unchanged_view_causes_no_paint_event(stage: Watched) -> None:
    view = stage.view()
    assert view is not None
    count = stage.paints
    stage.set_view(view)
    stage.set_view(replace(view, now_ns=view.now_ns + 10**9))
    QApplication.sendPostedEvents()
    assert stage.paints == count
    stage.set_view(replace(view, front_end=replace(view.front_end, next_seq=999)))
    QApplication.sendPostedEvents()
    assert stage.paints == count + 1


def test_another_theme_size_or_number_of_nodes_paints_all_anew(stage: Watched) -> None:
    before = stage._picture.cards.painted
    stage.set_theme(LIGHT)
    assert stage._picture.cards.painted == before + 7
    stage.resize(1200, 700)
    assert stage._picture.cards.painted == before + 14
    stage.set_view(sample("idle", 4, 3))
    assert stage._picture.cards.painted == before + 22
    assert stage.node_at(centre(stage, "R4")) == "R4"


def test_a_frame_that_was_not_finished_is_finished_without_another_view(stage: Watched, qtbot: QtBot) -> None:
    view = replace(sample("load", 7, 64), tokens=())
    stage.set_view(view)
    busier = tuple(replace(card, first_answers=card.first_answers + 1) for card in view.replicas)
    stage.set_view(replace(view, replicas=busier))
    qtbot.waitUntil(lambda: not stage._picture.pending, timeout=5000)


def test_before_the_first_view_there_is_an_empty_stage(qtbot: QtBot) -> None:
    empty = StageWidget(DARK)
    qtbot.addWidget(empty)
    empty.resize(300, 200)
    assert empty.grab().toImage().pixelColor(150, 100) == DARK.background
    assert empty.node_at(QPoint(10, 10)) == ""
    qtbot.keyClick(empty, Qt.Key.Key_Down)
    qtbot.mouseClick(empty, LEFT, pos=QPoint(20, 20))
    assert empty.selection() == ""


def test_where_a_node_is(stage: Watched) -> None:
    assert stage.rect().contains(stage.node_rect("FE"))
    assert stage.node_rect("R9").center() == stage.rect().center()


# Pointer


def test_a_click_on_a_client_selects_it_and_asks_for_a_query(stage: Watched, qtbot: QtBot) -> None:
    with (
        qtbot.waitSignal(stage.clientActivated) as asked,
        qtbot.waitSignal(stage.selectionChanged) as changed,
    ):
        qtbot.mouseClick(stage, LEFT, pos=centre(stage, "C2"))
    assert (changed.args, asked.args) == (["C2"], [2])
    assert stage.selection() == "C2"


def test_a_sampled_message_over_a_card_does_not_catch_the_click(
    stage: Watched, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "token_at", lambda point: -7)
    with qtbot.assertNotEmitted(stage.tokenActivated), qtbot.waitSignal(stage.clientActivated) as asked:
        qtbot.mouseClick(stage, LEFT, pos=centre(stage, "C2"))
    assert asked.args == [2]


def test_a_click_on_nothing_clears_the_selection(stage: Watched, qtbot: QtBot) -> None:
    stage.select("FE")
    with qtbot.waitSignal(stage.selectionChanged) as changed:
        qtbot.mouseClick(stage, LEFT, pos=QPoint(230, 90))
    assert changed.args == [""]


def test_a_click_on_a_replica_only_selects_it(stage: Watched, qtbot: QtBot) -> None:
    with (
        qtbot.assertNotEmitted(stage.replicaKillRequested),
        qtbot.assertNotEmitted(stage.replicaMenuRequested),
        qtbot.waitSignal(stage.selectionChanged),
    ):
        qtbot.mouseClick(stage, LEFT, pos=centre(stage, "R2"))


def test_the_kill_button_asks_for_a_kill_but_not_of_a_dead_one(stage: Watched, qtbot: QtBot) -> None:
    with qtbot.waitSignal(stage.replicaKillRequested) as killed:
        qtbot.mouseClick(stage, LEFT, pos=kill_button(stage, "R2"))
    assert killed.args == [2]
    view = stage.view()
    assert view is not None
    dead = replace(view.replicas[1], state=ReplicaState.DEAD)
    stage.set_view(replace(view, replicas=(view.replicas[0], dead, view.replicas[2])))
    with qtbot.assertNotEmitted(stage.replicaKillRequested):
        qtbot.mouseClick(stage, LEFT, pos=kill_button(stage, "R2"))


def test_the_kill_button_is_seen_under_the_pointer_only(stage: Watched) -> None:
    def button() -> list[str]:
        spot = kill_button(stage, "R1")
        image = stage.grab().toImage()
        return [image.pixelColor(spot.x() + dx, spot.y()).name() for dx in range(-9, 10)]

    assert DARK.bad.name() not in button()
    move(stage, centre(stage, "R1"))
    assert DARK.bad.name() in button()
    move(stage, QPoint(230, 90))
    assert DARK.bad.name() not in button()


def test_a_right_click_asks_for_the_menu_where_it_was_clicked(stage: Watched, qtbot: QtBot) -> None:
    point = centre(stage, "R3")
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, point, stage.mapToGlobal(point))
    with qtbot.waitSignal(stage.replicaMenuRequested) as asked:
        QApplication.sendEvent(stage, event)
    assert asked.args == [3, stage.mapToGlobal(point)]
    assert stage.selection() == "R3"


def test_a_click_on_a_message_asks_for_it(stage: Watched, qtbot: QtBot) -> None:
    point = waiting_token(stage)
    assert stage.token_at(point) == 41
    stage.select("R2")
    with qtbot.waitSignal(stage.tokenActivated) as asked:
        qtbot.mouseClick(stage, LEFT, pos=point)
    assert asked.args == [41]
    assert stage.selection() == "R2"
    with qtbot.assertNotEmitted(stage.tokenActivated):
        qtbot.mouseClick(stage, LEFT, pos=point + QPoint(60, 0))


def test_a_dragged_node_stays_where_it_was_put(stage: Watched, qtbot: QtBot) -> None:
    start, end = centre(stage, "C1"), QPoint(300, 500)
    qtbot.mousePress(stage, LEFT, pos=start)
    move(stage, start + QPoint(60, 40), LEFT)
    move(stage, end, LEFT)
    with qtbot.assertNotEmitted(stage.clientActivated), qtbot.waitSignal(stage.nodesMoved):
        qtbot.mouseRelease(stage, LEFT, pos=end)
    assert (centre(stage, "C1") - end).manhattanLength() <= 2
    places = stage.positions()
    assert places["C1"] == pytest.approx((300 / 980, 500 / 560), abs=0.003)
    with qtbot.waitSignal(stage.nodesMoved):
        stage.reset_positions()
    assert (centre(stage, "C1") - start).manhattanLength() <= 1
    stage.set_positions(places)
    assert stage.node_at(end) == "C1"


def test_a_small_tremble_is_a_click_not_a_drag(stage: Watched, qtbot: QtBot) -> None:
    start = centre(stage, "C1")
    qtbot.mousePress(stage, LEFT, pos=start)
    move(stage, start + QPoint(2, 1), LEFT)
    with qtbot.assertNotEmitted(stage.nodesMoved), qtbot.waitSignal(stage.clientActivated):
        qtbot.mouseRelease(stage, LEFT, pos=start + QPoint(2, 1))


# Keyboard


def test_arrows_walk_by_where_things_are(stage: Watched, qtbot: QtBot) -> None:
    walk = (
        (Qt.Key.Key_Down, "C1"),
        (Qt.Key.Key_Down, "C2"),
        (Qt.Key.Key_Right, "FE"),
        (Qt.Key.Key_Right, "R2"),
        (Qt.Key.Key_Up, "R1"),
        (Qt.Key.Key_Up, "R1"),
        (Qt.Key.Key_Left, "FE"),
        (Qt.Key.Key_Left, "C2"),
    )
    for key, name in walk:
        qtbot.keyClick(stage, key)
        assert stage.selection() == name
    qtbot.keyClick(stage, Qt.Key.Key_Escape)
    assert stage.selection() == ""


def test_tab_visits_every_node_and_then_leaves(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    first, stage, last = QLineEdit(), StageWidget(DARK), QLineEdit()
    column = QVBoxLayout(window)
    for widget in (first, stage, last):
        column.addWidget(widget)
    window.resize(980, 640)
    stage.set_view(sample("idle"))
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    first.setFocus()
    visited = []
    for _ in range(7):
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        visited.append(stage.selection())
    assert visited == ["C1", "C2", "C3", "FE", "R1", "R2", "R3"]
    qtbot.keyClick(stage, Qt.Key.Key_Tab)
    assert last.hasFocus()
    qtbot.keyClick(last, Qt.Key.Key_Backtab)
    assert stage.hasFocus()
    assert stage.selection() == "R3"
    assert stage._picture.cards._looks["R3"].focused


def test_enter_and_k_act_on_the_selected_node(stage: Watched, qtbot: QtBot) -> None:
    stage.select("C3")
    with qtbot.waitSignal(stage.clientActivated) as asked:
        qtbot.keyClick(stage, Qt.Key.Key_Return)
    assert asked.args == [3]
    with qtbot.assertNotEmitted(stage.replicaKillRequested):
        qtbot.keyClick(stage, Qt.Key.Key_K)
    stage.select("R1")
    with qtbot.waitSignal(stage.replicaKillRequested) as killed:
        qtbot.keyClick(stage, Qt.Key.Key_K)
    assert killed.args == [1]
    with qtbot.waitSignal(stage.replicaMenuRequested) as menu:
        qtbot.keyClick(stage, Qt.Key.Key_Return)
    assert stage.node_at(stage.mapFromGlobal(menu.args[1])) == "R1"


def test_the_menu_key_asks_for_the_selected_replicas_menu(stage: Watched, qtbot: QtBot) -> None:
    stage.select("R2")
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(1, 1), QPoint(1, 1))
    with qtbot.waitSignal(stage.replicaMenuRequested) as asked:
        QApplication.sendEvent(stage, event)
    assert stage.node_at(stage.mapFromGlobal(asked.args[1])) == "R2"


def test_the_selected_node_is_told_in_words(stage: Watched) -> None:
    assert stage.accessibleName() == "Cluster stage"
    stage.select("R1")
    text = stage.accessibleDescription()
    assert "Replica R1" in text
    assert "running" in text
    assert "expects number 128" in text
    stage.select("FE")
    assert "Next sequence number 128" in stage.accessibleDescription()


def test_a_node_that_went_away_is_no_longer_selected(stage: Watched, qtbot: QtBot) -> None:
    stage.set_view(sample("idle", 5, 3))
    stage.select("R5")
    with qtbot.waitSignal(stage.selectionChanged) as changed:
        stage.set_view(sample("idle", 3, 3))
    assert changed.args == [""]
    stage.select("R7")
    assert stage.selection() == ""
