"""Finds the rows of the event log that a filter lets pass, newest first, a little at a time. No Qt here.

A person sees the newest screenful, so the search goes back from the newest record until it has enough; what
lies further back is looked at when somebody scrolls there. Under full load older records may be passed by
altogether: then the rows simply begin anew.
"""

from __future__ import annotations

import time

from core.trace.events import EventFilter, EventLog

_STEP = 32
MOST_ROWS = 5_000


class RowFinder:
    """Positions that pass, newest first, and how far the search has come: all of `lower … upper - 1`."""

    def __init__(self, log: EventLog, wanted: EventFilter) -> None:
        self._log = log
        self._wanted = wanted
        self.positions: list[int] = []
        self._lower = self._upper = log.end
        self._ahead: list[int] = []
        self._ahead_end = 0  # 0: no search for newer ones is under way
        self._cursor = 0

    @property
    def exhausted(self) -> bool:
        """Nothing older is left to look at, or enough was found for anybody."""
        return self._lower <= self._log.first or len(self.positions) >= MOST_ROWS

    def look_ahead(self, enough: int, budget_ns: int) -> bool:
        """Find what came since; false when time ran out before there was a screenful or the known rows."""
        deadline_ns = time.perf_counter_ns() + budget_ns
        if not self._ahead_end:
            if self._log.end == self._upper:
                return self.look_back(enough, budget_ns)
            self._ahead, self._ahead_end, self._cursor = [], self._log.end, self._log.end
        while self._cursor > self._upper and len(self._ahead) < enough:
            self._cursor = self._scan(self._cursor, max(self._upper, self._log.first), self._ahead)
            if time.perf_counter_ns() > deadline_ns:
                return False
        if self._cursor <= self._upper:
            self.positions = [*self._ahead, *self.positions][:MOST_ROWS]
        else:
            self.positions, self._lower = self._ahead, self._cursor
        self._upper, self._ahead_end = self._ahead_end, 0
        return self.look_back(enough, budget_ns)

    def look_back(self, enough: int, budget_ns: int) -> bool:
        """Find older rows until there are `enough`; false when time ran out before."""
        deadline_ns = time.perf_counter_ns() + budget_ns
        while len(self.positions) < enough and not self.exhausted:
            self._lower = self._scan(self._lower, self._log.first, self.positions)
            if time.perf_counter_ns() > deadline_ns:
                return len(self.positions) >= enough or self.exhausted
        return True

    def _scan(self, start: int, end: int, found: list[int]) -> int:
        """Look at some records below `start`, not below `end`; where it stopped."""
        stop = max(end, start - _STEP)
        passes, wanted = self._log.passes, self._wanted
        found.extend(position for position in range(start - 1, stop - 1, -1) if passes(position, wanted))
        return stop
