"""The form of a bookmark or a caption: its words, and how long it is shown."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.session.annotations import MAX_TEXT, Note
from gui.journey import CAPTION_NS, Journey, clock


class NoteForm(QDialog):
    """Opens above the mark. Enter keeps, Esc leaves everything as it was."""

    def __init__(self, journey: Journey, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("noteForm")
        self._journey = journey
        self._old: Note | None = None
        self._time_ns = 0
        self.title = QLabel(self)
        self.title.setProperty("role", "title")
        self.text, self.seconds = QLineEdit(self), QDoubleSpinBox(self)
        self.text.setMaxLength(MAX_TEXT)
        self.text.setAccessibleName("Words")
        self.text.setMinimumWidth(280)
        self.seconds.setRange(0.0, 3_600.0)
        self.seconds.setDecimals(1)
        self.seconds.setSuffix(" s")
        self.seconds.setSpecialValueText("not shown: a bookmark")
        self.seconds.setAccessibleName("Shown for")
        self.keep, self.remove = QPushButton("Keep", self), QPushButton("Delete", self)
        self.remove.setProperty("danger", "true")
        self.keep.setDefault(True)
        self.keep.clicked.connect(self.accept)
        self.remove.clicked.connect(self._delete)
        form = QFormLayout()
        form.addRow("Words", self.text)
        form.addRow("Shown for", self.seconds)
        row = QHBoxLayout()
        row.addWidget(self.remove)
        row.addStretch(1)
        row.addWidget(self.keep)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.setSpacing(12)
        column.addWidget(self.title)
        column.addLayout(form)
        column.addLayout(row)

    def open_for(self, note: Note, where: QPoint) -> None:
        """Change a note."""
        self._open(note, note.time_ns, note.text, note.length_ns, where)

    def open_new(self, time_ns: int, where: QPoint) -> None:
        """Write a caption that begins at a time since the start."""
        self._open(None, time_ns, "", CAPTION_NS, where)

    def accept(self) -> None:
        """Keep what is written; a caption without words is none."""
        text = self.text.text().strip()
        if text:
            new = Note(self._time_ns, text, round(self.seconds.value() * 1e9))
            self._journey.put(self._old, new)
        super().accept()

    def _delete(self) -> None:
        self._journey.put(self._old, None)
        self.reject()

    def _open(self, old: Note | None, time_ns: int, text: str, length_ns: int, where: QPoint) -> None:
        self._old, self._time_ns = old, time_ns
        what = "Caption" if length_ns else "Bookmark"
        self.setWindowTitle(what)
        self.title.setText(f"{what} at {clock(time_ns)}")
        self.text.setText(text)
        self.text.selectAll()
        self.seconds.setValue(length_ns / 1e9)
        self.remove.setVisible(old is not None)
        self.adjustSize()
        room = self.screen().availableGeometry()
        left = min(max(room.left(), where.x() - self.width() // 2), room.right() - self.width())
        self.move(left, max(room.top(), where.y() - self.height() - 12))
        self.open()
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)
