"""What was answered in lessons: kept with the preferences, exported as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime

import msgspec

from core.workload.director import Choice
from core.workload.scenarios import Scenario
from gui.preferences import Preferences

KEPT = 2_000
HEADINGS = ("time", "lesson", "question", "chosen", "right answer", "right")


class Score(msgspec.Struct, frozen=True, array_like=True):
    """One answer to one question. `time` is local, with its zone."""

    time: str
    lesson: str
    question: str
    chosen: str
    answer: str
    right: bool

    @classmethod
    def now(cls, scenario: Scenario, choice: Choice) -> Score:
        """A choice of this moment."""
        question = choice.question
        return cls(
            datetime.now().astimezone().isoformat(timespec="seconds"),
            scenario.title,
            question.ask,
            question.choices[choice.chosen - 1],
            question.choices[question.right - 1],
            choice.right,
        )


class Scores:
    """Every answer of this person, oldest first."""

    def __init__(self, preferences: Preferences) -> None:
        self._preferences = preferences

    @property
    def all(self) -> Sequence[Score]:
        """Those that are kept."""
        return self._preferences.kept("scores", list[Score]) or []

    def add(self, score: Score) -> None:
        """One more."""
        self._preferences.keep("scores", [*self.all, score][-KEPT:])

    def as_csv(self) -> str:
        """A line per answer, below a line of headings."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(HEADINGS)
        for one in self.all:
            right = "yes" if one.right else "no"
            writer.writerow(map(_plain, (one.time, one.lesson, one.question, one.chosen, one.answer, right)))
        return text.getvalue()


def _plain(text: str) -> str:
    """A text that a spreadsheet does not take for a formula: own scenarios can say anything."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
