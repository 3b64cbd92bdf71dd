"""The checks dock: what is watched all the time, how often, and the first thing that went wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.ids import replica_name
from core.model.cluster_view import ClusterView, Verdict, Violation
from gui.icons import Icons
from gui.steady_label import SteadyLabel
from gui.theme import Theme

_ICON_PX = 18

_TITLES = {
    "digest": "Equal digests",
    "real_time": "Real-time order",
    "reply": "Right answers",
    "at_most_once": "At most once",
    "fifo": "Each client in order",
    "linearizability": "Linearizable",
}


def title_of(check: str) -> str:
    """A check's name as a heading."""
    return _TITLES.get(check, check.replace("_", " ").capitalize())


class Checks(QScrollArea):
    """One row per live check; above them the first violation, when there is one."""

    show_requested = Signal(int, int)
    """Look at this number at this replica (0 when it is nobody's)."""

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self.explain: Callable[[str], Sequence[str]] = lambda check: ()
        """Why a check failed, in sentences: both sides, the operation, what was broken before."""
        self._seen: tuple[object, object] = ((), ())
        self._rows: dict[str, CheckRow] = {}
        inside = QWidget(self)
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(12, 10, 12, 10)
        self._column.setSpacing(2)
        self._card = ViolationCard(inside)
        self._card.hide()
        self._card.show_requested.connect(self.show_requested)
        self._verdict = QLabel("Nothing checked yet.", inside)
        self._verdict.setProperty("role", "muted")
        self._verdict.setWordWrap(True)
        self._column.addWidget(self._card)
        self._column.addWidget(self._verdict)
        self._column.addStretch(1)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Live checks")

    @property
    def rows(self) -> dict[str, CheckRow]:
        """The rows by the name of their check."""
        return self._rows

    @property
    def card(self) -> ViolationCard:
        """The card of the first violation."""
        return self._card

    def set_theme(self, theme: Theme, icons: Icons) -> None:
        """Draw the marks in the theme's colours."""
        self._theme, self._icons = theme, icons
        self._card.set_theme(theme, icons)
        for row in self._rows.values():
            row.mark(theme, icons)

    def show_view(self, view: ClusterView) -> None:
        """Bring rows and card up to date; nothing when nothing changed."""
        seen = (view.checks, view.violations)
        if seen == self._seen:
            return
        self._seen = seen
        for verdict in view.checks:
            self._row(verdict.count.name).show_verdict(verdict, self._theme, self._icons)
        self._verdict.setText(_summary(view))
        self._verdict.setVisible(not view.violations)
        self._card.setVisible(bool(view.violations))
        if view.violations:
            self._card.show_violation(view.violations, self._theme, self._icons)
            self._card.argue(self.explain(view.violations[0].check)[1:])

    def _row(self, name: str) -> CheckRow:
        row = self._rows.get(name)
        if row is None:
            row = self._rows[name] = CheckRow(name, self)
            self._column.insertWidget(self._column.count() - 1, row)
        return row


class CheckRow(QFrame):
    """A mark (shape and colour), the check's name, how often it looked, and its verdict in words."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "row")
        self._mark = QLabel(self)
        self._name = QLabel(title_of(name), self)
        self._name.setProperty("role", "strong")
        self._count = SteadyLabel(self)
        self._count.setProperty("role", "number")
        self._count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._words = QLabel(self)
        self._words.setProperty("role", "muted")
        self._words.setWordWrap(True)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 7, 0, 7)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        grid.addWidget(self._mark, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self._name, 0, 1)
        grid.addWidget(self._count, 0, 2)
        grid.addWidget(self._words, 1, 1, 1, 2)
        grid.setColumnStretch(1, 1)
        self.state = ""

    def show_verdict(self, verdict: Verdict, theme: Theme, icons: Icons) -> None:
        """Say where the check stands."""
        count = verdict.count
        state = "failed" if count.violations else "passed" if count.checked else "waiting"
        if state == "passed" and count.unjudged:
            state = "passed in part"
        self._count.setText(f"{count.checked:,}".replace(",", "\u202f"))
        self._words.setText(verdict.words)
        self.setAccessibleName(f"{title_of(count.name)}: {state}. {verdict.words}")
        if state != self.state:
            self.state = state
            self.mark(theme, icons)

    def mark(self, theme: Theme, icons: Icons) -> None:
        """The shape of the state: a tick (grey when only a part was judged), a cross, an empty ring."""
        name, colour = {
            "passed": ("circle-check", theme.ok),
            "passed in part": ("circle-check", theme.text_faint),
            "failed": ("octagon-x", theme.bad),
        }.get(self.state, ("circle", theme.text_faint))
        self._mark.setPixmap(icons.pixmap(name, colour, _ICON_PX))


class ViolationCard(QFrame):
    """The first violation: which check, at which number, what was expected and what was found."""

    show_requested = Signal(int, int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("violation")
        self._where = (0, 0)
        self._mark = QLabel(self)
        self.title = QLabel(self)
        self.title.setProperty("role", "bad")
        self.title.setWordWrap(True)
        self.expected, self.found = _evidence(self), _evidence(self)
        self.why = QLabel(self)
        self.why.setWordWrap(True)
        self.why.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.why.hide()
        self.more = QLabel(self)
        self.more.setProperty("role", "muted")
        self.button = QPushButton(self)
        self.button.clicked.connect(lambda: self.show_requested.emit(*self._where))
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.title, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.more, 1)
        foot.addWidget(self.button)
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 10, 12, 10)
        grid.setHorizontalSpacing(10)
        grid.addLayout(head, 0, 0, 1, 2)
        for place, (word, value) in enumerate((("expected", self.expected), ("found", self.found)), start=1):
            label = QLabel(word, self)
            label.setProperty("role", "muted")
            grid.addWidget(label, place, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, place, 1)
        grid.addWidget(self.why, 3, 0, 1, 2)
        grid.addLayout(foot, 4, 0, 1, 2)
        grid.setColumnStretch(1, 1)

    def show_violation(self, violations: tuple[Violation, ...], theme: Theme, icons: Icons) -> None:
        """The first of `violations`, and how many follow."""
        first = violations[0]
        at = f" at {replica_name(first.replica)}" if first.replica else ""
        if self._where != (first.seq, first.replica):
            self.why.clear()
            self.why.hide()
        self._where = (first.seq, first.replica)
        self.title.setText(f"{title_of(first.check)}: failed for #{first.seq}{at}")
        self.expected.setText(first.expected)
        self.found.setText(first.found)
        others = len(violations) - 1
        self.more.setText(f"and {others} more after it" if others else "")
        self.button.setText(f"Show #{first.seq}")
        self.setAccessibleName(f"{self.title.text()}. Expected {first.expected}, found {first.found}.")
        self.set_theme(theme, icons)

    def argue(self, sentences: Sequence[str]) -> None:
        """Say what the operation was and what is known of the cause; told once, while the events are new."""
        if sentences and not self.why.text():
            self.why.setText("\n".join(sentences))
            self.why.show()

    def set_theme(self, theme: Theme, icons: Icons) -> None:
        """Draw the mark."""
        self._mark.setPixmap(icons.pixmap("triangle-alert", theme.bad, _ICON_PX))


def _evidence(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setProperty("role", "number")
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _summary(view: ClusterView) -> str:
    if not any(verdict.count.checked for verdict in view.checks):
        return "Nothing checked yet: no request was executed."
    if any(verdict.count.unjudged for verdict in view.checks):
        return "Every check passes. Where there was no time for every request, its row says for how many."
    return "Every check passes. They look at every request, not at a sample."
