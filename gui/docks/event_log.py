"""The event log dock: filter line, kinds, table."""

from __future__ import annotations

import re
import time

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from core.model.cluster_view import ClusterView
from core.trace.events import EventFilter, EventLog
from core.trace.told import EventKind
from gui.docks.event_rows import EventRows
from gui.docks.event_table import EventTable
from gui.icons import Icons
from gui.steady_label import SteadyLabel
from gui.theme import Theme

CHIPS: dict[str, frozenset[EventKind]] = {
    "requests": frozenset({EventKind.REQUEST, EventKind.ANSWER}),
    "order": frozenset({EventKind.ORDER}),
    "results": frozenset({EventKind.RESULT}),
    "gaps": frozenset({EventKind.GAP}),
    "faults": frozenset({EventKind.FAULT}),
    "cluster": frozenset({EventKind.CLUSTER, EventKind.CONTROL, EventKind.CHECK, EventKind.NOTE}),
    "pulse": frozenset({EventKind.HEARTBEAT, EventKind.LOOK}),
}
_SLICE_NS = 200_000
"""What a turn may spend on looking at records."""
_DRAWING_NS = 500_000
"""And on drawing rows: many at once, for the first one costs as much as the next five."""
_SEARCH_NS = 3_000_000
"""What a frame may spend on a search that found too little so far: a rare thing is looked for."""
_SPARE_ROWS = 20
_TURN_NS = 200_000_000
_OFF_AT_FIRST = "pulse"
_NODE = re.compile(r"(?:[rc]\d+|fe)", re.IGNORECASE)
_NUMBER = re.compile(r"#(\d+)")


def read_filter(text: str, kinds: frozenset[EventKind]) -> EventFilter:
    """`R2 #128 kill`: nodes, a sequence number, and the rest as text."""
    nodes: set[str] = set()
    seq, words = 0, []
    for word in text.split():
        number = _NUMBER.fullmatch(word)
        if number:
            seq = int(number[1])
        elif _NODE.fullmatch(word):
            nodes.add(word.upper())
        else:
            words.append(word)
    return EventFilter(frozenset(nodes), kinds, seq, " ".join(words))


