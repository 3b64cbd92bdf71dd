"""Two replicas' states beside each other, and the operation that split them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.ids import replica_name
from core.limits import INSPECT_ROWS
from core.model.cluster_view import ClusterView, DataPage, ReplicaState, Violation
from gui.intents import Intents
from gui.stage.wording import digest_text
from gui.theme import Theme

_PAGE_ROWS = min(100, INSPECT_ROWS)
_ABSENT = "—"

Row = tuple[str, str, str]
"""Where, and what the one and the other replica holds there."""


def split_by(view: ClusterView) -> tuple[Violation, int, int] | None:
    """The first violation that concerns a replica, that replica, and a living one to compare it with."""
    accused = {violation.replica for violation in view.violations}
    others = [
        card.replica
        for card in view.replicas
        if card.replica not in accused and card.state not in (ReplicaState.DEAD, ReplicaState.STARTING)
    ]
    others += [card.replica for card in view.replicas if card.replica in accused]
    for violation in view.violations:
        other = next((replica for replica in others if replica != violation.replica), 0)
        if violation.replica and other:
            return violation, other, violation.replica
    return None


def rows_of(view: ClusterView, one: int, other: int) -> list[Row]:
    """What two replicas hold, place by place; where they differ first."""
    left, right = _held(view, one), _held(view, other)
    places = list(dict.fromkeys([*left, *right]))
    rows = [(place, left.get(place, _ABSENT), right.get(place, _ABSENT)) for place in places]
    return sorted(rows, key=lambda row: row[1] == row[2])


def _held(view: ClusterView, replica: int) -> dict[str, str]:
    pages = [page for page in view.pages if page.replica == replica]
    held: dict[str, str] = {}
    for page in sorted(pages, key=lambda page: (page.path, page.offset)):
        name = page.path.replace("/", " / ")
        held |= {f"{name} / {key}" if name else key: value for key, value in page.rows}
    return held


class Difference(QDialog):
    """Not modal: the stage stays in reach. It asks the replicas for their data while it is open."""

    def __init__(self, intents: Intents, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("difference")
        self.setWindowTitle("Where they parted")
        self.setMinimumSize(760, 420)
        self._intents = intents
        self._theme = theme
        self._pair = (0, 0)
        self._split = False  # the first violation was shown
        self._shown: object = None
        self._asked: set[tuple[int, str]] = set()
        self.sentence = QLabel(self)
        self.sentence.setWordWrap(True)
        self.sentence.setProperty("role", "title")
        self.sides = QLabel(self)
        self.sides.setProperty("role", "muted")
        self.table = QTableWidget(0, 3, self)
        self.table.setAccessibleName("States of two replicas")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        close = QPushButton("Close", self)
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addWidget(self.sides, 1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(10)
        column.addWidget(self.sentence)
        column.addWidget(self.table, 1)
        column.addLayout(foot)

    def set_theme(self, theme: Theme) -> None:
        """Colours of the theme."""
        self._theme, self._shown = theme, None

    def compare(self, one: int, other: int, sentence: str) -> None:
        """Show these two replicas, and say why."""
        self._pair, self._shown = (one, other), None
        self._asked.clear()
        self.sentence.setText(sentence)
        names = [replica_name(one), replica_name(other)]
        self.table.setHorizontalHeaderLabels(["where", *names])
        self.show()
        self.raise_()

    def watch(self, view: ClusterView) -> None:
        """Open at the first violation of a run with a broken rule: the picture stands still there."""
        if view.broken and view.violations and not self._split:
            self._split = True
            self.show_split(view)

    def compare_with_another(self, replica: int) -> None:
        """Compare a replica (0: the first) with another living one, an accused one if there is any."""
        view = self._intents.view
        cards = [card for card in view.replicas if card.state is not ReplicaState.DEAD] if view else []
        one = replica or next((card.replica for card in cards), 0)
        others = sorted((not card.differs, card.replica) for card in cards if card.replica != one)
        if view is None or not others or all(card.replica != one for card in cards):
            self._intents.said.emit("warning", "Two living replicas are needed to compare them.")
            return
        pair = f"{replica_name(one)} beside {replica_name(others[0][1])}"
        self.compare(one, others[0][1], f"{pair}: what differs comes first.")

    def show_split(self, view: ClusterView) -> None:
        """Show who parted at the first violation."""
        found = split_by(view)
        if found is not None:
            violation, one, other = found
            name = violation.check.replace("_", " ")
            self.compare(
                one,
                other,
                f"#{violation.seq} split {replica_name(other)} from {replica_name(one)} ({name}): "
                f"expected {violation.expected}, found {violation.found}.",
            )

    def show_view(self, view: ClusterView) -> None:
        """Ask for what is missing, and show what came."""
        for replica in self._pair:
            for path in ("", *self._branches(view, replica)):
                if (replica, path) not in self._asked:
                    self._asked.add((replica, path))
                    self._intents.look(replica, path, 0, _PAGE_ROWS)
        rows = rows_of(view, *self._pair)
        cards = [self._intents.replica(replica) for replica in self._pair]
        told = [
            f"{replica_name(card.replica)} expects #{card.expected}, digest {digest_text(card.digest)}"
            for card in cards
            if card is not None
        ]
        self.sides.setText("   ·   ".join(told))
        if rows != self._shown:
            self._shown = rows
            self._fill(rows)

    def _branches(self, view: ClusterView, replica: int) -> tuple[str, ...]:
        root = next((page for page in view.pages if _is_root(page, replica)), None)
        return root.branches if root is not None else ()

    def _fill(self, rows: list[Row]) -> None:
        self.table.setRowCount(len(rows))
        for place, row in enumerate(rows):
            differs = row[1] != row[2]
            for column, text in enumerate(row):
                item = QTableWidgetItem(f"≠ {text}" if differs and column == 0 else text)
                item.setToolTip(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
                colour: QColor = self._theme.bad if differs else self._theme.text_muted
                item.setForeground(colour)
                if differs:
                    item.setFont(_bold(item.font()))
                self.table.setItem(place, column, item)


def _is_root(page: DataPage, replica: int) -> bool:
    return page.replica == replica and not page.path and page.offset == 0


def _bold(font: QFont) -> QFont:
    font.setBold(True)
    return font
