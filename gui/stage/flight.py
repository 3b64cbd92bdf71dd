"""Where every message is at one moment, for all of them at once (arrays, no loop over points).

A message travels its link's curve in a lane of its own direction, eased a little at both ends. One that waits
for the user's word (`due_ns` 0) comes to rest near the middle of its link, in a queue in delivery order: the
message that would be delivered first stands nearest to where it goes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF

from core.model.cluster_view import Token
from gui.stage.flight_rows import CLIENT, CURVE, KIND, LOST, SENT, SLOPE, SPAN, WAITS, FlightRows
from gui.stage.layout import FRONT_END, ClientDetail, StageLayout
from gui.stage.sprites import ANGLES

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

LANE = 7.0
WAITING_LANE = 10.0
SPACING = 27.0  # between messages that wait on one link, in base pixels
FADE = 10.0  # within so many base pixels beside the clients' grid a message comes up from beneath it
SETTLE_NS = 240_000_000
"""How long a message takes to come to rest where it waits."""

LOST_AT = 0.62
"""Part of the way after which a lost message is seen no more."""


@dataclass(frozen=True, slots=True)
class Flight:
    """Messages at one moment; arrays of equal length, in the order of `tokens`."""

    tokens: tuple[Token, ...]
    x: Floats
    y: Floats
    heading: Indices  # 0…ANGLES−1, clockwise from the right
    kind: Indices  # column in the atlas
    client: Indices
    opacity: Floats
    resting: npt.NDArray[np.bool_]  # waits for the user's word
    next_index: int  # which one is delivered next under step; −1 when none waits


NOTHING = Flight(
    (),
    np.empty(0),
    np.empty(0),
    np.empty(0, np.intp),
    np.empty(0, np.intp),
    np.empty(0, np.intp),
    np.empty(0),
    np.empty(0, np.bool_),
    -1,
)


@dataclass(frozen=True, slots=True)
class _Prepared:
    given: tuple[Token, ...]
    tokens: tuple[Token, ...]
    columns: Floats  # of their rows
    curve: Floats  # cubic to constant term × (x, y) × token
    slope: Floats  # of its derivative
    lane: Floats
    goal: Floats | None  # how far along its way a token goes, 0…1; None: each to the end
    lost: npt.NDArray[np.bool_] | None
    opaque: Floats
    resting: npt.NDArray[np.bool_]
    kind: Indices
    client: Indices
    next_index: int


class Routes:
    """The curves of a layout as polynomials, one for each direction of a link."""

    def __init__(self, layout: StageLayout) -> None:
        self._scale = layout.scale
        self._lengths = {name: link.length() for name, link in layout.links.items()}
        curves: dict[tuple[str, str], Floats] = {}
        for name, link in layout.links.items():
            curves[FRONT_END, name] = _polynomial(link.points)
            curves[name, FRONT_END] = _polynomial(link.points[::-1])
        self._rows = FlightRows(curves, SETTLE_NS)
        self._shore = _grid_end(layout)
        self._prepared = self._prepare(())

    def flight(self, tokens: tuple[Token, ...], now_ns: int) -> Flight:
        """Where `tokens` are at `now_ns` (the run's clock). Those of unknown nodes are left out."""
        known = self._prepared
        if known.given is not tokens:
            known = self._prepared = self._prepare(tokens)
        if not known.tokens:
            return NOTHING
        part = np.minimum(np.maximum((now_ns - known.columns[SENT]) / known.columns[SPAN], 0.0), 1.0)
        way = part * (0.5 + part * (1.5 - part))  # half linear, half eased at both ends
        opacity = known.opaque
        if known.goal is not None:
            way *= known.goal
        if known.lost is not None:
            way = np.where(known.lost, np.minimum(1.0, part / 0.7) * LOST_AT, way)
            opacity = np.where(known.lost, np.clip((1.0 - part) / 0.18, 0.0, 1.0), 1.0)
        a, b, c, d = known.curve
        x, y = ((a * way + b) * way + c) * way + d
        a, b, c = known.slope
        dx, dy = (a * way + b) * way + c
        lane = known.lane / (np.hypot(dx, dy) + 1e-9)
        x -= dy * lane
        y += dx * lane
        if self._shore:  # beneath the cells of other clients
            opacity = opacity * np.clip((x - self._shore) / (FADE * self._scale), 0.0, 1.0)
        heading = np.rint(np.arctan2(dy, dx) * (ANGLES / (2 * math.pi))).astype(np.intp) % ANGLES
        resting = known.resting & (part >= 1.0) if known.next_index >= 0 else known.resting
        return Flight(
            known.tokens, x, y, heading, known.kind, known.client, opacity, resting, known.next_index
        )

    def _prepare(self, tokens: tuple[Token, ...]) -> _Prepared:
        """What does not change while these tokens travel."""
        known, columns = self._rows.gather(tokens)
        resting = columns[WAITS] > 0
        waiting = np.flatnonzero(resting).tolist()
        lane, goal = np.full(len(known), LANE * self._scale), None
        if waiting:
            lane[waiting] = WAITING_LANE * self._scale
            goal = np.ones(len(known))
            for index, part in self._queues(known, waiting):
                goal[index] = part
        lost = columns[LOST] > 0
        return _Prepared(
            given=tokens,
            tokens=known,
            columns=columns,
            curve=columns[CURVE].reshape(4, 2, -1),
            slope=columns[SLOPE].reshape(3, 2, -1),
            lane=lane,
            goal=goal,
            lost=lost if lost.any() else None,
            opaque=np.ones(len(known)),
            resting=resting,
            kind=columns[KIND].astype(np.intp),
            client=columns[CLIENT].astype(np.intp),
            next_index=min(waiting, key=lambda index: known[index].token, default=-1),
        )

    def _queues(self, tokens: Sequence[Token], waiting: list[int]) -> list[tuple[int, float]]:
        """How far along its link each waiting token (by index) comes to rest."""
        queues: defaultdict[tuple[str, bool], list[int]] = defaultdict(list)
        for index in sorted(waiting, key=lambda index: tokens[index].token):
            token = tokens[index]
            queues[_outer(token), token.source == FRONT_END].append(index)
        result: list[tuple[int, float]] = []
        for (name, _), queue in queues.items():
            length = max(1.0, self._lengths[name])
            step = min(SPACING * self._scale / length, 0.7 / max(1, len(queue) - 1))
            first = 0.5 + step * (len(queue) - 1) / 2
            result += [(index, first - step * place) for place, index in enumerate(queue)]
        return result


def _outer(token: Token) -> str:
    """The end of a token's way that is not the front end: it names the link."""
    return token.target if token.source == FRONT_END else token.source


def _grid_end(layout: StageLayout) -> float:
    """Where the clients' grid ends on the right; 0 when they stand in no more than one column."""
    cells = [
        place.rect
        for place in layout.places.values()
        if place.name.startswith("C") and place.detail < ClientDetail.ROW and not place.moved
    ]
    if len({cell.left() for cell in cells}) < 2:
        return 0.0
    return max(cell.right() for cell in cells)


def _polynomial(way: Sequence[QPointF]) -> Floats:
    """A Bézier curve's coefficients: cubic to constant term × (x, y), one after the other."""
    one, two, three, four = np.array([(point.x(), point.y()) for point in way], np.float64)
    cubic, square, linear = four - 3 * three + 3 * two - one, 3 * (three - 2 * two + one), 3 * (two - one)
    return np.concatenate((cubic, square, linear, one))
