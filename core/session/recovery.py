"""After a crash: finds a session that was left behind, and closes it as far as it is whole.

A recording that has no end mark and that nobody holds (`file_lock`) belongs to a program that is gone.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from core.errors import RecordingError
from core.session.file_lock import try_lock
from core.session.reader import Scanner
from core.session.recorder import failed
from core.session.recording_format import END, END_MAGIC, RecordingEnd, pack_end, unpack_end

TAIL_BYTES = 256 << 10
"""An end mark is looked for in so much of a file's end; annotations may stand behind it."""


class LeftBehind(msgspec.Struct, frozen=True):
    """A session that ended without its end mark, and how long it was."""

    path: Path
    seconds: float


def left_behind(folder: Path, pattern: str = "session-*.lockstep") -> LeftBehind | None:
    """The newest recording that a crash left with anything in it; None when there is none."""
    try:
        newest_first = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        return None
    for path in newest_first:
        try:
            if _ended(path) or _held(path):
                continue
            scanner = Scanner(path)
            scanner.scan()
        except (OSError, RecordingError):
            continue
        if not scanner.closed and scanner.blocks:
            return LeftBehind(path, scanner.blocks[-1].head.last_ns / 1e9)
    return None


def close_whole(path: Path) -> None:
    """Take away the part of a block at a recording's end, and set the end mark. Nothing that can be read is
    lost. Does nothing to a closed one. Raises RecordingError when it cannot be written."""
    scanner = Scanner(path)
    scanner.scan()
    if scanner.closed:
        return
    try:
        with path.open("r+b") as file:
            if not try_lock(file.fileno()):
                raise RecordingError(f"{path.name} is still being recorded.")
            file.truncate(scanner.offset)
            file.seek(scanner.offset)
            file.write(pack_end(RecordingEnd(len(scanner.blocks), scanner.records)))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise failed(path, error) from error


def _ended(path: Path) -> bool:
    """A valid end mark stands near the end: no need to read it all."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        tail = file.read()
    place = tail.rfind(END_MAGIC)
    while place >= 0:
        if unpack_end(tail[place : place + END.size]) is not None:
            return True
        place = tail.rfind(END_MAGIC, 0, place)
    return False


def _held(path: Path) -> bool:
    with path.open("r+b") as file:
        return not try_lock(file.fileno())
