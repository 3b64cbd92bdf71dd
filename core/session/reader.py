"""The reader: a recording file as records again.

`read` looks at every block's head and checksum once and unpacks nothing; blocks are unpacked when asked
for. A file that is cut off or damaged gives its whole blocks before the damage and says so in `note`: a
person still sees their run up to there. Every size is checked before memory is taken for it.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec
from xxhash import xxh3_64

from core.errors import RecordingError
from core.session.migration import FORMAT_VERSION, migrated_records
from core.session.recording_format import (
    ANNOTATIONS_HEAD,
    ANNOTATIONS_MAGIC,
    END,
    END_MAGIC,
    PREAMBLE,
    RecordingHeader,
    annotations_length,
    annotations_whole,
    header_length,
    unpack_end,
    unpack_header,
)
from core.trace.blocks import HEAD_BYTES, BlockHead, parts_in, records_in, unpack, unpack_head
from core.trace.wire_log import Record

_CHUNK_BYTES = 1 << 20
KEPT_BYTES = 32 << 20
"""Of unpacked blocks."""
LARGE_BYTES = 8 << 20
"""A block that is larger unpacked is not kept, and nothing is while it is read."""


class BlockPlace(msgspec.Struct, frozen=True):
    """Where a block lies: its payload begins at `offset` of the file; its first record is the run's
    `first_record`-th."""

    offset: int
    first_record: int
    head: BlockHead
    version: int = FORMAT_VERSION
    """The recording's format version."""


class Recording:
    """An opened recording. Times of its records are nanoseconds since its first record."""

    def __init__(
        self,
        path: Path,
        header: RecordingHeader,
        blocks: tuple[BlockPlace, ...],
        note: str,
        annotations: bytes = b"",
    ) -> None:
        self.path = path
        self.header = header
        self.blocks = blocks
        self._file = BlockFile(path, blocks)
        self.note = note
        """"" for a whole recording; otherwise one sentence about what is missing."""
        self.annotations = annotations
        """Bookmarks and captions, encoded (`core.session.annotations`)."""

    @property
    def records_count(self) -> int:
        """Records in all blocks."""
        return self.blocks[-1].first_record + self.blocks[-1].head.records if self.blocks else 0

    @property
    def duration_ns(self) -> int:
        """From the first record to the last."""
        return max((place.head.last_ns for place in self.blocks), default=0)

    @property
    def base_ns(self) -> int:
        """Monotonic time of the first record, on the clock of the times inside of result frames."""
        return self.blocks[0].head.base_ns if self.blocks else 0

    def load(self, block: int) -> list[Record]:
        """The records of one block. Raises RecordingError when the file has changed or is damaged."""
        return self._file.load(block)

    def records(self) -> Iterator[Record]:
        """Every record, oldest first, unpacked block by block. Raises RecordingError like `load`."""
        for block in range(len(self.blocks)):
            yield from self.load(block)

    def block_at(self, time_ns: int) -> int:
        """The block to start from in order to see the moment `time_ns`: the last that begins before it."""
        low, high = 0, len(self.blocks)
        while low < high:
            middle = (low + high) // 2
            if self.blocks[middle].head.first_ns <= time_ns:
                low = middle + 1
            else:
                high = middle
        return max(0, low - 1)


def read(path: Path | str) -> Recording:
    """Open a recording. Raises RecordingError when there is none, or when not even its header is whole."""
    scanner = Scanner(path)
    scanner.scan()
    return Recording(scanner.path, scanner.header, tuple(scanner.blocks), scanner.note, scanner.annotations)


