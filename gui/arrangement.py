"""Where everything in the window is: as remembered, as at first, and as a projector wants it."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QObject, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDockWidget, QMainWindow

from gui.dock_set import DockSet
from gui.dress import Dress
from gui.preferences import Preferences, on_screen
from gui.stage.zooming import ZoomingStage
from gui.theme import PRESENTATION_SCALE

_FIRST_SIZE = QSize(1440, 900)


class Arrangement(QObject):
    """Geometry, docks and places of nodes; kept in the preferences when the window goes."""

    def __init__(
        self, window: QMainWindow, stage: ZoomingStage, docks: DockSet, dress: Dress, preferences: Preferences
    ) -> None:
        super().__init__(window)
        self._window, self._stage, self._docks = window, stage, docks
        self._dress, self._preferences = dress, preferences
        self._before: tuple[QByteArray, Qt.WindowState, float] | None = None

    @property
    def presenting(self) -> bool:
        """Presentation mode is on."""
        return self._before is not None

    def restore(self) -> None:
        """As it was when the window was closed; never outside of the screens."""
        window = self._window
        geometry, docks = self._preferences.window()
        screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
        if geometry.isEmpty() or not window.restoreGeometry(geometry):
            window.setGeometry(on_screen(QRect(screens[0].topLeft(), _FIRST_SIZE), screens[:1]))
        elif not window.isMaximized() and not window.isFullScreen():
            window.setGeometry(on_screen(window.geometry(), screens))
        self._stage.set_positions(self._preferences.node_places)
        self._docks.arrange(window.height(), window.width())
        if not docks.isEmpty():
            window.restoreState(docks)

    def reset(self) -> None:
        """Docks and nodes back to their first places."""
        self._preferences.forget_window()
        self._stage.set_positions({})
        self._stage.fit()
        self._docks.arrange(self._window.height(), self._window.width())

    def present(self) -> None:
        """Presentation mode on or off: larger type, the whole screen, and nothing beside the picture. A dock
        that is wanted meanwhile comes as ever; in the end everything is as it was before."""
        window = self._window
        if self._before is None:
            self._before = window.saveState(), window.windowState(), self._dress.theme.scale
            for dock in window.findChildren(QDockWidget):
                dock.hide()
            self._dress.wear_scale(max(PRESENTATION_SCALE, self._dress.theme.scale))
            window.setWindowState(window.windowState() | Qt.WindowState.WindowFullScreen)
        else:
            docks, state, scale = self._before
            self._before = None
            window.setWindowState(state)
            self._dress.wear_scale(scale)
            window.restoreState(docks)

    def save(self) -> None:
        """Remember it; a presentation is over before."""
        if self._before is not None:
            self.present()
        self._preferences.save_window(self._window.saveGeometry(), self._window.saveState())
        self._preferences.node_places = self._stage.positions()
