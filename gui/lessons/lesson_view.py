"""The lessons dock: a list to choose from; while one is played, what it says, asks, and has found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.errors import LockstepError
from core.workload.director import Director
from core.workload.scenarios import Scenario, lesson_files, load_scenario, scenario_text
from gui.lessons.desk import LessonDesk
from gui.lessons.question_card import QuestionCard
from gui.lessons.scores import Score, Scores

_FILTER = "Scenarios (*.toml);;All files (*)"
_MARGINS = (14, 12, 14, 12)
_TITLE_MARGIN_PX = 3


class LessonView(QStackedWidget):
    """A list of lessons, or the lesson that is played."""

    chosen = Signal(object)
    """A person wants to play this scenario."""
    edited = Signal(str)
    """A person wants to change this text of a scenario."""
    said = Signal(str, str)
    """A sentence for the person: level, text."""

    def __init__(self, desk: LessonDesk, scores: Scores, can_play: bool) -> None:
        super().__init__()
        self.setAccessibleName("Lessons")
        self._desk = desk
        self._scores = scores
        self._can_play = can_play
        self._lessons: list[Scenario] = []
        self.list = _Titles(self)
        self.start, self.open = QPushButton("Start", self), QPushButton("Open file…", self)
        self.edit = QPushButton("Edit a copy…", self)
        self.export = QPushButton("Export scores…", self)
        self._summary, self._score = QLabel(self), QLabel(self)
        self.addWidget(self._choosing())
        self.title, self.progress, self.caption = QLabel(self), QLabel(self), QLabel(self)
        self.question = QuestionCard(self)
        self.findings = QLabel(self)
        self.end = QPushButton("All lessons", self)
        self.addWidget(self._playing())
        self.question.answered.connect(desk.answer)
        self.question.read.connect(desk.go_on)
        self.end.clicked.connect(desk.end)
        desk.changed.connect(self.refresh)
        self.refresh()

    def take_focus(self) -> None:
        """Where the keyboard goes when the dock is asked for."""
        if self.currentIndex() == 0:
            self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self.question.button.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def refresh(self) -> None:
        """Show where the lesson stands."""
        director = self._desk.director
        self.setCurrentIndex(0 if director is None else 1)
        if director is None:
            self._show_scores()
        else:
            self._show(director)

    def fill(self) -> None:
        """Read the lessons; once, when the dock is first seen."""
        if self._lessons:
            return
        self._lessons = [load_scenario(path) for path in lesson_files().values()]
        for place, lesson in enumerate(self._lessons, start=1):
            self.list.addItem(f"{place}  {lesson.title}")
        self.list.fit()
        self.list.setCurrentRow(0)

    def open_file(self, path: Path) -> None:
        """Play the scenario of a file; say what is wrong with it."""
        try:
            self.chosen.emit(load_scenario(path))
        except LockstepError as error:
            self.said.emit("error", str(error))

    def _show(self, director: Director) -> None:
        scenario = director.scenario
        self.title.setText(scenario.title)
        right = sum(choice.right for choice in director.choices)
        self.progress.setText(
            f"Step {min(director.place + 1, len(scenario.steps))} of {len(scenario.steps)} · "
            f"{right} of {scenario.questions} answered right"
        )
        self.caption.setText(director.caption)
        if director.question is not None:
            self.question.ask(director.question)
        elif not self._desk.resting:
            self.question.forget()
        self.findings.setVisible(director.done)
        if director.done:
            lines = [f"{'✓' if one.holds else '✗'}  {one.expected}" for one in director.findings]
            verdict = "It came out as expected." if director.holds else "Not all came out as expected."
            self.findings.setText("\n".join([verdict, *lines]))
        self.end.setText("All lessons" if director.done else "End lesson")

    def _show_scores(self) -> None:
        scores: Sequence[Score] = self._scores.all
        right = sum(score.right for score in scores)
        self._score.setText(f"{right} of {len(scores)} questions right" if scores else "No answers yet")
        self.export.setEnabled(bool(scores))

    def _choose(self, row: int) -> None:
        lesson = self._lessons[row]
        noun = "question" if lesson.questions == 1 else "questions"
        self._summary.setText(f"{lesson.summary} {lesson.questions} {noun}.")

    def _start(self) -> None:
        if self._can_play and self.list.currentRow() >= 0:
            self.chosen.emit(self._lessons[self.list.currentRow()])

    def _edit(self) -> None:
        if self.list.currentRow() >= 0:
            name = self._lessons[self.list.currentRow()].name
            self.edited.emit(scenario_text(lesson_files()[name]))

    def _ask_for_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Play a scenario", "", _FILTER)
        if name:
            self.open_file(Path(name))

    def _ask_to_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Export scores", "scores.csv", "CSV (*.csv)")
        if name:
            self.export_scores(Path(name))

    def export_scores(self, path: Path) -> None:
        """Write every answer to a CSV file."""
        try:
            path.write_text(self._scores.as_csv(), "utf-8", newline="")
        except OSError as error:
            self.said.emit("error", f"{path.name} cannot be written: {error.strerror or error}.")
        else:
            self.said.emit("info", f"{len(self._scores.all)} answers written to {path}.")

    def _choosing(self) -> QWidget:
        page = QWidget(self)
        self.list.setAccessibleName("Lessons")
        self.list.currentRowChanged.connect(self._choose)
        self.list.itemActivated.connect(self._start)
        self.start.clicked.connect(self._start)
        self.start.setProperty("primary", "true")
        self.open.clicked.connect(self._ask_for_file)
        self.edit.clicked.connect(self._edit)
        self.export.clicked.connect(self._ask_to_export)
        for button in (self.start, self.open):
            button.setEnabled(self._can_play)
        self._summary.setWordWrap(True)
        self._score.setProperty("role", "muted")
        buttons, scores = QHBoxLayout(), QHBoxLayout()
        buttons.addWidget(self.start)
        buttons.addWidget(self.edit)
        buttons.addStretch(1)
        scores.addWidget(self.open)
        scores.addStretch(1)
        scores.addWidget(self.export)
        column = QVBoxLayout(page)
        column.setContentsMargins(*_MARGINS)
        column.setSpacing(10)
        column.addWidget(self.list, 3)
        column.addWidget(self._summary)
        column.addLayout(buttons)
        column.addStretch(1)
        column.addWidget(_line(page))
        column.addWidget(self._score)
        column.addLayout(scores)
        return page

    def _playing(self) -> QWidget:
        page = QWidget(self)
        self.title.setProperty("role", "title")
        self.progress.setProperty("role", "muted")
        for label in (self.title, self.progress, self.caption, self.findings):
            label.setWordWrap(True)
        self.question.hide()
        column = QVBoxLayout(page)
        column.setContentsMargins(*_MARGINS)
        column.setSpacing(10)
        for widget in (self.title, self.progress, self.caption, self.question, self.findings):
            column.addWidget(widget)
        column.addStretch(1)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.end)
        column.addLayout(foot)
        area = QScrollArea(self)
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return area


class _Titles(QListWidget):
    """Titles that wrap where the dock is narrow, in a list as high as they need."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def fit(self) -> None:
        """Be as high as the titles, wrapped at the present width."""
        metrics, room = self.fontMetrics(), self.viewport().width() - 4 * _TITLE_MARGIN_PX
        for row in range(self.count()):
            item = self.item(row)
            words = metrics.boundingRect(0, 0, room, 1_000, Qt.TextFlag.TextWordWrap, item.text())
            item.setSizeHint(QSize(0, words.height() + 2 * _TITLE_MARGIN_PX))
        self.setMaximumHeight(sum(map(self.sizeHintForRow, range(self.count()))) + 8)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit()


def _line(parent: QWidget) -> QFrame:
    line = QFrame(parent)
    line.setFrameShape(QFrame.Shape.HLine)
    line.setProperty("role", "line")
    line.setFixedHeight(1)
    return line
