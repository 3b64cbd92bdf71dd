"""Runs the app on a source: one window, until it is closed and no process is left."""

from __future__ import annotations

import gc
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from PySide6.QtCore import QEvent, QMessageLogContext, QObject, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QWidget

from core.session.source import ServiceFace, Source
from gui.collector import Collector
from gui.main_window import MainWindow
from gui.options import Options
from gui.preferences import Preferences
from gui.theme import load_fonts

CLOSE_TIMEOUT_S = 10.0
_LOOK_MS = 15
_PLOTS_MS = 1_200
"""When the curves are made: after the start, before anybody opens their dock and would wait for them."""
_LEFT_BEHIND_MS = 1_500
_UNSEEN_MS = 1_000
STUCK = 1
"""Exit code when the source did not close in time."""


def run(source: Source, face: ServiceFace, options: Options | None = None) -> int:
    """Show the window until a person closes it and the source has closed. Returns the exit code."""
    gc.disable()  # from here on the collector decides when and on which thread
    app = application()
    window = open_window(source, face, options or Options())
    farewell = Farewell(source, window)
    collector = Collector(window, lambda: window.bridge.rests)
    collector.start()
    signals = _leave_on_signals(window)
    try:
        code = app.exec()
    finally:
        collector.stop()
        for number, handler in signals.items():
            signal.signal(number, handler)
    del farewell
    window.deleteLater()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return code


def application() -> QApplication:
    """The one application object, with the app's name and fonts."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    app.setApplicationName("Lockstep")
    app.setApplicationDisplayName("Lockstep")
    app.setDesktopFileName("lockstep")
    app.setQuitOnLastWindowClosed(False)
    if app.platformName() == "offscreen":
        qInstallMessageHandler(_pass_on)
    load_fonts()
    return app


def _pass_on(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    """Qt's messages to stderr, but for those that tell of every window: it cannot be raised in memory."""
    del kind, context
    if not text.startswith("This plugin does not support"):
        sys.stderr.write(f"{text}\n")


def open_window(source: Source, face: ServiceFace, options: Options) -> MainWindow:
    """A window that runs on `source`, shown."""
    path = options.settings_path
    path.parent.mkdir(parents=True, exist_ok=True)
    window = MainWindow(source, face, options, Preferences(path))
    window.setWindowIcon(QIcon(QApplication.windowIcon()))
    if options.painted is not None:
        FirstPaint(window.stage, options.painted)
    window.show()
    window.bridge.start()
    QTimer.singleShot(_LEFT_BEHIND_MS, window, window.library.look_for_left_behind)
    QTimer.singleShot(_PLOTS_MS, window.docks.metrics, window.docks.metrics.build_plots)
    if options.opened is not None:
        opened = options.opened
        QTimer.singleShot(0, window, lambda: opened(window))
    return window


class FirstPaint(QObject):
    """Waits until a widget has been painted for the first time, but for no more than a second.

    What takes long, and competes for the processor, begins then: a person sees the window that much earlier.
    """

    def __init__(self, widget: QWidget, painted: Callable[[], None]) -> None:
        super().__init__(widget)
        self._painted: Callable[[], None] | None = painted
        widget.installEventFilter(self)
        QTimer.singleShot(_UNSEEN_MS, self, self._done)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The first paint: what waits for it comes after it."""
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self, self._done)
        return False

    def _done(self) -> None:
        painted, self._painted = self._painted, None
        if painted is not None:
            painted()


class Farewell(QObject):
    """After the window was closed: ends the source and, when it is down, the application."""

    def __init__(
        self, source: Source, window: MainWindow, leave: Callable[[int], object] = QApplication.exit
    ) -> None:
        super().__init__(window)
        self._source = source
        self._leave = leave
        self._deadline_s = 0.0
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)
        window.left.connect(self._begin)

    def _begin(self) -> None:
        self._source.close()
        self._deadline_s = time.monotonic() + CLOSE_TIMEOUT_S
        self._timer.start()
        self._look()

    def _look(self) -> None:
        if self._source.closed:
            self._timer.stop()
            self._leave(0)
        elif time.monotonic() > self._deadline_s:
            self._timer.stop()
            self._leave(STUCK)


def _leave_on_signals(window: MainWindow) -> dict[int, Any]:
    """Ctrl+C and a request to end close the window without a question. Ticks let the handler run."""

    def leave(number: int, frame: FrameType | None) -> None:
        del number, frame
        QTimer.singleShot(0, window, window.leave)

    return {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
