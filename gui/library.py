"""Recordings as files in a person's hands: opened, dropped on the window, found again, saved elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QUrl, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from core.errors import LockstepError
from gui.preferences import Preferences

SUFFIX = ".lockstep"
_FILTER = "Lockstep recordings (*.lockstep);;All files (*)"
RECENT_SHOWN = 10

Do = Callable[[Path], None]


class Library(QObject):
    """Opens and saves through what the composition root handed in; None where that is not possible."""

    said = Signal(str, str)
    """A sentence for the person: level, text."""
    opened = Signal()
    """Another recording was opened: this window has to go."""

    def __init__(
        self,
        window: QWidget,
        preferences: Preferences,
        open_file: Do | None,
        save_as: Do | None,
        may_leave: Callable[[], bool],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._preferences = preferences
        self._open_file = open_file
        self._save_as = save_as
        self._may_leave = may_leave
        window.setAcceptDrops(open_file is not None)
        window.installEventFilter(self)

    @property
    def can_open(self) -> bool:
        """Recordings can be opened."""
        return self._open_file is not None

    @property
    def can_save(self) -> bool:
        """What is shown can be saved elsewhere."""
        return self._save_as is not None

    def ask_to_open(self) -> None:
        """Let a person choose a recording."""
        recent = self._preferences.recent_files
        folder = str(Path(recent[0]).parent) if recent else ""
        name, _ = QFileDialog.getOpenFileName(self._window, "Open recording", folder, _FILTER)
        if name:
            self.open(Path(name))

    def open(self, path: Path) -> None:
        """Open a recording in the place of what is shown; when it cannot be, say why and go on."""
        if self._open_file is None or not self._may_leave():
            return
        try:
            self._open_file(path)
        except LockstepError as error:
            self.said.emit("error", str(error))
            self._preferences.forget_recent(str(path))
            return
        self._preferences.add_recent(str(path.resolve()))
        self.opened.emit()

    def ask_to_save(self) -> None:
        """Let a person choose where what is shown is to be saved."""
        name, _ = QFileDialog.getSaveFileName(self._window, "Save recording as", "demo" + SUFFIX, _FILTER)
        if name:
            path = Path(name)
            self.save(path if path.suffix else path.with_suffix(SUFFIX))

    def save(self, path: Path) -> None:
        """Save what is shown, as far as it is recorded by now."""
        if self._save_as is None:
            return
        try:
            self._save_as(path)
        except LockstepError as error:
            self.said.emit("error", str(error))
            return
        self._preferences.add_recent(str(path.resolve()))
        self.said.emit("info", f"Saved to {path}.")

    def fill_recent(self, menu: QMenu) -> None:
        """The recent recordings that are still there, as a menu."""
        menu.clear()
        there = [Path(name) for name in self._preferences.recent_files if Path(name).is_file()]
        for path in there[:RECENT_SHOWN]:
            action = menu.addAction(path.name)
            action.setToolTip(str(path))
            action.triggered.connect(lambda _checked=False, path=path: self.open(path))
        menu.setEnabled(bool(there))
        menu.setToolTipsVisible(True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A recording dragged over the window, and dropped."""
        if isinstance(event, QDragEnterEvent) and _dropped(event.mimeData().urls()):
            event.acceptProposedAction()
            return True
        if isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            path = _dropped(event.mimeData().urls())
            if path is not None:
                event.acceptProposedAction()
                self.open(path)
                return True
        return False


def _dropped(urls: list[QUrl]) -> Path | None:
    paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
    return next((path for path in paths if path.suffix == SUFFIX), None)
