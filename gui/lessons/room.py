"""Everything about lessons in one window: the dock, the desk that plays one, its caption on the stage."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QMainWindow

from core.workload.scenarios import Scenario
from gui.docks.frame import DockFrame
from gui.icons import Icons
from gui.intents import Intents
from gui.journey import Journey
from gui.lessons.desk import LessonDesk
from gui.lessons.editor import ScenarioEditor
from gui.lessons.lesson_view import LessonView
from gui.lessons.scores import Scores
from gui.options import Options
from gui.preferences import Preferences
from gui.source_bridge import SourceBridge
from gui.stage.stage_view import StageView
from gui.theme import Theme
from gui.timeline.caption import CaptionOverlay

_WIDTH_PX = 320


class LessonRoom(QObject):
    """Made with the window; seen when a person asks for it, or when a lesson is played."""

    left = Signal()
    """Another cluster is to come in the place of this one: a lesson begins."""

    def __init__(
        self,
        window: QMainWindow,
        stage: StageView,
        options: Options,
        preferences: Preferences,
        bridge: SourceBridge,
        intents: Intents,
        journey: Journey,
        theme: Theme,
        icons: Icons,
        may_leave: Callable[[], bool],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._play = options.play
        self._may_leave = may_leave
        self._theme = theme
        scores = Scores(preferences)
        self.desk = LessonDesk(options.lesson, bridge, intents, journey, scores, self)
        self.view = LessonView(self.desk, scores, options.play is not None)
        self.view.chosen.connect(self.play)
        self.view.edited.connect(self.edit)
        self.frame = DockFrame("lessons", "Lessons", self.view, icons, window)
        window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self.frame)
        self.frame.hide()
        self.caption = CaptionOverlay(stage, theme)
        self.desk.changed.connect(self._show_caption)
        bridge.now_and_then(lambda: options.lesson is not None, lambda view: self._show_caption(), 4)

    def show(self) -> None:
        """Bring the dock to the front and give it the keyboard."""
        self.view.fill()
        appears = not self.frame.isVisible()
        self.frame.show()
        self.frame.raise_()
        if appears:
            self._window.resizeDocks([self.frame], [_WIDTH_PX], Qt.Orientation.Horizontal)
        self.view.take_focus()

    def settle(self) -> None:
        """The window has its size: a lesson that is to be played shows its dock, else none is in the way."""
        self.frame.hide()
        if self.desk.director is not None:
            self.show()

    def play(self, scenario: Scenario) -> None:
        """Begin a lesson, on a cluster of its own."""
        if self._play is not None and self._may_leave():
            self._play(scenario)
            self.left.emit()

    def edit(self, text: str) -> None:
        """Open an editor on this text."""
        editor = ScenarioEditor(text, self._theme, self._window)
        editor.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        editor.played.connect(self.play)
        editor.play.setVisible(self._play is not None)
        editor.open()

    def set_theme(self, theme: Theme, icons: Icons) -> None:
        """Other colours and sizes."""
        self._theme = theme
        self.caption.set_theme(theme)
        self.frame.set_icons(icons)

    def _show_caption(self) -> None:
        self.caption.show_text(self.desk.caption)
