"""The middle of the window: the stage or the space-time diagram, above the timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gui.actions import Actions
from gui.dress import Dress
from gui.journey import Journey
from gui.selection import Selection
from gui.source_bridge import SourceBridge
from gui.stage.zooming import ZoomingStage

if TYPE_CHECKING:
    from gui.space_time.page import SpaceTimePage


class Centre(QWidget):
    """Two pages; the second is made when it is first wanted."""

    said = Signal(str, str)
    """A sentence for the person: level, text."""

    def __init__(
        self, stage: ZoomingStage, timeline: QWidget, bridge: SourceBridge, selection: Selection,
        journey: Journey, actions: Actions, dress: Dress, parent: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._stage = stage
        self._bridge, self._selection, self._journey = bridge, selection, journey
        self._actions, self._dress = actions, dress
        self.space_time: SpaceTimePage | None = None
        self._pages = QStackedWidget(self)
        self._pages.addWidget(stage)
        group = QActionGroup(self)
        group.addAction(actions["stage"])
        group.addAction(actions["space_time"])
        actions["stage"].setChecked(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._pages, 1)
        column.addWidget(timeline)

    def show_stage(self) -> None:
        """The cluster."""
        self._actions["stage"].setChecked(True)
        self._pages.setCurrentWidget(self._stage)
        self._stage.setFocus()

    def show_space_time(self) -> SpaceTimePage:
        """The diagram."""
        if self.space_time is None:
            from gui.space_time.page import SpaceTimePage

            self.space_time = SpaceTimePage(
                self._bridge, self._selection, self._journey, self._dress.theme, self._dress.icons, self
            )
            self.space_time.said.connect(self.said)
            self._pages.addWidget(self.space_time)
        self._actions["space_time"].setChecked(True)
        self._pages.setCurrentWidget(self.space_time)
        if self._bridge.view is not None:
            self.space_time.show_view(self._bridge.view)
        self.space_time.setFocus()
        return self.space_time

    def zoom(self, factor: float) -> None:
        """Look closer at the page that is shown, or less close."""
        if self._pages.currentWidget() is self._stage:
            self._stage.zoom(factor)
        elif self.space_time is not None:
            self.space_time.diagram.zoom(1 / factor**2)

    def fit(self) -> None:
        """Everything on the page that is shown."""
        if self._pages.currentWidget() is self._stage:
            self._stage.fit()
        elif self.space_time is not None:
            self.space_time.diagram.fit()

    def redress(self) -> None:
        """Other colours and sizes."""
        if self.space_time is not None:
            self.space_time.set_theme(self._dress.theme, self._dress.icons)

    def close_feed(self) -> None:
        """The window goes."""
        if self.space_time is not None:
            self.space_time.close_feed()
