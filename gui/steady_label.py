"""A label for figures that change all the time.

A `QLabel` with another text has its whole window laid out anew, up to every dock, even when nothing moves.
This one makes room as its text grows and keeps the room when it shrinks: another figure costs its own paint
alone.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLabel, QWidget


class SteadyLabel(QLabel):
    """As wide as the widest text since the font changed, and of a fixed size, so that Qt lays out nothing."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._widest = 0

    def setText(self, text: str) -> None:
        """Show a text; nothing happens when it is the one that is shown."""
        if text != self.text():
            super().setText(text)
            self._make_room()

    def shrink(self) -> None:
        """Keep no more room than this text needs."""
        self._widest = 0
        self._make_room()

    def changeEvent(self, event: QEvent) -> None:
        """Another font needs other room."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.shrink()

    def _make_room(self) -> None:
        wanted = self.sizeHint()
        if wanted.width() > self._widest:
            self._widest = wanted.width()
            self.setFixedSize(wanted)
