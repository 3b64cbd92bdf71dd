"""The inspector dock: the selected node in full. A replica shows its facts and, page by page, its data."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.ids import client_name, replica_name
from core.limits import INSPECT_ROWS
from core.model.cluster_view import ClientCard, ClusterView, DataPage, FrontEndCard, ReplicaCard, ReplicaState
from gui.docks.request_view import RequestView
from gui.docks.waterfall import Waterfall
from gui.docks.why_card import WhyCard
from gui.explainer import Explainer
from gui.icons import Icons
from gui.intents import Intents
from gui.selection import Selection
from gui.stage.wording import client_status, digest_text, duration, replica_status
from gui.theme import Theme

_REFRESH_NS = 1_000_000_000
_PAGE_ROWS = min(100, INSPECT_ROWS)

Fact = tuple[str, str]


class Inspector(QWidget):
    """Facts above, data below."""

    def __init__(
        self,
        intents: Intents,
        selection: Selection,
        theme: Theme,
        icons: Icons,
        explainer: Explainer,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._intents = intents
        self._selection = selection
        self._theme = theme
        self._path: tuple[str, ...] = ()
        self._offset = 0
        self._asked_ns = 0
        self._shown: object = None
        self.title = QLabel(self)
        self.title.setProperty("role", "title")
        self.why = WhyCard(explainer, self)
        self.waterfall = Waterfall(theme, self)
        self._request = RequestView(explainer, self.waterfall)
        self.facts = _table("Facts", self)
        self._up = QToolButton(self)
        self._up.setAccessibleName("Up")
        self._up.setToolTip("One level up")
        self._up.clicked.connect(self._leave)
        self.where = QLabel(self)
        self.where.setProperty("role", "muted")
        self._less, self._more = QToolButton(self), QToolButton(self)
        self._less.setAccessibleName("Page before")
        self._less.clicked.connect(lambda: self._turn(-_PAGE_ROWS))
        self._more.setAccessibleName("Next page")
        self._more.clicked.connect(lambda: self._turn(_PAGE_ROWS))
        self.data = _table("Data", self)
        self.data.setToolTip("Enter opens a branch, Backspace goes up")
        self.data.itemActivated.connect(self._enter)
        self._arrange()
        self.set_theme(theme, icons)
        selection.changed.connect(self._select)
        self._select(selection.name)

    def set_theme(self, theme: Theme, icons: Icons) -> None:
        """Icons and fonts of the theme."""
        self._theme = theme
        self.waterfall.set_theme(theme)
        self._up.setIcon(icons.icon("chevron-up"))
        self._less.setIcon(icons.icon("chevron-left"))
        self._more.setIcon(icons.icon("chevron-right"))
        for table in (self.facts, self.data):
            table.verticalHeader().setDefaultSectionSize(theme.px(22))
        self._shown = None

    def look(self, replica: int, path: str) -> None:
        """Show a replica's data at a path."""
        self._selection.set(replica_name(replica))
        self._go(tuple(part for part in path.split("/") if part))

    def show_view(self, view: ClusterView) -> None:
        """Facts now; the data as of the newest page that came."""
        seq = self._selection.seq
        card = None if seq else self._intents.replica(self._selection.number("R"))
        self.why.show_view(view, f"#{seq}" if seq else self._selection.name)
        self.waterfall.setVisible(seq > 0)
        self._show_facts(self._request.rows(view, seq) if seq else _facts(view, self._selection.name))
        for widget in (self.data, self._up, self.where, self._less, self._more):
            widget.setVisible(card is not None)
        if card is None:
            return
        if view.now_ns - self._asked_ns >= _REFRESH_NS or view.now_ns < self._asked_ns:
            self._ask(view.now_ns)
        page = self._page(view, card)
        shown = (page, card.tiles, card.state) if page is None else page
        if shown != self._shown:
            self._shown = shown
            self._show_page(page, card)

    def _arrange(self) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(2)
        bar.addWidget(self._up)
        bar.addWidget(self.where, 1)
        bar.addWidget(self._less)
        bar.addWidget(self._more)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(6)
        column.addWidget(self.title)
        column.addWidget(self.why)
        column.addWidget(self.waterfall)
        column.addWidget(self.facts, 2)
        column.addLayout(bar)
        column.addWidget(self.data, 3)

    def _select(self, name: str) -> None:
        self.title.setText(f"Request #{self._selection.seq}" if self._selection.seq else _title(name))
        self._go(())

    def _go(self, path: tuple[str, ...]) -> None:
        self._path, self._offset, self._asked_ns, self._shown = path, 0, 0, None

    def _leave(self) -> None:
        self._go(self._path[:-1])

    def _enter(self, item: QTableWidgetItem) -> None:
        first = self.data.item(item.row(), 0)
        branch = first.data(Qt.ItemDataRole.UserRole) if first is not None else ""
        if branch:
            self._go((*self._path, str(branch)))

    def _turn(self, rows: int) -> None:
        self._offset, self._asked_ns = max(0, self._offset + rows), 0

    def _ask(self, now_ns: int) -> None:
        self._asked_ns = now_ns
        self._intents.look(self._selection.number("R"), "/".join(self._path), self._offset, _PAGE_ROWS)

    def _page(self, view: ClusterView, card: ReplicaCard) -> DataPage | None:
        name = (card.replica, "/".join(self._path), self._offset)
        found = (page for page in view.pages if (page.replica, page.path, page.offset) == name)
        return next(found, None)

    def _show_facts(self, facts: list[Fact]) -> None:
        table = self.facts
        if table.rowCount() != len(facts):
            table.setRowCount(len(facts))
        for row, pair in enumerate(facts):
            for column, text in enumerate(pair):
                _write(table, row, column, text)

    def _show_page(self, page: DataPage | None, card: ReplicaCard) -> None:
        path = " / ".join((replica_name(card.replica), *self._path))
        self._up.setEnabled(bool(self._path))
        if page is None:
            words = "last seen" if card.state is ReplicaState.DEAD else "at a glance"
            self.where.setText(f"{path} · {words}")
            rows: list[tuple[str, str, str]] = [(tile.key, tile.value, "") for tile in card.tiles]
            self._less.setEnabled(False)
            self._more.setEnabled(False)
        else:
            last = page.offset + len(page.rows)
            many = f" · {page.offset + 1}–{last} of {page.total}" if page.total > len(page.rows) else ""
            self.where.setText(f"{path}{many} · after #{page.expected - 1}")
            rows = [(f"{branch}  ›", "", branch) for branch in page.branches]
            rows += [(key, text, "") for key, text in page.rows]
            self._less.setEnabled(page.offset > 0)
            self._more.setEnabled(last < page.total)
        self.data.setRowCount(len(rows))
        for row, (key, text, branch) in enumerate(rows):
            _write(self.data, row, 0, key).setData(Qt.ItemDataRole.UserRole, branch)
            _write(self.data, row, 1, text)


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


