"""Saves what is recorded elsewhere: a copy that is whole or is not there at all."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import RecordingError
from core.session.reader import Scanner
from core.session.recorder import failed
from core.session.recording_format import RecordingEnd, pack_end

_CHUNK_BYTES = 4 << 20


def save_copy(source: Path, target: Path) -> None:
    """Copy a recording, which may still be written, up to its last whole block, and close the copy as it
    should be. An existing file is replaced. Raises RecordingError; the target is then as it was."""
    if target.exists() and target.resolve() == source.resolve():
        raise RecordingError(f"{target} is the recording itself.", "Choose another name.")
    scanner = Scanner(source)
    scanner.scan()
    part = target.with_name(f".{target.name}.part")
    try:
        with source.open("rb") as old, part.open("wb") as new:
            left = scanner.offset
            while left and (chunk := old.read(min(left, _CHUNK_BYTES))):
                new.write(chunk)
                left -= len(chunk)
            if not scanner.closed:
                new.write(pack_end(RecordingEnd(len(scanner.blocks), scanner.records)))
            new.flush()
            os.fsync(new.fileno())
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise failed(target, error) from error
