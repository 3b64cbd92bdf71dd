"""The inspector dock: what is selected, in full: how it is or how it went, what it holds, and what was said,
byte by byte."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from core.ids import replica_name
from core.model.cluster_view import ClusterView, ReplicaCard
from core.session.rebuilt import RebuiltData
from core.trace.wire_log import Record
from gui.docks.bytes_view import BytesView
from gui.docks.data_tree import DataTree
from gui.docks.node_facts import Fact, facts_of, title_of
from gui.docks.request_view import RequestView
from gui.docks.waterfall import Waterfall
from gui.docks.why_card import WhyCard
from gui.explainer import Explainer
from gui.held import AskedData, Held, RebuiltHeld, held_now
from gui.icons import Icons
from gui.intents import Intents
from gui.selection import Selection
from gui.theme import Theme

_DATA, _MESSAGES = 1, 2
_REBUILD_NS = 1_000_000_000
"""While the past plays, a state is made again at most this often."""


class Inspector(QWidget):
    """A heading, the answer to “why?”, and pages: those are offered that have something on them."""

    compare_requested = Signal(int)
    """Put this replica's data beside another's, or beside its own at another moment."""

    def __init__(
        self,
        intents: Intents,
        selection: Selection,
        theme: Theme,
        icons: Icons,
        explainer: Explainer,
        rebuilt: RebuiltData | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._intents = intents
        self._selection = selection
        self._rebuilt = rebuilt
        self._held: Held | None = None
        self._held_ns = 0
        self._replica = 0
        self.title = QLabel(self)
        self.title.setProperty("role", "title")
        self.why = WhyCard(explainer, self)
        self.waterfall = Waterfall(theme, self)
        self._request = RequestView(explainer, self.waterfall)
        self.facts = _table("Facts", self)
        self.data = DataTree(theme, self)
        self.data.compare.clicked.connect(lambda: self.compare_requested.emit(self._selection.number("R")))
        self.messages = BytesView(explainer.words, theme, self)
        self.pages = QTabWidget(self)
        self.pages.setDocumentMode(True)
        self._arrange()
        self.set_theme(theme, icons)
        selection.changed.connect(self._select)
        self._select(selection.name)
        self._offer(_DATA, False)
        self._offer(_MESSAGES, False)

    def set_theme(self, theme: Theme, icons: Icons) -> None:
        """Icons and fonts of the theme."""
        self.waterfall.set_theme(theme)
        self.data.set_theme(theme, icons)
        self.messages.set_theme(theme)
        self.facts.verticalHeader().setDefaultSectionSize(theme.px(22))
        self.facts.setMinimumHeight(theme.px(22))  # it scrolls; the waterfall above it does not

    def look(self, replica: int, path: str) -> None:
        """Show a replica's data at a path."""
        self._selection.set(replica_name(replica))
        card = self._intents.replica(replica)
        if card is not None:
            self._show_held(card, 0)
        self._offer(_DATA, True)
        self.pages.setCurrentIndex(_DATA)
        if path.strip("/"):
            self.data.reveal(path)

    def show_view(self, view: ClusterView) -> None:
        """Facts now; the data as of the newest page that came."""
        seq = self._selection.seq
        card = None if seq else self._intents.replica(self._selection.number("R"))
        self.why.show_view(view, f"#{seq}" if seq else self._selection.name)
        self.waterfall.setVisible(seq > 0)
        self._show_facts(self._request.rows(view, seq) if seq else facts_of(view, self._selection.name))
        self._offer(_DATA, card is not None)
        event = self._selection.record
        self._offer(_MESSAGES, bool(seq) or event is not None)
        if card is not None and self.pages.currentIndex() == _DATA:
            self._show_held(card, view.now_ns)
            if isinstance(self._held, AskedData):
                self._held.look(view)
            self.data.refresh(view.now_ns)
        if self.pages.currentIndex() == _MESSAGES:
            self._show_messages(view, seq, event)

    def _arrange(self) -> None:
        life = QWidget(self)
        column = QVBoxLayout(life)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.waterfall)
        column.addWidget(self.facts, 1)
        for page, words in ((life, "Overview"), (self.data, "Data"), (self.messages, "Messages")):
            self.pages.addTab(page, words)
        self.pages.tabBar().setAccessibleName("Pages of the inspector")
        self.pages.tabBar().setExpanding(False)
        self.pages.tabBar().setDrawBase(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 8, 12, 8)
        whole.setSpacing(4)
        whole.addWidget(self.title)
        whole.addWidget(self.why)
        whole.addWidget(self.pages, 1)

    def _offer(self, page: int, there: bool) -> None:
        if self.pages.isTabVisible(page) != there:
            self.pages.setTabVisible(page, there)

    def _select(self, name: str) -> None:
        seq = self._selection.seq
        self.title.setText(f"Request #{seq}" if seq else title_of(name))
        replica = 0 if seq else self._selection.number("R")
        if replica != self._replica:
            self._replica, self._held = replica, None

    def _show_held(self, card: ReplicaCard, now_ns: int) -> None:
        """The data of the moment that is shown; a past one is not made again with every frame."""
        held = held_now(self._intents, card, self._rebuilt, self._held)
        if held is self._held:
            return
        soon = self._held is not None and isinstance(held, RebuiltHeld) and held.replica == self._held.replica
        if soon and now_ns and 0 <= now_ns - self._held_ns < _REBUILD_NS and self._intents.moves:
            return
        if self._rebuilt is not None:
            self._rebuilt.forget_wishes()
        self._held, self._held_ns = held, now_ns
        self.data.show_held(held)

    def _show_messages(self, view: ClusterView, seq: int, event: Record | None) -> None:
        if not seq:
            self.messages.show_records([event] if event is not None else [], view.started_ns)
            return
        self.messages.show_records(self._request.records, view.started_ns, event)

    def _show_facts(self, facts: list[Fact]) -> None:
        table = self.facts
        if table.rowCount() != len(facts):
            table.setRowCount(len(facts))
        for row, pair in enumerate(facts):
            for column, text in enumerate(pair):
                _write(table, row, column, text)


def _table(name: str, parent: QWidget) -> QTableWidget:
    table = QTableWidget(0, 2, parent)
    table.setAccessibleName(name)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.horizontalHeader().hide()
    table.verticalHeader().hide()
    table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
    table.horizontalHeader().setStretchLastSection(True)
    table.horizontalHeader().resizeSection(0, 130)
    return table


def _write(table: QTableWidget, row: int, column: int, text: str) -> QTableWidgetItem:
    item = table.item(row, column)
    if item is None:
        item = QTableWidgetItem()
        table.setItem(row, column, item)
    if item.text() != text:
        item.setText(text)
        item.setToolTip(text)
    return item
