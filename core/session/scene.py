"""What is shown: the fold and the event log of one moment, and how they go on.

A live run has one scene from beginning to end. A seek makes another, and the window goes on with that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Self

from core.facts import Answered, RunStarted, Said
from core.model.fold import Fold
from core.model.markers import Marker, marker_of
from core.trace.events import EventLog
from core.trace.wire_log import UNREADABLE, Record, Tap, decode_fact

News = Answered | Said | RunStarted
"""Facts for a person's eyes."""

_NEWS_TAGS = frozenset((b"\xa8ans", b"\xa4sai", b"\xabrun"))
"""By the first bytes of their tag: the others are not decoded here."""
_NEWS_KEPT = 1_000
_MARKERS_KEPT = 10_000


class Scene:
    """A fold, the newest records as an event log, and what a person has to be told."""

    def __init__(self, fold: Fold, log: EventLog) -> None:
        self.fold = fold
        self.log = log
        self.tells = True
        """What its records say is news to a person."""
        self.markers: list[Marker] = []
        """Of the records that were applied here."""
        self._news: deque[News] = deque(maxlen=_NEWS_KEPT)

    @classmethod
    def new(cls, words: Callable[[bytes], str]) -> Self:
        """The scene before the first record. `words` turns an encoded operation into a short call."""
        return cls(Fold(words), EventLog(words))

    def apply(self, records: Sequence[Record]) -> None:
        """Take the next records, oldest first."""
        self.log.append(records)
        self.fold.apply(records)
        for record in records:
            if record[1] == Tap.FACT:
                self._hear(record)

    def news(self) -> list[News]:
        """What there is to tell since the last call."""
        told = list(self._news)
        self._news.clear()
        return told

    def _hear(self, record: Record) -> None:
        if record[4][1:5] in _NEWS_TAGS:
            if not self.tells:
                return
            try:
                fact = decode_fact(record[4])
            except UNREADABLE:
                return  # the fold has counted it
            if isinstance(fact, Answered | Said | RunStarted):
                self._news.append(fact)
        elif len(self.markers) < _MARKERS_KEPT:
            marker = marker_of(record)
            if marker is not None:
                self.markers.append(marker)
