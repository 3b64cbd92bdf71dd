"""What can be broken, as menus: on a replica, on its link, and for the whole group.

Every entry is one command, or opens a dialog for other figures; what comes of it is seen on the stage. The
console can do the same (`core.workload.console_faults`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from core.commands import Command, Continue, Heal, Kill, Partition, Pause, SetFault, Tamper
from core.harm import Harm
from core.ids import replica_name
from core.link_faults import Link, Way
from core.model.cluster_view import ClusterView, ReplicaCard, ReplicaState
from core.rules import Rule
from gui.partition import cut_off

Send = Callable[[Command], object]
Figures = Callable[[int, Way | None], object]
"""Asks for other figures than the menus', for one link (0: for every link) and direction (None: for both)."""

_MS = 1_000_000
_SLOW = (("1 ms each", 1 * _MS), ("5 ms each", 5 * _MS), ("20 ms each", 20 * _MS), ("At full speed again", 0))
_LIES = (("In every answer", 1), ("In one answer of ten", 10), ("Never again", 0))


def add_harms(menu: QMenu, card: ReplicaCard, send: Send) -> None:
    """What can be done to a living replica's process, and inside of it."""
    replica = card.replica
    if card.state is ReplicaState.PAUSED:
        entry(menu, "Continue", "Let its process go on (SIGCONT)", send, Continue(replica))
    else:
        entry(menu, "Pause", "Stop its process (SIGSTOP): silent, but not dead", send, Pause(replica))
        if card.state is ReplicaState.SUSPECTED:
            entry(menu, "Continue", "Let its process go on (SIGCONT)", send, Continue(replica))
    slow, lie = menu.addMenu("Slow down"), menu.addMenu("Lie")
    for text, amount in _SLOW:
        entry(slow, text, "Throttle every execution", send, Tamper(replica, Harm.SLOW, amount))
    for text, amount in _LIES:
        entry(
            lie, text, "Answer what is wrong; its state stays right", send, Tamper(replica, Harm.LIE, amount)
        )
    corrupt, flood = Tamper(replica, Harm.CORRUPT, 1), Tamper(replica, Harm.FLOOD, 10_000_000)
    entry(menu, "Corrupt its memory", "Turn one bit of its data", send, corrupt)
    entry(menu, "Flood its log", "Write 10 MB to its standard error", send, flood)


def add_link_faults(menu: QMenu, replica: int, view: ClusterView, send: Send, figures: Figures) -> None:
    """What can be wrong with a replica's link, both ways or one way only."""
    name = replica_name(replica)
    _add_presets(menu, replica, None, send, figures)
    for way in Way:
        only = menu.addMenu(f"Only {Link(replica, way)}")
        _add_presets(only, replica, way, send, figures)
    if any(one.link.replica == replica for one in view.faulty_links):
        menu.addSeparator()
        entry(menu, f"Heal the link of {name}", "Nothing is wrong with it any more", send, Heal(replica))


def fill_faults(
    menu: QMenu,
    view: ClusterView,
    send: Send,
    figures: Figures,
    break_rule: Callable[[Rule], None] | None,
) -> None:
    """The menu “Faults”: every replica, every link, partitions, healing, and rules to break."""
    alive = [card for card in view.replicas if card.state is not ReplicaState.DEAD]
    for card in alive:
        name = replica_name(card.replica)
        one = menu.addMenu(f"{name} · {card.state.value}")
        entry(one, "Kill", "End its process at once, without a goodbye (SIGKILL)", send, Kill(card.replica))
        add_harms(one, card, send)
        one.addSeparator()
        add_link_faults(one.addMenu(f"Link of {name}"), card.replica, view, send, figures)
    menu.addSeparator()
    _add_presets(menu.addMenu("All links"), 0, None, send, figures)
    _add_partitions(menu.addMenu("Partition"), alive, view, send)
    heal = entry(menu, "Heal all links", "Nothing is wrong with any link any more", send, Heal())
    heal.setEnabled(bool(view.faulty_links))
    if break_rule is not None:
        menu.addSeparator()
        rules = menu.addMenu("New cluster with a broken rule")
        for rule in Rule:
            action = rules.addAction(f"No {rule.value}: {rule.broken}")
            action.triggered.connect(partial(_without_argument, partial(break_rule, rule)))


def _add_partitions(menu: QMenu, alive: list[ReplicaCard], view: ClusterView, send: Send) -> None:
    """Who is on the far side: each replica is put there, or taken back, by its entry."""
    away = cut_off(view)
    for card in alive:
        there = card.replica in away
        wanted = tuple(sorted(away ^ {card.replica}))
        name = replica_name(card.replica)
        action = entry(menu, f"{name} cut off", f"Put {name} on the other side", send, Partition(wanted))
        action.setCheckable(True)
        action.setChecked(there)
    menu.addSeparator()
    menu.addAction("Or draw a line across links on the stage").setEnabled(False)


def _add_presets(menu: QMenu, replica: int, way: Way | None, send: Send, figures: Figures) -> None:
    if replica:
        entry(menu, "Cut", "Nothing gets through", send, SetFault(replica, way, cut=True))
    for percent in (10, 30, 60):
        command = SetFault(replica, way, loss=percent / 100)
        entry(menu, f"Lose {percent} %", "So many messages never arrive", send, command)
    for text, late_ns in (("50 ms", 50 * _MS), ("200 ms", 200 * _MS)):
        command = SetFault(replica, way, delay_ns=late_ns, jitter_ns=late_ns // 4)
        entry(menu, f"Delay by {text}", "Messages arrive late, some later than others", send, command)
    command = SetFault(replica, way, duplicate=0.3)
    entry(menu, "Double 30 %", "So many messages arrive twice", send, command)
    command = SetFault(replica, way, reorder=0.3)
    entry(menu, "Reorder 30 %", "So many messages are overtaken", send, command)
    action = menu.addAction("Other figures…")
    action.setToolTip("Any loss, delay, doubling and reordering, alone or together")
    action.triggered.connect(partial(_without_argument, partial(figures, replica, way)))


def entry(menu: QMenu, text: str, tip: str, send: Send, command: Command) -> QAction:
    """One entry that sends one command."""
    action = menu.addAction(text)
    action.setToolTip(tip)
    action.setStatusTip(tip)
    action.triggered.connect(partial(_without_argument, partial(send, command)))
    return action


def _without_argument(run: Callable[[], object], _checked: bool = False) -> None:
    run()
