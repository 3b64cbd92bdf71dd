"""Two replicas' data beside each other, or one's at two moments; and the operation that split them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.model.cluster_view import ClusterView, ReplicaState
from core.model.data_diff import DiffRow
from core.session.rebuilt import RebuiltData
from gui.comparing import Comparing
from gui.held import Held
from gui.intents import Intents
from gui.side_picker import SidePicker
from gui.theme import Theme

_SHOWN_ROWS = 2_000


class Difference(QDialog):
    """Not modal: the stage stays in reach. It asks for the data once; *Compare again* asks anew."""

    def __init__(
        self, intents: Intents, theme: Theme, parent: QWidget, rebuilt: RebuiltData | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("difference")
        self.setWindowTitle("Compare data")
        self.setMinimumSize(400, 420)
        self._intents = intents
        self._theme = theme
        self._held: list[Held | None] = [None, None]
        self._comparing: Comparing | None = None
        self._began_ns = 0
        self._shown: list[DiffRow] | None = None
        self.sentence = QLabel(self)
        self.sentence.setWordWrap(True)
        self.sentence.setProperty("role", "title")
        self.remark = _note(self)
        self.left = SidePicker("left", intents, rebuilt, self)
        self.right = SidePicker("right", intents, rebuilt, self)
        self.notes = (_note(self), _note(self))
        self.verdict = QLabel(self)
        self.verdict.setWordWrap(True)
        self.verdict.setProperty("role", "strong")
        self.only = QToolButton(self)
        self.only.setText("only what differs")
        self.only.setAccessibleName("Show only what differs")
        self.only.setProperty("chip", "true")
        self.only.setCheckable(True)
        self.only.toggled.connect(self._refill)
        self.again = QPushButton("Compare again", self)
        self.again.clicked.connect(self._begin)
        self.table = QTableWidget(0, 3, self)
        self.table.setAccessibleName("Data of both sides")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self._arrange()
        for picker in (self.left, self.right):
            picker.picked.connect(self._begin)

    def set_theme(self, theme: Theme) -> None:
        """Colours of the theme."""
        self._theme, self._shown = theme, None

    def compare(self, one: int, other: int, sentence: str, remark: str = "") -> None:
        """Show these two replicas as they are at the moment shown, and say why."""
        view = self._intents.view
        if view is not None:
            self.left.choose(view, one)
            self.right.choose(view, other)
        self.sentence.setText(sentence)
        self.remark.setText(remark)
        self.remark.setVisible(bool(remark))
        self._begin()
        self.show()
        self.raise_()

    def compare_with_another(self, replica: int) -> None:
        """Compare a replica (0: the first) with another one, an accused one if there is any."""
        view = self._intents.view
        cards = [card for card in view.replicas if card.state is not ReplicaState.STARTING] if view else []
        one = replica or next((card.replica for card in cards), 0)
        others = sorted(
            (card.state is ReplicaState.DEAD, not card.differs, card.replica)
            for card in cards
            if card.replica != one
        )
        if view is None or not cards:
            self._intents.said.emit("warning", "There is no replica yet whose data could be compared.")
            return
        other = others[0][-1] if others else one
        self.compare(
            one, other, "What differs comes first. Choose another replica, or another moment, on either side."
        )

    def show_view(self, view: ClusterView) -> None:
        """Ask for what is missing, and show what came."""
        self._began_ns = self._began_ns or view.now_ns
        for side, picker in enumerate((self.left, self.right)):
            if self._held[side] is None:
                self._held[side] = picker.held(view)
            held = self._held[side]
            self.notes[side].setText(held.note if held is not None else picker.trouble or "Looking …")
        left, right = self._held
        if left is None or right is None:
            self.verdict.setText("Nothing can be compared yet.")
            self._fill([])
            return
        if self._comparing is None:
            self._comparing = Comparing(left, right, self._began_ns)
        diff = self._comparing.look(view)
        if diff.words != self.verdict.text():
            self.verdict.setText(diff.words)
        self._fill(diff.rows)

    def _arrange(self) -> None:
        sides = QGridLayout()
        sides.setHorizontalSpacing(18)
        sides.setVerticalSpacing(4)
        for column, picker in enumerate((self.left, self.right)):
            sides.addWidget(picker, 0, column)
            sides.addWidget(self.notes[column], 1, column, Qt.AlignmentFlag.AlignTop)
            sides.setColumnStretch(column, 1)
        middle = QHBoxLayout()
        middle.addWidget(self.verdict, 1)
        middle.addWidget(self.only)
        close = QPushButton("Close", self)
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.again)
        foot.addWidget(close)
        for button in (self.again, close):
            button.setAutoDefault(False)  # Enter in a field picks, and nothing else
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(18, 16, 18, 16)
        column_.setSpacing(10)
        column_.addWidget(self.sentence)
        column_.addWidget(self.remark)
        column_.addLayout(sides)
        column_.addLayout(middle)
        column_.addWidget(self.table, 1)
        column_.addLayout(foot)

    def _begin(self) -> None:
        """Forget what came, and ask anew."""
        self._held, self._comparing, self._shown, self._began_ns = [None, None], None, None, 0
        if self._intents.view is not None and self.isVisible():
            self.show_view(self._intents.view)

    def _refill(self) -> None:
        rows, self._shown = self._shown, None
        if rows is not None:
            self._fill(rows)

    def _fill(self, rows: list[DiffRow]) -> None:
        if rows == self._shown:
            return
        self._shown = rows
        pickers = (self.left, self.right)
        names = [
            held.name if held is not None else pickers[side].name for side, held in enumerate(self._held)
        ]
        self.table.setHorizontalHeaderLabels(["where", *names])
        shown = [row for row in rows if row.differs or not self.only.isChecked()][:_SHOWN_ROWS]
        self.table.setRowCount(len(shown))
        for place, row in enumerate(shown):
            path = row.path.replace("/", " / ")
            texts = (f"≠ {path}" if row.differs else path, row.left, row.right)
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(text[:400])
                item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
                colour: QColor = self._theme.bad if row.differs else self._theme.text_muted
                item.setForeground(colour)
                if row.differs:
                    item.setFont(_bold(item.font()))
                self.table.setItem(place, column, item)


def _note(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setProperty("role", "muted")
    label.setWordWrap(True)
    return label


def _bold(font: QFont) -> QFont:
    font.setBold(True)
    return font
