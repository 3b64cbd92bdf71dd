"""Seeks: makes the scene of any moment of a tape. It waits for nobody; the player calls it on its thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from core.model.fold import Fold
from core.model.timeline import Timeline, is_answer
from core.session.scene import Scene
from core.session.tape import FileTape
from core.trace.events import EventLog
from core.trace.wire_log import Record, Tap

LOG_RECORDS = 1_500
"""Before a moment that was sought, for the event log."""

_CALLS = (Tap.CALL_SENT, Tap.CALL_DELIVERED)


class ToTime(msgspec.Struct, frozen=True):
    """Seek a time on the clock of the records."""

    time_ns: int


class ToNumber(msgspec.Struct, frozen=True):
    """Seek the moment at which a sequence number was ordered."""

    seq: int


class ToBeginning(msgspec.Struct, frozen=True):
    """Seek the first moment that shows anything: the clients begin."""


class By(msgspec.Struct, frozen=True):
    """Step from `records` (None: from where the wish before leads) one event or request on or back."""

    step: int
    request: bool
    records: int | None


Wish = ToTime | ToNumber | ToBeginning | By


class Moment(msgspec.Struct, frozen=True):
    """So many records have happened; `now_ns` is the moment to draw, None for that of the last of them."""

    records: int
    now_ns: int | None = None


class Arrival(msgspec.Struct, frozen=True):
    """A moment that was sought, with its scene."""

    scene: Scene
    records: int
    now_ns: int


class Seeker:
    """Finds moments and makes their scenes."""

    def __init__(self, tape: FileTape, words: Callable[[bytes], str]) -> None:
        self.timeline = Timeline(tape, lambda: Fold(words))
        self._tape = tape
        self._words = words
        self._goal = 0

    def find(self, wish: Wish, give_up: Callable[[], bool]) -> Moment | None:
        """The moment that is wished; None when there is none like that. Raises RecordingError."""
        tape, timeline = self._tape, self.timeline
        match wish:
            case ToTime(time_ns):
                time_ns = min(max(time_ns, tape.start_ns), tape.end_ns)
                moment = Moment(timeline.at_time(time_ns), time_ns)
            case ToNumber(seq):
                found = timeline.at_number(seq, give_up)
                if found is None:
                    return None
                moment = Moment(found)
            case ToBeginning():
                moment = Moment(timeline.beside(0, 1, lambda record: record[1] in _CALLS))
            case By(step, request, records):
                start = self._goal if records is None else records
                if request:
                    moment = Moment(timeline.beside(start, step, is_answer))
                else:
                    moment = Moment(min(max(start + step, 0), tape.records))
        self._goal = moment.records
        return moment

    def arrive(self, moment: Moment, give_up: Callable[[], bool]) -> Arrival | None:
        """The scene of a moment; None when `give_up` said so meanwhile. Raises RecordingError."""
        fold = self.timeline.fold_at(moment.records, give_up)
        if fold is None:
            return None
        log = EventLog(self._words)
        recent = self._before(moment.records)
        log.begin_at(moment.records - len(recent), self._tape.start_ns)
        log.append(recent)
        last_ns = recent[-1][0] if recent else self._tape.start_ns
        return Arrival(Scene(fold, log), moment.records, last_ns if moment.now_ns is None else moment.now_ns)

    def _before(self, records: int) -> list[Record]:
        """Some of the newest records before a moment."""
        parts: list[Sequence[Record]] = []
        count, end = 0, records
        while end > 0 and count < LOG_RECORDS:
            block = self._tape.block_of(end - 1)
            first = self._tape.first_record(block)
            parts.append(self._tape.load(block)[: end - first])
            count += len(parts[-1])
            end = first
        return [record for part in reversed(parts) for record in part]
