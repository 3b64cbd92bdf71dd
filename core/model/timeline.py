"""The timeline: the fold at any moment of a recording, without folding everything before it.

While it reads a recording once, from front to back, it leaves *checkpoints*: deep copies of the fold, which
are cheap because cards and tokens never change and are shared. A moment is then the checkpoint before it and
the few thousand records in between. The fold is the live one and is fed the same records, so the pictures
are the same, but for which messages of real time are shown as a sample of the many.

Mutable, of one thread alone; another may read `markers` and `read_records` meanwhile.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Protocol

import msgspec

from core.model.fold import Fold
from core.model.markers import Marker, marker_of
from core.model.metrics import TICK_NS
from core.protocol.messages import OrderHead
from core.trace.wire_log import UNREADABLE, Record, Tap

CHECKPOINT_WEIGHT = 3_072
"""Between two checkpoints at first; some 15 ms of folding. A record weighs 1."""
TICK_WEIGHT = 100
"""What the fold does for a tick of the clock, however little happened in it."""
HELPING_RECORDS = 512
"""Folded at once, about as in a frame of the screen: the fold remembers only so many calls of a client."""
MAX_CHECKPOINTS = 256
"""When there are more, every second one goes: a longer recording has them further apart."""

_TO = (Tap.TO_PASSED, Tap.TO_SENT, Tap.TO_DELIVERED)
_ORDER = ord("o")
_order_head = msgspec.msgpack.Decoder(OrderHead)


class Tape(Protocol):
    """Where the records are: in blocks, of which more may come."""

    @property
    def blocks(self) -> int:
        """How many there are by now."""

    @property
    def records(self) -> int:
        """Records in all of them."""

    def first_record(self, block: int) -> int:
        """How many records are before a block."""

    def first_ns(self, block: int) -> int:
        """Time of a block's first record."""

    def block_of(self, record: int) -> int:
        """The block that has a record."""

    def load(self, block: int) -> Sequence[Record]:
        """A block's records. Raises RecordingError."""


class _Checkpoint(msgspec.Struct, frozen=True):
    records: int
    fold: Fold


class Timeline:
    """Checkpoints along a tape, and what else is learnt on the way: markers, and where numbers are."""

    def __init__(self, tape: Tape, new_fold: Callable[[], Fold]) -> None:
        self._tape = tape
        self._fold = new_fold()
        self._checkpoints = [_Checkpoint(0, deepcopy(self._fold))]
        self._spacing = CHECKPOINT_WEIGHT
        self._weight = 0.0  # of what was read since the last checkpoint
        self._read_ns = 0
        self._next_seq: list[int] = []  # by block: the number that was to be given next when it began
        self.markers: list[Marker] = []
        """Kills, faults, violations, epochs so far, oldest first."""
        self.read_records = 0
        """So far was the recording read, and checkpoints are."""

    def read_on(self) -> bool:
        """Read the next block of the tape; false when there is none. Raises RecordingError."""
        block = len(self._next_seq)
        if block >= self._tape.blocks:
            return False
        records = self._tape.load(block)
        before = self._fold.next_seq
        self._mark(records)  # first: who sees that a part was read finds its markers
        for part in _helpings(records):
            self._fold.apply(part)
            self._weigh(part)
        self._next_seq.append(before)
        return True

    def fold_at(self, records: int, give_up: Callable[[], bool] = lambda: False) -> Fold | None:
        """The fold after so many records, the caller's own. What was not read yet is read first; None when
        `give_up` says so meanwhile. Raises RecordingError."""
        records = min(records, self._tape.records)
        while self.read_records < records:
            if give_up():
                return None
            if not self.read_on():
                break
        place = bisect_right(self._checkpoints, records, key=lambda checkpoint: checkpoint.records) - 1
        checkpoint = self._checkpoints[place]
        fold, done = deepcopy(checkpoint.fold), checkpoint.records
        while done < records:
            if give_up():
                return None
            block = self._tape.block_of(done)
            start = done - self._tape.first_record(block)
            part = self._tape.load(block)[start : start + records - done]
            for helping in _helpings(part):
                fold.apply(helping)
            done += len(part)
        return fold

    def at_time(self, time_ns: int) -> int:
        """How many records had happened at `time_ns`. Raises RecordingError."""
        low, high = 0, self._tape.blocks
        while low < high:
            middle = (low + high) // 2
            if self._tape.first_ns(middle) <= time_ns:
                low = middle + 1
            else:
                high = middle
        if not low:
            return 0
        block = low - 1
        inside = bisect_right(self._tape.load(block), time_ns, key=_time)
        return self._tape.first_record(block) + inside

    def at_number(self, seq: int, give_up: Callable[[], bool] = lambda: False) -> int | None:
        """How many records had happened when number `seq` was just ordered; None when it never was. Raises
        RecordingError."""
        while self._fold.next_seq <= seq:
            if give_up() or not self.read_on():
                return None
        block = max(0, bisect_right(self._next_seq, seq) - 1)
        for place, record in enumerate(self._tape.load(block), start=1):
            if _orders(record, seq):
                return self._tape.first_record(block) + place
        return None

    def beside(self, records: int, step: int, wanted: Callable[[Record], bool]) -> int:
        """From the moment after `records`, the moment after the next (`step` 1) or the one before (-1)
        record that is wanted; the last or first moment when there is none. Raises RecordingError."""
        tape = self._tape
        # backward: the record at `records - 1` made the present moment, so the look begins before it
        place = records if step > 0 else records - 2
        while 0 <= place < tape.records:
            block = tape.block_of(place)
            part, first = tape.load(block), tape.first_record(block)
            while first <= place < first + len(part):
                if wanted(part[place - first]):
                    return place + 1
                place += step
        return tape.records if step > 0 else 0

    def _weigh(self, part: Sequence[Record]) -> None:
        """Leave a checkpoint when it is time for one."""
        self.read_records += len(part)
        passed_ns = part[-1][0] - (self._read_ns or part[0][0])
        self._weight += len(part) + TICK_WEIGHT * max(0, passed_ns) / TICK_NS
        self._read_ns = part[-1][0]
        if self._weight >= self._spacing:
            self._weight = 0.0
            self._checkpoints.append(_Checkpoint(self.read_records, deepcopy(self._fold)))
            if len(self._checkpoints) > MAX_CHECKPOINTS:
                del self._checkpoints[1::2]
                self._spacing *= 2

    def _mark(self, records: Sequence[Record]) -> None:
        for record in records:
            if record[1] == Tap.FACT:
                marker = marker_of(record)
                if marker is not None:
                    self.markers.append(marker)


def _helpings(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    for start in range(0, len(records), HELPING_RECORDS):
        yield records[start : start + HELPING_RECORDS]


def is_answer(record: Record) -> bool:
    """A request got its answer: one step of a request has ended."""
    return record[1] == Tap.RETURN_DELIVERED


def _time(record: Record) -> int:
    return record[0]


def _orders(record: Record, seq: int) -> bool:
    body = record.body
    if record.tap not in _TO or len(body) < 3 or body[2] != _ORDER:
        return False
    try:
        order = _order_head.decode(body)
    except UNREADABLE:
        return False
    return order.first_seq <= seq < order.first_seq + order.count
