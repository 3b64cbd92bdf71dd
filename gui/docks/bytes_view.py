"""Messages taken apart: a line each, below it every field with its name, what it says, and its bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.trace.anatomy import Anatomy, Field, anatomy
from core.trace.rows import row_of
from core.trace.wire_log import Record
from gui.docks.tree import Tree
from gui.theme import Theme

_SHOWN_BYTES = 24
"""Of a longer value only the first bytes are written; copying gives all of them."""
_FIELD = Qt.ItemDataRole.UserRole


class BytesView(QWidget):
    """A tree of messages and fields. `start_ns` is when the run began."""

    def __init__(self, words: Callable[[bytes], str], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = words
        self._records: tuple[Record, ...] = ()
        self._start_ns = 0
        self._theme = theme
        self.tree = Tree("Messages and their bytes", self)
        self.tree.setHeaderLabels(["field", "says", "bytes"])
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.tree.header().setStretchLastSection(True)
        self.tree.copied.connect(self._copy_bytes)
        self.copy_bytes = self._action("Copy bytes", self._copy_bytes)
        self.copy_says = self._action("Copy what it says", self._copy_says)
        self.tree.currentItemChanged.connect(self._tell)
        self.note = QLabel(self)
        self.note.setProperty("role", "muted")
        self.note.setWordWrap(True)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 6, 0, 0)
        column_.setSpacing(6)
        column_.addWidget(self.tree, 1)
        column_.addWidget(self.note)
        self.setFocusProxy(self.tree)

    def set_theme(self, theme: Theme) -> None:
        """Fonts of the theme."""
        self._theme = theme
        records, self._records = self._records, ()
        self.show_records(records, self._start_ns)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Columns keep their shares of the width."""
        super().resizeEvent(event)
        for column, share in ((0, 0.28), (1, 0.4)):
            self.tree.header().resizeSection(column, round(share * self.width()))

    def show_records(self, records: Sequence[Record], start_ns: int, opened: Record | None = None) -> None:
        """Show these messages, one of them opened (the only one, if there is one)."""
        shown = tuple(records)
        if shown == self._records:
            return
        self._records, self._start_ns = shown, start_ns
        self.tree.clear()
        for record in shown:
            whole = anatomy(record, self._words)
            row = row_of(record, self._words)
            item = QTreeWidgetItem([_title(whole, row.node), _when(record, start_ns, row.text), ""])
            item.setText(2, f"{len(whole.data):,} bytes")
            item.setToolTip(1, row.text)
            item.setData(0, _FIELD, Field(whole.name, whole.sizes, whole.data, 0))
            self._add(item, whole.fields)
            self.tree.addTopLevelItem(item)
            if record is opened or len(shown) == 1:
                item.setExpanded(True)
                self.tree.setCurrentItem(item)
                self.tree.scrollToItem(item, QAbstractItemView.ScrollHint.PositionAtTop)
        if not shown:
            self.note.setText("No message of it is among the events that are kept.")
        elif self.tree.currentItem() is None:
            self.note.setText("Open a message to see its fields. Ctrl+C copies the bytes of a line.")

    def _add(self, above: QTreeWidgetItem, fields: Sequence[Field]) -> None:
        for one in fields:
            item = QTreeWidgetItem([one.name, one.says, hex_words(one.data, _SHOWN_BYTES)])
            item.setFont(2, self._theme.number_font(11))
            item.setData(0, _FIELD, one)
            item.setToolTip(1, one.says[:400])
            item.setToolTip(2, hex_words(one.data, 128))
            above.addChild(item)
            self._add(item, one.parts)

    def _tell(self, item: QTreeWidgetItem | None) -> None:
        """Where the bytes of the current line are."""
        one = item.data(0, _FIELD) if item is not None else None
        if not isinstance(one, Field):
            return
        if item is not None and item.parent() is None:
            self.note.setText(f"{one.says}.")
        elif not one.data:
            self.note.setText(one.says)
        else:
            where = f"from byte {one.offset:,} on" if one.offset >= 0 else "inside of the field above it"
            many = f"{len(one.data):,} {'byte' if len(one.data) == 1 else 'bytes'}"
            self.note.setText(f"{one.name}: {many} {where}. Ctrl+C copies them all.")

    def _action(self, words: str, run: Callable[[], None]) -> QAction:
        action = QAction(words, self.tree)
        action.triggered.connect(run)
        self.tree.addAction(action)
        return action

    def _copy_bytes(self) -> None:
        one = self._current()
        if one is not None:
            QGuiApplication.clipboard().setText(one.data.hex(" "))

    def _copy_says(self) -> None:
        one = self._current()
        if one is not None:
            QGuiApplication.clipboard().setText(one.says)

    def _current(self) -> Field | None:
        item = self.tree.currentItem()
        one = item.data(0, _FIELD) if item is not None else None
        return one if isinstance(one, Field) else None


def hex_words(data: bytes, at_most: int) -> str:
    """Bytes as hexadecimal pairs; of a long value the first ones, and how many follow."""
    shown = data[:at_most].hex(" ")
    return f"{shown} … +{len(data) - at_most:,}" if len(data) > at_most else shown


def _title(whole: Anatomy, node: str) -> str:
    return f"{node} {whole.name}" if node else whole.name


def _when(record: Record, start_ns: int, text: str) -> str:
    return f"{(record.time_ns - start_ns) / 1e9:.3f} s · {text}"
