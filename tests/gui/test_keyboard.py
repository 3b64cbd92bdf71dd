"""Everything can be done without a mouse: keys, the Tab key, menus, the palette."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QListView,
    QMenu,
    QPlainTextEdit,
    QSlider,
    QTableView,
    QToolButton,
    QTreeView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from core.commands import SetLoad, SetPace
from core.facts import Pace, PaceSet
from gui.dock_set import DockSet
from gui.main_window import MainWindow
from gui.palette import entries_of
from tests.support.fake_source import FakeSource

pytestmark = pytest.mark.gui

CONTROLS = (
    QAbstractButton, QListView, QTableView, QTreeView,
    QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QSlider,
)  # fmt: skip


def test_no_two_shortcuts_are_equal(window: MainWindow) -> None:
    window.centre.show_space_time()
    keys = [key for action in window.findChildren(QAction) for key in action.shortcuts()]
    keys += [shortcut.key() for shortcut in window.findChildren(QShortcut)]
    count = Counter(key.toString() for key in keys if not key.isEmpty())
    assert len(count) > 50
    assert [key for key, times in count.items() if times > 1] == []


def test_every_action_has_a_key_or_is_in_the_palette(window: MainWindow) -> None:
    for action in window.actions_by_id.values():
        action.setEnabled(True)
    offered = {entry.text for entry in entries_of(window.actions_by_id)}
    unreachable = [
        name
        for name, action in window.actions_by_id.items()
        if not action.shortcuts() and action.text() not in offered
    ]
    assert unreachable == []
    assert len(offered) >= len(window.actions_by_id) - 1  # two of one name could not be told apart


def test_every_key_runs_its_action_and_no_other(qtbot: QtBot, window: MainWindow) -> None:
    ran: list[str] = []
    window.bridge.stop()
    for name, action in window.actions_by_id.items():
        action.triggered.disconnect()
        action.triggered.connect(lambda _checked=False, name=name: ran.append(name))
        action.setEnabled(True)
    window.stage.setFocus()
    wanted = []
    for name, spec in window.actions_by_id.specs.items():
        for keys in spec.keys:
            wanted.append(name)
            QTest.keySequence(window.stage, QKeySequence(keys))
            assert ran == wanted, f"{keys} of “{spec.text}”"


def test_every_action_of_the_bar_has_an_accessible_name(window: MainWindow) -> None:
    nameless = [
        repr(widget)
        for widget in window.findChildren(QWidget)
        if isinstance(widget, CONTROLS)
        and widget.isVisible()
        and not widget.objectName().startswith("qt_")
        and not (widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()))
    ]
    assert nameless == []


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return])
def test_space_and_enter_press_the_button_that_has_the_keyboard(
    qtbot: QtBot, window: MainWindow, source: FakeSource, key: Qt.Key
) -> None:
    load = next(b for b in window.top_bar.findChildren(QToolButton) if b.text() == "Load")
    load.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(load, key)
    assert source.sent == [SetLoad(True)]
    window.stage.setFocus()
    qtbot.keyClick(window.stage, Qt.Key.Key_Space)
    assert source.sent[1:] == [SetPace(Pace.STEP, 600_000_000)]


def test_home_and_end_belong_to_the_table_that_has_the_keyboard(qtbot: QtBot, window: MainWindow) -> None:
    window.docks.show("table")
    table = window.docks.tables.table
    qtbot.keyClick(table, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    assert table.currentIndex().row() == window.docks.tables.model.rowCount() - 1
    qtbot.keyClick(table, Qt.Key.Key_Home)
    assert table.currentIndex().column() == 0


def walk(window: QWidget, steps: int = 400) -> list[QWidget]:
    """What the Tab key reaches, each once, in its order."""
    reached: list[QWidget] = []
    for _ in range(steps):
        here = QApplication.focusWidget()
        if here is not None and here not in reached:
            reached.append(here)
        QTest.keyClick(here or window, Qt.Key.Key_Tab)
    return reached


def is_reached(widget: QWidget, reached: list[QWidget]) -> bool:
    """By itself; or as a part of something that is: the field in a number box, the steps beside it."""
    proxy = widget.focusProxy() or widget
    if proxy in reached or widget.objectName().startswith("qt_"):
        return True
    beside = widget.parentWidget().findChildren(QAbstractSpinBox)
    return widget.property("step") == "true" and any(box in reached for box in beside)


@pytest.mark.parametrize("page", ["stage", "space_time"])
def test_the_tab_key_reaches_every_control(
    qtbot: QtBot, window: MainWindow, source: FakeSource, page: str
) -> None:
    window.resize(1920, 1080)
    window.docks.arrange(1080, 1920)
    source.say(PaceSet(Pace.SLOW, 600_000_000))
    window.actions_by_id[page].trigger()
    window.actions_by_id["show_table"].trigger()
    qtbot.waitUntil(window.top_bar.slider.isEnabled)
    window.bridge.stop()
    reached = walk(window)
    seen = [w for w in window.findChildren(QWidget) if isinstance(w, CONTROLS) and w.isVisible()]
    missing = [
        f"{widget!r} {widget.accessibleName()}"
        for widget in seen
        if widget.isEnabled() and not is_reached(widget, reached)
    ]
    assert missing == []
    assert window.centre.isAncestorOf(reached[0]) or any(map(window.centre.isAncestorOf, reached))


def test_the_keyboard_is_never_where_nobody_sees_it(qtbot: QtBot, window: MainWindow) -> None:
    """A dock behind a tab comes forward when Tab goes into it."""
    window.docks.show("log")
    inside: set[str] = set()
    for _ in range(300):
        here = QApplication.focusWidget()
        name = next((n for n, frame in window.docks.frames.items() if here and frame.isAncestorOf(here)), "")
        if name:
            inside.add(name)
            assert window.docks.frames[name].is_seen(), name
        QTest.keyClick(here or window, Qt.Key.Key_Tab)
    assert {"console", "log", "inspector", "checks", "metrics"} <= inside


@pytest.mark.parametrize(
    ("key", "name"),
    [("1", "console"), ("2", "inspector"), ("3", "log"), ("4", "checks"), ("5", "metrics"), ("7", "table")],
)
def test_every_dock_has_a_key_that_puts_the_keyboard_in_it(
    qtbot: QtBot, window: MainWindow, key: str, name: str
) -> None:
    QTest.keySequence(window, QKeySequence(f"Alt+{key}"))
    docks: DockSet = window.docks
    qtbot.waitUntil(docks.frames[name].is_seen)
    here = QApplication.focusWidget()
    assert here is not None
    assert docks.frames[name].isAncestorOf(here)


# Menus


def press_through(menu: QMenu, path: tuple[int, ...]) -> None:
    """Go to the entry at `path` by keys, and press Enter."""
    for depth, place in enumerate(path):
        entry = menu.actions()[place]
        for _ in range(2 * len(menu.actions())):
            if menu.activeAction() is entry:
                break
            QTest.keyClick(menu, Qt.Key.Key_Down)
        assert menu.activeAction() is entry, f"{entry.text()} is not reached by the Down key"
        if depth == len(path) - 1:
            QTest.keyClick(menu, Qt.Key.Key_Return)
            return
        QTest.keyClick(menu, Qt.Key.Key_Right)
        menu = entry.menu()
        assert menu.isVisible(), f"{entry.text()} does not open by the Right key"


def leaves(menu: QMenu, path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """The paths of all entries that do something; of many alike replicas' menus the first."""
    found: list[tuple[int, ...]] = []
    submenus = 0
    for place, entry in enumerate(menu.actions()):
        if entry.isSeparator() or not entry.isEnabled():
            continue
        if entry.menu() is None:
            found.append((*path, place))
        elif submenus < 2:
            submenus += 1
            found += leaves(entry.menu(), (*path, place))
    return found


