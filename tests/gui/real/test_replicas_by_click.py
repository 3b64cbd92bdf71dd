"""Real replica processes, the front end, the group: broken by click, seen on the stage, healed by click."""

from __future__ import annotations

import pytest

from core.commands import SetLoad
from core.model.cluster_view import ReplicaState
from gui.stage.wording import replica_status
from tests.gui.menus import click_entry, node_menu
from tests.gui.real.conftest import Live, Start
from tests.gui.real.processes import left_of

pytestmark = [pytest.mark.gui, pytest.mark.processes]

RUNNING = ReplicaState.RUNNING


def under_load(start: Start) -> Live:
    live = start(load=True)
    live.until(lambda: live.view.front_end.next_seq > 100)
    return live


def go_on(live: Live, requests: int = 100) -> None:
    """Clients are answered meanwhile."""
    at = sum(card.answered for card in live.view.clients)
    live.until(lambda: sum(card.answered for card in live.view.clients) > at + requests)


def in_step(live: Live) -> None:
    """Everybody who lives comes to the same number and state."""
    if live.view.load_running:
        live.press("load")
    live.until(live.quiet, 40)
    assert live.equal()


def test_a_killed_replica_is_grey_and_comes_back(start: Start) -> None:
    live = under_load(start)
    pid = live.replica(2).pid
    click_entry(live.bot, node_menu(live.window, "R2"), "Kill replica")
    live.until(lambda: "SIGKILL" in live.replica(2).detail)
    assert live.replica(2).state is ReplicaState.DEAD and "R2 was killed" in live.view.alert
    live.until(lambda: left_of([pid]) == [])
    go_on(live)
    click_entry(live.bot, node_menu(live.window, "R2"), "Revive R2")
    live.until(lambda: live.replica(2).state is RUNNING, 60)
    assert live.replica(2).incarnation == 2 and live.replica(2).pid != pid
    in_step(live)
    assert live.view.violations == ()


def test_a_paused_replica_is_silent_and_goes_on(start: Start) -> None:
    live = under_load(start)
    click_entry(live.bot, node_menu(live.window, "R2"), "Pause")
    live.until(lambda: live.replica(2).paused)
    assert live.replica(2).state in (ReplicaState.PAUSED, ReplicaState.SUSPECTED)
    click_entry(live.bot, node_menu(live.window, "R2"), "Continue")
    live.until(lambda: not live.replica(2).paused)
    go_on(live)
    in_step(live)
    assert live.replica(2).state is RUNNING and live.view.violations == ()


def test_a_slowed_replica_lags_says_why_and_catches_up(start: Start) -> None:
    live = start()
    live.window.intents.send(SetLoad(True, think_ms=20))  # what piled up is executed slowly, too
    click_entry(live.bot, node_menu(live.window, "R3"), "Slow down", "20 ms each")
    live.until(lambda: live.replica(3).harms == ("slowed by 20 ms",))
    live.until(lambda: live.replica(3).state is ReplicaState.LAGGING)
    assert replica_status(live.replica(3)).startswith("lagging −")
    click_entry(live.bot, node_menu(live.window, "R3"), "Slow down", "At full speed again")
    live.until(lambda: live.replica(3).harms == ())
    in_step(live)
    assert live.view.violations == ()


def test_a_liar_is_named_and_made_honest(start: Start) -> None:
    live = under_load(start)
    click_entry(live.bot, node_menu(live.window, "R2"), "Lie", "In every answer")
    live.until(lambda: live.replica(2).harms == ("lies",))
    live.until(lambda: {violation.replica for violation in live.view.violations} == {2})
    live.until(lambda: "R2" in live.view.alert)
    click_entry(live.bot, node_menu(live.window, "R2"), "Lie", "Never again")
    live.until(lambda: live.replica(2).harms == ())
    at = live.replica(2).expected
    live.until(lambda: live.replica(2).expected > at + 100)
    in_step(live)  # its state was right all the time


def test_a_turned_bit_is_found_and_a_new_life_is_right_again(start: Start) -> None:
    live = under_load(start)
    click_entry(live.bot, node_menu(live.window, "R3"), "Corrupt its memory")
    live.until(lambda: live.replica(3).harms == ("memory corrupted",))
    live.until(lambda: live.replica(3).state is ReplicaState.DIVERGED, 40)
    assert live.replica(3).differs and not live.replica(1).differs and not live.replica(2).differs
    assert {violation.replica for violation in live.view.violations} == {3}
    click_entry(live.bot, node_menu(live.window, "R3"), "Kill replica")
    live.until(lambda: live.replica(3).state is ReplicaState.DEAD)
    click_entry(live.bot, node_menu(live.window, "R3"), "Revive R3")
    live.until(lambda: live.replica(3).state is RUNNING, 60)
    live.until(lambda: not live.replica(3).differs)
    in_step(live)


def test_a_flooded_log_is_told_and_harms_nobody(start: Start) -> None:
    live = under_load(start)
    click_entry(live.bot, node_menu(live.window, "R1"), "Flood its log")
    live.until(lambda: "writes 10 MB to its log" in event_rows(live))
    go_on(live, 300)
    in_step(live)
    assert live.replica(1).state is RUNNING and live.view.violations == ()


def event_rows(live: Live) -> list[str]:
    live.window.docks.log.search("R1 log")
    model = live.window.docks.log.model
    return [str(model.index(row, 2).data()) for row in range(model.rowCount())]


def test_the_front_end_dies_and_its_successor_serves(start: Start) -> None:
    live = under_load(start)
    epoch = live.view.front_end.epoch
    click_entry(live.bot, node_menu(live.window, "FE"), "Crash the front end")
    live.until(lambda: live.view.front_end.epoch == epoch + 1 and not live.view.front_end.recovering, 40)
    go_on(live)
    in_step(live)
    assert live.view.violations == ()
    assert all(card.state is RUNNING for card in live.view.replicas)


def test_a_replica_is_added_and_another_let_go(start: Start) -> None:
    live = under_load(start)
    click_entry(live.bot, node_menu(live.window, "FE"), "Add a replica")
    live.until(lambda: len(live.view.replicas) == 4 and live.replica(4).state is RUNNING, 60)
    live.until(lambda: live.window.stage.node_at(live.window.stage.node_rect("R4").center()) == "R4")
    click_entry(live.bot, node_menu(live.window, "R1"), "Let R1 leave")
    live.until(lambda: live.replica(1).state is ReplicaState.DEAD)
    go_on(live)
    in_step(live)
    assert live.view.violations == ()
