"""Annotations: the bookmarks and captions that a person puts on a recording, and changes afterwards.

They stand in a block of their own (`core.session.recording_format`), which is appended; the log's blocks are
never touched. Of a file that was cut off, the part of a block at its end is taken away first.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.errors import RecordingError
from core.session.file_lock import try_lock
from core.session.reader import Scanner
from core.session.recording_format import pack_annotations
from core.trace.wire_log import UNREADABLE

MAX_NOTES = 1_000
MAX_TEXT = 500


class Note(msgspec.Struct, frozen=True, array_like=True):
    """A bookmark, or a caption that is shown for `length_ns`. `time_ns` counts from the recording's first
    record."""

    time_ns: int
    text: str
    length_ns: int = 0

    @property
    def is_caption(self) -> bool:
        """It has a length: it is shown while the recording plays there."""
        return self.length_ns > 0


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Note])


def encode_notes(notes: Sequence[Note]) -> bytes:
    """Notes as the payload of an annotation block, in the order of time."""
    kept = sorted(notes, key=lambda note: note.time_ns)[:MAX_NOTES]
    return _encoder.encode([msgspec.structs.replace(note, text=note.text[:MAX_TEXT]) for note in kept])


def decode_notes(payload: bytes) -> tuple[Note, ...]:
    """The notes of an annotation block; none when it cannot be read: a recording is worth more than they."""
    try:
        notes = _decoder.decode(payload) if payload else []
    except UNREADABLE:
        return ()
    return tuple(note for note in notes[:MAX_NOTES] if note.time_ns >= 0 and note.length_ns >= 0)


def caption_at(notes: Sequence[Note], time_ns: int) -> str:
    """The caption to be shown at a time since the first record; "" for none. The latest one wins."""
    shown = [note for note in notes if note.time_ns <= time_ns < note.time_ns + note.length_ns]
    return max(shown, key=lambda note: note.time_ns).text if shown else ""


def write_notes(path: Path, notes: Sequence[Note]) -> None:
    """Make these the notes of a recording. Raises RecordingError when it cannot be written, or when another
    program is still recording into it."""
    block = pack_annotations(encode_notes(notes))
    scanner = Scanner(path)
    scanner.scan()
    try:
        file = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        if not try_lock(file):
            raise RecordingError(f"{path.name} is still being recorded.", "Add notes where it is recorded.")
        os.ftruncate(file, scanner.offset)
        os.lseek(file, scanner.offset, os.SEEK_SET)
        view = memoryview(block)
        while view:
            view = view[os.write(file, view) :]
        os.fsync(file)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        os.close(file)


def _unwritable(path: Path, error: OSError) -> RecordingError:
    return RecordingError(
        f"The bookmarks and captions of {path.name} cannot be written ({error.strerror or error}).",
        "Save the recording elsewhere, where you may write.",
    )
