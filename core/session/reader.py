"""The reader: a recording file as records again.

`read` looks at every block's head and checksum once and unpacks nothing; blocks are unpacked when asked
for. A file that is cut off or damaged gives its whole blocks before the damage and says so in `note`: a
person still sees their run up to there. Every size is checked before memory is taken for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from xxhash import xxh3_64

from core.errors import RecordingError
from core.session.recording_format import (
    END,
    END_MAGIC,
    PREAMBLE,
    RecordingHeader,
    header_length,
    unpack_end,
    unpack_header,
)
from core.trace.blocks import HEAD_BYTES, BlockHead, unpack_head, unpack_records
from core.trace.wire_log import Record

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class BlockPlace:
    """Where a block lies: its payload begins at `offset` of the file; its first record is the run's
    `first_record`-th."""

    offset: int
    first_record: int
    head: BlockHead


class Recording:
    """An opened recording. Times of its records are nanoseconds since its first record."""

    def __init__(
        self, path: Path, header: RecordingHeader, blocks: tuple[BlockPlace, ...], note: str
    ) -> None:
        self.path = path
        self.header = header
        self.blocks = blocks
        self.note = note
        """"" for a whole recording; otherwise one sentence about what is missing."""

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
        place = self.blocks[block]
        try:
            with self.path.open("rb") as file:
                file.seek(place.offset)
                payload = file.read(place.head.compressed_bytes)
        except OSError as error:
            raise _unreadable(self.path, error) from error
        return unpack_records(place.head, payload)

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
    path = Path(path)
    try:
        with path.open("rb") as file:
            length, checksum = header_length(file.read(PREAMBLE.size))
            header = unpack_header(file.read(length), checksum)
            blocks, note = _scan(file)
    except OSError as error:
        raise _unreadable(path, error) from error
    return Recording(path, header, blocks, note)


def _scan(file: BinaryIO) -> tuple[tuple[BlockPlace, ...], str]:
    """The whole blocks, and what is to be said of the rest."""
    blocks: list[BlockPlace] = []
    records = 0
    while True:
        data = file.read(HEAD_BYTES)
        if data[:4] == END_MAGIC:
            end = unpack_end(data[: END.size])
            if end is not None and len(data) == END.size:
                whole = end.blocks == len(blocks) and end.records == records
                return tuple(blocks), "" if whole else "Some blocks of the recording are missing."
        if len(data) < HEAD_BYTES:
            cut = "was not closed: it ends" if not data else "is cut off"
            return tuple(blocks), f"The recording {cut} {_where(blocks)}."
        try:
            head = unpack_head(data)
        except RecordingError:
            return tuple(blocks), f"The recording is damaged {_where(blocks)}."
        offset = file.tell()
        length, checksum = _digest(file, head.compressed_bytes)
        if length < head.compressed_bytes:
            return tuple(blocks), f"The recording is cut off {_where(blocks)}."
        if checksum != head.checksum:
            return tuple(blocks), f"The recording is damaged {_where(blocks)}."
        blocks.append(BlockPlace(offset, records, head))
        records += head.records


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