def opened(window: MainWindow) -> QMenu:
    menus = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QMenu)]
    menus = [menu for menu in menus if menu.isVisible()]
    assert len(menus) == 1
    return menus[0]


def open_faults(window: MainWindow) -> None:
    QTest.keySequence(window, QKeySequence("F7"))


def open_replica(window: MainWindow) -> None:
    window.stage.setFocus()
    window.stage.select("R2")
    QTest.keyClick(window.stage, Qt.Key.Key_Return)


def open_front_end(window: MainWindow) -> None:
    window.stage.setFocus()
    window.stage.select("FE")
    QTest.keyClick(window.stage, Qt.Key.Key_Return)


def open_files(window: MainWindow) -> None:
    for name in ("open", "record", "save_as", "export"):
        window.actions_by_id[name].setEnabled(True)
    window.top_bar.files.menu().popup(window.mapToGlobal(QPoint(0, 0)))


@pytest.mark.parametrize("open_menu", [open_faults, open_replica, open_front_end, open_files])
def test_every_entry_of_every_menu_is_run_by_keys(
    qtbot: QtBot, window: MainWindow, source: FakeSource, open_menu: Callable[[MainWindow], None]
) -> None:
    for action in window.actions_by_id.values():
        action.triggered.disconnect()
    faults = window.actions_by_id["faults"].triggered
    faults.connect(lambda: window.faults.open_below(window.top_bar.faults))
    open_menu(window)
    paths = leaves(opened(window))
    opened(window).close()
    assert paths
    for path in paths:
        open_menu(window)
        menu = opened(window)
        entry = menu.actions()[path[0]]
        for place in path[1:]:
            entry = entry.menu().actions()[place]
        ran: list[bool] = []
        entry.triggered.connect(lambda _checked=False, ran=ran: ran.append(True))
        press_through(menu, path)
        assert ran == [True], entry.text()
        menu.close()
