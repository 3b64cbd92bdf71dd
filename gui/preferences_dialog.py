"""Everything that can be chosen once and is kept (Ctrl+,): it takes effect while one looks at it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from gui.dress import SCALES, Dress
from gui.preferences import Preferences

_THEMES = {"system": "As the system has it", "dark": "Dark", "light": "Light"}


class PreferencesDialog(QDialog):
    """Theme, size of type, the question before closing; and back to the defaults."""

    def __init__(self, preferences: Preferences, dress: Dress, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("preferences")
        self.setWindowTitle("Preferences")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._preferences, self._dress = preferences, dress
        self.theme, self.scale = QComboBox(self), QComboBox(self)
        for word, text in _THEMES.items():
            self.theme.addItem(text, word)
        for scale in SCALES:
            self.scale.addItem(f"{scale:.0%}", scale)
        self.ask = QCheckBox("Ask before replicas are ended with the window", self)
        self.theme.setAccessibleName("Theme")
        self.scale.setAccessibleName("Size of type")
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.RestoreDefaults | QDialogButtonBox.StandardButton.Close, self
        )
        self.buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        self.buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults).setAutoDefault(False)
        self._arrange()
        self._show()
        self.theme.activated.connect(lambda: dress.choose(self.theme.currentData()))
        self.scale.activated.connect(lambda: dress.choose_scale(self.scale.currentData()))
        self.ask.clicked.connect(self._set_ask)
        self.buttons.rejected.connect(self.reject)
        self.buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults).clicked.connect(self._restore)
        dress.changed.connect(self._show)

    def _arrange(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(10)
        form.addRow("&Theme", self.theme)
        form.addRow("&Size of type", self.scale)
        form.addRow("&Closing", self.ask)
        words = QLabel(
            "Window, docks and the places of cards are kept by themselves; Reset layout puts them back.", self
        )
        words.setProperty("role", "muted")
        words.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(18)
        column.addLayout(form)
        column.addWidget(words)
        column.addWidget(self.buttons)

    def _show(self) -> None:
        self.theme.setCurrentIndex(self.theme.findData(self._preferences.theme))
        scale = self._preferences.type_scale
        self.scale.setCurrentIndex(min(range(len(SCALES)), key=lambda place: abs(SCALES[place] - scale)))
        self.ask.setChecked(self._preferences.ask_before_closing)

    def _set_ask(self, ask: bool) -> None:
        self._preferences.ask_before_closing = ask

    def _restore(self) -> None:
        self._preferences.restore_defaults()
        self._dress.wear_scale(self._preferences.type_scale)
        self._show()
