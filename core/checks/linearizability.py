"""The search for a linearization: an order of all requests in which every answer is the service's own, and
in which no request that returned before another was called comes after it (Herlihy and Wing 1990).

Wing and Gong (1993) try every request that may come first, then every one that may follow, and go back when
a request must have taken effect and cannot have. Lowe ("Testing for linearizability", 2017) remembers which
pairs (requests taken, state) led nowhere, and keeps calls and returns in one linked list: what may come
next stands before the first return in it, and going back puts a request where it was. Two things are added:

- A request that *observes* (a read, a refusal) and is right in this state is taken at once and for good. It
  changes nothing, so whatever can follow without it can follow with it. (In the state that stands for all
  states it tells something, and is tried like any other.)
- All end states are found, not one, so that a long history may be searched window after window: a window
  begins in every state in which the one before may have ended.

Here are no clock and no sequence number; a `Budget` says how long to search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from core.checks.history import Call
from core.checks.sequential import IMPOSSIBLE, Move, State, Step

ENDS_AT_MOST = 64
"""End configurations kept of a window; when there are more, the rest is not known."""
_GRANT = 256


class Verdict(StrEnum):
    """What can be said of a history."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"  # out of time


class Part(StrEnum):
    """What part a request plays in the search."""

    STRICT = "strict"  # takes effect once, before it returns
    ONCE = "once"  # takes effect at most once, ever after its call: nobody knows more
    LOOSE = (
        "loose"  # takes effect as often as one likes: it was taken out of the history (core.checks.conflict)
    )


class Item(NamedTuple):
    """A request as the search handles it."""

    call: Call
    move: Move
    part: Part = Part.STRICT
    claim: int = 0
    """Its place in an order that somebody claims to explain everything; 0 when nobody does."""


class Configuration(NamedTuple):
    """A point in the search: which items are taken (a bit mask by place), and the state then."""

    taken: int
    state: State


@dataclass(slots=True)
class Budget:
    """How long to search: `steps`, and until `late` (a wall clock, say) tells that time is up."""

    steps: int
    late: Callable[[], bool] | None = None

    def grant(self) -> int:
        """So many steps more may be made; 0 when time is up."""
        if self.steps <= 0 or (self.late is not None and self.late()):
            self.steps = 0
            return 0
        granted = min(_GRANT, self.steps)
        self.steps -= granted
        return granted


class Found(NamedTuple):
    """Where a window can have ended. `complete`: nowhere else."""

    ends: set[Configuration]
    complete: bool


def search(
    items: Sequence[Item],
    starts: Iterable[Configuration],
    until_ns: int,
    budget: Budget,
    ends_at_most: int = ENDS_AT_MOST,
) -> Found:
    """All configurations in which everything that returned up to `until_ns` has taken effect, from any of
    `starts`, and as few of the others as that needs. `items` are in the order of their calls."""
    searched = _Search(items, until_ns, budget, ends_at_most)
    for start in starts:
        if not searched.explore(start):
            return Found(searched.ends, False)
    return Found(searched.ends, True)


def follow(items: Sequence[Item], starts: Iterable[Configuration], until_ns: int) -> Configuration | None:
    """The configuration that the claimed order leads to from one of `starts`; None when it explains nothing.

    It is tried like any other order: every answer must be right in it, and nothing may come after what was
    called when it had returned already. So a claim can make the search shorter, and never wrong.
    """
    must = [item for item in items if item.part is Part.STRICT and item.call.returned_ns <= until_ns]
    if not all(item.claim for item in must):
        return None
    last = max((item.claim for item in must), default=0)
    claimed = [(item.claim, place) for place, item in enumerate(items) if 0 < item.claim <= last]
    claimed.sort()
    for taken, state in starts:
        latest_ns = 0
        for _, place in claimed:
            item = items[place]
            if taken >> place & 1:
                continue
            state = item.move.step(state)
            latest_ns = max(latest_ns, item.call.called_ns)
            if state is IMPOSSIBLE or item.call.returned_ns < latest_ns:
                break
            if item.call.returned_ns > until_ns:
                taken |= 1 << place
        else:
            return Configuration(taken, state)
    return None


