"""Strips: the last digests of each replica, comparable by eye.

Replicas that are near each other show the same window of sequence numbers. When they are nearly level it
ends at the furthest one (who is behind shows fewer cells), otherwise at the last number that all of them
have executed. The others, and who does not remember that any more, show their own last numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from core.model.replica import Replica

STRIP_CELLS = 16
LEVEL_NUMBERS = 8

Strip = tuple[int, tuple[int, ...]]


def strips_of(replicas: Iterable[Replica], near: list[Replica]) -> dict[int, Strip]:
    """Each replica's strip as (first number, digests), over a common window where they are near."""
    low = min((known.answered for known in near), default=1)
    high = max((known.answered for known in near), default=1)
    level = high - low <= LEVEL_NUMBERS
    strips: dict[int, Strip] = {}
    for known in replicas:
        if known not in near:
            last, first = known.answered - 1, known.answered - STRIP_CELLS
        elif level:
            last, first = known.answered - 1, high - STRIP_CELLS
        else:
            last, first = low - 1, low - STRIP_CELLS
        strips[known.replica] = _digests(known, first, last)
        if not strips[known.replica][1]:  # the others are too far behind: it is not remembered so long
            strips[known.replica] = _digests(known, known.answered - STRIP_CELLS, known.answered - 1)
    return strips


def _digests(known: Replica, first: int, last: int) -> Strip:
    try:
        return known.digests(max(1, first), last)
    except ValueError:
        return last + 1, ()


def odd_ones(near: list[Replica], strips: dict[int, Strip]) -> set[int]:
    """Replicas whose digest is not the most frequent one after the last number that all have executed. The
    digest is a chain: who differed once differs after every later number."""
    common = min((known.answered for known in near), default=1) - 1
    digests: dict[int, int] = {}
    for known in near:
        first, strip = strips[known.replica]
        if first <= common < first + len(strip):
            digests[known.replica] = strip[common - first]
    ranking = Counter(digests.values()).most_common(2)
    if len(ranking) < 2:
        return set()
    if ranking[0][1] == ranking[1][1]:
        named = {known.replica for known in near if known.diverged_seq}
        return named or set(digests)
    return {replica for replica, digest in digests.items() if digest != ranking[0][0]}
