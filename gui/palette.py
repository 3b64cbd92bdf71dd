"""The command palette (Ctrl+K): everything that can be done, found by a few letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QIcon, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.actions import Actions

_SIZE_PX = (520, 400)
_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to choose."""

    text: str
    keys: str
    icon: QIcon
    run: Callable[[], None]


def score(wanted: str, text: str) -> int:
    """How well the letters of `wanted` are found in this order in `text`; 0 is not at all. Starts of
    words and neighbours count more."""
    wanted, text = wanted.lower().replace(" ", ""), text.lower()
    place, total, last = 0, 1, -2
    for letter in wanted:
        found = text.find(letter, place)
        starts = [
            spot
            for spot in range(place, len(text))
            if text[spot] == letter and text[spot - 1 : spot] in ("", " ")
        ]
        if found != last + 1 and starts:
            found = starts[0]
        if found < 0:
            return 0
        total += 6 if found == last + 1 else 4 if found == 0 or text[found - 1] == " " else 1
        last, place = found, found + 1
    return total


def entries_of(actions: Actions) -> list[Entry]:
    """Every action that can be done now."""
    return [
        Entry(
            action.text(),
            action.shortcut().toString(QKeySequence.SequenceFormat.NativeText),
            action.icon(),
            action.trigger,
        )
        for name, action in actions.items()
        if action.isEnabled() and name != "palette"
    ]


class Palette(QDialog):
    """A line to type in, and below it what matches, best first."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self._above = parent
        self.setObjectName("palette")
        self._entries: Sequence[Entry] = ()
        self.line = QLineEdit(self)
        self.line.setPlaceholderText("What do you want to do?")
        self.line.setAccessibleName("Command")
        self.line.installEventFilter(self)
        self.list = QListWidget(self)
        self.list.setAccessibleName("Commands")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemActivated.connect(self._run)
        self.list.itemClicked.connect(self._run)
        self.nothing = QLabel("Nothing is called that.", self)
        self.nothing.setProperty("role", "muted")
        frame = QFrame(self)
        frame.setObjectName("popover")
        inner = QVBoxLayout(frame)
        inner.setContentsMargins(8, 8, 8, 8)
        inner.addWidget(self.line)
        inner.addWidget(self.nothing)
        inner.addWidget(self.list, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self.line.textChanged.connect(self._filter)
        self.line.returnPressed.connect(self._run)

    def open_with(self, entries: Sequence[Entry], scale: float) -> None:
        """Show the palette over the upper middle of its window."""
        self._entries = entries
        self.line.clear()
        self._filter("")
        width, height = (round(side * scale) for side in _SIZE_PX)
        self.resize(width, height)
        above = self._above
        corner = above.mapToGlobal(above.rect().topLeft())
        self.move(corner.x() + (above.width() - width) // 2, corner.y() + above.height() // 6)
        self.show()
        self.line.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and down move in the list while the line keeps the keys."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in _MOVES:
            self.list.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)

    def _filter(self, text: str) -> None:
        ranked = [(score(text, entry.text), entry) for entry in self._entries]
        found = [entry for points, entry in sorted(ranked, key=lambda pair: -pair[0]) if points]
        self.list.clear()
        for entry in found:
            item = QListWidgetItem(entry.icon, f"{entry.text}   {entry.keys}".rstrip(), self.list)
            item.setData(Qt.ItemDataRole.UserRole, entry)
        self.list.setCurrentRow(0)
        self.nothing.setVisible(not found)

    def _run(self) -> None:
        item: QListWidgetItem | None = self.list.currentItem()
        if item is None:
            return
        entry: Entry = item.data(Qt.ItemDataRole.UserRole)
        self.close()
        entry.run()