class _Search:
    """Calls and returns as entries of a linked list, in the order of time; a call stands before a return at
    the same moment, so that the two requests are concurrent. Entry 0 is the list's head, the last its end."""

    def __init__(self, items: Sequence[Item], until_ns: int, budget: Budget, ends_at_most: int) -> None:
        self._budget = budget
        self._fuel = 0
        self._ends_at_most = ends_at_most
        self._seen: set[tuple[int, State]] = set()
        self.ends: set[Configuration] = set()
        events = [(item.call.called_ns, 0, place) for place, item in enumerate(items)]
        for place, item in enumerate(items):
            if item.part is Part.STRICT and item.call.returned_ns <= until_ns:
                events.append((item.call.returned_ns, 1, place))
        events.sort()
        self._end = len(events) + 1
        self._must = 0  # the items that have to be taken
        self._steps: list[Step | None] = [None] * (self._end + 1)  # of a call
        self._observes = [False] * (self._end + 1)
        self._bits = [0] * (self._end + 1)
        self._needs = [0] * (self._end + 1)  # what has to be taken before
        self._returns = [0] * (self._end + 1)  # a call's return, 0 when there is none
        self._after: list[int] = []
        self._before: list[int] = []
        calls: dict[int, int] = {}
        twins: dict[bytes, int] = {}
        for entry, (_, is_return, place) in enumerate(events, start=1):
            item = items[place]
            self._bits[entry] = 0 if item.part is Part.LOOSE else 1 << place
            if is_return:
                self._returns[calls[place]] = entry
                self._must |= 1 << place
                continue
            calls[place] = entry
            self._steps[entry], self._observes[entry] = item.move.step, item.move.observes
            if item.call.outcome is None and item.part is not Part.LOOSE:
                # equal requests of unknown fate are as good as each other: the one called first goes first
                self._needs[entry] = twins.get(item.call.operation, 0)
                twins[item.call.operation] = 1 << place

    def explore(self, start: Configuration) -> bool:
        """Search from one configuration. False when the search was cut short."""
        taken, state = start
        if (taken, state) in self._seen:
            return True
        steps, bits, needs, seen = self._steps, self._bits, self._needs, self._seen
        self._link(taken)
        following = self._after
        stack: list[tuple[int, int, State, bool]] = []
        entry, sure = self._enter(taken, state)
        while entry >= 0:
            step = steps[entry]
            while step is not None:
                if not needs[entry] & ~taken:
                    then = step(state)
                    if then is not IMPOSSIBLE and (taken | bits[entry], then) not in seen:
                        break
                if sure:
                    step = None
                else:
                    entry = following[entry]
                    step = steps[entry]
            if step is not None:
                stack.append((entry, taken, state, sure))
                self._take(entry)
                taken, state = taken | bits[entry], then
                entry, sure = self._enter(taken, state)
                continue
            sure = True
            while sure:  # at a return (or the end): go back to where there was a choice
                if not stack:
                    return True
                entry, taken, state, sure = stack.pop()
                self._put_back(entry)
            entry = following[entry]
        return False

    def _enter(self, taken: int, state: State) -> tuple[int, bool]:
        """A new configuration: the entry to try first, and whether it is the only one to try. (-1: stop.)"""
        self._seen.add((taken, state))
        if self._fuel == 0:
            self._fuel = self._budget.grant()
            if self._fuel == 0:
                return -1, False
        self._fuel -= 1
        if self._must & ~taken == 0:
            self.ends.add(Configuration(taken & ~self._must, state))
            return (self._end if len(self.ends) < self._ends_at_most else -1), False
        entry = self._after[0]
        step = self._steps[entry]
        while step is not None:
            if self._observes[entry] and step(state) == state:
                return entry, True
            entry = self._after[entry]
            step = self._steps[entry]
        return self._after[0], False

    def _link(self, taken: int) -> None:
        """The list of everything that is not taken yet."""
        kept = [0, *(entry for entry in range(1, self._end) if not self._bits[entry] & taken), self._end]
        self._after, self._before = [0] * (self._end + 1), [0] * (self._end + 1)
        for entry, following in pairwise(kept):
            self._after[entry], self._before[following] = following, entry

    def _take(self, entry: int) -> None:
        """Take a call and its return out of the list; what may happen more than once stays."""
        if not self._bits[entry]:
            return
        after, before = self._after, self._before
        left, right = before[entry], after[entry]
        after[left], before[right] = right, left
        if entry := self._returns[entry]:
            left, right = before[entry], after[entry]
            after[left], before[right] = right, left

    def _put_back(self, entry: int) -> None:
        """Undo `_take`; always in the opposite order."""
        if not self._bits[entry]:
            return
        after, before = self._after, self._before
        if back := self._returns[entry]:
            after[before[back]] = before[after[back]] = back
        after[before[entry]] = before[after[entry]] = entry
