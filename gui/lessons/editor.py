"""An editor for scenario files: checked while a person types, the wrong line marked."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QTextCursor, QTextFormat
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from core.errors import LockstepError
from core.workload.scenario_format import ScenarioError
from core.workload.scenarios import Scenario, read_scenario
from gui.theme import Theme

_SIZE_PX = (720, 560)
_AFTER_MS = 250


class ScenarioEditor(QDialog):
    """Begins with the text of a lesson or a file; what is saved is always under another name."""

    played = Signal(object)
    """The text is right, and a person wants to see it played."""

    def __init__(self, text: str, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Edit a scenario")
        self.resize(theme.px(_SIZE_PX[0]), theme.px(_SIZE_PX[1]))
        self._theme = theme
        self._scenario: Scenario | None = None
        self.text, self.verdict = QPlainTextEdit(text, self), QLabel(self)
        self.text.setAccessibleName("Scenario")
        self.text.setFont(theme.number_font(13))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.verdict.setWordWrap(True)
        self.play, self.save = QPushButton("Play", self), QPushButton("Save as…", self)
        self.play.setAutoDefault(False)
        self.save.setAutoDefault(False)
        self.play.clicked.connect(self._play)
        self.save.clicked.connect(self._ask_to_save)
        row = QHBoxLayout()
        row.addWidget(self.verdict, 1)
        row.addWidget(self.save)
        row.addWidget(self.play)
        column = QVBoxLayout(self)
        column.addWidget(self.text, 1)
        column.addLayout(row)
        self._timer = QTimer(self, singleShot=True, interval=_AFTER_MS)
        self._timer.timeout.connect(self.check)
        self.text.textChanged.connect(self._timer.start)
        self.check()

    def check(self) -> None:
        """Read the text; mark the line that is wrong and say why."""
        self._scenario = None
        try:
            self._scenario = read_scenario(self.text.toPlainText(), "scenario")
        except ScenarioError as error:
            self._say("bad", f"Line {error.line}, column {error.column}: {error.wrong} {error.hint}")
            self._mark(error.line, error.column)
        except LockstepError as error:
            self._say("bad", str(error))
        else:
            steps = len(self._scenario.steps)
            self._say("ok", f"Nothing is wrong: {steps} steps, {self._scenario.questions} questions.")
            self.text.setExtraSelections([])
        self.play.setEnabled(self._scenario is not None)

    def save_to(self, path: Path) -> None:
        """Write the text, right or not."""
        try:
            path.write_text(self.text.toPlainText(), "utf-8")
        except OSError as error:
            self._say("bad", f"{path.name} cannot be written: {error.strerror or error}.")
        else:
            self._say("ok", f"Saved as {path.name}.")

    def _ask_to_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save scenario", "own.toml", "Scenarios (*.toml)")
        if name:
            self.save_to(Path(name))

    def _play(self) -> None:
        self.check()  # what was typed last may be younger than the last look
        if self._scenario is not None:
            self.accept()
            self.played.emit(self._scenario)

    def _say(self, role: str, words: str) -> None:
        self.verdict.setText(words)
        self.verdict.setProperty("role", role)
        self.verdict.style().unpolish(self.verdict)
        self.verdict.style().polish(self.verdict)

    def _mark(self, line: int, column: int) -> None:
        block = self.text.document().findBlockByNumber(line - 1)
        if not block.isValid():
            return
        mark = QTextEdit.ExtraSelection()
        cursor = QTextCursor(block)
        cursor.movePosition(QTextCursor.MoveOperation.Right, n=min(column - 1, block.length() - 1))
        mark.cursor = cursor
        mark.format.setBackground(self._theme.hover)
        mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        self.text.setExtraSelections([mark])
