"""Menus as a person uses them: opened by a click, an entry chosen by a click."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from gui.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton


def click_entry(qtbot: QtBot, menu: QMenu, *path: str) -> None:
    """Click through menus to the entry at the end of a path of their texts."""
    for text in path[:-1]:
        action = next(one for one in menu.actions() if one.text() == text)
        inner = action.menu()
        assert isinstance(inner, QMenu) and action.isEnabled()
        qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
        qtbot.waitUntil(inner.isVisible)
        menu = inner
    action = next(one for one in menu.actions() if one.text() == path[-1])
    assert action.isEnabled()
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())


def opened(window: MainWindow, name: str) -> QMenu:
    """The menu with this name that is open now."""
    found = [one for one in window.findChildren(QMenu) if one.accessibleName() == name and one.isVisible()]
    assert found, name
    return found[-1]


def right_click(widget: QWidget, point: QPoint) -> None:
    """Ask for the context menu at a point."""
    where = widget.mapToGlobal(point)
    QApplication.sendEvent(widget, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, point, where))


def node_menu(window: MainWindow, node: str) -> QMenu:
    """The menu of a node's card, just opened by a right click on it."""
    stage = window.stage
    right_click(stage, stage.node_rect(node).center())
    return opened(window, "Front end" if node == "FE" else f"Replica {node[1:]}")


def link_menu(qtbot: QtBot, window: MainWindow, node: str) -> QMenu:
    """The menu of a replica's link, just opened by a click on it."""
    point = window.stage.link_point(node)
    assert point is not None
    qtbot.mouseClick(window.stage, LEFT, pos=point.toPoint())
    return opened(window, f"Link of {node}")


def token_menu(window: MainWindow, token: int) -> QMenu:
    """The menu of a message in flight, just opened by a right click on it."""
    point = window.stage.token_point(token)
    assert point is not None
    right_click(window.stage, point.toPoint())
    return opened(window, f"Message {token}")


def faults_menu(qtbot: QtBot, window: MainWindow) -> QMenu:
    """Everything that can be broken, just opened by a click on its button."""
    qtbot.mouseClick(window.top_bar.faults, LEFT)
    return opened(window, "Faults")
