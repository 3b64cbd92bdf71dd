"""A message that waits under step, in a hand: clicked, dragged onto another one, or put off by a menu."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from core.commands import Command, Delay, Deliver
from core.facts import Delayed, Pace, PaceSet
from core.model.cluster_view import Token
from core.trace.wire_log import Tap
from gui.main_window import MainWindow
from gui.stage.tips import token_tip
from gui.stage.twins import cluster_sheet
from tests.gui.menus import click_entry, faults_menu, opened, right_click, token_menu
from tests.gui.pointer import LEFT, NONE, mouse
from tests.support.dialogue import Dialogue
from tests.support.fake_source import FakeSource

pytestmark = pytest.mark.gui

PRESS, MOVE, RELEASE = (
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.MouseButtonRelease,
)
ASKED = ((1, 1, "post hi"), (2, 1, "post yo"))


def tokens(window: MainWindow) -> tuple[Token, ...]:
    view = window.intents.view
    assert view is not None
    return view.tokens


def numbers(window: MainWindow) -> list[int]:
    return [token.token for token in tokens(window)]


@pytest.fixture
def waiting(window: MainWindow, source: FakeSource, qtbot: QtBot) -> MainWindow:
    """Under step: #1 and #2 on their way to R1 and R2 (messages 1 to 4), and a request of C3 (message 5)."""
    talk = Dialogue(start_s=0.5)
    begun = len(talk.records)
    talk.say(PaceSet(Pace.STEP, 0))
    for seq, request in enumerate(ASKED, start=1):
        for replica in (1, 2):
            talk.order(seq, request, to=[replica], tap=Tap.TO_SENT, token=2 * seq + replica - 2)
    talk.call((3, 1, "post ho"), tap=Tap.CALL_SENT, token=5)
    source.put(talk.records[begun:])
    qtbot.waitUntil(lambda: numbers(window) == [1, 2, 3, 4, 5] and window.stage.token_point(5) is not None)
    qtbot.waitUntil(lambda: window.intents.pace is Pace.STEP)
    return window


def at(window: MainWindow, token: int) -> QPoint:
    point = window.stage.token_point(token)
    assert point is not None
    return point.toPoint()


def drag(window: MainWindow, token: int, to: QPoint) -> None:
    """Press on a message and move the pointer there, without letting go."""
    start = at(window, token)
    mouse(window, PRESS, start, LEFT)
    for step in range(1, 5):
        mouse(window, MOVE, start + (to - start) * step / 4, NONE)


def let_go(window: MainWindow, where: QPoint) -> None:
    mouse(window, RELEASE, where, LEFT)


@pytest.mark.parametrize(("token", "behind"), [(1, 3), (1, 2), (3, 1), (2, 5), (5, 4)])
def test_dragged_onto_another_message_it_goes_behind_that(
    waiting: MainWindow, source: FakeSource, token: int, behind: int
) -> None:
    to = at(waiting, behind)
    drag(waiting, token, to)
    assert source.sent == []
    let_go(waiting, to)
    assert source.sent == [Delay(token, behind)]


def test_let_go_elsewhere_nothing_is_done(waiting: MainWindow, source: FakeSource) -> None:
    home = at(waiting, 1)
    for where in (
        waiting.stage.node_rect("R3").center(),
        waiting.stage.node_rect("C1").center(),
        QPoint(6, 6),
        home,
    ):
        drag(waiting, 1, QPoint(6, 6))
        mouse(waiting, MOVE, where, NONE)
        let_go(waiting, where)
    assert source.sent == []
    assert waiting.stage.positions() == {} and waiting.stage.selection() == ""


def test_pressed_and_let_go_it_is_delivered_though_the_finger_trembles(
    waiting: MainWindow, source: FakeSource
) -> None:
    point = at(waiting, 2)
    mouse(waiting, PRESS, point, LEFT)
    mouse(waiting, MOVE, point + QPoint(2, 1), NONE)
    let_go(waiting, point + QPoint(2, 1))
    assert source.sent == [Deliver(2)]


def test_esc_lets_go_of_it(waiting: MainWindow, source: FakeSource, qtbot: QtBot) -> None:
    waiting.bridge.stop()  # nothing else moves
    before = waiting.stage.grab().toImage()
    to = at(waiting, 3)
    drag(waiting, 1, to)
    assert waiting.stage.grab().toImage() != before, "it is seen where it is dragged to"
    qtbot.keyClick(waiting.stage, Qt.Key.Key_Escape)
    assert waiting.stage.grab().toImage() == before
    mouse(waiting, MOVE, to, NONE)
    let_go(waiting, to)
    drag(waiting, 1, QPoint(6, 6))
    qtbot.keyClick(waiting.stage, Qt.Key.Key_Escape)
    let_go(waiting, at(waiting, 1))
    assert source.sent == []


def test_the_one_that_it_would_go_behind_is_ringed(waiting: MainWindow) -> None:
    place, ring = at(waiting, 5), QPointF(14 * waiting.stage._picture.layout.scale, 0).toPoint()
    waiting.bridge.stop()
    drag(waiting, 1, place + QPoint(0, 60))
    before = waiting.stage.grab().toImage().pixelColor(place - ring)
    mouse(waiting, MOVE, place + QPoint(0, 6), NONE)
    after = waiting.stage.grab().toImage().pixelColor(place - ring)
    let_go(waiting, QPoint(6, 6))
    accent = waiting.stage._theme.accent
    assert after != before
    assert abs(after.hue() - accent.hue()) < 12


