"""A replica's data as a tree: branches open page by page; what is loaded is filtered, a path is looked up.

Nothing is asked that nobody sees: a page is asked when its branch is opened, and again once a second while
the data changes. Items stay the same objects while their page changes, so what is open stays open.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QToolButton,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.model.cluster_view import DataPage
from gui.docks.tree import Tree
from gui.held import PAGE_ROWS, Held
from gui.icons import Icons
from gui.theme import Theme

_AGAIN_NS = 1_000_000_000
_ASKED_AT_ONCE = 4
"""Pages asked in one refresh at most."""
_PATH, _MORE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


@dataclass(slots=True)
class _Branch:
    """A place of the tree that has pages below it."""

    path: str
    item: QTreeWidgetItem | None
    """None of the whole tree: Qt's own root item ends with the tree, and a Python object that still stood for
    it would be taken for whatever comes to lie in its place."""
    wanted: int = 1
    """Pages of it that somebody wants."""
    pages: dict[int, DataPage] = field(default_factory=dict)
    children: dict[str, QTreeWidgetItem] = field(default_factory=dict)
    sought: list[str] = field(default_factory=list)
    """Keys that were looked up by their path; they may be on a page that is not loaded."""


class DataTree(QWidget):
    """Search line, tree, and where the data comes from."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._held: Held | None = None
        self._asked_ns: dict[tuple[str, int], int] = {}
        self._now_ns = 0
        self._again = False
        self._sought = ""  # the path that is looked up
        self._said = ""  # what came of the last look-up, instead of where the data is from
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Filter, or a path: users/alice")
        self.search.setToolTip("Shows what is loaded and has this in it. Enter looks the path up.")
        self.search.setAccessibleName("Search the data")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._change_search)
        self.search.returnPressed.connect(self._look_up)
        self.compare = QToolButton(self)
        self.compare.setText("Compare…")
        self.compare.setAccessibleName("Compare with another replica or moment")
        self.compare.setToolTip("Beside another replica, or beside itself at another moment")
        self.tree = Tree("Data", self)
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.tree.header().setStretchLastSection(True)
        self.tree.header().resizeSection(0, 150)
        self.tree.itemExpanded.connect(lambda _: self.refresh(0))
        self.tree.itemActivated.connect(self._activate)
        self.note = QLabel(self)
        self.note.setProperty("role", "muted")
        self.note.setWordWrap(True)
        self._branches = {"": _Branch("", None)}
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self.search, 1)
        top.addWidget(self.compare)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(self.tree, 1)
        column.addWidget(self.note)
        self.setFocusProxy(self.tree)
        self.set_theme(theme)

    def set_theme(self, theme: Theme, icons: Icons | None = None) -> None:
        """Sizes and fonts."""
        self.tree.setFont(theme.text_font())
        self.tree.setIndentation(theme.px(16))
        if icons is not None:
            self.compare.setIcon(icons.icon("split"))

    def show_held(self, held: Held) -> None:
        """Show this from now on. What is open stays open, unless it is another replica."""
        if held is self._held:
            return
        if self._held is None or self._held.replica != held.replica:
            self.tree.clear()
            self._branches = {"": _Branch("", None)}
            self._sought = ""
        self._held = held
        self._asked_ns.clear()

    def refresh(self, now_ns: int) -> None:
        """Show the pages that came, and ask for those that are missing or old; `now_ns` 0: only what is
        missing."""
        if self._held is None:
            return
        for branch in list(self._branches.values()):
            if self._take(branch, self._held):
                self._fill(branch)
        self._again = self._held.changes and now_ns > 0
        self._now_ns = now_ns or self._now_ns
        self._ask(self._held, self._now_ns)
        self._settle_look_up()
        note = self._said or self._held.note
        if note != self.note.text():
            self.note.setText(note)

    def reveal(self, path: str) -> None:
        """Open the tree at a path, whether it is loaded or not."""
        parts = [part for part in path.split("/") if part]
        self._sought = "/".join(parts)
        for depth in range(1, len(parts)):
            self._seek("/".join(parts[: depth - 1]), parts[depth - 1])
            self._open(self._branches["/".join(parts[:depth])])
        if parts:
            self._seek("/".join(parts[:-1]), parts[-1])
            self._said = f"Looking for {self._sought} …"
        self.refresh(0)

    # --- pages --------------------------------------------------------------------------------------------

    def _take(self, branch: _Branch, held: Held) -> bool:
        """Whether pages of a branch are others than before."""
        changed = False
        for offset in range(0, branch.wanted * PAGE_ROWS, PAGE_ROWS):
            page = held.page(branch.path, offset)
            if page is not None and page is not branch.pages.get(offset):
                branch.pages[offset] = page
                changed = True
        return changed

    def _ask(self, held: Held, now_ns: int) -> None:
        asked = 0
        for branch in self._branches.values():
            sought = self._sought and self._sought == branch.path
            if branch.item is not None and not (branch.item.isExpanded() or sought):
                continue
            for offset in range(0, branch.wanted * PAGE_ROWS, PAGE_ROWS):
                key = (branch.path, offset)
                then_ns = self._asked_ns.get(key)
                old = self._again and then_ns is not None and not 0 <= now_ns - then_ns < _AGAIN_NS
                if (then_ns is None or old) and asked < _ASKED_AT_ONCE:
                    self._asked_ns[key] = now_ns
                    held.ask(*key)
                    asked += 1

    def _fill(self, branch: _Branch) -> None:
        """Bring the items below a branch up to date."""
        rows: dict[str, tuple[str, bool]] = {}
        for _, page in sorted(branch.pages.items()):
            deeper = set(page.branches)
            keys = {key for key, _ in page.rows}
            rows |= {name: ("", True) for name in page.branches if name not in keys}
            rows |= {key: (value, key in deeper) for key, value in page.rows}
        total = max((page.total for page in branch.pages.values()), default=0)
        loaded = sum(len(page.rows) for page in branch.pages.values())
        rows |= {key: ("", True) for key in branch.sought if key not in rows}
        if loaded < total:
            rows[""] = (f"{loaded:,} of {total:,} · Enter loads more", False)
        if list(rows) != list(branch.children):
            self._arrange(branch, rows)
        for key, (value, deeper_down) in rows.items():
            self._write(branch, key, value, deeper_down)
        self._filter()

    def _arrange(self, branch: _Branch, rows: dict[str, tuple[str, bool]]) -> None:
        current = self.tree.currentItem()
        opened = {key for key, item in branch.children.items() if item.isExpanded()}
        self._take_out(branch)
        branch.children = {key: branch.children.get(key) or QTreeWidgetItem([key, ""]) for key in rows}
        if branch.item is None:
            self.tree.addTopLevelItems(list(branch.children.values()))
        else:
            branch.item.addChildren(list(branch.children.values()))
        for key in opened & branch.children.keys():
            branch.children[key].setExpanded(True)
        if current is not None and current.treeWidget() is self.tree:
            self.tree.setCurrentItem(current)

    def _take_out(self, branch: _Branch) -> None:
        if branch.item is not None:
            branch.item.takeChildren()
            return
        while self.tree.topLevelItemCount():
            self.tree.takeTopLevelItem(0)

    def _open(self, branch: _Branch) -> None:
        if branch.item is not None:
            branch.item.setExpanded(True)

    def _write(self, branch: _Branch, key: str, value: str, deeper: bool) -> None:
        item = branch.children[key]
        if not key:
            item.setText(0, "…")
            item.setData(0, _MORE, branch.path)
        if item.text(1) != value:
            item.setText(1, value)
            item.setToolTip(1, value[:400])
        path = f"{branch.path}/{key}" if branch.path else key
        if deeper and item.data(0, _PATH) is None:
            item.setData(0, _PATH, path)
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
            self._branches[path] = _Branch(path, item)

    def _activate(self, item: QTreeWidgetItem) -> None:
        more = item.data(0, _MORE)
        if more is not None:
            self._branches[str(more)].wanted += 1
            self.refresh(0)

    # --- search -------------------------------------------------------------------------------------------

    def _filter(self) -> None:
        """Show what is loaded and has the text in it; a path is looked up with Enter instead."""
        text = self.search.text().strip().casefold()
        for item in self._branches[""].children.values():
            _hide_unlike(item, "" if "/" in text else text)

    def _change_search(self) -> None:
        self._said = ""
        self._filter()

    def _look_up(self) -> None:
        text = self.search.text().strip()
        if text:
            self.reveal(text)

    def _seek(self, parent: str, key: str) -> None:
        """Have an item for a key, though its page may not be loaded."""
        branch = self._branches[parent]
        if key not in branch.children:
            branch.sought.append(key)
            self._fill(branch)
        if f"{parent}/{key}".lstrip("/") not in self._branches:
            self._write(branch, key, branch.children[key].text(1), True)

    def _settle_look_up(self) -> None:
        """The page of the path that is looked up came: go there, or say that there is no such thing."""
        branch = self._branches.get(self._sought) if self._sought else None
        if branch is None or branch.item is None or self._held is None:
            return
        parent, _, key = self._sought.rpartition("/")
        above, page = self._branches[parent], branch.pages.get(0)
        if page is None or not above.pages:
            return
        self._sought = self._said = ""
        if page.total or page.branches:
            branch.item.setExpanded(True)
            self._go_to(branch.item)
            return
        del self._branches[branch.path]
        branch.item.setData(0, _PATH, None)
        branch.item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.DontShowIndicator)
        if any(key == name for page in above.pages.values() for name, _ in page.rows):
            self._go_to(branch.item)  # a row, with nothing below it
            return
        above.sought.remove(key)
        self._fill(above)
        self._said = f"There is no {branch.path} in the data of {self._held.name}."

    def _go_to(self, item: QTreeWidgetItem) -> None:
        self.tree.setCurrentItem(item)
        self.tree.scrollToItem(item)


def _hide_unlike(item: QTreeWidgetItem, text: str) -> bool:
    """Hide an item unless it, or something below it, has `text` in it. Whether it is shown."""
    children = [item.child(place) for place in range(item.childCount())]
    below = [_hide_unlike(child, text) for child in children if child is not None]
    shown = not text or any(below) or text in f"{item.text(0)} {item.text(1)}".casefold()
    item.setHidden(not shown)
    return shown