class Scanner:
    """Hops from block to block of a recording. What is appended later is found by scanning again, so a
    recording can be followed while it is written."""

    def __init__(self, path: Path | str) -> None:
        """Reads the header. Raises RecordingError when there is no recording or its header is not whole."""
        self.path = Path(path)
        try:
            with self.path.open("rb") as file:
                self._version, length, checksum = header_length(file.read(PREAMBLE.size))
                self.header: RecordingHeader = unpack_header(file.read(length), checksum, self._version)
                self.offset = file.tell()
                """Where the next block is expected: everything before is whole."""
        except OSError as error:
            raise _unreadable(self.path, error) from error
        self.blocks: list[BlockPlace] = []
        self.closed = False
        """The end mark was found."""
        self.note = ""
        """As in `Recording`."""
        self.annotations = b""
        """Payload of the last block of annotations; empty when there is none."""
        self.records = 0
        """In all blocks found."""

    def scan(self, max_bytes: int = sys.maxsize) -> bool:
        """Look at the blocks that follow, at about so many bytes. True when everything that is there by now
        was seen. Raises RecordingError when the file cannot be read any more."""
        until = self.offset + max_bytes
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                while self.offset < until:
                    if not self._next(file):
                        return True
        except OSError as error:
            raise _unreadable(self.path, error) from error
        return False

    def _next(self, file: BinaryIO) -> bool:
        """Take the next block, of whatever kind; false when no whole one follows."""
        data = file.read(HEAD_BYTES)
        if data[:4] == ANNOTATIONS_MAGIC:
            file.seek(self.offset)
            return self._take_annotations(file)
        if self.closed:
            return self._stop("" if not data else f"The recording is damaged {_where(self.blocks)}.")
        if data[:4] == END_MAGIC:
            end = unpack_end(data[: END.size])
            if end is not None:
                whole = end.blocks == len(self.blocks) and end.records == self.records
                self.note = "" if whole else "Some blocks of the recording are missing."
                self.closed = True
                self.offset += END.size
                file.seek(self.offset)
                return True
        if len(data) < HEAD_BYTES:
            cut = "was not closed: it ends" if not data else "is cut off"
            return self._stop(f"The recording {cut} {_where(self.blocks)}.")
        try:
            head = unpack_head(data)
        except RecordingError:
            return self._stop(f"The recording is damaged {_where(self.blocks)}.")
        offset = self.offset + HEAD_BYTES
        length, checksum = _digest(file, head.compressed_bytes)
        if length < head.compressed_bytes:
            return self._stop(f"The recording is cut off {_where(self.blocks)}.")
        if checksum != head.checksum:
            return self._stop(f"The recording is damaged {_where(self.blocks)}.")
        self.blocks.append(BlockPlace(offset, self.records, head, self._version))
        self.records += head.records
        self.offset = offset + head.compressed_bytes
        return True

    def _take_annotations(self, file: BinaryIO) -> bool:
        head = file.read(ANNOTATIONS_HEAD.size)
        length = annotations_length(head)
        payload = file.read(length) if length is not None else b""
        if length is None or len(payload) < length or not annotations_whole(head, payload):
            return self._stop(self.note or f"The recording is cut off {_where(self.blocks)}.")
        self.annotations = payload
        self.offset += len(head) + length
        return True

    def _stop(self, note: str) -> bool:
        self.note = self.note or note if self.closed else note
        return False


class BlockFile:
    """The blocks of a file as records. What was unpacked last is kept, for a block may need parts of those
    before it. Of one thread alone."""

    def __init__(self, path: Path, places: Sequence[BlockPlace]) -> None:
        """`places` may grow."""
        self._path = path
        self._places = places
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def load(self, block: int, added_ns: int = 0) -> list[Record]:
        """A block's records, their times since the recording's first record and so much more. Raises
        RecordingError when the file cannot be read, or is damaged there."""
        place = self._places[block]
        head = place.head._replace(first_ns=place.head.first_ns + added_ns)
        if head.raw_bytes > LARGE_BYTES:
            self._kept.clear()  # it may take what memory there is

        def earlier(back: int, parts: Sequence[int], max_bytes: int) -> list[bytes]:
            if back > block:
                raise RecordingError("A block refers to another that is not there.")
            keep = head.raw_bytes <= LARGE_BYTES
            return parts_in(self._places[block - back].head, self._raw(block - back, keep), parts, max_bytes)

        try:
            return migrated_records(records_in(head, self._raw(block), earlier), place.version)
        except OSError as error:
            raise _unreadable(self._path, error) from error

    def _raw(self, block: int, keep: bool = True) -> bytes:
        raw = self._kept.get(block)
        if raw is not None:
            self._kept.move_to_end(block)
            return raw
        place = self._places[block]
        with self._path.open("rb") as file:
            file.seek(place.offset)
            raw = unpack(place.head, file.read(place.head.compressed_bytes))
        if keep and len(raw) <= LARGE_BYTES:
            self._kept[block] = raw
            while sum(map(len, self._kept.values())) > KEPT_BYTES:
                self._kept.popitem(last=False)
        return raw


def _digest(file: BinaryIO, length: int) -> tuple[int, int]:
    """(bytes found, checksum) of the next `length` bytes."""
    digest = xxh3_64()
    left = length
    while left:
        chunk = file.read(min(left, _CHUNK_BYTES))
        if not chunk:
            break
        digest.update(chunk)
        left -= len(chunk)
    return length - left, digest.intdigest()


def _where(blocks: list[BlockPlace]) -> str:
    if not blocks:
        return "before its first block, so there is nothing to show"
    return f"after {blocks[-1].head.last_ns / 1e9:.1f} s; everything before that is there"


def _unreadable(path: Path, error: OSError) -> RecordingError:
    if isinstance(error, FileNotFoundError):
        return RecordingError(f"There is no file {path}.")
    if isinstance(error, IsADirectoryError) or path.is_dir():
        return RecordingError(f"{path} is a directory, not a recording.")
    if isinstance(error, PermissionError):
        return RecordingError(f"{path} may not be read.")
    return RecordingError(f"{path} cannot be read ({error.strerror or error}).")
