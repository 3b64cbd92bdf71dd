"""Predict, then reveal: a question with its choices, then which was right, and why."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from core.workload.scenario_format import Question
from gui.lessons.choice_row import ChoiceRow, Keys


class QuestionCard(QFrame):
    """One question at a time. Arrow keys choose, Enter answers, and again goes on."""

    answered = Signal(int)
    """The choice (from 1) that a person made."""
    read = Signal()
    """The explanation was read: the run may go on."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("popover")
        self._question: Question | None = None
        self._group = QButtonGroup(self)
        self._ask, self.verdict, self.because = QLabel(self), QLabel(self), QLabel(self)
        self._ask.setProperty("role", "strong")
        self.verdict.setProperty("role", "strong")
        for label in (self._ask, self.verdict, self.because):
            label.setWordWrap(True)
        self.button = QPushButton("Answer", self)
        self.button.setDefault(True)
        self.button.setAutoDefault(True)
        self.button.clicked.connect(self._press)
        Keys(self.button, self.button.click)
        self._choices = QVBoxLayout()
        self._choices.setSpacing(8)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(10)
        column.addWidget(self._ask)
        column.addLayout(self._choices)
        column.addWidget(self.verdict)
        column.addWidget(self.because)
        column.addLayout(foot)
        self.rows: list[ChoiceRow] = []

    def ask(self, question: Question) -> None:
        """Show a question, nothing chosen yet."""
        if question is self._question:
            return
        self._question = question
        for row in self.rows:
            self._group.removeButton(row.button)
            self._choices.removeWidget(row)
            row.deleteLater()
        self.rows = [ChoiceRow(words, self) for words in question.choices]
        for place, row in enumerate(self.rows, start=1):
            self._group.addButton(row.button, place)
            self._choices.addWidget(row)
            row.decided.connect(self.button.click)
            row.button.toggled.connect(self._chose)
        self._ask.setText(question.ask)
        self.setAccessibleName(f"Question: {question.ask}")
        self.verdict.hide()
        self.because.hide()
        self.button.setText("Answer")
        self.button.setEnabled(False)
        self.show()
        self.rows[0].button.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """No question is open."""
        self._question = None
        self.hide()

    def _chose(self, chosen: bool) -> None:
        if chosen:
            self.button.setEnabled(True)

    def _press(self) -> None:
        question, chosen = self._question, self._group.checkedId()
        if question is None:
            return
        if self.because.isVisibleTo(self):
            self.read.emit()
            return
        if chosen < 1:
            return
        self.button.setText("Go on")
        self.button.setFocus(Qt.FocusReason.OtherFocusReason)  # before what has it now is disabled
        for place, row in enumerate(self.rows, start=1):
            row.reveal(right=place == question.right, chosen=place == chosen)
        right = chosen == question.right
        self.verdict.setText("Right." if right else "No: the one with the tick.")
        self.verdict.setProperty("role", "ok" if right else "bad")
        self.verdict.style().unpolish(self.verdict)
        self.verdict.style().polish(self.verdict)
        self.because.setText(question.because.strip())
        answer = question.choices[question.right - 1]
        self.because.setAccessibleName(f"{self.verdict.text()} Right is: {answer}. {self.because.text()}")
        self.verdict.show()
        self.because.show()
        self.answered.emit(chosen)
