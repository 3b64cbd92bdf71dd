"""Opening, remembering, closing."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, QTimer
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from core.commands import SetClients
from gui.app import Farewell, application, open_window
from gui.main_window import MainWindow
from gui.options import Options
from gui.preferences import Preferences, on_screen
from gui.questions import Answer
from gui.top_bar import Recording
from tests.gui.conftest import close
from tests.support.fake_source import FakeFace, FakeSource, running_cluster

pytestmark = pytest.mark.gui
ROOT = Path(__file__).resolve().parents[2]


def ready(window: MainWindow, qtbot: QtBot) -> MainWindow:
    qtbot.waitUntil(lambda: window.intents.view is not None and len(window.intents.view.clients) == 3)
    return window


def open_again(options: Options, qtbot: QtBot) -> MainWindow:
    return ready(open_window(FakeSource(running_cluster()), FakeFace(), options), qtbot)


def test_theme_type_size_history_and_places_are_remembered(qtbot: QtBot, options: Options) -> None:
    application()
    first = open_again(options, qtbot)
    first.dress.choose("light")
    first.dress.grow(1)
    scale = first.dress.theme.scale
    first.docks.console.enter("help")
    first.docks.console.history.add("help")
    first.stage.set_positions({"R1": (0.25, 0.5)})
    first.docks.frames["metrics"].hide()
    first.leave()
    close(first, qtbot)
    second = open_again(options, qtbot)
    assert second.dress.theme.name == "light"
    assert second.dress.theme.scale == scale > 1
    assert second.docks.console.history.lines == ["help"]
    assert second.stage.positions() == {"R1": (0.25, 0.5)}
    assert second.docks.frames["metrics"].isHidden()
    second.actions_by_id["reset_layout"].trigger()
    assert not second.docks.frames["metrics"].isHidden()
    assert second.stage.positions() == {}
    second.dress.choose("dark")
    second.dress.grow(0)
    second.leave()
    close(second, qtbot)


def test_the_theme_changes_everywhere(window: MainWindow) -> None:
    window.dress.choose("dark")
    dark = window.grab().toImage()
    window.actions_by_id["theme"].trigger()
    assert window.dress.theme.name == "light"
    light = window.grab().toImage()
    points = [(40, 24), (300, 400), (window.width() - 100, 200), (100, window.height() - 2)]  # no words there
    for x, y in points:
        assert dark.pixelColor(x, y).lightness() < 90 < 160 < light.pixelColor(x, y).lightness(), (x, y)
    window.actions_by_id["theme"].trigger()


def test_a_broken_settings_file_is_as_if_there_was_none(tmp_path: Path) -> None:
    path = tmp_path / "window.ini"
    path.write_text(
        "[General]\ntheme=pink\ntype_scale=huge\nnode_places=[1,2\nlayout_version=9\ngeometry=x\n"
    )
    preferences = Preferences(path)
    assert preferences.theme == "system"
    assert preferences.type_scale == 1.0
    assert preferences.node_places == {}
    assert preferences.window()[0].isEmpty()


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (QRect(100, 100, 800, 600), QRect(100, 100, 800, 600)),
        (QRect(5_000, 100, 800, 600), QRect(560, 240, 800, 600)),
        (QRect(-300, -50, 800, 600), QRect(0, 0, 800, 600)),
        (QRect(1_800, 900, 800, 600), QRect(1_120, 480, 800, 600)),
        (QRect(0, 0, 4_000, 3_000), QRect(0, 0, 1_920, 1_080)),
    ],
)
def test_no_window_opens_off_screen(window: QRect, expected: QRect) -> None:
    assert on_screen(window, [QRect(0, 0, 1_920, 1_080)]) == expected


def test_it_stays_on_the_screen_that_shows_most_of_it() -> None:
    screens = [QRect(0, 0, 1_000, 1_000), QRect(1_000, 0, 1_000, 1_000)]
    assert on_screen(QRect(900, 0, 500, 500), screens) == QRect(1_000, 0, 500, 500)


def test_closing_waits_for_the_source(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    source.closes_at_once = False
    codes: list[int] = []
    farewell = Farewell(source, window, codes.append)
    window.close()
    assert source.close_calls == 1
    assert not window.isVisible()
    QTimer.singleShot(60, source.finish_closing)
    assert codes == []
    qtbot.waitUntil(lambda: codes == [0])
    assert farewell is not None


def test_a_source_that_never_closes_does_not_hold_the_app(
    qtbot: QtBot, window: MainWindow, source: FakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.closes_at_once = False
    monkeypatch.setattr("gui.app.CLOSE_TIMEOUT_S", 0.05)
    codes: list[int] = []
    window.farewell = Farewell(source, window, codes.append)
    window.close()
    qtbot.waitUntil(lambda: codes == [1])


def test_the_question_before_closing(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    asked: list[int] = []
    answers = [Answer(leave=False, ask_again=True), Answer(leave=True, ask_again=False)]

    def ask(parent: QWidget, processes: int) -> Answer:
        asked.append(processes)
        return answers[len(asked) - 1]

    window._options = replace(window._options, ask=ask)
    window.close()
    assert window.isVisible()
    assert asked == [3]
    window.close()
    assert not window.isVisible()
    assert not window.preferences.ask_before_closing


def test_nothing_is_asked_when_nothing_runs_or_the_person_said_so(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    def never(parent: QWidget, processes: int) -> Answer:
        raise AssertionError

    window._options = replace(window._options, ask=never)
    window.preferences.ask_before_closing = False
    window.close()
    assert not window.isVisible()


def test_a_new_cluster_is_asked_for_and_the_window_leaves(qtbot: QtBot, options: Options) -> None:
    wanted: list[int] = []
    application()
    window = open_again(replace(options, restart=wanted.append), qtbot)
    qtbot.waitUntil(lambda: window.top_bar.clients.value() == 3)
    window.top_bar.replicas.setValue(5)
    window.top_bar.restart.click()
    assert wanted == [5]
    assert not window.isVisible()
    close(window, qtbot)


def test_the_recording_is_shown(qtbot: QtBot, options: Options) -> None:
    application()
    recording = Recording(Path("/somewhere/run-3.lockstep"), 4_100_000)
    window = open_again(replace(options, recording=lambda: recording), qtbot)
    window.resize(1_760, 900)
    window._show_recording()
    qtbot.waitUntil(lambda: window.top_bar.width() == 1_760)
    assert window.top_bar.record.text() == "REC run-3.lockstep · 4.1 MB"
    assert "/somewhere/run-3.lockstep" in window.top_bar.record.toolTip()
    window.leave()
    close(window, qtbot)


def test_a_closed_window_leaves_no_timer_and_no_window(qtbot: QtBot, options: Options) -> None:
    application()
    gc.collect()
    before = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
    window = open_again(options, qtbot)
    window.open_query(1)
    window.leave()
    timers = [timer for timer in window.findChildren(QTimer) if timer.isActive() and not timer.isSingleShot()]
    assert timers == []
    gone: list[bool] = []
    window.bridge.destroyed.connect(lambda: gone.append(True))
    close(window, qtbot)
    assert gone == [True]
    assert [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()] == before


SCRIPT = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from gui.app import run
from gui.options import Options
from tests.support.fake_source import FakeFace, FakeSource, running_cluster

def opened(window):
    print("open", flush=True)
    {action}

options = Options(settings=Path(sys.argv[1]), ask=None, opened=opened)
sys.exit(run(FakeSource(running_cluster()), FakeFace(), options))
"""


