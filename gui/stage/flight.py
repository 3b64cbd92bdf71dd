"""Where every message is at one moment, for all of them at once (arrays, no loop over points).

A message travels its way (`ways`), eased a little at both ends. One that waits for the user's word (`due_ns`
0) comes to rest near the middle of its link, in a queue in delivery order, which is that of a view's tokens:
the message that would be delivered first stands nearest to where it goes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.model.cluster_view import Token
from gui.stage.flight_rows import BEGIN, CLIENT, KIND, LOST, PACE, SAMPLED, SENT, WAITS, FlightRows
from gui.stage.layout import FRONT_END, StageLayout
from gui.stage.ways import HEADING, OPACITY, Ways, X, Y

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

SPACING = 27.0  # between messages that wait on one link, in base pixels
SETTLE_NS = 240_000_000
"""How long a message takes to come to rest where it waits."""

LOST_AT = 0.62
"""Part of the way after which a lost message is seen no more."""


class Flight(NamedTuple):
    """Messages at one moment; arrays of equal length, in the order of `tokens`."""

    tokens: tuple[Token, ...]
    points: Floats  # columns X, Y, HEADING (and the way's own OPACITY) of `ways`
    kind: Indices  # column in the atlas
    client: Indices
    opacity: Floats
    resting: npt.NDArray[np.bool_]  # waits for the user's word
    next_index: int  # which one is delivered next under step; −1 when none waits

    @property
    def x(self) -> Floats:
        """In device-independent pixels, as `y`."""
        return self.points[:, X]

    @property
    def y(self) -> Floats:
        """Downwards."""
        return self.points[:, Y]

    @property
    def heading(self) -> Indices:
        """0…ANGLES−1, clockwise from the right."""
        return self.points[:, HEADING].astype(np.intp)


_NONE = np.empty(0, np.intp)
NOTHING = Flight((), np.empty((0, 4)), _NONE, _NONE, np.empty(0), np.empty(0, np.bool_), -1)


@dataclass(frozen=True, slots=True)
class _Prepared:
    given: tuple[Token, ...]
    tokens: tuple[Token, ...]
    begin: Indices  # first point of each token's way
    sent_ns: Floats
    pace: Floats  # parts of the way per nanosecond
    goal: Floats | None  # how far along its way a token goes, 0…1; None: each to the end
    lost: npt.NDArray[np.bool_] | None
    sampled: npt.NDArray[np.bool_]
    resting: npt.NDArray[np.bool_]
    kind: Indices
    client: Indices
    next_index: int


class Routes:
    """Where the messages of a layout are."""

    def __init__(self, layout: StageLayout) -> None:
        self._scale = layout.scale
        self._ways = Ways(layout)
        self._rows = FlightRows(self._ways, SETTLE_NS)
        self._prepared = self._prepare(())

    def flight(self, tokens: tuple[Token, ...], now_ns: int) -> Flight:
        """Where `tokens` are at `now_ns` (the run's clock). Those of unknown nodes are left out."""
        known = self._prepared
        if known.given is not tokens:
            known = self._prepared = self._prepare(tokens)
        if not known.tokens:
            return NOTHING
        part = np.minimum(np.maximum((now_ns - known.sent_ns) * known.pace, 0.0), 1.0)
        way = part * (0.5 + part * (1.5 - part))  # half linear, half eased at both ends
        if known.goal is not None:
            way *= known.goal
        if known.lost is not None:
            way = np.where(known.lost, np.minimum(1.0, part / 0.7) * LOST_AT, way)
        points = self._ways.points.take((way * self._ways.last).astype(np.intp) + known.begin, axis=0)
        # of sampled ones some are there a little before they leave, and after they arrived
        opacity = points[:, OPACITY] * ((part > 0.0) & (part < 1.0) | ~known.sampled)
        if known.lost is not None:
            opacity = opacity * np.where(known.lost, np.clip((1.0 - part) / 0.18, 0.0, 1.0), 1.0)
        resting = known.resting & (part >= 1.0) if known.next_index >= 0 else known.resting
        return Flight(known.tokens, points, known.kind, known.client, opacity, resting, known.next_index)

    def _prepare(self, tokens: tuple[Token, ...]) -> _Prepared:
        """What does not change while these tokens travel."""
        known, columns = self._rows.gather(tokens)
        whole = columns[[BEGIN, KIND, CLIENT]].astype(np.intp)
        resting = columns[WAITS] > 0
        waiting = np.flatnonzero(resting).tolist()
        goal = None
        if waiting:
            goal = np.ones(len(known))
            for index, part in self._queues(known, waiting):
                goal[index] = part
        lost = columns[LOST] > 0
        return _Prepared(
            given=tokens,
            tokens=known,
            begin=whole[0],
            sent_ns=columns[SENT],
            pace=columns[PACE],
            goal=goal,
            lost=lost if lost.any() else None,
            sampled=columns[SAMPLED] > 0,
            resting=resting,
            kind=whole[1],
            client=whole[2],
            next_index=min(waiting, default=-1),
        )

    def _queues(self, tokens: Sequence[Token], waiting: list[int]) -> list[tuple[int, float]]:
        """How far along its link each waiting token (by index) comes to rest."""
        queues: defaultdict[tuple[str, bool], list[int]] = defaultdict(list)
        for index in waiting:
            token = tokens[index]
            queues[_outer(token), token.source == FRONT_END].append(index)
        result: list[tuple[int, float]] = []
        for (name, _), queue in queues.items():
            length = max(1.0, self._ways.lengths[name])
            step = min(SPACING * self._scale / length, 0.7 / max(1, len(queue) - 1))
            first = 0.5 + step * (len(queue) - 1) / 2
            result += [(index, first - step * place) for place, index in enumerate(queue)]
        return result


def _outer(token: Token) -> str:
    """The end of a token's way that is not the front end: it names the link."""
    return token.target if token.source == FRONT_END else token.source


def same(one: Flight, other: Flight) -> bool:
    """Nothing moved between two moments."""
    return one is other or (
        one.tokens is other.tokens
        and one.next_index == other.next_index
        and np.array_equal(one.points, other.points)
        and np.array_equal(one.opacity, other.opacity)
    )
