"""The card of the first violation: what was expected and found, and the requests that conflict."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from core.ids import replica_name
from core.model.cluster_view import ClusterView, Violation
from core.model.dispute import Dispute
from gui.docks.check_words import title_of
from gui.docks.dispute_view import DisputeView
from gui.icons import Icons
from gui.theme import Theme

_ICON_PX = 18
_COMING_IN_NS = 5_000_000_000
"""How long after a violation something of it may still come in."""
_AGAIN_NS = 500_000_000


class ViolationCard(QFrame):
    """The first violation: which check, at which number, what was expected and what was found; the requests
    that conflict, drawn and read."""

    show_requested = Signal(int, int)
    check_chosen = Signal(str)
    """The first violation of this check is to be shown."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme: Theme | None = None
        self._asked_ns = 0
        self.dispute = DisputeView(theme, self)
        self.dispute.hide()
        self.reading = QLabel(self)
        self.reading.setWordWrap(True)
        self.reading.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.reading.hide()
        self.setObjectName("violation")
        self._where = (0, 0)
        self._shown: tuple[str, int, int] | None = None
        self._next = ""
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
        self.following = QPushButton(self)
        self.following.setProperty("chip", "true")
        self.following.setToolTip("The first violation of another check that failed")
        self.following.clicked.connect(lambda: self.check_chosen.emit(self._next))
        self.following.hide()
        self.button = QPushButton(self)
        self.button.clicked.connect(lambda: self.show_requested.emit(*self._where))
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.title, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.more, 1)
        foot.addWidget(self.following)
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
        grid.addWidget(self.dispute, 3, 0, 1, 2)
        grid.addWidget(self.reading, 4, 0, 1, 2)
        grid.addWidget(self.why, 5, 0, 1, 2)
        grid.addLayout(foot, 6, 0, 1, 2)
        grid.setColumnStretch(1, 1)

    def show_violation(
        self, violations: tuple[Violation, ...], first: Violation, theme: Theme, icons: Icons
    ) -> None:
        """One of `violations`, and how many follow the first."""
        at = f" at {replica_name(first.replica)}" if first.replica else ""
        if self._shown != (first.check, first.seq, first.replica):
            self._shown = (first.check, first.seq, first.replica)
            self.why.clear()
            self._asked_ns = 0
            self.dispute.show_dispute(None)
            for shown in (self.why, self.dispute, self.reading):
                shown.hide()
        self._where = (first.seq, first.replica)
        self.title.setText(f"{title_of(first.check)}: failed for #{first.seq}{at}")
        self.expected.setText(first.expected)
        self.found.setText(first.found)
        others = len(violations) - 1 if first is violations[0] else 0
        self.more.setText(f"and {others} more after it" if others else "")
        self.button.setText(f"Show #{first.seq}")
        self.setAccessibleName(f"{self.title.text()}. Expected {first.expected}, found {first.found}.")
        if theme is not self._theme:
            self.set_theme(theme, icons)

    def offer(self, firsts: tuple[Violation, ...], shown: Violation) -> None:
        """Lead to the next check that failed."""
        names = [one.check for one in firsts]
        self._next = names[(names.index(shown.check) + 1) % len(names)]
        self.following.setVisible(len(names) > 1)
        self.following.setText(f"Next: {title_of(self._next)}")

    def refine(
        self, view: ClusterView, first: Violation, dispute: Callable[[Violation], Dispute | None]
    ) -> None:
        """Draw the requests that conflict. What replicas did comes in a little later: it is drawn again until
        all of it is there, or for a while."""
        young = 0 <= view.now_ns - first.at_ns < _COMING_IN_NS
        known = self.dispute.dispute
        whole = known is not None and (bool(first.calls) or len(known.deeds) >= len(view.replicas))
        due = not self._asked_ns or not 0 <= view.now_ns - self._asked_ns < _AGAIN_NS
        if not due or whole or (self._asked_ns and not young):
            return
        self._asked_ns = view.now_ns
        found = dispute(first)
        if found is None:
            self.reading.setText("The requests of it are too long ago to be drawn.")
        elif found != known:
            self.dispute.show_dispute(found)
            self.reading.setText("\n".join(found.sentences))
        self.dispute.setVisible(self.dispute.dispute is not None)
        self.reading.show()

    def argue(self, sentences: Sequence[str]) -> None:
        """Say what the operation was and what is known of the cause; told once, while the events are new."""
        if sentences and not self.why.text():
            self.why.setText("\n".join(sentences))
            self.why.show()

    def set_theme(self, theme: Theme, icons: Icons) -> None:
        """Draw the mark, and the picture anew."""
        self._theme = theme
        self.dispute.set_theme(theme)
        self._mark.setPixmap(icons.pixmap("triangle-alert", theme.bad, _ICON_PX))


def _evidence(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setProperty("role", "number")
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
