"""The console's input line: completion while typing, earlier lines on up and down."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget

from core.workload.console_language import LineHistory

_SHOWN_COMPLETIONS = 8


class Prompt(QLineEdit):
    """One line to type. `entered` carries it when it is finished."""

    entered = Signal(str)

    def __init__(self, complete: Callable[[str], list[str]], history: LineHistory, parent: QWidget) -> None:
        super().__init__(parent)
        self._complete = complete
        self._history = history
        self._choices = QStringListModel(self)
        completer = QCompleter(self._choices, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.setMaxVisibleItems(_SHOWN_COMPLETIONS)
        self.setCompleter(completer)
        self.textEdited.connect(self._offer)
        self.returnPressed.connect(self._enter)

    def event(self, event: QEvent) -> bool:
        """Tab finishes the word instead of leaving the line, as long as there is something to finish."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
            if event.key() == Qt.Key.Key_Tab and plain and self.finish_word():
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down walk through earlier lines; Esc empties the line."""
        if event.key() == Qt.Key.Key_Up:
            self.setText(self._history.older(self.text()))
        elif event.key() == Qt.Key.Key_Down:
            self.setText(self._history.newer(self.text()))
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)

    def finish_word(self) -> bool:
        """Go on as far as every completion agrees; false when there is nothing to add."""
        choices = [choice for choice in self._complete(self.text()) if choice.startswith(self.text())]
        if not self.text() or not choices:
            return False
        common = choices[0] + (" " if len(choices) == 1 else "")
        for choice in choices[1:]:
            while not choice.startswith(common):
                common = common[:-1]
        if common == self.text():
            return False
        self.setText(common)
        self._offer(common)
        return True

    def _offer(self, text: str) -> None:
        choices = self._complete(text) if text else []
        self._choices.setStringList([choice for choice in choices if choice != text])

    def _enter(self) -> None:
        line = self.text().strip()
        if not line:
            return
        self._history.add(line)
        self.clear()
        self._choices.setStringList([])
        self.entered.emit(line)
