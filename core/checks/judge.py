"""Judges a history window by window, and part by part (`core.checks.sequential`).

A window begins in every configuration in which the one before can have ended; requests that are still open
at its end are carried over, taken or not. Judging windows one after the other is then the same as judging
the whole at once, and costs memory for one window only.

Where the search was cut short (out of time), or where requests were not looked at, nothing is held against
what follows: the part goes on in the state that stands for all states, and what was open then may or may not
have taken effect. A service without such a state is not judged any further in that part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from core.checks.conflict import Conflict, smallest_conflict
from core.checks.history import FOREVER, Call
from core.checks.linearizability import (
    ENDS_AT_MOST,
    Budget,
    Configuration,
    Found,
    Item,
    Part,
    Verdict,
    follow,
    search,
)
from core.checks.sequential import Model, State
from core.ids import RequestId

CHUNK_REQUESTS = 64
"""Requests of one part that are searched together, if few are open after so many; at most twice that."""
KEPT_CONFLICTS = 20
THE_END_NS = FOREVER - 1
"""Nothing is called after this moment, and nothing else returns: a window up to here is the last."""
NOBODY: Mapping[RequestId, int] = {}
"""Claims no order."""


@dataclass(slots=True)
class _Standing:
    """Where a part stands between two chunks."""

    items: list[Item]  # open: they may still take effect
    configurations: list[Configuration]
    complete: bool = True  # it can be in no other configuration
    lost: bool = False


@dataclass(slots=True)
class Judgement:
    """What was found so far. Requests that constrain nothing (such as sessions) count as checked."""

    checked: int = 0
    unjudged: int = 0
    violations: int = 0
    """Chunks that no order explains; the first of them are in `conflicts`."""
    conflicts: list[Conflict] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """INVALID as soon as one conflict was found, VALID only when every request was judged."""
        if self.violations:
            return Verdict.INVALID
        return Verdict.UNKNOWN if self.unjudged else Verdict.VALID


class Judge:
    """Fed with the windows of one history, in their order."""

    def __init__(
        self,
        model: Model,
        budget: Callable[[], Budget] | None = None,
        kept_conflicts: int = KEPT_CONFLICTS,
    ) -> None:
        """`budget` gives the budget of each search (by default the model's steps), and as much again for
        each try to make a conflict smaller. The first `kept_conflicts` chunks that no order explains
        are searched for their smallest conflict."""
        self._model = model
        self._budget = budget or (lambda: Budget(model.steps))
        self._kept_conflicts = kept_conflicts
        self._parts: dict[str, _Standing] = {}
        self._open: set[str] = set()  # parts with requests that have not returned yet
        self._first: State | None = model.start
        self._lost = False  # parts that were not seen yet cannot be judged any more
        self._resumed_ns = -1
        self.judgement = Judgement()

    @property
    def gave_up(self) -> bool:
        """Nothing that follows can be judged: requests were missed, and the service has no state that stands
        for all states."""
        return self._lost and all(standing.lost for standing in self._parts.values())

    def judge(
        self, calls: Iterable[Call], until_ns: int = THE_END_NS, claimed: Mapping[RequestId, int] = NOBODY
    ) -> list[Conflict]:
        """Judge the next window: all requests called up to `until_ns` and after the window before. Gives the
        conflicts found in it.

        `claimed` is an order in which somebody says they took effect, by place from 1. It is believed in
        nothing: where the search is cut short, that order is tried as well.
        """
        known = len(self.judgement.conflicts)
        parts: dict[str, list[Item]] = {part: [] for part in self._open}
        for call in calls:
            move = self._model.move(call.operation, call.outcome)
            if move is None:
                self.judgement.checked += 1
            else:
                once = call.called_ns <= self._resumed_ns
                item = Item(call, move, Part.ONCE if once else Part.STRICT, claimed.get(call.request, 0))
                parts.setdefault(move.part, []).append(item)
        for part, items in parts.items():
            items.sort(key=_called)
            self._judge_part(part, items, until_ns)
        return self.judgement.conflicts[known:]

    def missed(self, requests: int, until_ns: int) -> None:
        """So many requests are not looked at: what returned before `until_ns` is in no window. What was still
        open then must be in the next one; it may have taken effect already."""
        self.judgement.unjudged += requests
        self._resumed_ns = until_ns
        self._first = self._model.anything
        self._lost = self._model.anything is None
        for standing in self._parts.values():
            self._forget(standing)

    def _judge_part(self, part: str, items: list[Item], until_ns: int) -> None:
        standing = self._parts.get(part)
        if standing is None:
            standing = self._parts[part] = _Standing([], [Configuration(0, self._first)], lost=self._lost)
        while True:
            size = _cut(items)
            until = until_ns if size == len(items) else items[size - 1].call.called_ns
            self._judge_chunk(part, standing, items[:size], until)
            items = items[size:]
            if not items:
                break
        if standing.items:
            self._open.add(part)
        else:
            self._open.discard(part)

    def _judge_chunk(self, part: str, standing: _Standing, new: list[Item], until_ns: int) -> None:
        if standing.lost:
            self.judgement.unjudged += len(new)
            return
        items = standing.items + new  # in the order of their calls, and the carried ones in their places
        found = self._search(items, standing.configurations, until_ns)
        judgement = self.judgement
        if found.ends:
            judgement.checked += len(new)
            standing.complete = standing.complete and found.complete
            _carry(standing, items, found.ends, until_ns)
            return
        if found.complete and standing.complete:
            judgement.checked += len(new)
            judgement.violations += 1
            if judgement.violations <= self._kept_conflicts:
                starts = standing.configurations
                judgement.conflicts.append(smallest_conflict(part, items, starts, until_ns, self._budget))
        else:
            judgement.unjudged += len(new)
        _carry(standing, items, {Configuration(0, None)}, until_ns)
        self._forget(standing)

    def _search(self, items: list[Item], starts: list[Configuration], until_ns: int) -> Found:
        """Every way in which this stretch can end; where there are too many orders, the claimed one. Any one
        way will do for the last stretch of all: nothing begins where it ends."""
        many = len(items) > self._model.most_open and _open_at_once(items) > self._model.most_open
        if many and (claimed := follow(items, starts, until_ns)) is not None:
            return Found({claimed}, complete=False)
        last = until_ns >= THE_END_NS
        found = search(items, starts, until_ns, self._budget(), 1 if last else ENDS_AT_MOST)
        if last and found.ends:
            return found
        if not many and not found.complete and (claimed := follow(items, starts, until_ns)) is not None:
            return Found({claimed}, complete=False)
        return found

    def _forget(self, standing: _Standing) -> None:
        """Go on in any state; whatever is open may have taken effect already."""
        standing.items = [item._replace(part=Part.ONCE) for item in standing.items if not item.move.observes]
        standing.configurations = [Configuration(0, self._model.anything)]
        standing.complete = True
        standing.lost = self._model.anything is None


def _called(item: Item) -> int:
    return item.call.called_ns


def _open_at_once(items: list[Item]) -> int:
    """How many of `items` are open at one time, at most."""
    turns = [(item.call.called_ns, 1) for item in items] + [(item.call.returned_ns, -1) for item in items]
    return max(accumulate(change for _, change in sorted(turns)), default=0)


def _cut(items: list[Item]) -> int:
    """How many of `items` to search together: so that few are open at the end, best none."""
    if len(items) <= 2 * CHUNK_REQUESTS:
        return len(items)
    best, fewest = CHUNK_REQUESTS, len(items)
    latest: list[int] = []
    for place in range(2 * CHUNK_REQUESTS):
        called_ns = items[place + 1].call.called_ns
        latest.append(items[place].call.returned_ns)
        if place + 1 < CHUNK_REQUESTS or items[place].call.called_ns == called_ns:
            continue
        is_open = sum(returned_ns >= called_ns for returned_ns in latest)
        if is_open < fewest:
            best, fewest = place + 1, is_open
            if not fewest:
                break
    return best


def _carry(standing: _Standing, items: list[Item], ends: set[Configuration], until_ns: int) -> None:
    """Keep what is open, without what has taken effect in every configuration."""
    everywhere = -1
    for end in ends:
        everywhere &= end.taken
    places = [
        place
        for place, item in enumerate(items)
        if item.call.returned_ns > until_ns and not everywhere >> place & 1
    ]
    standing.items = [items[place] for place in places]
    kept = {
        Configuration(sum((taken >> place & 1) << new for new, place in enumerate(places)), state)
        for taken, state in ends
    }
    standing.configurations = sorted(kept, key=lambda one: one.taken)
