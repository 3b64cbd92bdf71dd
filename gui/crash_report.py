"""What nobody expected: written to a file that a person may read and send, and told in a sentence. It is sent
nowhere by itself."""

from __future__ import annotations

import platform
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import PySide6
from platformdirs import user_log_path

from core import __version__

KEPT = 10
_Kind = type[BaseException]


def default_folder() -> Path:
    """Where reports are written."""
    return user_log_path("lockstep", appauthor=False)


class CrashReports:
    """Catches what no part of the app has caught, on every thread, until `close`."""

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        """`tell` gets a sentence, on the thread that failed."""
        self._folder, self._tell = folder, tell
        self._before = sys.excepthook, threading.excepthook
        self._written: set[str] = set()
        sys.excepthook = self.caught
        threading.excepthook = self._caught_on_thread

    def close(self) -> None:
        """Catch nothing any more."""
        sys.excepthook, threading.excepthook = self._before

    def caught(self, kind: _Kind, error: BaseException, trace: TracebackType | None) -> None:
        """An exception that nobody caught: to stderr as ever, and once per place to a file."""
        self._before[0](kind, error, trace)
        if not issubclass(kind, Exception):
            return
        words = "".join(traceback.format_exception(kind, error, trace))
        if words in self._written:  # a frame that fails does so sixty times a second
            return
        self._written.add(words)
        try:
            path = self._write(words)
        except OSError:
            self._tell(f"Something went wrong: {kind.__name__}. No report of it could be written.")
        else:
            self._tell(f"Something went wrong: {kind.__name__}. A report is in {path}; it was sent nowhere.")

    def _caught_on_thread(self, failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None and not issubclass(failed.exc_type, SystemExit):
            self.caught(failed.exc_type, failed.exc_value, failed.exc_traceback)

    def _write(self, words: str) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in sorted(self._folder.glob("crash-*.txt"))[: 1 - KEPT]:
            old.unlink(missing_ok=True)
        path = self._folder / time.strftime(f"crash-%Y%m%d-%H%M%S-{len(self._written)}.txt")
        head = (
            f"Lockstep {__version__}\nPython {platform.python_version()}, PySide6 {PySide6.__version__}\n"
            f"{platform.platform()}\n{time.strftime('%Y-%m-%d %H:%M:%S %z')}\n"
            f"thread {threading.current_thread().name}\n\n"
        )
        path.write_text(head + words, "utf-8")
        return path
