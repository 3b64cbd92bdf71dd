"""What was announced lately, read backwards from the event log when somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TypeVar

from core.facts import Fact, FactUnion
from core.model.story import LOOKED_AT
from core.trace.events import EventLog
from core.trace.wire_log import UNREADABLE, Tap, decode_fact

_F = TypeVar("_F", bound=Fact)

_FACT = int(Tap.FACT)
_COUNTS = frozenset((b"\xa7chec", b"\xa7coun"))
"""Told ten times a second; nobody asks for them."""


class Past:
    """Facts of the log's newest records, the newest first."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    @cached_property
    def _facts(self) -> list[tuple[int, FactUnion]]:
        """Read when somebody asks for the first of them: many answers need none."""
        found: list[tuple[int, FactUnion]] = []
        for record in self._log.newest_first(LOOKED_AT):
            if record[1] == _FACT and record[4][1:6] not in _COUNTS:
                try:
                    found.append((record[0], decode_fact(record[4])))
                except UNREADABLE:
                    continue
        return found

    def all(self, kind: type[_F], replica: int = 0) -> Iterator[tuple[int, _F]]:
        """Every such fact (of this replica, unless 0) with its time, the newest first."""
        for time_ns, fact in self._facts:
            if isinstance(fact, kind) and (not replica or getattr(fact, "replica", 0) == replica):
                yield time_ns, fact

    def last(self, kind: type[_F], replica: int = 0) -> tuple[int, _F] | None:
        """The newest such fact with its time; None when there is none."""
        return next(self.all(kind, replica), None)
