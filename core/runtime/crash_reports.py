"""Errors of our own, written down where a person finds them again. Nothing is ever sent.

An error that nobody handles is told on standard error as Python does it, and the same goes into a file with
what is needed to understand it: version, system, command, thread, and where it happened. The same error at
the same place is written once, and no more than a few by one program: a painter that fails does so at every
frame.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

KEPT = 10
OF_ONE_PROGRAM = 5
FATAL = "fatal.txt"
"""What the interpreter writes when it dies of a signal: appended, and empty as long as it never did."""

Told = Callable[[Path], object]


class CrashReports:
    """Of this process."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str, int]] = set()
        self.told: Told | None = None
        """Called with a report that was written, on the thread that failed."""

    def watch(self) -> None:
        """Write down every error that nobody handles, on whatever thread."""
        sys.excepthook = self.of_program
        threading.excepthook = self.of_thread

    def of_program(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """The main thread's, and that of slots: it goes on after those."""
        sys.__excepthook__(kind, error, trace)
        if issubclass(kind, Exception):
            self._report(error, "main thread")

    def of_thread(self, arguments: threading.ExceptHookArgs) -> None:
        """Any other thread's: that thread is over."""
        threading.__excepthook__(arguments)
        if isinstance(arguments.exc_value, Exception):
            self._report(arguments.exc_value, f"thread {arguments.thread.name if arguments.thread else '?'}")

    def of_loop(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """An event loop's, from a callback: the loop goes on."""
        loop.default_exception_handler(context)
        if isinstance(error := context.get("exception"), Exception):
            self._report(error, f"event loop: {context.get('message', '')}")

    def _report(self, error: BaseException, where: str) -> None:
        import traceback  # nothing is imported here that a start without an error would wait for

        from core.runtime.places import crash_folder

        last = traceback.extract_tb(error.__traceback__)[-1:]
        place = (type(error).__name__, *((last[0].filename, last[0].lineno or 0) if last else ("", 0)))
        if place in self._seen or len(self._seen) >= OF_ONE_PROGRAM:
            return
        self._seen.add(place)
        try:
            path = write_report(crash_folder(), report_text(error, where))
        except OSError as problem:
            sys.stderr.write(f"No report of it could be written: {problem}.\n")
            return
        sys.stderr.write(f"A report of it is in {path}. Nothing was sent to anybody.\n")
        if self.told is not None:
            self.told(path)


REPORTS = CrashReports()
"""A process has one hook for what nobody handles, and so one of these."""


def watch_for_fatal() -> None:
    """Have the interpreter write where it was when a signal ends it (in Qt, say)."""
    import faulthandler

    from core.runtime.places import crash_folder

    folder = crash_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        faulthandler.enable((folder / FATAL).open("a", encoding="utf-8"))
    except OSError as problem:
        sys.stderr.write(f"No report of a crash could be written: {problem}.\n")


def report_text(error: BaseException, where: str) -> str:
    """The whole report."""
    import platform
    import traceback
    from importlib.metadata import PackageNotFoundError, version

    from core import __version__

    packages = []
    for name in ("PySide6-Essentials", "pyqtgraph", "numpy", "msgspec", "uvloop", "zstandard"):
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:  # a bundle keeps no such notes
            continue
    return "\n".join(
        [
            f"Lockstep {__version__} came upon an error of its own. This report was sent to nobody.",
            "",
            f"When: {time.strftime('%Y-%m-%d %H:%M:%S %z')}",
            f"Where: {where}",
            f"Command: {' '.join(sys.argv)}",
            f"System: {platform.platform()}, Python {platform.python_version()}",
            f"Packages: {', '.join(packages)}",
            "",
            "".join(traceback.format_exception(error)),
        ]
    )


def write_report(folder: Path, text: str) -> Path:
    """A new file with the report; the oldest go when there are more than KEPT. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    now_ns = time.time_ns()
    moment = time.strftime("%Y%m%d-%H%M%S", time.localtime(now_ns // 10**9))
    path = folder / f"crash-{moment}-{now_ns % 10**9:09d}.txt"
    path.write_text(text, "utf-8")
    for old in sorted(folder.glob("crash-*.txt"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def newest_reports(folder: Path, count: int) -> list[Path]:
    """The newest reports with anything in them, newest first."""
    found = [path for path in folder.glob("*.txt") if path.is_file() and path.stat().st_size]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)[:count]
