"""What can be done to a node: its context menu."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget

from core.ids import replica_name
from core.model.cluster_view import ReplicaCard, ReplicaState
from gui.actions import Actions


def replica_menu(card: ReplicaCard, actions: Actions, parent: QWidget) -> QMenu:
    """Menu of a replica, which is the selected one."""
    menu = QMenu(parent)
    menu.setAccessibleName(f"Replica {card.replica}")
    alive = card.state is not ReplicaState.DEAD
    if alive:
        menu.addAction(actions["kill"])
        menu.addSeparator()
    menu.addAction(actions["inspect"])
    menu.addAction(actions["copy_pid"])
    menu.setTitle(f"{replica_name(card.replica)} · pid {card.pid}")
    return menu


def pop_up(menu: QMenu, where: QPoint) -> None:
    """Show a menu and let it go with its last use."""
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(where)
