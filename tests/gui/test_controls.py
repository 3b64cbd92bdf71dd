"""Buttons, keys, menus and numbers of the window, each down to the command that the source is handed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QSpinBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from core.commands import Deliver, Kill, SetClients, SetLoad, SetPace
from core.facts import Exited, LoadSet, Pace, PaceSet, Said
from gui.main_window import MainWindow
from gui.palette import score
from gui.questions import Answer
from tests.support.fake_source import FakeSource

pytestmark = pytest.mark.gui


def click_node(qtbot: QtBot, window: MainWindow, name: str) -> None:
    qtbot.mouseClick(window.stage, Qt.MouseButton.LeftButton, pos=window.stage.node_rect(name).center())


def button_of(window: MainWindow, name: str) -> QToolButton:
    action = window.actions_by_id[name]
    return next(b for b in window.top_bar.findChildren(QToolButton) if b.defaultAction() is action)


def test_k_kills_the_selected_replica(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    click_node(qtbot, window, "R2")
    assert window.selection.name == "R2"
    qtbot.keyClick(window.stage, Qt.Key.Key_K)
    assert source.sent == [Kill(2)]


def test_k_without_a_replica_says_what_to_do(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    window.actions_by_id["kill"].trigger()
    assert source.sent == []
    assert "Select a replica" in window.status.sentence.text()


def test_the_menu_of_a_replica_kills_it(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    window.stage.replicaMenuRequested.emit(3, window.mapToGlobal(QPoint(50, 50)))
    menu = window.findChild(QMenu)
    assert menu is not None
    assert menu.actions()[0].text() == "Kill replica"
    menu.actions()[0].trigger()
    menu.close()
    assert source.sent == [Kill(3)]


def test_the_kill_button_of_the_stage_kills(window: MainWindow, source: FakeSource) -> None:
    window.stage.replicaKillRequested.emit(1)
    assert source.sent == [Kill(1)]


def test_a_dead_replica_is_not_killed_again(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    source.say(Exited(1, -9, ""))
    qtbot.waitUntil(lambda: "SIGKILL" in window.intents.view.replicas[0].detail)
    window.intents.kill(1)
    assert source.sent == []
    assert window.status.sentence.text() == "R1 is dead already."
    window.stage.replicaMenuRequested.emit(1, window.mapToGlobal(QPoint(50, 50)))
    menu = window.findChild(QMenu)
    assert [action.text() for action in menu.actions()] == [
        "Revive R1",
        "",
        "Why?",
        "Inspect data",
        "Compare replicas",
        "Copy pid",
    ]
    menu.close()


def test_the_pace_is_set_by_button_key_and_slider(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    qtbot.mouseClick(button_of(window, "pace_slow"), Qt.MouseButton.LeftButton)
    source.say(PaceSet(Pace.SLOW, 600_000_000))
    qtbot.waitUntil(lambda: window.intents.view.pace is Pace.SLOW)
    qtbot.waitUntil(window.top_bar.slider.isEnabled)
    window.top_bar.slider.setValue(3)
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert source.sent == [
        SetPace(Pace.SLOW, 600_000_000),
        SetPace(Pace.SLOW, 300_000_000),
        SetPace(Pace.REAL_TIME, 300_000_000),
    ]


def test_space_stops_first_and_then_delivers(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    qtbot.keyClick(window.stage, Qt.Key.Key_Space)
    qtbot.keyClick(window.stage, Qt.Key.Key_Space)
    assert source.sent == [SetPace(Pace.STEP, 600_000_000), Deliver()]
    qtbot.waitUntil(lambda: window.actions_by_id["pace_step"].isChecked())


def test_a_click_on_a_message_delivers_it_under_step_only(window: MainWindow, source: FakeSource) -> None:
    window.stage.tokenActivated.emit(12)
    assert source.sent == []
    window.intents.set_pace(Pace.STEP)
    window.stage.tokenActivated.emit(12)
    assert source.sent[-1] == Deliver(12)


def test_load_runs_and_rests(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    qtbot.mouseClick(button_of(window, "load"), Qt.MouseButton.LeftButton)
    assert source.sent == [SetLoad(True)]
    source.say(LoadSet(True))
    qtbot.waitUntil(lambda: window.intents.view.load_running)
    qtbot.wait_until(lambda: window.actions_by_id["load"].isChecked())
    qtbot.keyClick(window, Qt.Key.Key_L)
    assert source.sent[-1] == SetLoad(False)


def test_the_number_of_clients_is_live(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    window.top_bar.clients.blockSignals(True)
    window.top_bar.clients.setValue(1)  # as before the bar looked for the first time
    window.top_bar.clients.blockSignals(False)
    more = next(b for b in window.top_bar.findChildren(QToolButton) if b.accessibleName() == "Clients: more")
    for _ in range(3):
        qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
        window.top_bar.show_view(window.intents.view)  # the cluster has not followed yet
    window.actions_by_id["clients_fewer"].trigger()
    assert source.sent == [SetClients(4), SetClients(5), SetClients(6), SetClients(5)]


def test_another_number_of_replicas_offers_a_new_cluster(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    bar = window.top_bar
    qtbot.waitUntil(lambda: bar.clients.value() == 3)
    bar._can_restart = True
    with qtbot.waitSignal(bar.new_cluster) as wanted:
        bar.replicas.setValue(5)
        assert bar.restart.isVisible()
        qtbot.mouseClick(bar.restart, Qt.MouseButton.LeftButton)
    assert wanted.args == [5]
    bar.replicas.setValue(3)
    assert not bar.restart.isVisible()
    assert source.sent == []


def test_a_recording_takes_no_commands(window: MainWindow, source: FakeSource) -> None:
    source.capabilities = type(source.capabilities)(control=False, seek=True, speed=True)
    window.intents.kill(1)
    assert source.sent == []
    assert "recording" in window.status.sentence.text()


def test_letters_typed_into_a_line_are_no_shortcuts(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    prompt = window.docks.console.prompt
    window.activateWindow()
    prompt.setFocus()
    qtbot.keyClicks(prompt, "kqli ?")
    assert prompt.text() == "kqli ?"
    assert source.sent == []
    assert not window.query.isVisible()


def test_the_palette_finds_and_runs(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    window.actions_by_id["palette"].trigger()
    palette = window.palette_dialog
    assert palette.isVisible()
    qtbot.keyClicks(palette.line, "kill r3")
    assert palette.list.item(0).text() == "Kill R3"
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert source.sent == [Kill(3)]
    assert not palette.isVisible()


def test_the_palette_moves_with_the_arrows_and_says_when_nothing_fits(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.open_palette()
    palette = window.palette_dialog
    qtbot.keyClick(palette.line, Qt.Key.Key_Down)
    assert palette.list.currentRow() == 1
    palette.line.setText("zzzz")
    assert palette.nothing.isVisible()
    palette.close()


def test_letters_in_a_row_and_starts_of_words_rank_higher() -> None:
    assert score("el", "Event log") > score("el", "Kill replica") > 0
    assert score("xyz", "Event log") == 0
    assert score("", "Event log") > 0


def test_every_action_does_something(qtbot: QtBot, window: MainWindow) -> None:
    window._options = type(window._options)(
        settings=window._options.settings, ask=lambda *_: Answer(False, True)
    )
    harmless = [name for name in window.actions_by_id if name not in ("quit", "fullscreen")]
    for name in harmless:
        window.actions_by_id[name].trigger()
    QApplication.closeAllWindows()
    assert not window._gone


def test_keys_are_unique_and_every_action_says_what_it_does(window: MainWindow) -> None:
    keys = [key.toString() for action in window.actions_by_id.values() for key in action.shortcuts()]
    assert len(keys) == len(set(keys))
    for spec in window.actions_by_id.specs.values():
        assert spec.tip, spec.id


def test_everything_that_takes_input_has_a_name(window: MainWindow) -> None:
    kinds = (QLineEdit, QSpinBox, QToolButton)
    inputs: list[QWidget] = [widget for kind in kinds for widget in window.findChildren(kind)]
    nameless = [
        widget
        for widget in inputs
        if not widget.accessibleName()
        and not widget.objectName().startswith("qt_")
        and not (isinstance(widget, QToolButton) and (widget.text() or widget.objectName()))
        and not isinstance(widget.parent(), QSpinBox)
        and type(widget.parent()).__name__ not in ("QTabBar", "QLineEdit")
    ]
    assert not [(type(widget.parent()), widget.toolTip()) for widget in nameless]


def test_a_sentence_of_the_cluster_shows_at_the_bottom(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    source.say(Said("warning", "The disk is nearly full."))
    qtbot.waitUntil(lambda: window.status.sentence.text() == "The disk is nearly full.")
    assert window.status.sentence.property("role") == "warn"


def test_the_status_line_tells_what_runs(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: "3 of 3 processes alive" in window.status.figures.text())
    assert "seed 7" in window.status.figures.text()
    assert "social" in window.status.figures.text()
