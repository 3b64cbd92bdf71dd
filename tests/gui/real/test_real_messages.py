"""One message in flight, in a person's hand: lost, doubled or put off, against real replica processes."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt

from core.facts import Pace
from core.model.cluster_view import Token, TokenKind
from tests.gui.menus import click_entry, faults_menu, token_menu
from tests.gui.pointer import LEFT, NONE, mouse
from tests.gui.real.conftest import Live, Start

pytestmark = [pytest.mark.gui, pytest.mark.processes]


def orders_in_flight(live: Live) -> Token:
    """Step by step, one request is ordered; its order that waits on the way to R2."""
    live.until(live.quiet)  # no sample of real time is shown any more
    live.press("pace_step")
    live.until(lambda: live.view.pace is Pace.STEP)
    live.ask("C1> register alice")
    live.until(lambda: bool(live.tokens(TokenKind.REQUEST)))
    live.click_token(live.tokens(TokenKind.REQUEST)[0])
    live.until(lambda: len(live.tokens(TokenKind.ORDER)) == 3)
    order = live.tokens(TokenKind.ORDER, "R2")[0]
    live.until(lambda: live.window.stage.token_point(order.token) is not None)
    return order


def test_an_order_is_lost_by_click_seen_to_fall_and_sent_again(start: Start) -> None:
    live = start()
    order = orders_in_flight(live)
    live.ask("C2> register bob")
    live.until(lambda: bool(live.tokens(TokenKind.REQUEST)))
    live.click_token(live.tokens(TokenKind.REQUEST)[0])
    live.until(lambda: len(live.tokens(TokenKind.ORDER, "R2")) == 2)
    click_entry(live.bot, token_menu(live.window, order.token), "Lose")
    live.until(lambda: any(t.label == f"× #{order.seq}" for t in live.tokens(TokenKind.LOST, "R2")))
    live.click_token(live.tokens(TokenKind.ORDER, "R2")[0])  # the later one: now R2 sees the gap
    live.until(lambda: live.replica(2).held == (order.seq + 1,))
    live.until(lambda: bool(live.tokens(TokenKind.RETRANSMISSION, "R2")))
    live.press("pace_real")
    live.until(live.quiet)
    assert live.equal() and live.view.violations == ()


def test_an_order_is_doubled_by_click_and_executed_once(start: Start) -> None:
    live = start()
    order = orders_in_flight(live)
    menu = faults_menu(live.bot, live.window)
    click_entry(live.bot, menu, "Messages on their way", f"{order.label}  FE → R2", "Double")
    live.until(lambda: any("×2" in t.label for t in live.tokens(TokenKind.ORDER, "R2")))
    for token in live.tokens(TokenKind.ORDER, "R2"):
        live.click_token(token)
        live.until(lambda token=token: token.token not in live.held_messages())
    assert live.replica(2).expected == order.seq + 1
    live.press("pace_real")
    live.until(live.quiet)
    assert live.equal() and live.view.violations == ()


def test_an_order_dragged_behind_the_next_one_is_waited_for(start: Start) -> None:
    live = start()
    first = orders_in_flight(live)
    live.ask("C2> register bob")
    live.until(lambda: bool(live.tokens(TokenKind.REQUEST)))
    live.click_token(live.tokens(TokenKind.REQUEST)[0])
    live.until(lambda: len(live.tokens(TokenKind.ORDER, "R2")) == 2)
    second = live.tokens(TokenKind.ORDER, "R2")[1]
    live.until(lambda: live.window.stage.token_point(second.token) is not None)
    drag_token(live, first, second)
    live.until(lambda: "put behind" in live.tokens(TokenKind.ORDER, "R2")[0].put_off)
    while second.token in live.held_messages():  # Space passes over what was put off
        assert first.token in live.held_messages()
        held = live.held_messages()
        live.bot.keyClick(live.window.stage, Qt.Key.Key_Space)
        live.until(lambda held=held: not held <= live.held_messages())
    live.until(lambda: live.replica(2).held == (first.seq + 1,))
    live.bot.keyClick(live.window.stage, Qt.Key.Key_Space)
    live.until(lambda: live.replica(2).expected == first.seq + 2)
    live.press("pace_real")
    live.until(live.quiet)
    assert live.equal() and live.view.violations == ()


def drag_token(live: Live, token: Token, onto: Token) -> None:
    """Press on a message, move the pointer onto another one, let go."""
    stage = live.window.stage
    start, end = (stage.token_point(one.token) for one in (token, onto))
    assert start is not None and end is not None
    mouse(live.window, QEvent.Type.MouseButtonPress, start.toPoint(), LEFT)
    for step in range(1, 5):
        mouse(live.window, QEvent.Type.MouseMove, (start + (end - start) * step / 4).toPoint(), NONE)
    mouse(live.window, QEvent.Type.MouseButtonRelease, end.toPoint(), LEFT)


def test_a_request_of_a_client_can_be_delivered_or_delayed_only(start: Start) -> None:
    live = start()
    live.until(live.quiet)
    live.press("pace_step")
    live.until(lambda: live.view.pace is Pace.STEP)
    live.ask("C1> register alice")
    live.until(lambda: bool(live.tokens(TokenKind.REQUEST)))
    token = live.tokens(TokenKind.REQUEST)[0].token
    live.until(lambda: live.window.stage.token_point(token) is not None)
    menu = token_menu(live.window, token)
    enabled = {action.text(): action.isEnabled() for action in menu.actions() if not action.isSeparator()}
    assert enabled == {"Deliver": True, "Delay": True, "Put behind": False, "Lose": False, "Double": False}
    click_entry(live.bot, menu, "Deliver")
    live.until(lambda: len(live.tokens(TokenKind.ORDER)) == 3)
