"""The recorder: writes the wire log to a file while it happens, on a thread of its own.

The engine's thread only hands records over. The writer takes small helpings, so that it never keeps the
interpreter lock for long, and seals a block each 0.7 s or three mebibytes; compressing and writing release
the lock. What was sealed survives a crash of the app. Nothing is ever skipped: when the disk is slower than
the load the backlog grows, which the engine sees (`backlog_bytes`) and may slow its clients for; past
`MAX_BACKLOG_BYTES` the recording ends with an error and keeps what it has.
"""

from __future__ import annotations

import errno
import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path

from core.errors import RecordingError
from core.session.file_lock import try_lock
from core.session.recording_format import (
    RecordingEnd,
    RecordingHeader,
    pack_annotations,
    pack_end,
    pack_header,
)
from core.trace.block_builder import BlockBuilder
from core.trace.wire_log import Record

SEAL_NS = 600_000_000
"""Of the records' clock: a block spans no longer."""
POLL_S = 0.2
HELPING_RECORDS = 256
"""Records taken at once: well under a millisecond of Python."""
REST_S = 0.000_5
"""Between two full helpings: the engine may have the interpreter lock."""
MAX_BACKLOG_BYTES = 128 << 20

_body = itemgetter(4)


class Recorder:
    """A recording being written. `append_many` belongs to one thread; the rest may be asked from any."""

    def __init__(
        self,
        path: Path | str,
        header: RecordingHeader,
        *,
        overwrite: bool = False,
        max_backlog_bytes: int = MAX_BACKLOG_BYTES,
    ) -> None:
        """Create the file and start writing. Raises RecordingError when it cannot be written, or when it
        exists and `overwrite` is not set."""
        self.path = Path(path)
        preamble = pack_header(header)
        self._file = _create(self.path, overwrite)
        self._max_backlog_bytes = max_backlog_bytes
        self._queue: deque[Sequence[Record]] = deque()
        self._annotations: deque[bytes] = deque()
        self._appended_bytes = 0  # written by the caller's thread alone
        self._taken_bytes = 0  # written by the writer alone
        self._written_bytes = 0
        self._blocks = 0
        self._records = 0
        self._error: RecordingError | None = None
        self._closing = threading.Event()
        self._ended = threading.Event()
        try:
            self._write(preamble)
        except OSError as error:
            os.close(self._file)
            raise failed(self.path, error) from error
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def append_many(self, records: Sequence[Record]) -> None:
        """Hand records over, oldest first; the sequence belongs to the recorder from now on. Never waits and
        never raises; after an error (`error`) nothing more is kept."""
        if self._error is None and not self._closing.is_set():
            self._appended_bytes += sum(map(len, map(_body, records)))
            self._queue.append(records)
            if self._appended_bytes - self._taken_bytes > self._max_backlog_bytes:
                self._error = RecordingError(
                    f"The disk is too slow to record this load: {self.path.name} ends here.",
                    "Record to a faster disk, or with fewer requests a second.",
                )

    def annotate(self, payload: bytes) -> None:
        """Have these annotations written; they replace the ones before. Raises RecordingError when they are
        too long."""
        self._annotations.append(pack_annotations(payload))

    def backlog_bytes(self) -> int:
        """Bytes handed over that the writer has not taken: it grows when the disk is slower than the load."""
        return self._appended_bytes - self._taken_bytes

    @property
    def file_bytes(self) -> int:
        """Length of the file so far."""
        return self._written_bytes

    @property
    def records(self) -> int:
        """Records written so far."""
        return self._records

    @property
    def error(self) -> RecordingError | None:
        """Why nothing more is recorded; None while all is well. What was written before stays readable."""
        return self._error

    @property
    def ended(self) -> bool:
        """The file is complete and closed."""
        return self._ended.is_set()

    def finish(self) -> None:
        """Ask for the end: what was handed over is still written. Returns at once; see `ended`."""
        self._closing.set()

    def close(self, timeout_s: float = 30.0) -> RecordingEnd:
        """Write what is left and close the file; waits for the writer. Raises RecordingError when the
        recording failed (what was written before stays readable) or when nothing was written for so long."""
        self.finish()
        written = -1
        while not self._ended.wait(timeout_s):
            if written == self._written_bytes:
                raise RecordingError(f"Nothing was written to {self.path.name} for {timeout_s:.0f} s.")
            written = self._written_bytes
        if self._error is not None:
            raise self._error
        return RecordingEnd(self._blocks, self._records)

    # --- the writer's thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._record()
            if self._error is None:
                self._write(pack_end(RecordingEnd(self._blocks, self._records)))
                os.fsync(self._file)
        except OSError as error:
            self._error = failed(self.path, error)
            self._keep_whole_blocks()
        except RecordingError as error:
            self._error = error
        except (ValueError, OverflowError, TypeError) as error:
            self._error = RecordingError(f"A record cannot be written to {self.path.name} ({error}).")
        finally:
            self._queue.clear()
            os.close(self._file)
            self._ended.set()

    def _record(self) -> None:
        builder: BlockBuilder | None = None
        idle_s = 0.0
        pending: Iterator[Record] = iter(())
        while True:
            while self._annotations:
                self._write(self._annotations.popleft())
            helping = list(islice(pending, HELPING_RECORDS))
            if not helping and self._queue:
                pending = chain.from_iterable(_drain(self._queue))
                continue
            if helping:
                if builder is None:  # an empty one is false, and has the run's first moment already
                    builder = BlockBuilder(helping[0][0])
                self._taken_bytes += self._add(builder, helping)
                idle_s = 0.0
            elif self._closing.is_set() or self._error is not None:
                break
            else:
                self._closing.wait(POLL_S)
                idle_s += POLL_S
            if builder and (builder.span_ns >= SEAL_NS or idle_s >= SEAL_NS / 1e9):
                self._seal(builder)
            elif len(helping) == HELPING_RECORDS:
                self._ended.wait(REST_S)
        if builder:
            self._seal(builder)

    def _add(self, builder: BlockBuilder, helping: list[Record]) -> int:
        """Everything of a helping into the builder, sealed in between when it is full. Gives its bytes."""
        rest = iter(helping)
        while True:
            builder.add(rest)
            if not builder.full:
                return sum(map(len, map(_body, helping)))
            self._seal(builder)

    def _seal(self, builder: BlockBuilder) -> None:
        count = len(builder)
        if not count:
            return
        self._write(builder.seal())
        self._blocks += 1
        self._records += count

    def _write(self, data: bytes) -> None:
        """All or an OSError; the length of what is whole is known then."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._file, view) :]
        self._written_bytes += len(data)

    def _keep_whole_blocks(self) -> None:
        """Take away the part of a block that a full disk left."""
        try:
            os.ftruncate(self._file, self._written_bytes)
        except OSError:
            return  # the reader stops before the damage all the same


def _drain(queue: deque[Sequence[Record]]) -> Iterator[Sequence[Record]]:
    while queue:
        yield queue.popleft()


def _create(path: Path, overwrite: bool) -> int:
    """An empty file. Raises RecordingError in words."""
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    flags |= os.O_TRUNC if overwrite else os.O_EXCL
    try:
        file = os.open(path, flags, 0o644)
    except OSError as error:
        raise failed(path, error) from error
    try_lock(file)
    return file


def failed(path: Path, error: OSError) -> RecordingError:
    """What went wrong with a file, in a sentence and with what to do."""
    folder = path.parent
    if error.errno == errno.EISDIR or path.is_dir():
        return RecordingError(f"{path} is a directory.", "Give the recording a file name.")
    if error.errno == errno.EEXIST:
        return RecordingError(f"{path} exists already.", "Choose another name, or delete it first.")
    if error.errno == errno.ENOENT:
        if folder.is_dir():
            return RecordingError(f"No file can be created in {folder}.", "Choose another directory.")
        return RecordingError(f"There is no directory {folder}.", "Create it first.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return RecordingError(f"{path} may not be written.", "Choose a place where you may write.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RecordingError(
            f"No space is left for {path}.", "What was recorded before is kept; free some space."
        )
    return RecordingError(f"{path} cannot be written ({error.strerror or error}).")
