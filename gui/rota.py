"""Whose turn it is. What moves is painted in every frame; words and figures are read more slowly, so they
take turns, and no frame pays for more of them than it can.

Whoever is due for the longest time goes first, then whoever still fits: what a turn costs is known from those
before it. One that is overdue has its turn in any case: a slow machine shows everything later, but nothing
never.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from core.model.cluster_view import ClusterView

ALLOWANCE_NS = 1_600_000
"""CPU time of a frame, all that went before included, that turns may fill; painting comes on top."""
PATIENCE_NS, LATE_ALLOWANCE_NS = 60_000_000, 1_200_000
"""For one who is due for longer than this, whatever it costs, a frame need only have cost less before …"""
LAST_PATIENCE_NS = 250_000_000
"""… and who is due for longer than this does not care what the frame has cost."""

HURRY_NS = 100_000_000

Show = Callable[[ClusterView], None]


@dataclass(slots=True)
class _Turn:
    seen: Callable[[], bool]
    show: Show
    every_ns: int
    due_ns: int = 0
    costs_ns: int = 0
    """What a turn may cost: the most of the last ones, of which older ones count less."""


class Rota:
    """Everybody who is shown now and then."""

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._clock = clock
        self._turns: list[_Turn] = []

    def add(self, seen: Callable[[], bool], show: Show, times_per_s: float) -> None:
        """One more, shown so often at most, and only while `seen`."""
        self._turns.append(_Turn(seen, show, round(1e9 / times_per_s)))

    def hurries(self) -> bool:
        """Somebody who is seen wants to be shown smoothly: ten times a second and oftener."""
        return any(0 < turn.every_ns < HURRY_NS and turn.seen() for turn in self._turns)

    def behind(self, since_ns: int) -> bool:
        """Somebody who is seen has not had a turn since then."""
        return any(turn.due_ns - turn.every_ns < since_ns and turn.seen() for turn in self._turns)

    def go_round(self, view: ClusterView, spent_ns: Callable[[], int]) -> None:
        """Let some of those who are due show the view. `spent_ns`: what the frame has cost by now."""
        now_ns = self._clock()
        due = sorted(
            (turn for turn in self._turns if turn.due_ns <= now_ns and turn.seen()), key=lambda t: t.due_ns
        )
        nobody_yet = True
        for turn in due:
            before_ns, late_ns = spent_ns(), now_ns - turn.due_ns
            allowed_ns = LATE_ALLOWANCE_NS if late_ns > PATIENCE_NS else 0
            overdue = late_ns > LAST_PATIENCE_NS or before_ns < allowed_ns
            if before_ns + turn.costs_ns <= ALLOWANCE_NS or (nobody_yet and overdue):
                nobody_yet = False
                turn.due_ns = now_ns + turn.every_ns
                turn.show(view)
                turn.costs_ns = max(spent_ns() - before_ns, turn.costs_ns * 3 // 4)
