"""`diff R1 R2` in the console: where two replicas stand, from which number on they differ, and in what."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.errors import UsageError
from core.ids import replica_name
from core.model.cluster_view import ClusterView, ReplicaCard, ReplicaState
from core.model.data_diff import DataDiff
from core.model.parting import parting
from core.session.rebuilt import RebuiltData
from gui.comparing import Comparing
from gui.held import AskedData, held_now
from gui.intents import Intents
from gui.stage.wording import digest_text

_MOST_ROWS = 12
_PATIENCE_S = 6.0
"""Without a page that is new for so long, nobody answers any more."""

Write = Callable[[str, str], None]
"""Writes a line: the role of its colour, and its words."""


class DiffLines:
    """Writes at once what is known, and the rest when the data came."""

    def __init__(self, intents: Intents, rebuilt: RebuiltData | None, write: Write) -> None:
        self._intents = intents
        self._rebuilt = rebuilt
        self._write = write
        self._comparing: Comparing | None = None
        self._missing = 0
        self._patient_until = 0.0

    @property
    def busy(self) -> bool:
        """A comparison is under way."""
        return self._comparing is not None

    def begin(self, one: int, other: int) -> None:
        """Compare two replicas. Raises UsageError when there is nothing to compare."""
        view, cards = self._intents.view, (self._intents.replica(one), self._intents.replica(other))
        left, right = cards
        if view is None or left is None or right is None:
            raise UsageError("There is nothing to compare yet.", "Wait until the replicas are up.")
        for card in (left, right):
            self._write("text", f"{replica_name(card.replica)} {_standing(card)}")
        self._write("text", parting(left, right))
        self._comparing = None
        sides = [held_now(self._intents, card, self._rebuilt) for card in (left, right)]
        for card, held in zip((left, right), sides, strict=True):
            if isinstance(held, AskedData) and not self._can_tell(card):
                self._write("muted", f"What {replica_name(card.replica)} holds cannot be asked now.")
                return
        self._comparing = Comparing(sides[0], sides[1], view.now_ns)
        self._missing, self._patient_until = 0, time.monotonic() + _PATIENCE_S

    def show_view(self, view: ClusterView) -> None:
        """Go on with the comparison, and write what came of it."""
        if self._comparing is None:
            return
        diff = self._comparing.look(view)
        if not diff.missing:
            self._tell(self._comparing, diff)
            self._comparing = None
        elif len(diff.rows) + len(diff.missing) != self._missing:
            self._missing = len(diff.rows) + len(diff.missing)
            self._patient_until = time.monotonic() + _PATIENCE_S
        elif time.monotonic() > self._patient_until:
            silent = {self._comparing.sides[side].replica for side, _, _ in diff.missing}
            names = " and ".join(map(replica_name, sorted(silent)))
            self._write("warn", f"{names} did not answer: what was not told is not compared.")
            self._tell(self._comparing, DataDiff(diff.rows, [], diff.cut, diff.numbers))
            self._comparing = None

    def _can_tell(self, card: ReplicaCard) -> bool:
        return self._intents.can_ask and card.state not in (ReplicaState.DEAD, ReplicaState.STARTING)

    def _tell(self, comparing: Comparing, diff: DataDiff) -> None:
        differing = [row for row in diff.rows if row.differs]
        names = [held.name for held in comparing.sides]
        for row in differing[:_MOST_ROWS]:
            path = row.path.replace("/", " / ")
            self._write("bad", f"≠ {path}: {names[0]} {row.left} · {names[1]} {row.right}")
        if len(differing) > _MOST_ROWS:
            self._write("muted", f"and {len(differing) - _MOST_ROWS:,} more: D compares them in a window.")
        self._write("text" if differing else "ok", diff.words)


def _standing(card: ReplicaCard) -> str:
    state = f"{card.state.value} {card.detail}".rstrip()
    return f"expects #{card.expected}, digest {digest_text(card.digest)} · {state}"
