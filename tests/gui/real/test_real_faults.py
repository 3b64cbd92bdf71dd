"""Faults by key and word against real replica processes: done, seen on the stage, healed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from core.model.cluster_view import ReplicaState, TokenKind
from gui.stage.link_signs import LinkSign, link_signs
from tests.gui.real.conftest import Start

pytestmark = [pytest.mark.gui, pytest.mark.processes]


def test_a_replica_is_paused_suspected_and_goes_on_by_key(start: Start) -> None:
    live = start()
    live.click("R2")
    live.bot.keyClick(live.window.stage, Qt.Key.Key_P)
    live.until(lambda: live.replica(2).paused)
    live.bot.keyClick(live.window.stage, Qt.Key.Key_P)
    live.until(lambda: not live.replica(2).paused)
    live.until(lambda: live.replica(2).state is ReplicaState.RUNNING)


def test_a_link_is_cut_seen_and_healed_by_key_and_what_was_lost_is_sent_again(start: Start) -> None:
    live = start(load=True)
    live.until(lambda: live.view.front_end.next_seq > 100)
    live.click("R3")
    live.bot.keyClick(live.window.stage, Qt.Key.Key_C)
    live.until(lambda: link_signs(live.view) == {LinkSign("R3", True, ("cut",))})
    live.until(lambda: any(token.kind is TokenKind.LOST for token in live.view.tokens))
    live.bot.keyClick(live.window.stage, Qt.Key.Key_C)
    live.until(lambda: not live.view.faulty_links)
    live.until(lambda: live.replica(3).state is not ReplicaState.SUSPECTED)
    live.press("load")
    live.until(live.quiet)
    assert live.equal() and live.view.violations == ()
