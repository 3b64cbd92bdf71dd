"""Which theme is worn and how large its type is: chosen by the person, else by the system."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from gui.icons import Icons
from gui.preferences import Preferences
from gui.theme import DARK, LIGHT, PRESENTATION_SCALE, Theme, apply

SCALES = (0.85, 1.0, 1.15, PRESENTATION_SCALE, 1.5)


class Dress(QObject):
    """The theme of the whole app. Applies it and says when it changed."""

    changed = Signal()

    def __init__(self, preferences: Preferences, parent: QObject) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._scale = preferences.type_scale
        self.theme: Theme
        self.icons: Icons
        self._put_on()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)

    def choose(self, word: str) -> None:
        """ "dark", "light" or "system"."""
        self._preferences.theme = word
        self._wear()

    def toggle(self) -> None:
        """The other one of dark and light."""
        self.choose("light" if self.theme.name == "dark" else "dark")

    def grow(self, steps: int) -> None:
        """Larger (1) or smaller (-1) type; 0 goes back to its own size."""
        nearest = min(range(len(SCALES)), key=lambda place: abs(SCALES[place] - self.theme.scale))
        place = min(len(SCALES) - 1, max(0, nearest + steps))
        self.choose_scale(SCALES[place] if steps else 1.0)

    def choose_scale(self, scale: float) -> None:
        """Type so many times its own size, from now on."""
        self._preferences.type_scale = scale
        self.wear_scale(scale)

    def wear_scale(self, scale: float) -> None:
        """The same for a while: it is not kept."""
        self._scale = scale
        self._wear()

    def _system_changed(self) -> None:
        if self._preferences.theme == "system":
            self._wear()

    def _wear(self) -> None:
        self._put_on()
        self.changed.emit()

    def _put_on(self) -> None:
        word = self._preferences.theme
        if word == "system":
            light = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Light
            word = "light" if light else "dark"
        base = LIGHT if word == "light" else DARK
        self.theme = base.scaled(self._scale)
        self.icons = Icons(self.theme)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        apply(app, self.theme)
