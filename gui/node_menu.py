"""What can be done to a node: its context menu."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget

from core.ids import replica_name
from core.model.cluster_view import ClusterView, ReplicaCard, ReplicaState
from gui.actions import Actions
from gui.fault_menus import Figures, Send, add_harms, add_link_faults
from gui.group_menus import add_membership


def replica_menu(
    card: ReplicaCard, view: ClusterView, actions: Actions, send: Send, figures: Figures, parent: QWidget
) -> QMenu:
    """Menu of a replica, which is the selected one."""
    menu = QMenu(parent)
    menu.setAccessibleName(f"Replica {card.replica}")
    alive = card.state is not ReplicaState.DEAD
    if alive:
        menu.addAction(actions["kill"])
        add_harms(menu, card, send)
        menu.addSeparator()
        link = menu.addMenu(f"Link of {replica_name(card.replica)}")
        add_link_faults(link, card.replica, view, send, figures)
        menu.addSeparator()
    add_membership(menu, card, view, send)
    menu.addSeparator()
    menu.addAction(actions["why"])
    menu.addAction(actions["inspect"])
    menu.addAction(actions["compare"])
    menu.addAction(actions["copy_pid"])
    menu.setTitle(f"{replica_name(card.replica)} · pid {card.pid}")
    return menu


def pop_up(menu: QMenu, where: QPoint) -> None:
    """Show a menu and let it go with its last use."""
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(where)
