"""One choice of a question: a radio button with words that may take several lines."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QRadioButton, QWidget


class ChoiceRow(QWidget):
    """The words are a label of their own: Qt's radio buttons do not break lines."""

    decided = Signal()
    """Enter was pressed on it."""

    def __init__(self, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.button = QRadioButton(self)
        self.button.setAccessibleName(words)
        Keys(self.button, self.decided.emit)
        self.words = QLabel(words, self)
        self.words.setWordWrap(True)
        self.words.installEventFilter(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.words, 1)

    def reveal(self, *, right: bool, chosen: bool) -> None:
        """Say in words and in colour what became of it."""
        self.button.setEnabled(False)
        role = "ok" if right else "bad" if chosen else "muted"
        mark = "✓ " if right else "✗ " if chosen else ""
        self.words.setText(f"{mark}{self.words.text()}")
        self.words.setProperty("role", role)
        self.words.style().unpolish(self.words)
        self.words.style().polish(self.words)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A click on the words chooses."""
        if watched is self.words and event.type() == QEvent.Type.MouseButtonPress:
            if self.button.isEnabled():
                self.button.setChecked(True)
                self.button.setFocus(Qt.FocusReason.MouseFocusReason)
            return True
        return False


class Keys(QObject):
    """The keys of a button outside of a dialog: Enter presses what it is told, and Space is the button's own,
    though it is a shortcut of the window."""

    def __init__(self, button: QAbstractButton, entered: Callable[[], object]) -> None:
        super().__init__(button)
        self._entered = entered
        button.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take what is ours."""
        if not isinstance(event, QKeyEvent):
            return False
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.type() == QEvent.Type.ShortcutOverride and (enter or event.key() == Qt.Key.Key_Space):
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and enter:
            self._entered()
            return True
        return False
