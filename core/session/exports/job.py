"""What an export works on: a recording, a span of it, and somebody who watches how far it has come."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from core.errors import UsageError
from core.services.calls import UNREADABLE
from core.services.face import Face
from core.services.machine import Service
from core.session.annotations import Note, decode_notes
from core.session.check import Progress, no_progress
from core.session.reader import Recording
from core.session.service import service_for
from core.trace.wire_log import Record

_SECONDS_OF = {"": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "m": 60.0, "min": 60.0}
_MOMENT = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|us|µs|min|m|s)?")
_any = msgspec.msgpack.Decoder()


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment to another, both included, in nanoseconds since the recording's first record."""

    from_ns: int = 0
    until_ns: int = (1 << 63) - 1

    def __post_init__(self) -> None:
        if self.until_ns < self.from_ns:
            raise UsageError("The end of the span is before its beginning.", "Exchange --from and --until.")


def parse_moment(text: str) -> int:
    """`12.4s`, `12.4`, `350ms` or `2m` as nanoseconds. Raises UsageError."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None or float(match[1]) > 1e9:
        raise UsageError(f"{text!r} is no moment of a recording.", "Write it like 12.4s or 350ms.")
    return round(float(match[1]) * _SECONDS_OF[match[2] or ""] * 1e9)


@dataclass(frozen=True, slots=True)
class Job:
    """One export. `service` is None when the recording's own was not allowed to be loaded."""

    recording: Recording
    span: Span = Span()
    service: Service | None = None
    progress: Progress = no_progress

    def records(self, lead: bool = False) -> Iterator[Record]:
        """The records of the span; with `lead` also all before it. Raises RecordingError."""
        recording, span = self.recording, self.span
        first = 0 if lead else recording.block_at(max(0, span.from_ns))
        end = recording.block_at(span.until_ns) + 1 if recording.blocks else 0
        for block in range(first, end):
            for record in recording.load(block):
                if (lead or record.time_ns >= span.from_ns) and record.time_ns <= span.until_ns:
                    yield record
            self.progress(block - first + 1, end - first)

    def notes(self) -> list[Note]:
        """The bookmarks and captions of the span."""
        from_ns, until_ns = self.span.from_ns, self.span.until_ns
        notes = decode_notes(self.recording.annotations)
        return [note for note in notes if from_ns <= note.time_ns <= until_ns]

    def needed_service(self) -> Service:
        """The service, for a format that cannot do without. Raises UsageError."""
        return self.service or service_for(self.recording.header)

    def words(self) -> Callable[[bytes], str]:
        """Calls in words: as the service spells them, or as their bytes tell without it."""
        return Face(self.service).words if self.service else plain_words


def plain_words(operation: bytes) -> str:
    """An encoded operation in words, without knowing its service: its name and its arguments."""
    try:
        value: Any = _any.decode(operation)
    except UNREADABLE:
        return "?"
    if isinstance(value, list) and value and isinstance(value[0], str):
        return " ".join([value[0], *(msgspec.json.encode(part).decode() for part in value[1:])])
    return value if isinstance(value, str) else "?"
