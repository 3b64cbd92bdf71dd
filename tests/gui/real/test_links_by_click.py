"""Links of real replica processes: broken by click, seen on the stage, healed by click."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.model.cluster_view import ReplicaState, Token, TokenKind
from gui.stage.link_signs import LinkSign, link_signs
from tests.gui.menus import click_entry, faults_menu, link_menu, node_menu
from tests.gui.pointer import draw
from tests.gui.real.conftest import Live, Start

pytestmark = [pytest.mark.gui, pytest.mark.processes]

Seen = Callable[[Token], bool]


def touches(token: Token, node: str) -> bool:
    return node in (token.source, token.target)


def lost(token: Token) -> bool:
    return token.kind is TokenKind.LOST and touches(token, "R2")


def late(token: Token) -> bool:
    return token.kind is TokenKind.LATE and touches(token, "R2")


def doubled(token: Token) -> bool:
    return "×2" in token.label and touches(token, "R2")


def no_traffic_needed(token: Token) -> bool:
    return True


@pytest.mark.parametrize(
    ("entry", "sign", "seen"),
    [
        (("Lose 30 %",), LinkSign("R2", False, ("30 % lost",)), lost),
        (("Only FE→R2", "Lose 60 %"), LinkSign("R2", False, ("→R2: 60 % lost",)), lost),
        (("Delay by 50 ms",), LinkSign("R2", False, ("50–62.5 ms late",)), late),
        (("Double 30 %",), LinkSign("R2", False, ("30 % twice",)), doubled),
        (("Only R2→FE", "Cut"), LinkSign("R2", True, ("R2→: cut",)), no_traffic_needed),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else "",
)
def test_a_links_fault(start: Start, entry: tuple[str, ...], sign: LinkSign, seen: Seen) -> None:
    live = start(load=True)
    live.until(lambda: live.view.front_end.next_seq > 100)
    click_entry(live.bot, link_menu(live.bot, live.window, "R2"), *entry)
    live.until(lambda: link_signs(live.view) == {sign})
    live.until(lambda: any(seen(token) for token in live.view.tokens))
    click_entry(live.bot, link_menu(live.bot, live.window, "R2"), "Heal the link of R2")
    live.until(lambda: not link_signs(live.view))
    all_is_well(live)


def test_messages_overtake_each_other_and_are_held_back(start: Start) -> None:
    live = start()
    live.ask("pace slow 0.2")
    click_entry(live.bot, node_menu(live.window, "R2"), "Link of R2", "Only FE→R2", "Reorder 30 %")
    live.until(lambda: link_signs(live.view) == {LinkSign("R2", False, ("→R2: 30 % overtaken",))})
    live.press("load")
    live.until(lambda: live.replica(2).state is ReplicaState.WAITING and bool(live.replica(2).held), 60)
    click_entry(live.bot, faults_menu(live.bot, live.window), "Heal all links")
    live.until(lambda: not live.view.faulty_links)
    live.press("pace_real")
    all_is_well(live)


def test_a_partition_is_drawn_and_joined_by_another_line(start: Start) -> None:
    live = start()
    live.until(live.quiet)
    draw(live.window, "R2", "R3")()
    live.until(lambda: link_signs(live.view) == {LinkSign(name, True, ("cut",)) for name in ("R2", "R3")})
    draw(live.window, "R2", "R3")()
    live.until(lambda: not link_signs(live.view))
    all_is_well(live)


def test_a_partition_by_menu_is_healed_by_the_menu(start: Start) -> None:
    live = start()
    live.until(live.quiet)
    click_entry(live.bot, faults_menu(live.bot, live.window), "Partition", "R3 cut off")
    live.until(lambda: link_signs(live.view) == {LinkSign("R3", True, ("cut",))})
    click_entry(live.bot, faults_menu(live.bot, live.window), "Partition", "R3 cut off")
    live.until(lambda: not link_signs(live.view))
    all_is_well(live)


def all_is_well(live: Live) -> None:
    """What was lost is sent again, everybody comes to the same state, and nothing was violated."""
    if live.view.load_running:
        live.press("load")
    live.until(lambda: all(card.state is ReplicaState.RUNNING for card in live.view.replicas), 40)
    live.until(live.quiet, 40)
    assert live.equal() and live.view.violations == ()
