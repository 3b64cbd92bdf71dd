"""The one cursor of all views: what is selected, and the moment that somebody points at.

The moment that is *shown* is the source's own (`Journey`): whoever wants another one goes there. Every view
writes here what a person did in it, and shows what was done in the others.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from core.trace.wire_log import Record


class Selection(QObject):
    """A node ("C1", "FE", "R2" or ""), and with it or alone a request by its sequence number (0 for none)."""

    changed = Signal(str)
    """Another node or request is selected: the node. `seq` has the request."""
    pointed = Signal(object)
    """Somebody points at this moment (an int, nanoseconds on the clock of the records), 0 for none."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.name = ""
        self.seq = 0
        self.record: Record | None = None
        """The record that was chosen with it in the event log, if it was chosen there."""
        self.moment_ns = 0

    def set(self, name: str) -> None:
        """Select a node, and no request any more; says so once."""
        if name != self.name:
            self.choose(name, 0)

    def choose(self, name: str, seq: int, record: Record | None = None) -> None:
        """Select a request too, and the record that tells of it; says so once."""
        if (name, seq, record) != (self.name, self.seq, self.record):
            self.name, self.seq, self.record = name, seq, record
            self.changed.emit(name)

    def point(self, moment_ns: int) -> None:
        """Point at a moment; 0 for none."""
        if moment_ns != self.moment_ns:
            self.moment_ns = moment_ns
            self.pointed.emit(moment_ns)

    def number(self, kind: str) -> int:
        """The number after `kind` ("R" or "C") when such a node is selected, else 0."""
        return int(self.name[1:]) if self.name[:1] == kind and self.name[1:].isdecimal() else 0
