"""From a window that no order explains to the few requests that conflict.

*Taking a request out* means to forget that it must have happened: it may then have taken effect at any time
after its call, once, more often or never (with the answer that it gave, if it did). So a write that is taken
out still explains what others read, and what remains in conflict is in conflict for a reason of its own. A
set is *minimal* when it conflicts while all other requests of the window are taken out, and does not any more
when any one of its own is taken out too. A request of which nobody knows the outcome demands nothing: it
stays as it is, and is not shown.

What is taken out only ever makes more possible. So a set that conflicts stays in conflict when requests are
added, and it is enough to try each request once, in ever smaller bundles (the deletion filter for minimal
unsatisfiable sets; Chinneck and Dravnieks 1991).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.checks.history import Call
from core.checks.linearizability import Budget, Configuration, Item, Part, search
from core.checks.sequential import State
from core.errors import RemoteProtocolError
from core.facts import ConflictCall
from core.ids import RequestId
from core.services.calls import outcome_words

SHOWN_CALLS = 8
SHOWN_STATES = 3


@dataclass(frozen=True, slots=True)
class Conflict:
    """Requests that cannot all have been answered as they were, whatever the rest of the window did."""

    part: str
    """The part of the service's state that they concern (`Move.part`)."""
    starts: tuple[State, ...]
    """What that part may have held when the window began."""
    calls: tuple[Call, ...]
    """In the order of their calls."""
    minimal: bool
    """Each of them is needed; False when there was no time to try them all."""
    unknown: tuple[Call, ...] = ()
    """Requests of the same part, called by then, of which nobody knows whether they took effect: even they
    do not explain the answers."""


def conflict_words(
    conflict: Conflict, words: Callable[[bytes], str], state_words: Callable[[State], str]
) -> tuple[str, str]:
    """Both sides for a person: what should be, and what is. `words` turns an operation into a call."""
    held = " or ".join(map(state_words, conflict.starts[:SHOWN_STATES]))
    more = " or more" if len(conflict.starts) > SHOWN_STATES else ""
    expected = f"an order of these in which {conflict.part} ({held}{more} before) gives these answers"
    told = [
        f"{call.request} {words(call.operation)} → {_answer(call.outcome)}"
        for call in conflict.calls[:SHOWN_CALLS]
    ]
    left = len(conflict.calls) - SHOWN_CALLS
    return expected, "; ".join(told) + (f"; and {left:,} more" if left > 0 else "")


def conflict_calls(
    conflict: Conflict, shown: Mapping[RequestId, int], words: Callable[[bytes], str]
) -> tuple[ConflictCall, ...]:
    """The requests to draw. `shown`: their sequence numbers, as far as they are known."""
    return tuple(
        ConflictCall(
            *call.request,
            shown.get(call.request, 0),
            call.called_ns,
            0 if call.outcome is None else call.returned_ns,
            words(call.operation),
            "" if call.outcome is None else _answer(call.outcome),
        )
        for call in (*conflict.calls[:SHOWN_CALLS], *conflict.unknown)
    )


def _answer(outcome: bytes | None) -> str:
    if outcome is None:
        return "unknown"
    try:
        return outcome_words(outcome)
    except RemoteProtocolError:
        return f"no answer ({outcome[:20].hex()})"


def smallest_conflict(
    part: str,
    items: Sequence[Item],
    starts: Sequence[Configuration],
    until_ns: int,
    budget: Callable[[], Budget],
) -> Conflict:
    """The requests to show of a window in which the search found no end. `budget` gives one for each try."""
    until_ns, minimal = _first_end(items, starts, until_ns, budget)
    items = [item for item in items if item.call.called_ns <= until_ns]
    strict = [place for place, item in enumerate(items) if item.call.outcome is not None]
    out: set[int] = set()
    size = max(1, len(strict) // 2)
    while True:
        for at in range(0, len(strict), size):
            bundle = strict[at : at + size]
            conflicts = _conflicts(items, starts, until_ns, out.union(bundle), budget())
            if conflicts:
                out.update(bundle)
            elif conflicts is None and size == 1:
                minimal = False
        strict = [place for place in strict if place not in out]
        if size == 1:
            break
        size = max(1, min(size // 2, len(strict) // 2))
    calls = tuple(items[place].call for place in strict)
    states = tuple(dict.fromkeys(start.state for start in starts))
    unknown = [item.call for item in items if item.call.outcome is None and not item.move.observes]
    return Conflict(part, states, calls, minimal, tuple(unknown[:SHOWN_CALLS]))


def _first_end(
    items: Sequence[Item], starts: Sequence[Configuration], until_ns: int, budget: Callable[[], Budget]
) -> tuple[int, bool]:
    """The first return that cannot be explained, and whether it surely is the first."""
    ends = sorted({item.call.returned_ns for item in items if _must(item, until_ns)})
    low, high, sure = 0, len(ends) - 1, True
    while low < high:
        middle = (low + high) // 2
        conflicts = _conflicts(items, starts, ends[middle], frozenset(), budget())
        if conflicts:
            high = middle
        else:
            sure = sure and conflicts is False
            low = middle + 1
    return (ends[high] if ends else until_ns), sure


def _must(item: Item, until_ns: int) -> bool:
    return item.part is Part.STRICT and item.call.returned_ns <= until_ns


def _conflicts(
    items: Sequence[Item],
    starts: Sequence[Configuration],
    until_ns: int,
    out: set[int] | frozenset[int],
    budget: Budget,
) -> bool | None:
    """Whether no order is left when those in `out` are taken out; None: no time to find out."""
    kept: list[Item] = []
    bits: list[tuple[int, int]] = []  # the bit of an item before and now
    for place, item in enumerate(items):
        if item.call.called_ns > until_ns:
            continue
        if place in out:
            if item.move.observes:
                continue
            item = item._replace(part=Part.LOOSE)
        bits.append((1 << place, 0 if item.part is Part.LOOSE else 1 << len(kept)))
        kept.append(item)
    begun = {Configuration(sum(new for old, new in bits if taken & old), state) for taken, state in starts}
    found = search(kept, sorted(begun, key=lambda one: one.taken), until_ns, budget, ends_at_most=1)
    if found.ends:
        return False
    return True if found.complete else None
