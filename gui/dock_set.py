"""The docks: made, placed, shown, dressed."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow, QTabBar, QTabWidget, QWidget

from core.session.rebuilt import RebuiltData
from core.session.source import ServiceFace
from gui.docks.checks import Checks
from gui.docks.console import Console
from gui.docks.diff_lines import DiffLines
from gui.docks.event_log import EventLogView
from gui.docks.frame import DockFrame
from gui.docks.inspector import Inspector
from gui.docks.metrics import Metrics
from gui.explainer import Explainer
from gui.icons import Icons
from gui.intents import Intents
from gui.selection import Selection
from gui.source_bridge import SourceBridge
from gui.theme import Theme
from gui.twins.tables import Tables

_TALL_PX = 1_000
_BARS_PX = 150
"""Height of what is above, below and between the docks, rather too much: else the window grows."""
_WIDTH_SHARE, _NARROWEST_PX, _WIDEST_PX = 0.26, 350, 520


class DockSet(QObject):
    """Console, inspector, event log, checks and metrics on the right of a window; a table when asked for."""

    def __init__(
        self,
        window: QMainWindow,
        face: ServiceFace,
        bridge: SourceBridge,
        intents: Intents,
        selection: Selection,
        theme: Theme,
        icons: Icons,
        history: list[str],
        rebuilt: RebuiltData | None = None,
    ) -> None:
        super().__init__(window)
        self._window = window
        self.explainer = Explainer(bridge, intents, face)
        self.console = Console(face, intents, theme, history)
        self.console.explain = lambda subject: self.explainer.ask(subject).sentences
        diff = DiffLines(intents, rebuilt, lambda role, words: self.console.write((role, f"  {words}")))
        self.console.diff = diff.begin
        self.inspector = Inspector(intents, selection, theme, icons, self.explainer, rebuilt)
        self.log = EventLogView(bridge.log, theme, icons)
        self.checks = Checks(theme, icons)
        self.checks.explain = self.explainer.sentences
        self.checks.dispute = self.explainer.dispute
        self.checks.request_chosen.connect(selection.choose)
        selection.changed.connect(lambda: self.checks.card.dispute.mark(selection.seq))
        self.metrics = Metrics(lambda: bridge.fold.history, theme, icons)
        self.metrics.said.connect(intents.said)
        self.tables = Tables(window, intents, selection, theme)
        self.frames = {
            name: DockFrame(name, title, view, icons, window)
            for name, title, view in (
                ("console", "Console", self.console),
                ("inspector", "Inspector", self.inspector),
                ("log", "Event log", self.log),
                ("checks", "Checks", self.checks),
                ("metrics", "Metrics", self.metrics),
                ("table", "Table", self.tables),
            )
        }
        for name, show, times_per_s in (
            ("console", self.console.show_view, 2),
            ("inspector", self.inspector.show_view, 5),
            ("log", self.log.show_view, 5),
            ("checks", self.checks.show_view, 4),
            ("metrics", self.metrics.show_view, 6),
            ("table", self.tables.show_view, 3),
        ):
            bridge.now_and_then(self.frames[name].is_seen, show, times_per_s)
        bridge.now_and_then(lambda: diff.busy, diff.show_view, 10)
        bridge.turned.connect(lambda: self.log.set_log(bridge.log))
        bridge.a_little_each_tick(self.frames["log"].is_seen, self.log.work)
        self._prepare_window()
        self._adapting = QTimer(self, singleShot=True, interval=0)
        self._adapting.timeout.connect(self._adapt)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._bring_forward)
        for frame in self.frames.values():
            frame.topLevelChanged.connect(self._adapting.start)
            frame.dockLocationChanged.connect(self._adapting.start)
            frame.visibilityChanged.connect(self._adapting.start)

    def arrange(self, height: int, width: int) -> None:
        """First places for a window of this size: three groups when it is tall, two when it is not."""
        console, inspector, log, checks, metrics, table = self.frames.values()
        for frame in self.frames.values():
            frame.setFloating(False)
            self._window.removeDockWidget(frame)  # all stacked at once would make the window grow
        self._window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, console)
        tall = height >= _TALL_PX
        self._window.splitDockWidget(console, log, Qt.Orientation.Vertical)
        if tall:
            self._window.splitDockWidget(log, metrics, Qt.Orientation.Vertical)
            self._window.tabifyDockWidget(metrics, checks)
            self._window.tabifyDockWidget(checks, inspector)
        else:
            for before, after in pairwise((log, inspector, checks, metrics)):
                self._window.tabifyDockWidget(before, after)
        self._window.tabifyDockWidget(log, table)
        for frame in (console, inspector, log, checks, metrics):
            frame.show()
        table.hide()
        for first in (console, log, metrics if tall else log):
            first.raise_()
        side = min(_WIDEST_PX, max(_NARROWEST_PX, round(width * _WIDTH_SHARE)))
        self._window.resizeDocks([console], [side], Qt.Orientation.Horizontal)
        groups, parts = (
            ([console, log, metrics], (0.26, 0.33, 0.41)) if tall else ([console, log], (0.4, 0.6))
        )
        free = height - _BARS_PX
        self._window.resizeDocks(groups, [round(free * part) for part in parts], Qt.Orientation.Vertical)
        self._adapting.start()

    def show(self, name: str) -> None:
        """Bring a dock to the front and give it the keyboard."""
        frame = self.frames[name]
        if name == "table":
            self.tables.offer_what_has_focus()
        frame.show()
        frame.raise_()
        focus = {
            "console": self.console.prompt,
            "log": self.log.filter,
            "inspector": self.inspector.pages,
            "table": self.tables.table,
        }
        focus.get(name, frame.widget()).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def ask_why(self, selection: Selection) -> None:
        """Explain what is selected (else the front end) in the inspector."""
        if not selection.name and not selection.seq:
            selection.set("FE")
        self.inspector.why.ask(f"#{selection.seq}" if selection.seq else selection.name)
        self.show("inspector")

    def set_theme(self, theme: Theme, icons: Icons) -> None:
        """Dress every dock."""
        self.console.set_theme(theme)
        self.inspector.set_theme(theme, icons)
        self.log.set_theme(theme, icons)
        self.checks.set_theme(theme, icons)
        self.metrics.set_theme(theme, icons)
        self.tables.set_theme(theme)
        for frame in self.frames.values():
            frame.set_icons(icons)

    def _bring_forward(self, before: QWidget | None, now: QWidget | None) -> None:
        """Tab went into a dock that lies behind another: the keyboard is never where nobody sees it."""
        frame = next((one for one in self.frames.values() if now and one.isAncestorOf(now)), None)
        if frame is not None and not frame.is_seen():
            frame.raise_()

    def _prepare_window(self) -> None:
        self._window.setDockOptions(
            QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.GroupedDragging
        )
        self._window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self._window.setDocumentMode(True)

    def _adapt(self) -> None:
        for frame in self.frames.values():
            frame.adapt()
        for bar in self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            bar.setAccessibleName("Docks")
            bar.setExpanding(False)
            bar.setDrawBase(False)