def run_app(tmp_path: Path, action: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    environment["QT_LOGGING_RULES"] = "qt.qpa.*=false"
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SCRIPT.format(action=action), str(tmp_path / "window.ini")],
        cwd=tmp_path,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def errors_of(stderr: str) -> str:
    """Without what the offscreen platform says of itself."""
    return "\n".join(
        line for line in stderr.splitlines() if not line.startswith("This plugin does not support")
    )


def test_the_app_runs_and_ends_without_a_word(tmp_path: Path) -> None:
    process = run_app(tmp_path, "QTimer.singleShot(300, window.close)")
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, errors_of(err)) == (0, "open\n", "")
    assert (tmp_path / "window.ini").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_signal_closes_the_app_as_a_click_does(tmp_path: Path) -> None:
    process = run_app(tmp_path, "pass")
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, errors_of(err)) == (0, "")


@pytest.mark.parametrize("scale", [1.0, 1.3])
def test_it_fits_a_small_screen(qtbot: QtBot, options: Options, scale: float) -> None:
    application()
    Preferences(options.settings_path).type_scale = scale
    recording = Recording(Path("/somewhere/a-rather-long-name-of-a-session.lockstep"), 4_100_000)
    window = open_again(replace(options, recording=lambda: recording), qtbot)
    window._show_recording()
    window.resize(1366, 768)
    window.arrangement.reset()
    qtbot.waitUntil(lambda: window.docks.frames["console"].width() < 600)
    assert (window.width(), window.height()) == (1366, 768)
    bar = window.top_bar
    assert bar._row.sizeHint().width() <= bar.width()
    shown = [button for button in bar.pace.findChildren(QToolButton) if not button.isHidden()]
    qtbot.waitUntil(lambda: all(button.width() >= button.sizeHint().width() for button in shown))
    window.dress.grow(0)
    window.leave()
    close(window, qtbot)


def test_the_cluster_may_begin_once_the_window_is_painted(
    qtbot: QtBot, source: FakeSource, options: Options
) -> None:
    application()
    begun: list[bool] = []
    window = open_window(source, FakeFace(), replace(options, painted=lambda: begun.append(True)))
    assert begun == []
    qtbot.waitUntil(lambda: begun == [True])
    window.stage.repaint()
    assert begun == [True]
    window.leave()
    close(window, qtbot)


def test_a_step_before_the_cluster_is_known_asks_for_nothing(qtbot: QtBot, options: Options) -> None:
    application()
    source = FakeSource()
    window = open_window(source, FakeFace(), options)
    qtbot.waitUntil(lambda: window.intents.view is not None)
    window.actions_by_id["clients_more"].trigger()
    assert source.sent == []
    source.put(running_cluster())
    qtbot.waitUntil(lambda: window.intents.view is not None and len(window.intents.view.clients) == 3)
    window.actions_by_id["clients_more"].trigger()
    assert source.sent == [SetClients(4)]
    window.leave()
    close(window, qtbot)
