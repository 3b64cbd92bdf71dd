"""The ways of messages, looked up instead of worked out: each is cut once into points half a pixel apart.

A message travels its link's curve in a lane of its own direction. Sixty times a second all of them are asked
for; one look into a table is then much less work than thirty steps of arithmetic. A way is cut when the first
message takes it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF

from gui.stage.layout import FRONT_END, ClientDetail, StageLayout
from gui.stage.sprites import ANGLES

Floats = npt.NDArray[np.float64]

LANE = 7.0
WAITING_LANE = 10.0
FADE = 10.0  # within so many base pixels beside the clients' grid a message comes up from beneath it

POINTS_PER_PX = 2
_FEWEST, _MOST = 256, 4_096
"""Points of a way."""

X, Y, HEADING, OPACITY = range(4)
"""Columns of a point; the heading is 0…ANGLES−1, clockwise from the right."""

Ends = tuple[str, str, bool]
"""Source, target, and whether messages wait there: they stand further apart."""


class Ways:
    """Every way of a layout as rows of `points`; way by way, each `last + 1` rows long."""

    def __init__(self, layout: StageLayout) -> None:
        self.lengths = {name: link.length() for name, link in layout.links.items()}
        longest = max(self.lengths.values(), default=0.0)
        self.last = min(_MOST, max(_FEWEST, math.ceil(longest * POINTS_PER_PX)))
        self.points: Floats = np.zeros((4 * len(layout.links) * (self.last + 1), 4))  # room for all of them
        self._scale = layout.scale
        self._shore = _grid_end(layout)
        self._curves: dict[tuple[str, str], Floats] = {}
        for name, link in layout.links.items():
            self._curves[FRONT_END, name] = _polynomial(link.points)
            self._curves[name, FRONT_END] = _polynomial(link.points[::-1])
        self._begins: dict[Ends, int] = {}

    def begins(self, wanted: Sequence[Ends]) -> list[int]:
        """The first row of each way; −1 where there is none, for a node is unknown."""
        begins, curves = self._begins, self._curves
        new = [ends for ends in dict.fromkeys(wanted) if ends not in begins and ends[:2] in curves]
        if new:
            rows = len(begins) * (self.last + 1)
            begins.update((ends, rows + place * (self.last + 1)) for place, ends in enumerate(new))
            self.points[rows : len(begins) * (self.last + 1)] = self._cut(new)
        return [begins.get(ends, -1) for ends in wanted]

    def _cut(self, ways: Sequence[Ends]) -> Floats:
        part = np.linspace(0.0, 1.0, self.last + 1)
        curve = np.array([self._curves[source, target] for source, target, _ in ways])
        a, b, c, d = (curve[:, place : place + 2].T[:, :, None] for place in (0, 2, 4, 6))
        x, y = ((a * part + b) * part + c) * part + d
        dx, dy = (3 * a * part + 2 * b) * part + c
        lane = np.array([WAITING_LANE if waits else LANE for *_, waits in ways])[:, None] * self._scale
        lane = lane / (np.hypot(dx, dy) + 1e-9)
        points = np.empty((len(ways), self.last + 1, 4))
        points[..., X], points[..., Y] = x - dy * lane, y + dx * lane
        points[..., HEADING] = np.rint(np.arctan2(dy, dx) * (ANGLES / (2 * math.pi))) % ANGLES
        points[..., OPACITY] = 1.0
        if self._shore:  # beneath the cells of other clients
            risen = (points[..., X] - self._shore) / (FADE * self._scale)
            points[..., OPACITY] = np.clip(risen, 0.0, 1.0)
        return points.reshape(-1, 4)


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
