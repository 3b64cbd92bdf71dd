"""The checks dock: what is watched all the time, how often, and the first thing that went wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.model.cluster_view import ClusterView, Verdict, Violation
from core.model.dispute import Dispute
from gui.docks.check_words import title_of
from gui.docks.violation_card import ViolationCard
from gui.icons import Icons
from gui.steady_label import SteadyLabel
from gui.theme import Theme

_ICON_PX = 18


class Checks(QScrollArea):
    """One row per live check; above them the first violation, when there is one."""

    show_requested = Signal(int, int)
    """Look at this number at this replica (0 when it is nobody's)."""
    request_chosen = Signal(str, int)
    """A request of those that conflict was chosen: its client, and its sequence number (0: not known)."""

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
        self.dispute: Callable[[Violation], Dispute | None] = lambda violation: None
        """The requests that conflict, for a picture."""
        self._card = ViolationCard(theme, inside)
        self._card.hide()
        self._card.dispute.chosen.connect(self.request_chosen)
        self._card.check_chosen.connect(self._show_check)
        self._check = ""  # the check whose first violation a person wants to see
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
            if view.violations:
                self._card.refine(view, self._chosen(view), self.dispute)
            return
        self._seen = seen
        for verdict in view.checks:
            self._row(verdict.count.name).show_verdict(verdict, self._theme, self._icons)
        self._verdict.setText(_summary(view))
        self._verdict.setVisible(not view.violations)
        self._card.setVisible(bool(view.violations))
        if view.violations:
            chosen = self._chosen(view)
            self._card.show_violation(view.violations, chosen, self._theme, self._icons)
            self._card.offer(_firsts(view), chosen)
            self._card.refine(view, chosen, self.dispute)
            self._card.argue(self.explain(chosen.check)[1:])

    def _chosen(self, view: ClusterView) -> Violation:
        """The violation that is shown: the first one, or the first one of the check that a person chose."""
        return next((one for one in view.violations if one.check == self._check), view.violations[0])

    def _show_check(self, check: str) -> None:
        self._check, self._seen = check, ((), ())

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


def _firsts(view: ClusterView) -> tuple[Violation, ...]:
    """The first violation of each check that failed."""
    return tuple({one.check: one for one in reversed(view.violations)}.values())[::-1]


def _summary(view: ClusterView) -> str:
    if not any(verdict.count.checked for verdict in view.checks):
        return "Nothing checked yet: no request was executed."
    if any(verdict.count.unjudged for verdict in view.checks):
        return "Every check passes. Where there was no time for every request, its row says for how many."
    return "Every check passes. They look at every request, not at a sample."
