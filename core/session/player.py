"""The player: shows any moment of a tape, and lets it run at any speed.

Two threads share the work. The window's thread asks for moments, and takes the records that are due, frame
by frame. The player's own reads the file, unpacks ahead, and makes the scenes that are sought. It leaves
checkpoints (`core.model.timeline`) while it has nothing better to do. Of several wishes only the last is
fulfilled: a handle may be dragged faster than scenes are made.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence

from core.errors import RecordingError
from core.model.markers import Marker
from core.session.scene import Scene
from core.session.seeker import Arrival, By, Seeker, ToBeginning, ToNumber, Wish
from core.session.tape import FileTape
from core.trace.wire_log import Record

SLOWEST, FASTEST = 0.05, 20.0
"""Times the pace at which it happened."""
POLL_S, SELDOM_S = 0.25, 1.3
LONGEST_FRAME_NS = 100_000_000
"""A window that stood still does not make the recording jump."""
FRAME_RECORDS = 1_500
"""Handed out at once; more would cost the window its frame."""
QUIET_RECORDS = 1_000
"""In a block; while fewer come, a run that goes on is read on the side."""
REST_SHARE, PLAYING_REST_SHARE = 0.5, 2.0
"""Of the time that reading ahead took: the window wants the interpreter, too, and more so while it plays."""


class Player:
    """Plays one tape. Methods belong to the window's thread, but for those below the line."""

    def __init__(
        self,
        tape: FileTape,
        words: Callable[[bytes], str],
        *,
        growing: bool = False,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """`growing`: the run still goes on, so under load nothing is read ahead unless somebody asks."""
        self.tape = tape
        self.playing = False
        self.speed = 1.0
        self.now_ns = 0
        self.records = 0
        """So many records have happened at the moment shown."""
        self.growing = growing
        self._clock = clock
        self._clock_ns = clock()
        self._seeker = Seeker(tape, words)
        self._changed = threading.Condition()
        self._wishes: deque[Wish] = deque()
        self._wished = self._served = self._stopped = 0
        self._arrival: Arrival | None = None
        self._ahead: dict[int, Sequence[Record]] = {}
        self._forward = 0
        self._said: deque[str] = deque(maxlen=8)
        self._reads_ahead = not growing
        self._quiet = False  # so little comes that a run is not disturbed by reading it
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="player", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def close(self) -> None:
        """End the player's thread; returns at once."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    @property
    def closed(self) -> bool:
        """The thread has ended."""
        return not self._thread.is_alive()

    @property
    def busy(self) -> bool:
        """A moment was asked for and is not there yet."""
        return self._seeking or self._forward > 0

    @property
    def _seeking(self) -> bool:
        return self._wished != self._served or self._arrival is not None

    @property
    def ready(self) -> bool:
        """What comes next is unpacked, or there is nothing more."""
        tape = self.tape
        return self.records >= tape.records or tape.block_of(self.records) in self._ahead

    @property
    def markers(self) -> Sequence[Marker]:
        """Markers of what was read so far."""
        return self._seeker.timeline.markers

    @property
    def read_share(self) -> float:
        """How much of the recording was read, 0 … 1: seeking is fast there."""
        records = self.tape.records
        return (
            min(1.0, self._seeker.timeline.read_records / records) if records and self.tape.complete else 0.0
        )

    def sentences(self) -> list[str]:
        """What a person has to be told since the last call."""
        return [self._said.popleft() for _ in range(len(self._said))]

    def say(self, sentence: str) -> None:
        """Have a person told."""
        self._said.append(sentence)

    def wish(self, wish: Wish) -> None:
        """Ask for a moment; it comes with a later `arrive`."""
        self._forward = 0
        with self._changed:
            if not isinstance(wish, By):
                self._wishes.clear()
            self._wishes.append(wish)
            self._wished += 1
            self._reads_ahead = True
            self._changed.notify()

    def step(self, step: int, request: bool) -> None:
        """One event or one request on (1) or back (-1), and stop there."""
        self.playing = False
        if step > 0 and not request and not self._seeking:
            self._forward += 1
        else:
            self.wish(By(step, request, None if self._seeking else self.records))

    def stop(self) -> None:
        """Stand still, and forget what was asked for."""
        self.playing = False
        self._forward = 0
        with self._changed:
            self._wishes.clear()
            self._served = self._stopped = self._wished
            self._arrival = None

    def play(self, speed: float) -> None:
        """Let it run, at so many times its own pace."""
        self.speed = min(FASTEST, max(SLOWEST, speed))
        self.playing = True

    def arrive(self) -> Scene | None:
        """The scene of the moment that was asked for; None nearly always."""
        with self._changed:
            arrival, self._arrival = self._arrival, None
            if arrival is None:
                return None
            self.records, self.now_ns = arrival.records, arrival.now_ns
            self._changed.notify()  # what comes after it may be unpacked
        self._clock_ns = self._clock()
        return arrival.scene

    def take(self) -> Sequence[Record]:
        """The records that happened since the last call. While a moment is sought, none."""
        clock_ns = self._clock()
        passed_ns = min(LONGEST_FRAME_NS, clock_ns - self._clock_ns)
        self._clock_ns = clock_ns
        if self._seeking:
            return ()
        if self._forward:
            return self._step_forward()
        return self._play(self.now_ns + int(passed_ns * self.speed)) if self.playing else ()

    def _step_forward(self) -> Sequence[Record]:
        part = self._rest_of_block(self.records)
        if part is None:
            if self.records >= self.tape.records:
                self._forward = 0
            return ()
        records = part[: self._forward]
        self._forward -= len(records)
        self.records += len(records)
        self.now_ns = max(self.now_ns, records[-1][0])
        return records

    def _play(self, until_ns: int) -> Sequence[Record]:
        taken: list[Record] = []
        at_end = False
        while len(taken) < FRAME_RECORDS:
            part = self._rest_of_block(self.records)
            if part is None:
                at_end = self.records >= self.tape.records
                # what is not unpacked yet is waited for, and the clock with it
                until_ns = min(until_ns, taken[-1][0] if taken else self.now_ns) if not at_end else until_ns
                break
            room = FRAME_RECORDS - len(taken)
            due = bisect_right(part, until_ns, hi=min(len(part), room), key=_time)
            taken += part[:due]
            self.records += due
            if due < len(part):
                if due == room:
                    until_ns = min(until_ns, taken[-1][0])
                break
        if at_end:
            until_ns = min(until_ns, max(self.now_ns, self.tape.end_ns))
            self.playing = self.growing or not self.tape.complete
        self.now_ns = max(self.now_ns, until_ns)
        return taken

    def _rest_of_block(self, record: int) -> Sequence[Record] | None:
        """The records of a block from one on; None when they are not unpacked yet, or not there."""
        if record >= self.tape.records:
            return None
        block = self.tape.block_of(record)
        ahead = self._ahead
        if block not in ahead or (block + 1 not in ahead and block + 1 < self.tape.blocks):
            with self._changed:
                self._changed.notify()
        known = ahead.get(block)
        return known[record - self.tape.first_record(block) :] if known is not None else None

    # --- the player's thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing:
            if self._arrival is not None and not self._wishes:  # the window shows it first
                self._rest(POLL_S)
                continue
            started_s = time.monotonic()
            try:
                busy = self._scan() or self._seek() or self._unpack_ahead()
                wanted = self._reads_ahead or self._quiet
                reading = not busy and wanted and self._seeker.timeline.read_on()
            except RecordingError as error:
                self._said.append(str(error))
                self._served = self._wished
                self._wishes.clear()
                self._reads_ahead = busy = reading = False
            if reading:
                share = PLAYING_REST_SHARE if self.playing else REST_SHARE
                self._rest((time.monotonic() - started_s) * share)
            elif not busy:
                if self.growing and self._wished == self._served:
                    self._reads_ahead = False
                self._rest(SELDOM_S if self._quiet else POLL_S)

    def _rest(self, seconds: float) -> None:
        with self._changed:
            if not self._closing and not self._wishes:
                self._changed.wait(seconds)

    def _scan(self) -> bool:
        """Look at what the file has; the first wish needs only its beginning."""
        if self.tape.complete and not self.growing:
            return False
        was_complete, before = self.tape.complete, self.tape.records
        if self.tape.grow() and self.growing:
            self._quiet = self.tape.records - before < QUIET_RECORDS
        return not was_complete and not self.tape.complete and not isinstance(self._next_wish(), ToBeginning)

    def _next_wish(self) -> Wish | None:
        return self._wishes[0] if self._wishes else None

    def _seek(self) -> bool:
        """Fulfil the newest wish, if there is one."""
        with self._changed:
            wishes, self._wishes = self._wishes, deque()
            serial = self._wished
        if not wishes:
            return False
        moment = None
        for wish in wishes:
            moment = self._seeker.find(wish, self._superseded)
            if moment is None and isinstance(wish, ToNumber) and not self._superseded():
                self._said.append(f"#{wish.seq} was never ordered in this recording.")
        arrival = None if moment is None else self._seeker.arrive(moment, self._superseded)
        with self._changed:
            if serial > self._stopped and (arrival is not None or not self._superseded()):
                self._arrival = arrival
                self._served = max(self._served, serial)
        return True

    def _superseded(self) -> bool:
        """Something newer is wished than what is being made."""
        return self._closing or any(not isinstance(wish, By) for wish in self._wishes)

    def _unpack_ahead(self) -> bool:
        """Have the block at the moment shown, and the one after it, ready to be played."""
        records = self.records
        if self._seeking or records >= self.tape.records:
            return False
        block = self.tape.block_of(records)
        for wanted in (block, block + 1):
            if wanted < self.tape.blocks and wanted not in self._ahead:
                kept = {near: part for near, part in self._ahead.items() if near >= block}
                self._ahead = {**kept, wanted: self.tape.load(wanted)}
                return True
        return False


def _time(record: Record) -> int:
    return record[0]
