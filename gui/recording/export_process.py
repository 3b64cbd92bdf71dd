"""An export in a process of its own: the app's own command line, so that the window goes on undisturbed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

CANCEL_MS = 5_000
"""How long a cancelled export may take to clean up before it is ended."""
ABANDON_MS = 2_000


@dataclass(frozen=True, slots=True)
class Exporting:
    """What the composition root hands in: how this program is called, the recording that is shown, and the
    service that the user has named for it ("" when it is built in)."""

    command: tuple[str, ...]
    recording: Callable[[], Path]
    service: str = ""


class ExportProcess(QObject):
    """One export at a time."""

    progressed = Signal(int, int)
    """(done, in all)."""
    ended = Signal(bool, str)
    """It is over: whether the file is there, and a sentence."""

    def __init__(self, command: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command = tuple(command)
        self._process = QProcess(self)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._failed)
        self._patience = QTimer(self, singleShot=True, interval=CANCEL_MS)
        self._patience.timeout.connect(self._process.kill)
        self._cancelled = False
        self._out = b""
        self._name = ""

    @property
    def running(self) -> bool:
        """An export is under way."""
        return self._process.state() is not QProcess.ProcessState.NotRunning

    def start(self, arguments: Sequence[str], name: str) -> None:
        """Begin; `name` is what the file is called in sentences."""
        self._cancelled, self._out, self._name = False, b"", name
        program, *rest = self._command
        self._process.start(program, [*rest, "export", *arguments, "--progress-lines"])

    def cancel(self) -> None:
        """Stop; what was written so far is taken away."""
        if self.running:
            self._cancelled = True
            self._process.terminate()
            self._patience.start()

    def abandon(self) -> None:
        """The window goes: end what is under way, and wait until it has cleaned up."""
        if not self.running:
            return
        self.cancel()
        if not self._process.waitForFinished(ABANDON_MS):
            self._process.kill()
            self._process.waitForFinished(ABANDON_MS)

    def _read(self) -> None:
        self._out += bytes(self._process.readAllStandardOutput().data())
        *lines, self._out = self._out.split(b"\n")
        for line in lines[-1:]:
            done, _, total = line.partition(b" ")
            if done.isdigit() and total.isdigit():
                self.progressed.emit(int(done), int(total))

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._patience.stop()
        said = bytes(self._process.readAllStandardError().data()).decode(errors="replace").strip()
        if self._cancelled:
            self.ended.emit(False, "Cancelled; nothing was written.")
        elif code == 0 and status is QProcess.ExitStatus.NormalExit:
            self.ended.emit(True, f"{self._name} is written.")
        else:
            last = said.splitlines()[-1] if said else "The export ended without a word."
            self.ended.emit(False, last.removeprefix("Error: "))

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self.ended.emit(False, f"The export cannot be started ({self._process.errorString()}).")