def _title(name: str) -> str:
    if name.startswith("R"):
        return f"Replica {name[1:]}"
    if name.startswith("C"):
        return f"Client {name[1:]}"
    return "Front end" if name == "FE" else "Nothing selected"


def _facts(view: ClusterView, name: str) -> list[Fact]:
    if name == "FE":
        return _front_end_facts(view.front_end)
    replica = next((card for card in view.replicas if replica_name(card.replica) == name), None)
    if replica is not None:
        return _replica_facts(replica)
    client = next((card for card in view.clients if client_name(card.client) == name), None)
    if client is not None:
        return _client_facts(client, view.now_ns)
    return [("how", "Click a card on the stage, or a row of the event log.")]


def _replica_facts(card: ReplicaCard) -> list[Fact]:
    held = ", ".join(f"#{seq}" for seq in card.held) + (" …" if card.held_count > len(card.held) else "")
    return [
        ("state", replica_status(card)),
        ("expects", f"#{card.expected}"),
        ("holds back", f"{card.held_count}: {held}" if card.held_count else "nothing"),
        ("digest", f"{digest_text(card.digest)}{'  differs from the others' if card.differs else ''}"),
        ("answered first", f"{card.first_answers} times"),
        ("process", f"pid {card.pid}, port {card.port}, life {card.incarnation}"),
    ]


def _client_facts(card: ClientCard, now_ns: int) -> list[Fact]:
    return [
        ("state", client_status(card, now_ns)),
        ("request", card.call or "none yet"),
        ("last answer", f"#{card.last_seq}, {card.last_outcome}" if card.last_seq else "none yet"),
        ("latency", duration(card.last_latency_ns) if card.last_latency_ns else "–"),
        ("answered", f"{card.answered} requests"),
    ]


def _front_end_facts(card: FrontEndCard) -> list[Fact]:
    return [
        ("next number", f"#{card.next_seq}"),
        ("in flight", f"{card.in_flight} requests"),
        ("executed by all", f"#{card.executed_by_all}"),
        ("sent again", f"{card.retransmissions} times"),
        ("answers with", card.reply_policy),
        ("epoch", str(card.epoch)),
    ]
