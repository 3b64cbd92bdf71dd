"""The moments of a recording as views, one after the other: the same fold as live and replay."""

from __future__ import annotations

from collections.abc import Iterator

from core.model.cluster_view import ClusterView
from core.model.fold import Fold
from core.session.annotations import caption_at, decode_notes
from core.session.exports.job import Job, Span
from core.trace.wire_log import Record

_HELPING = 4_096


class Moments:
    """Views at times that never go back. Times are nanoseconds since the recording's first record."""

    def __init__(self, job: Job) -> None:
        self._fold = Fold(job.words())
        self._records: Iterator[Record] = Job(job.recording, Span()).records()
        self._next = next(self._records, None)
        self._notes = decode_notes(job.recording.annotations)

    def at(self, time_ns: int) -> ClusterView:
        """The moment `time_ns`. Raises RecordingError when the file is damaged there."""
        while self._next is not None and self._next.time_ns <= time_ns:
            helping: list[Record] = []
            while self._next is not None and self._next.time_ns <= time_ns and len(helping) < _HELPING:
                helping.append(self._next)
                self._next = next(self._records, None)
            self._fold.apply(helping)
        return self._fold.view(time_ns)

    def caption(self, time_ns: int) -> str:
        """What a person wrote for this moment; "" for nothing."""
        return caption_at(self._notes, time_ns)
