"""The table dock: whatever picture a person asks for, as a table that the keyboard walks and a screen reader
reads. It costs nothing while nobody sees it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDockWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core.facts import Pace
from core.model.cluster_view import ClusterView
from gui.intents import Intents
from gui.selection import Selection
from gui.theme import Theme
from gui.twins.sheet import Line, Sheet, Twin, twins_of

CALM_NS = 1_500_000_000
_ROW_PX = 22
_NOTHING = Sheet((), ())
_WIDEST_PX = 260
Index = QModelIndex | QPersistentModelIndex


class SheetModel(QAbstractTableModel):
    """A sheet for Qt: the next one keeps what is chosen and scrolled where it is."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.sheet = _NOTHING

    def show(self, sheet: Sheet) -> None:
        """Show the next moment."""
        before, count = len(self.sheet.lines), len(sheet.lines)
        if sheet.columns != self.sheet.columns:
            self.beginResetModel()
            self.sheet = sheet
            self.endResetModel()
            return
        if count > before:
            self.beginInsertRows(QModelIndex(), before, count - 1)
        elif count < before:
            self.beginRemoveRows(QModelIndex(), count, before - 1)
        self.sheet = sheet
        if count > before:
            self.endInsertRows()
        elif count < before:
            self.endRemoveRows()
        if count:
            self.dataChanged.emit(self.index(0, 0), self.index(count - 1, len(sheet.columns) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        """Rows of the sheet."""
        return 0 if parent.isValid() else len(self.sheet.lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Columns of the sheet."""
        return 0 if parent.isValid() else len(self.sheet.columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Names of the columns."""
        if orientation is Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole and section < len(self.sheet.columns):
                return self.sheet.columns[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The words of a cell."""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.sheet.lines[index.row()].cells[index.column()]
        return None


class _SheetTable(QTableView):
    menuWanted = Signal(QModelIndex, QPoint)
    """What can be done to this row, and where to show it (global position)."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By the menu key of the row that is chosen, else of the row under the pointer."""
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        if by_key:
            self._ask_menu_by_key()
        else:
            self.menuWanted.emit(self.indexAt(event.pos()), event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Shift with Enter is the menu key of keyboards that have none."""
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        entered = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if entered and held == Qt.KeyboardModifier.ShiftModifier:
            self._ask_menu_by_key()
        else:
            super().keyPressEvent(event)

    def _ask_menu_by_key(self) -> None:
        index = self.currentIndex()
        self.menuWanted.emit(index, self.viewport().mapToGlobal(self.visualRect(index).center()))

    def lay_out(self) -> None:
        """Lay out now what Qt would lay out later, and then paint once more."""
        self.executeDelayedItemsLayout()


class Tables(QWidget):
    """Which picture, and below it the same as a table. Up and down choose, Enter delivers or goes there,
    Shift with Enter opens the menu of a message."""

    momentWanted = Signal(object)
    """Go to this moment (an int, nanoseconds on the clock of the records)."""
    tokenMenuRequested = Signal(int, QPoint)
    """The menu of a message in flight is wanted: its token, and where (global position)."""

    def __init__(self, window: QWidget, intents: Intents, selection: Selection, theme: Theme) -> None:
        super().__init__()
        self._window, self._intents, self._selection = window, intents, selection
        self._twins: list[Twin] = []
        self._titles: list[str] = []
        self._shown_ns = -CALM_NS
        self.which = QComboBox(self)
        self.which.setAccessibleName("Picture to be shown as a table")
        self.model = SheetModel(self)
        self.table = _SheetTable(self)
        self._prepare()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(6)
        column.addWidget(self.which)
        column.addWidget(self.table, 1)
        self.which.currentIndexChanged.connect(self._show_now)
        self.table.selectionModel().currentRowChanged.connect(self._choose)
        self.table.activated.connect(self._do)
        self.table.menuWanted.connect(self._ask_menu)
        selection.changed.connect(self._follow)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Sizes of the theme."""
        self.table.verticalHeader().setDefaultSectionSize(theme.px(_ROW_PX))

    def offer(self, near: QWidget | None = None) -> None:
        """Offer every picture that there is; show the one that is at `near`, else the one shown before."""
        found = [(widget, twin) for widget in self._window.findChildren(QWidget) for twin in twins_of(widget)]
        found.sort(key=lambda pair: self._in_a_dock(pair[0]))  # what is in the middle comes first
        titles = [twin.title for _, twin in found]
        chosen = self.which.currentText()
        for widget, twin in found:
            if near is not None and (
                widget is near or widget.isAncestorOf(near) or near.isAncestorOf(widget)
            ):
                chosen = twin.title
                break
        self._twins = [twin for _, twin in found]
        if titles != self._titles:
            self._titles = titles
            self.which.blockSignals(True)
            self.which.clear()
            self.which.addItems(titles)
            self.which.blockSignals(False)
        self.which.setCurrentIndex(max(0, self.which.findText(chosen)))
        self._show_now()

    def _in_a_dock(self, widget: QWidget) -> bool:
        docks = self._window.findChildren(QDockWidget)
        return any(dock.isAncestorOf(widget) for dock in docks)

    def showEvent(self, event: QShowEvent) -> None:
        """There may be new pictures."""
        super().showEvent(event)
        self.offer()

    def offer_what_has_focus(self) -> None:
        """The picture that the keyboard is in; inside of this table, the one it shows already."""
        near = QApplication.focusWidget()
        self.offer(None if near is None or self.isAncestorOf(near) else near)

    def show_view(self, view: ClusterView) -> None:
        """The next moment. Under load rows stay for a while: nobody reads what changes faster."""
        if not self._twins:
            self.offer()
            return
        loaded = view.load_running and view.pace is Pace.REAL_TIME
        if loaded and abs(view.now_ns - self._shown_ns) < CALM_NS:
            return
        self._shown_ns = view.now_ns
        before = self.model.sheet.columns
        self.model.show(self._twins[self.which.currentIndex()].sheet(view))
        if self.model.sheet.columns != before:
            self._fit()
        self.table.lay_out()

    def _show_now(self) -> None:
        view = self._intents.view
        if view is not None and self._twins:
            self.table.setCurrentIndex(QModelIndex())
            self.table.setAccessibleName(f"{self.which.currentText()}, as a table")
            self.model.show(_NOTHING)
            self._shown_ns = -CALM_NS
            self.show_view(view)

    def _fit(self) -> None:
        self.table.resizeColumnsToContents()
        header = self.table.horizontalHeader()
        for column in range(len(self.model.sheet.columns) - 1):
            header.resizeSection(column, min(_WIDEST_PX, header.sectionSize(column)))

    def _line(self, index: QModelIndex) -> Line | None:
        row = index.row()
        return self.model.sheet.lines[row] if 0 <= row < len(self.model.sheet.lines) else None

    def _choose(self, index: QModelIndex, before: QModelIndex) -> None:
        """A person went to a row: what it is about is chosen everywhere."""
        line = self._line(index)
        if line is not None and self.table.hasFocus():
            if line.node or line.seq:
                self._selection.choose(line.node, line.seq)
            self._selection.point(line.time_ns)

    def _do(self, index: QModelIndex) -> None:
        line = self._line(index)
        if line is not None and line.token > 0:
            self._intents.deliver(line.token)
        elif line is not None and line.time_ns:
            self.momentWanted.emit(line.time_ns)

    def _ask_menu(self, index: QModelIndex, where: QPoint) -> None:
        line = self._line(index)
        if line is not None and line.token > 0:
            self.tokenMenuRequested.emit(line.token, where)

    def _follow(self, name: str) -> None:
        """Something was chosen elsewhere: its first row here."""
        if not self.isVisible() or self.table.hasFocus():
            return
        seq = self._selection.seq
        for row, line in enumerate(self.model.sheet.lines):
            if (seq and line.seq == seq) or (not seq and name and line.node == name):
                self.table.setCurrentIndex(self.model.index(row, 0))
                return
        self.table.setCurrentIndex(QModelIndex())

    def _prepare(self) -> None:
        self.table.setModel(self.model)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setStretchLastSection(True)
