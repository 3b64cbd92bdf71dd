"""Where the diagram's rows come from: the event log while the present is shown, the recording otherwise."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

from core.model.lines import Columns
from core.model.space_time import SpaceTime
from core.session.space_time_reader import SpaceTimeReader
from core.trace.events import EventLog

CATCH_UP_RECORDS = 40_000
"""Of what happened before the diagram was opened, so much is shown; more would keep the window busy."""
_HELPING_RECORDS = 64


class Feed(Protocol):
    """Rows and bands that grow by themselves."""

    @property
    def model(self) -> SpaceTime:
        """What was read."""

    def columns(self) -> Columns:
        """The rows by now."""

    def work(self, budget_ns: int) -> None:
        """Read on for so long at most."""

    @property
    def behind(self) -> int:
        """Records that are known and were not read yet."""

    def ask(self, time_ns: int) -> None:
        """This moment is looked at."""

    def close(self) -> None:
        """Nobody looks any more."""


class LiveFeed:
    """Follows an event log, a little in every frame. What the log dropped meanwhile is missing."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.model = SpaceTime()
        self._next = max(log.first, log.end - CATCH_UP_RECORDS)

    def columns(self) -> Columns:
        """The rows by now."""
        return self.model.columns()

    def work(self, budget_ns: int) -> None:
        """Read on for so long at most."""
        deadline_ns = time.perf_counter_ns() + budget_ns
        log = self._log
        self._next = max(self._next, log.first, log.end - CATCH_UP_RECORDS)
        while self._next < log.end and time.perf_counter_ns() < deadline_ns:
            upto = min(log.end, self._next + _HELPING_RECORDS)
            self.model.feed([log.record(position) for position in range(self._next, upto)])
            self._next = upto

    @property
    def behind(self) -> int:
        """Records of the log that were not read yet."""
        return self._log.end - self._next

    def ask(self, time_ns: int) -> None:
        """All of it is there."""

    def close(self) -> None:
        """Nothing to let go of."""


class RecordedFeed:
    """Follows a recording, which a thread of its own reads."""

    def __init__(self, path: Path) -> None:
        self._reader = SpaceTimeReader(path)

    @property
    def model(self) -> SpaceTime:
        """What was read."""
        return self._reader.model

    def columns(self) -> Columns:
        """The rows by now."""
        return self._reader.columns()

    behind = 0

    def work(self, budget_ns: int) -> None:
        """The thread does it."""

    def ask(self, time_ns: int) -> None:
        """Have the part in which this moment is."""
        self._reader.ask(time_ns)

    def close(self) -> None:
        """End the thread."""
        self._reader.close()


class NoFeed:
    """Before anything is shown."""

    def __init__(self, model: SpaceTime | None = None) -> None:
        self.model = model or SpaceTime()

    def columns(self) -> Columns:
        """The rows by now."""
        return self.model.columns()

    behind = 0

    def work(self, budget_ns: int) -> None:
        """Nothing comes."""

    def ask(self, time_ns: int) -> None:
        """Nothing else is there."""

    def close(self) -> None:
        """Nothing to let go of."""
