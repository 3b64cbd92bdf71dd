"""The space-time of a recording, read on a thread of its own, from around the moment that is looked at.

Of a long recording one window is kept: it begins a little before that moment and goes on until it has
`MAX_ROWS` rows, or until the recording ends. A moment outside of it is another window. What was wrong with
a replica when the window begins, and began before, is not known in it.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from itertools import islice
from pathlib import Path

from core.errors import RecordingError
from core.model.lines import MAX_ROWS, Columns
from core.model.space_time import SpaceTime
from core.session.tape import FileTape

BEFORE_RECORDS = 12_000
"""Records of a window before the moment that was asked for: under full load some 400,000 rows, so that the
moment lies within."""
HELPING_RECORDS = 64
"""Taken at once: so long a picture waits at most, under 1 ms."""
REST_SHARE = 0.5
"""Of the time that reading took: window and engine want the interpreter as well."""


class SpaceTimeReader:
    """Reads one file. `ask` and `columns` belong to the window's thread."""

    def __init__(self, path: Path, max_rows: int = MAX_ROWS) -> None:
        self._path = path
        self._max_rows = max_rows
        self.model = SpaceTime(max_rows)
        self._rows = 0
        self._whole = False  # the window begins where the recording begins
        self._wanted_ns = 0
        self._block = -1  # the next one to be read; -1: a window is to be found
        self._closing = self._idle = False
        self._changed = threading.Condition()
        self._feeding = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="space-time", daemon=True)
        self._thread.start()

    def ask(self, time_ns: int) -> None:
        """Have the window in which this moment is; what is there by now is read on."""
        with self._changed:
            model = self.model
            earlier = time_ns < model.start_ns and not self._whole
            later = time_ns > model.end_ns
            if earlier or (later and self._idle):
                if model.end_ns and (earlier or self._full):
                    self._block = -1
                self._wanted_ns, self._idle = time_ns, False
                self._changed.notify()

    def columns(self) -> Columns:
        """The rows read by now."""
        with self._feeding:
            return self.model.columns()

    @property
    def idle(self) -> bool:
        """Nothing is being read."""
        return self._idle

    def close(self) -> None:
        """Stop; returns at once."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    @property
    def _full(self) -> bool:
        return self._rows > self._max_rows * 3 // 4

    # --- its own thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        tape: FileTape | None = None
        while not self._closing:
            try:
                tape = tape or FileTape(self._path)
                more = self._read_on(tape)
            except (RecordingError, OSError):
                more = False  # the player says so; what was read stays
            with self._changed:
                if not more and not self._closing:
                    self._idle = True
                    self._changed.wait_for(lambda: self._closing or not self._idle)

    def _read_on(self, tape: FileTape) -> bool:
        """Read one block; false when there is nothing more to read."""
        began_s = time.monotonic()
        while tape.grow() and not self._closing:
            pass
        if self._block < 0 and tape.blocks:
            self._block = self._first_block(tape)
            self._whole = self._block == 0
            with self._feeding:
                self.model, self._rows = SpaceTime(self._max_rows), 0
        if not 0 <= self._block < tape.blocks or self._full:
            return False
        pending = iter(tape.load(self._block))
        self._block += 1
        while not self._closing and (helping := list(islice(pending, HELPING_RECORDS))):
            with self._feeding:
                self.model.feed(helping)
        self._rows = len(self.columns().left_ns)
        with self._changed:
            self._changed.wait_for(lambda: self._closing, (time.monotonic() - began_s) * REST_SHARE)
        return True

    def _first_block(self, tape: FileTape) -> int:
        starts = [tape.first_ns(block) for block in range(tape.blocks)]
        block = max(0, bisect_right(starts, self._wanted_ns) - 1)
        return tape.block_of(max(0, tape.first_record(block) - BEFORE_RECORDS))
