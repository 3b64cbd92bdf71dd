"""Recordings as files in a person's hands: opened, dropped on the window, found again, saved elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QUrl, Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QWidget

from core.errors import LockstepError
from core.session.recovery import close_whole, left_behind
from gui.options import Options
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

    _saved = Signal(str, str)
    """From the saving thread: the file, or what went wrong."""

    def __init__(
        self,
        window: QWidget,
        preferences: Preferences,
        options: Options,
        may_leave: Callable[[], bool],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._preferences = preferences
        self._options = options
        self._open_file = options.open_file
        self._save_as = options.save_as
        self._may_leave = may_leave
        if options.shown_file is not None:
            preferences.add_recent(str(options.shown_file.resolve()))
        window.setAcceptDrops(self._open_file is not None)
        window.installEventFilter(self)
        self._saved.connect(self._tell_saved, Qt.ConnectionType.QueuedConnection)

    @property
    def can_open(self) -> bool:
        """Recordings can be opened."""
        return self._open_file is not None

    @property
    def can_save(self) -> bool:
        """What is shown can be saved elsewhere."""
        return self._save_as is not None

    @property
    def can_keep(self) -> bool:
        """A session is recorded that can be given a name."""
        return self._options.keep is not None

    def menu(self, actions: Mapping[str, QAction], parent: QWidget) -> QMenu:
        """Everything that can be done with recordings."""
        menu = QMenu(parent)
        menu.addAction(actions["open"])
        recent = menu.addMenu("Open recent")
        menu.addSeparator()
        menu.addAction(actions["record"])
        menu.addAction(actions["save_as"])
        menu.addAction(actions["export"])
        actions["open"].setEnabled(self.can_open)
        actions["record"].setEnabled(self.can_keep)
        actions["save_as"].setEnabled(self.can_save)
        menu.aboutToShow.connect(lambda: self.fill_recent(recent))
        return menu

    def keep(self) -> None:
        """Keep this session for good, from its start to its end."""
        if self._options.keep is None:
            return
        try:
            path = self._options.keep()
        except LockstepError as error:
            self.said.emit("error", str(error))
            return
        self._preferences.add_recent(str(path))
        self.said.emit("info", f"This session is kept, from its start to its end: {path}")

    def look_for_left_behind(self) -> None:
        """Offer what a crash left, once; it is closed as far as it is whole, whatever the answer is."""
        folder = self._options.autosaves
        found = left_behind(folder) if folder is not None else None
        if found is None:
            return
        try:
            close_whole(found.path)
        except LockstepError as error:
            self.said.emit("warning", str(error))
            return
        self._preferences.add_recent(str(found.path))
        box = QMessageBox(self._window)
        box.setObjectName("leftBehind")
        box.setWindowTitle("The last session ended unexpectedly")
        box.setIcon(QMessageBox.Icon.Information)
        box.setText(f"The last session ended unexpectedly. {found.seconds:,.1f} s of it are recorded.")
        box.setInformativeText("You find it under Open recent later on, too.")
        show = box.addButton("Open what was recorded", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton("Go on", QMessageBox.ButtonRole.RejectRole))
        show.clicked.connect(lambda: self.open(found.path))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

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
        self.opened.emit()

    def ask_to_save(self) -> None:
        """Let a person choose where what is shown is to be saved."""
        name, _ = QFileDialog.getSaveFileName(self._window, "Save recording as", "demo" + SUFFIX, _FILTER)
        if name:
            path = Path(name)
            self.save(path if path.suffix else path.with_suffix(SUFFIX))

    def save(self, path: Path) -> None:
        """Save what is shown, as far as it is recorded by now: on a thread of its own, a disk may be slow."""
        if self._save_as is not None:
            self.said.emit("info", f"Saving to {path} …")
            threading.Thread(
                target=self._save, args=(self._save_as, path), name="saving", daemon=True
            ).start()

    def _save(self, save_as: Do, path: Path) -> None:
        """On the saving thread: it tells the window's by a signal alone."""
        try:
            save_as(path)
        except LockstepError as error:
            self._saved.emit("", str(error))
        else:
            self._saved.emit(str(path), "")

    def _tell_saved(self, name: str, error: str) -> None:
        if error:
            self.said.emit("error", error)
        else:
            self._preferences.add_recent(str(Path(name).resolve()))
            self.said.emit("info", f"Saved to {name}.")

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
