"""A file that is there whole or not at all: written beside its place and moved there at the end."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import RecordingError, UsageError


@contextmanager
def in_place(path: Path, overwrite: bool = False) -> Iterator[Path]:
    """The path to write to; when the block ends well it becomes `path`, and otherwise it is removed.

    Raises UsageError when `path` exists and may not be replaced, RecordingError when it cannot be written.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a directory.", "Name a file in it.")
    if path.exists() and not overwrite:
        raise UsageError(f"{path} exists already.", "Choose another name, or add --overwrite.")
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")  # encoders look at the suffix
    try:
        part.touch(exist_ok=False)
        yield part
        part.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def unwritable(path: Path, error: OSError) -> RecordingError:
    """Why a file cannot be written, in a sentence and with what to do."""
    if error.errno == errno.ENOENT and not path.parent.is_dir():
        return RecordingError(f"There is no directory {path.parent}.", "Create it first.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return RecordingError(f"{path} may not be written.", "Choose a place where you may write.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RecordingError(f"No space is left for {path}.", "Free some space; nothing was left behind.")
    return RecordingError(f"{path} cannot be written ({error.strerror or error}).")
