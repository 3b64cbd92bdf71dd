"""Faults by click: each is sent, seen on the stage, and healed by click."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from core import facts
from core.commands import (
    AddReplica,
    Command,
    Continue,
    CrashFrontEnd,
    Heal,
    Kill,
    Partition,
    Pause,
    RemoveReplica,
    Revive,
    SetFault,
    SetPolicies,
    Tamper,
)
from core.facts import RunStarted, Violated
from core.harm import Harm
from core.link_faults import LinkFaults, Way
from core.model.cluster_view import ReplicaState
from core.policies import MAJORITY, FailurePolicy
from core.rules import Rule
from core.session.source import Source
from gui.app import open_window
from gui.main_window import MainWindow
from gui.options import Options
from gui.stage.link_signs import LinkSign, link_signs
from tests.gui.conftest import close
from tests.support.fake_source import FakeFace, FakeSource

pytestmark = pytest.mark.gui


def choose(menu: QMenu, *path: str) -> None:
    """Trigger the entry at the end of a path of menu texts."""
    for place, text in enumerate(path):
        action = next(one for one in menu.actions() if one.text() == text)
        if place == len(path) - 1:
            assert action.isEnabled()
            action.trigger()
        else:
            inner = action.menu()
            assert isinstance(inner, QMenu)
            menu = inner


def opened(window: MainWindow, name: str) -> QMenu:
    """The menu with this name, just opened; it closes by itself."""
    found = [menu for menu in window.findChildren(QMenu) if menu.accessibleName() == name]
    assert found, name
    return found[-1]


def right_click(window: MainWindow, replica: int) -> QMenu:
    window.stage.replicaMenuRequested.emit(replica, window.mapToGlobal(QPoint(300, 300)))
    return opened(window, f"Replica {replica}")


def click_faults(qtbot: QtBot, window: MainWindow) -> QMenu:
    qtbot.mouseClick(window.top_bar.faults, Qt.MouseButton.LeftButton)
    return opened(window, "Faults")


@pytest.mark.parametrize(
    ("path", "command"),
    [
        (("Pause",), Pause(2)),
        (("Slow down", "5 ms each"), Tamper(2, Harm.SLOW, 5_000_000)),
        (("Slow down", "At full speed again"), Tamper(2, Harm.SLOW, 0)),
        (("Lie", "In every answer"), Tamper(2, Harm.LIE, 1)),
        (("Lie", "Never again"), Tamper(2, Harm.LIE, 0)),
        (("Corrupt its memory",), Tamper(2, Harm.CORRUPT, 1)),
        (("Flood its log",), Tamper(2, Harm.FLOOD, 10_000_000)),
        (("Link of R2", "Cut"), SetFault(2, cut=True)),
        (("Link of R2", "Lose 30 %"), SetFault(2, loss=0.3)),
        (("Link of R2", "Only FE→R2", "Cut"), SetFault(2, Way.TO, cut=True)),
        (("Link of R2", "Only R2→FE", "Reorder 30 %"), SetFault(2, Way.FROM, reorder=0.3)),
    ],
)
def test_the_menu_of_a_replica_breaks_it(
    window: MainWindow, source: FakeSource, path: tuple[str, ...], command: Command
) -> None:
    menu = right_click(window, 2)
    choose(menu, *path)
    menu.close()
    assert source.sent == [command]


@pytest.mark.parametrize(
    ("path", "command"),
    [
        (("All links", "Lose 10 %"), SetFault(0, loss=0.1)),
        (("Partition", "R3 cut off"), Partition((3,))),
        (("R1 · running", "Pause"), Pause(1)),
        (("R1 · running", "Kill"), Kill(1)),
        (("Front end and group", "Crash the front end"), CrashFrontEnd()),
        (("R1 · running", "Link of R1", "Double 30 %"), SetFault(1, duplicate=0.3)),
    ],
)
def test_the_menu_faults_breaks_anything(
    qtbot: QtBot, window: MainWindow, source: FakeSource, path: tuple[str, ...], command: Command
) -> None:
    menu = click_faults(qtbot, window)
    choose(menu, *path)
    menu.close()
    assert source.sent == [command]


def until(qtbot: QtBot, window: MainWindow, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=5_000)


def test_a_click_on_a_link_opens_its_menu_and_heals_it(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    cut = LinkFaults(cut=True)
    source.say(facts.LinkFaulted(2, Way.TO, cut), facts.LinkFaulted(2, Way.FROM, cut))
    until(qtbot, window, lambda: len(window.intents.view.faulty_links) == 2)  # type: ignore[union-attr]
    assert link_signs(window.intents.view) == {LinkSign("R2", True, ("cut",))}  # type: ignore[arg-type]
    point = window.stage.link_point("R2")
    assert point is not None
    qtbot.mouseClick(window.stage, Qt.MouseButton.LeftButton, pos=point.toPoint())
    menu = opened(window, "Link of R2")
    choose(menu, "Heal the link of R2")
    menu.close()
    assert source.sent == [Heal(2)]
    source.say(facts.LinkFaulted(2, Way.TO, LinkFaults()), facts.LinkFaulted(2, Way.FROM, LinkFaults()))
    until(qtbot, window, lambda: not window.intents.view.faulty_links)  # type: ignore[union-attr]
    assert not link_signs(window.intents.view)  # type: ignore[arg-type]


def test_a_partition_is_taken_back_by_the_same_entry(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    cut = LinkFaults(cut=True)
    source.say(*(facts.LinkFaulted(2, way, cut) for way in Way))
    until(qtbot, window, lambda: len(window.intents.view.faulty_links) == 2)  # type: ignore[union-attr]
    menu = click_faults(qtbot, window)
    choose(menu, "Partition", "R2 cut off")
    choose(menu, "Heal all links")
    menu.close()
    assert source.sent == [Partition(()), Heal()]


def test_a_paused_replica_is_seen_and_goes_on_by_click(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    source.say(facts.Paused(1))
    until(qtbot, window, lambda: window.intents.replica(1).state is ReplicaState.PAUSED)  # type: ignore[union-attr]
    menu = right_click(window, 1)
    choose(menu, "Continue")
    menu.close()
    assert source.sent == [Continue(1)]


def test_p_pauses_and_lets_go_on_and_c_cuts_and_heals(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    window.selection.set("R3")
    window.actions_by_id["pause"].trigger()
    window.actions_by_id["cut"].trigger()
    assert source.sent == [Pause(3), SetFault(3, cut=True)]
    source.say(facts.Paused(3), facts.LinkFaulted(3, Way.TO, LinkFaults(cut=True)))
    until(qtbot, window, lambda: bool(window.intents.view.faulty_links))  # type: ignore[union-attr]
    window.actions_by_id["pause"].trigger()
    window.actions_by_id["cut"].trigger()
    assert source.sent[2:] == [Continue(3), Heal(3)]
    window.selection.set("C1")
    window.actions_by_id["pause"].trigger()
    assert "Select a living replica" in window.status.sentence.text() and len(source.sent) == 4


def test_a_rule_is_broken_in_a_new_cluster(qtbot: QtBot, source: FakeSource, options: Options) -> None:
    wanted: list[Rule] = []
    window = window_with(qtbot, source, Options(options.settings, None, break_rule=wanted.append))
    menu = click_faults(qtbot, window)
    choose(menu, "New cluster with a broken rule", f"No hold-back: {Rule.HOLD_BACK.broken}")
    menu.close()
    assert wanted == [Rule.HOLD_BACK] and not window.isVisible()
    close(window, qtbot)


def window_with(qtbot: QtBot, source: Source, options: Options) -> MainWindow:
    window = open_window(source, FakeFace(), options)
    qtbot.waitUntil(lambda: window.intents.view is not None and len(window.intents.view.clients) == 3)
    return window


@pytest.mark.parametrize("narrow", [False, True])
def test_the_first_difference_opens_both_states_beside_each_other(
    qtbot: QtBot, window: MainWindow, source: FakeSource, narrow: bool
) -> None:
    if narrow:  # a lesson on a laptop leaves the stage little room: the docks have more
        window.resize(1366, 768)
        window.lessons.show()
        until(qtbot, window, lambda: window.stage.width() < 700)
    source.say(RunStarted("1", "social", 1, 3, 3, 7, "first", "drop forever", 0, ("hold-back",)))
    assert not window.difference.isVisible()
    source.say(Violated("reply", 13, 2, "ok", "refused: unknown_user"), facts.Diverged(2, 13))
    until(qtbot, window, window.difference.isVisible)
    assert window.difference.sentence.text() == "#13 split R2 from R1."
    assert "no hold-back: what comes early is executed at once" in window.difference.remark.text()
    assert "The check “reply”: expected ok, found refused: unknown_user." in window.difference.remark.text()
    shown = QRect(window.difference.pos(), window.difference.size())
    cards = [window.stage.node_rect(name) for name in ("R1", "R2", "R3")]
    assert not any(shown.intersects(QRect(window.stage.mapToGlobal(c.topLeft()), c.size())) for c in cards)
    assert window.frameGeometry().contains(shown)
    until(qtbot, window, lambda: {1, 2} <= {getattr(c, "replica", 0) for c in source.sent})
    window.difference.accept()


def test_one_way_faults_are_told_by_their_way() -> None:
    from tests.support.dialogue import Dialogue

    view = Dialogue().say(facts.LinkFaulted(2, Way.FROM, LinkFaults(loss=0.3))).view()
    assert link_signs(view) == {LinkSign("R2", False, ("R2→: 30 % lost",))}


@pytest.mark.parametrize(
    ("path", "command"),
    [
        (("Crash the front end",), CrashFrontEnd()),
        (("Add a replica",), AddReplica()),
        (("Reply policy", "majority vote"), SetPolicies(reply=MAJORITY)),
        (("When a replica goes down", "revive"), SetPolicies(failure=FailurePolicy.REVIVE)),
        (("Expel who is outvoted",), SetPolicies(expel_liars=True)),
    ],
)
def test_the_menu_of_the_front_end_is_about_the_group(
    window: MainWindow, source: FakeSource, path: tuple[str, ...], command: Command
) -> None:
    window.stage.frontEndMenuRequested.emit(window.mapToGlobal(QPoint(300, 300)))
    menu = opened(window, "Front end")
    choose(menu, *path)
    menu.close()
    assert source.sent == [command]


def test_a_dead_replica_is_revived_and_a_living_one_let_go_by_click(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    menu = right_click(window, 1)
    choose(menu, "Let R1 leave")
    menu.close()
    source.say(facts.Exited(2, -9, ""))
    until(qtbot, window, lambda: window.intents.replica(2).state is ReplicaState.DEAD)  # type: ignore[union-attr]
    menu = right_click(window, 2)
    choose(menu, "Revive R2")
    menu.close()
    menu = click_faults(qtbot, window)
    choose(menu, "Revive R2")
    menu.close()
    window.selection.set("R2")
    window.actions_by_id["revive"].trigger()
    assert source.sent == [RemoveReplica(1), Revive(2), Revive(2), Revive(2)]
