"""One message in flight, in a person's hand: lost or doubled by click, against real replica processes."""

from __future__ import annotations

import pytest

from core.facts import Pace
from core.model.cluster_view import Token, TokenKind
from tests.gui.menus import click_entry, faults_menu, token_menu
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
