"""Happens-before over rows of the space-time diagram (Lamport 1978, “Time, clocks, and the ordering of events
in a distributed system”).

An event precedes what comes later at its own node, and a message's sending precedes its arrival; nothing else
is ordered. So what follows an event is known by one number per node, the moment from which on everything
there may depend on it; and a message that leaves after that moment carries it to where it arrives. What
precedes an event is the same, backwards. Rows that are neither are *concurrent* with it.

One pass over the rows in the order of their sendings (or arrivals, backwards) is enough, for no message
arrives before it was sent.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.model.lines import OPEN_NS, Columns, Fate, Ints

Mask = npt.NDArray[np.bool_]


class Cone(NamedTuple):
    """For each of some rows: whether it precedes the event, or follows from it."""

    past: Mask
    future: Mask


def cone(columns: Columns, rows: Ints, node: int, time_ns: int) -> Cone:
    """Past and future of what happened at `node` at `time_ns`, among the rows given (indices).

    A message belongs to the past when it arrived there, and to the future when it left there. One that was
    lost, or that is under way, carries nothing on.
    """
    left, right = columns.left_ns[rows], columns.right_ns[rows]
    source, target = columns.source[rows], columns.target[rows]
    arrived = columns.fate[rows] == Fate.ARRIVED
    return Cone(
        _past(left, right, source, target, arrived, node, time_ns),
        _future(left, right, source, target, arrived, node, time_ns),
    )


def _future(
    left: Ints, right: Ints, source: npt.NDArray[np.uint8], target: npt.NDArray[np.uint8], arrived: Mask,
    node: int, time_ns: int,
) -> Mask:  # fmt: skip
    since = {node: time_ns}
    mask = np.zeros(len(left), np.bool_)
    for place in np.lexsort((right, left)).tolist():
        if left[place] < since.get(int(source[place]), OPEN_NS):
            continue
        mask[place] = True
        there, at_ns = int(target[place]), int(right[place])
        if arrived[place] and at_ns < since.get(there, OPEN_NS):
            since[there] = at_ns
    return mask


def _past(
    left: Ints, right: Ints, source: npt.NDArray[np.uint8], target: npt.NDArray[np.uint8], arrived: Mask,
    node: int, time_ns: int,
) -> Mask:  # fmt: skip
    until = {node: time_ns}
    mask = np.zeros(len(left), np.bool_)
    for place in np.lexsort((left, right))[::-1].tolist():
        if not arrived[place] or right[place] > until.get(int(target[place]), -1):
            continue
        mask[place] = True
        there, at_ns = int(source[place]), int(left[place])
        if at_ns > until.get(there, -1):
            until[there] = at_ns
    return mask
