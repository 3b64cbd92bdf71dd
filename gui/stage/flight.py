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

from core.model.cluster_view import Token, TokenKind
from gui.stage.layout import FRONT_END, StageLayout
from gui.stage.sprites import ANGLES, KIND_INDEX

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

LANE = 7.0
WAITING_LANE = 10.0
SPACING = 27.0  # between messages that wait on one link, in base pixels
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
    opacity: Floats
    resting: npt.NDArray[np.bool_]  # waits for the user's word
    next_index: int  # which one is delivered next under step; −1 when none waits


NOTHING = Flight(
    (),
    np.empty(0),
    np.empty(0),
    np.empty(0, np.intp),
    np.empty(0, np.intp),
    np.empty(0),
    np.empty(0, np.bool_),
    -1,
)


class Routes:
    """The curves of a layout as coefficients: rows of `ax bx cx dx ay by cy dy`."""

    def __init__(self, layout: StageLayout) -> None:
        self.scale = layout.scale
        self.row = {name: index for index, name in enumerate(layout.links)}
        self.lengths = [link.length() for link in layout.links.values()]
        rows = []
        for link in layout.links.values():
            for one, two, three, four in (
                [point.x() for point in link.points],
                [point.y() for point in link.points],
            ):
                rows.append(
                    (four - 3 * three + 3 * two - one, 3 * (three - 2 * two + one), 3 * (two - one), one)
                )
        self._curves = np.array(rows, np.float64).reshape(-1, 8)
        self._made_for: tuple[Token, ...] | None = None
        self._fixed: _Fixed | None = None

    def flight(self, tokens: tuple[Token, ...], now_ns: int) -> Flight:
        """Where `tokens` are at `now_ns` (the run's clock). Those of unknown nodes are left out."""
        fixed = self._fixed
        if fixed is None or self._made_for is not tokens:
            fixed = self._fixed = self._prepare(tokens)
            self._made_for = tokens
        if not fixed.tokens:
            return NOTHING
        part = np.clip((now_ns - fixed.sent) / fixed.span, 0.0, 1.0)
        eased = 0.5 * part + 0.5 * part * part * (3 - 2 * part)
        way = np.where(fixed.lost, np.minimum(1.0, part / 0.7) * LOST_AT, eased * fixed.goal)
        opacity = np.where(fixed.lost, np.clip((1.0 - part) / 0.18, 0.0, 1.0), 1.0)
        outward = np.where(fixed.outward, way, 1.0 - way)
        x, y, dx, dy = self._on_curve(fixed.link, outward)
        sign = np.where(fixed.outward, 1.0, -1.0)
        speed = np.hypot(dx, dy) * sign + 1e-9
        x -= dy / speed * fixed.lane
        y += dx / speed * fixed.lane
        turn = np.arctan2(dy * sign, dx * sign) * (ANGLES / (2 * math.pi))
        heading = np.rint(turn).astype(np.intp) % ANGLES
        return Flight(
            fixed.tokens, x, y, heading, fixed.kind, opacity, fixed.resting & (part >= 1.0), fixed.next_index
        )

    def _on_curve(self, link: Indices, u: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        ax, bx, cx, x0, ay, by, cy, y0 = self._curves[link].T
        x = ((ax * u + bx) * u + cx) * u + x0
        y = ((ay * u + by) * u + cy) * u + y0
        return x, y, (3 * ax * u + 2 * bx) * u + cx, (3 * ay * u + 2 * by) * u + cy

    def _prepare(self, tokens: tuple[Token, ...]) -> _Fixed:
        """What does not change while these tokens travel."""
        known = tuple(t for t in tokens if _outer(t) in self.row)
        link = np.array([self.row[_outer(t)] for t in known], np.intp)
        sent = np.array([t.sent_ns for t in known], np.float64)
        due = np.array([t.due_ns for t in known], np.float64)
        resting = due == 0
        waiting = [index for index, token in enumerate(known) if token.due_ns == 0]
        goal = np.ones(len(known))
        for index, part in self._queues(known, waiting):
            goal[index] = part
        return _Fixed(
            tokens=known,
            link=link,
            sent=sent,
            span=np.where(resting, SETTLE_NS, np.maximum(due - sent, 1.0)),
            goal=goal,
            outward=np.array([t.source == FRONT_END for t in known], np.bool_),
            lost=np.array([t.kind is TokenKind.LOST and t.due_ns > 0 for t in known], np.bool_),
            kind=np.array([KIND_INDEX[t.kind] for t in known], np.intp),
            lane=np.where(resting, WAITING_LANE, LANE) * self.scale,
            resting=resting,
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
            length = max(1.0, self.lengths[self.row[name]])
            step = min(SPACING * self.scale / length, 0.7 / max(1, len(queue) - 1))
            first = 0.5 + step * (len(queue) - 1) / 2
            result += [(index, first - step * place) for place, index in enumerate(queue)]
        return result


@dataclass(frozen=True, slots=True)
class _Fixed:
    tokens: tuple[Token, ...]
    link: Indices
    sent: Floats
    span: Floats
    goal: Floats
    outward: npt.NDArray[np.bool_]
    lost: npt.NDArray[np.bool_]
    kind: Indices
    lane: Floats
    resting: npt.NDArray[np.bool_]
    next_index: int


def _outer(token: Token) -> str:
    """The end of a token's way that is not the front end: it names the link."""
    return token.target if token.source == FRONT_END else token.source