@pytest.mark.parametrize("pace", [Pace.SLOW, Pace.REAL_TIME])
def test_what_travels_by_itself_is_not_dragged(
    waiting: MainWindow, source: FakeSource, qtbot: QtBot, pace: Pace
) -> None:
    source.say(PaceSet(pace, 60_000_000_000))
    qtbot.waitUntil(lambda: waiting.intents.pace is pace)
    there = at(waiting, 3)
    drag(waiting, 1, there)
    let_go(waiting, there)
    assert not any(isinstance(command, Delay) for command in source.sent)


def test_nothing_is_dragged_in_the_past(waiting: MainWindow, source: FakeSource) -> None:
    waiting.bridge.stop()
    waiting.stage.set_badge("REPLAY")
    there = at(waiting, 3)
    drag(waiting, 1, there)
    let_go(waiting, there)
    assert source.sent == []


@pytest.mark.parametrize(
    ("path", "command"),
    [
        (("Deliver",), Deliver(1)),
        (("Delay",), Delay(1)),
        (("Put behind", "#2  FE → R1"), Delay(1, 3)),
        (("Put behind", "post ho  C3 → FE"), Delay(1, 5)),
    ],
)
def test_its_menu_puts_it_off(
    waiting: MainWindow, source: FakeSource, qtbot: QtBot, path: tuple[str, ...], command: Command
) -> None:
    menu = token_menu(waiting, 1)
    click_entry(qtbot, menu, *path)
    assert source.sent == [command]


def test_a_message_is_not_offered_itself(waiting: MainWindow) -> None:
    menu = token_menu(waiting, 1)
    inner = next(action.menu() for action in menu.actions() if action.text() == "Put behind")
    assert isinstance(inner, QMenu)
    assert [action.text() for action in inner.actions()] == [
        "#1  FE → R2",
        "#2  FE → R1",
        "#2  FE → R2",
        "post ho  C3 → FE",
    ]
    menu.close()


def test_the_menu_of_all_faults_does_it_without_a_pointer(
    waiting: MainWindow, source: FakeSource, qtbot: QtBot
) -> None:
    menu = faults_menu(qtbot, waiting)
    click_entry(qtbot, menu, "Messages on their way", "#1  FE → R2", "Put behind", "#2  FE → R2")
    assert source.sent == [Delay(2, 4)]


@pytest.mark.parametrize("has_menu_key", [True, False])
def test_in_the_table_a_key_opens_the_menu_of_a_message(
    waiting: MainWindow, source: FakeSource, qtbot: QtBot, has_menu_key: bool
) -> None:
    waiting.stage.setFocus()
    waiting.actions_by_id["show_table"].trigger()
    tables = waiting.docks.tables
    qtbot.waitUntil(lambda: any(line.token == 2 for line in tables.model.sheet.lines))
    row = next(n for n, line in enumerate(tables.model.sheet.lines) if line.token == 2)
    tables.table.setCurrentIndex(tables.model.index(row, 0))
    if has_menu_key:
        key = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(1, 1), QPoint(1, 1))
        QApplication.sendEvent(tables.table, key)
    else:
        qtbot.keyClick(tables.table, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    click_entry(qtbot, opened(waiting, "Message 2"), "Delay")
    assert source.sent == [Delay(2)]


def test_in_the_table_a_right_click_opens_the_menu_of_the_message_under_it(
    waiting: MainWindow, source: FakeSource, qtbot: QtBot
) -> None:
    waiting.stage.setFocus()
    waiting.actions_by_id["show_table"].trigger()
    tables = waiting.docks.tables
    qtbot.waitUntil(lambda: any(line.token == 5 for line in tables.model.sheet.lines))
    row = next(n for n, line in enumerate(tables.model.sheet.lines) if line.token == 5)
    tables.table.scrollTo(tables.model.index(row, 0))
    right_click(tables.table.viewport(), tables.table.visualRect(tables.model.index(row, 0)).center())
    click_entry(qtbot, opened(waiting, "Message 5"), "Put behind", "#1  FE → R1")
    assert source.sent == [Delay(5, 1)]


def test_what_was_put_off_is_seen_behind_and_told(
    waiting: MainWindow, source: FakeSource, qtbot: QtBot
) -> None:
    assert waiting.stage._picture._flight.next_index == 0
    first = at(waiting, 1)
    source.say(Delayed(1, 3, 0))
    qtbot.waitUntil(lambda: numbers(waiting) == [2, 3, 1, 4, 5])
    view = waiting.intents.view
    assert view is not None
    qtbot.waitUntil(lambda: at(waiting, 3).x() > at(waiting, 1).x(), timeout=5_000)
    assert at(waiting, 3) == first, "the one that overtook it stands where it stood"
    flight = waiting.stage._picture._flight
    assert flight.tokens[flight.next_index].token == 2
    assert "It was put behind #2 FE → R1 by hand." in token_tip(view, 1)
    told = [line.cells[-1] for line in cluster_sheet(view).lines if line.token == 1]
    assert told == ["message 1, waits, put behind #2 FE → R1: Enter delivers it, Shift+Enter does more"]
    source.say(Delayed(2, 0, 0))
    qtbot.waitUntil(lambda: numbers(waiting) == [3, 1, 4, 5, 2])