class EventLogView(QWidget):
    """Every event, newest on top."""

    chosen = Signal(str, int, object)
    """A row was selected: its node ("" when it is nobody's), sequence number (0 for none) and record."""

    def __init__(self, log: EventLog, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._log = log
        self._stopped_at = 0
        self._before: str | None = None  # the filter, while rows about a chosen request are shown
        self._turn_ns = 0
        self._budget_ns = _SLICE_NS
        self.searching = False
        self._coming: list[int] = []
        self.model = EventTable(log, self)
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText("Filter: R2   #128   kill")
        self.filter.setAccessibleName("Filter events")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._filter)
        self.count = SteadyLabel(self)
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.count.setProperty("role", "faint")
        self.chips = {name: self._chip(name) for name in CHIPS}
        self.table = EventRows(self.model, theme, self)
        self.resume = QPushButton(self)
        self.resume.setProperty("chip", "true")
        self.resume.clicked.connect(self.follow)
        self.resume.hide()
        self._arrange()
        self.set_theme(theme, icons)
        self.table.selectionModel().currentRowChanged.connect(self._choose)
        self._filter()

    def set_theme(self, theme: Theme, icons: Icons) -> None:
        """Sizes and colours of the theme."""
        self.table.set_theme(theme)
        self.resume.setIcon(icons.icon("chevron-up"))

    def set_log(self, log: EventLog) -> None:
        """Show another log: somebody went to another moment."""
        self._log = log
        self._coming, self._budget_ns = [], _SEARCH_NS
        self.model.set_log(log)
        self.table.forget()
        self.follow()

    def work(self) -> bool:
        """Find, decode and draw what comes next, for so long at most, and show it when it is whole. True when
        there is more to do at once."""
        if time.monotonic_ns() < self._turn_ns or not self.following:
            return False
        if not self._coming:
            rows = self.table.visible_rows()
            self.searching = not self.model.search(rows + _SPARE_ROWS, self._budget_ns)
            self._budget_ns = _SEARCH_NS if self.searching else _SLICE_NS
            # as many every time: one row more or less, and Qt lays out table and scroll bar anew
            self._coming = self.model.coming()[: rows + _SPARE_ROWS]
            if self.searching:
                self.model.turn(self._coming)
                self._coming = []
                return True
        deadline_ns = time.perf_counter_ns() + _DRAWING_NS
        while self.table.draw_one(self._coming[: self.table.visible_rows()]):
            if time.perf_counter_ns() > deadline_ns:
                return True
        if self.model.turn(self._coming):
            self._turn_ns = time.monotonic_ns() + _TURN_NS
            self.table.viewport().update()
        self._coming = []
        return False

    def show_view(self, view: ClusterView) -> None:
        """How many events there are, and how many came while a person reads."""
        del view
        self._count()
        if self.following:
            self._stopped_at = self._log.end
            self.resume.hide()
        else:
            newer = self._log.end - self._stopped_at
            self.resume.setText(f"{newer:,} newer".replace(",", "\u202f") if newer else "Follow")
            self.resume.show()

    @property
    def following(self) -> bool:
        """The newest events are shown as they come: nobody scrolled down or chose a row."""
        return self.table.verticalScrollBar().value() == 0 and not self.table.selectionModel().hasSelection()

    def follow(self) -> None:
        """Go back to the newest events."""
        self.table.go_to_newest()
        self.resume.hide()
        self._turn_ns = 0

    def select_number(self, seq: int) -> None:
        """Show the rows about a request that was chosen elsewhere; 0: what was shown before."""
        current = self.table.currentIndex()
        if seq and current.isValid() and self.table.selectionModel().hasSelection():
            event = self.model.row_at(current.row())
            if event.seq <= seq <= event.last_seq:
                return  # it was chosen here
        if seq:
            if self._before is None:
                self._before = self.filter.text()
            self.filter.setText(f"#{seq}")
        elif self._before is not None:
            before, self._before = self._before, None
            if _NUMBER.fullmatch(self.filter.text()):
                self.filter.setText(before)

    def search(self, text: str) -> None:
        """Show the rows about `text`."""
        self.filter.setText(text)

    def _arrange(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(10, 8, 10, 0)
        top.addWidget(self.filter, 1)
        top.addWidget(self.count)
        chips = QHBoxLayout()
        chips.setContentsMargins(10, 0, 10, 0)
        chips.setSpacing(4)
        for chip in self.chips.values():
            chips.addWidget(chip)
        chips.addStretch(1)
        chips.addWidget(self.resume)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(top)
        column.addLayout(chips)
        column.addWidget(self.table, 1)

    def _chip(self, name: str) -> QToolButton:
        chip = QToolButton(self)
        chip.setText(name)
        chip.setProperty("chip", "true")
        chip.setCheckable(True)
        chip.setChecked(name != _OFF_AT_FIRST)
        chip.setAccessibleName(f"Show {name}")
        chip.setToolTip("Kinds: " + ", ".join(sorted(CHIPS[name])))
        chip.toggled.connect(self._filter)
        return chip

    def _filter(self) -> None:
        on = [CHIPS[name] for name, chip in self.chips.items() if chip.isChecked()]
        kinds = frozenset[EventKind]() if len(on) == len(CHIPS) else frozenset[EventKind]().union(*on)
        if on and self.model.filter(read_filter(self.filter.text(), kinds)):
            self._coming, self._budget_ns = [], _SEARCH_NS
        self.follow()
        self._count()

    def _count(self) -> None:
        more = " · searching" if self.searching else ""
        self.count.setText(f"{len(self._log):,} events{more}".replace(",", "\u202f"))

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            event, position = self.model.row_at(index.row()), self.model.position(index.row())
            if self._log.first <= position < self._log.end:
                record = self._log.record(position)
                self.chosen.emit(event.node.split()[0] if event.node else "", event.seq, record)
