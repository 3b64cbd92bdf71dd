"""“Save a debug bundle…”: the doctor looks at everything in a process of its own, and the window goes on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QProcess, Signal
from PySide6.QtWidgets import QFileDialog

if TYPE_CHECKING:
    from gui.main_window import MainWindow

_WRITTEN = (0, 1)
"""The doctor's exit codes: all is well, or something needs care. It has written the file by then, and says
what it found; a doctor that fails says nothing."""


class DebugBundle(QObject):
    """Asks for a file and has it written. Says what came of it."""

    said = Signal(str, str)
    """A sentence for the person: level, text."""

    def __init__(self, command: tuple[str, ...], window: MainWindow) -> None:
        """`command` is how this program is called; without one there is nothing to be had."""
        super().__init__(window)
        self._command = command
        self._window = window
        self._process = QProcess(self)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._failed)
        self._path = Path()
        self.said.connect(window.status.say)
        window.left.connect(self.abandon)

    @property
    def running(self) -> bool:
        """The doctor is at it."""
        return self._process.state() is not QProcess.ProcessState.NotRunning

    def ask(self) -> None:
        """Let a person choose the file; what is in it is said before."""
        title = "Save a debug bundle: doctor, versions, crash reports, settings of the window, cluster events"
        name, _ = QFileDialog.getSaveFileName(self._window, title, "lockstep-debug.zip", "Zip files (*.zip)")
        if name:
            path = Path(name)
            self.save(path if path.suffix else path.with_suffix(".zip"))

    def save(self, path: Path) -> None:
        """Have it written; the person has agreed to replace a file that is there."""
        if self.running or not self._command:
            return
        self._path = path
        self.said.emit("info", "The doctor looks at everything: some seconds.")
        program, *rest = self._command
        self._process.start(program, [*rest, "doctor", "--bundle", str(path), "--overwrite", "--json"])

    def abandon(self) -> None:
        """The window goes."""
        if self.running:
            self._process.kill()
            self._process.waitForFinished()

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        findings = bytes(self._process.readAllStandardOutput().data()).lstrip().startswith(b"{")
        if findings and status is QProcess.ExitStatus.NormalExit and code in _WRITTEN:
            self.said.emit("info", f"The debug bundle is {self._path}. Nothing was sent: look into it first.")
            return
        said = bytes(self._process.readAllStandardError().data()).decode(errors="replace").strip()
        last = said.splitlines()[-1] if said else "The doctor ended without a word."
        self.said.emit("error", last.removeprefix("Error: "))

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self.said.emit("error", f"The doctor cannot be started ({self._process.errorString()}).")
