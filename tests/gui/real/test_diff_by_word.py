"""`diff R1 R2` in the console, against real replica processes."""

from __future__ import annotations

import re

import pytest

from core.model.cluster_view import ReplicaState
from tests.gui.menus import click_entry, node_menu
from tests.gui.real.conftest import Live, Start

pytestmark = [pytest.mark.gui, pytest.mark.processes]


def with_data(start: Start) -> Live:
    live = start()
    for line in ("register alice", "register bob", 'post alice "hello"', "follow bob alice"):
        answered = live.client(1).answered
        live.ask(line)
        live.until(lambda answered=answered: live.client(1).answered > answered)
    live.until(live.quiet)
    return live


def test_equal_replicas_and_one_with_a_turned_bit(start: Start) -> None:
    live = with_data(start)
    live.ask("diff R1 R2")
    live.until(lambda: "Nothing differs in" in live.said())
    assert "Their digests are equal up to #7, the last number that both have executed." in live.said()
    assert "≠" not in live.said()
    click_entry(live.bot, node_menu(live.window, "R3"), "Corrupt its memory")
    live.until(lambda: live.replica(3).state is ReplicaState.DIVERGED, 40)
    live.ask("diff R1 R3")
    live.until(lambda: re.search(r"\d of \d+ rows? differ", live.said()) is not None, 40)
    told = live.said().rpartition("diff R1 R3")[2]
    assert "R3 expects #8" in told and "diverged" in told
    assert "≠" in told and "R1 now" in told and "R3 now" in told


def test_a_dead_replica_is_compared_as_far_as_it_told(start: Start) -> None:
    live = with_data(start)
    click_entry(live.bot, node_menu(live.window, "R2"), "Kill replica")
    live.until(lambda: "SIGKILL" in live.replica(2).detail)
    live.ask("diff R1 R2")
    live.until(lambda: "What R2 holds cannot be asked now." in live.said())
    assert "R2 expects #8" in live.said() and "Their digests are equal up to #7" in live.said()
