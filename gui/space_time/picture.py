"""What the diagram shows at one moment: plain values that the painter turns into a picture, for the screen,
PNG and SVG alike; and what lies under a point of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSizeF

from core.model.bands import Band
from core.model.happens_before import Cone, cone
from core.model.lines import FRONT_END, OPEN_NS, Columns, Fate, Ints, RowKind
from gui.space_time.level_of_detail import Camera, Density, Lanes, lines_in
from gui.theme import Theme

LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 88, 14, 28, 30
REACH_PX = 7.0
"""How near to a line a click counts."""
STUB_PX = 16.0
"""A message whose end is not known is drawn so far."""
_FAR = 4_000.0

Places = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A request that was chosen: its number, and where and when it was ordered."""

    seq: int
    time_ns: int
    client: int
    number: int


@dataclass(slots=True)
class Picture:
    """Everything to be painted. Times are on the clock of the records; words count from `origin_ns`."""

    columns: Columns
    lanes: Lanes
    camera: Camera
    size: QSizeF
    theme: Theme
    origin_ns: int = 0
    now_ns: int = 0  # the moment shown; what has not ended yet is drawn until here
    density: Density | None = None
    bands: Sequence[Band] = ()
    losses: Sequence[tuple[int, int, int]] = ()
    chosen: Chosen | None = None
    node: str = ""  # the lane that is chosen
    cursor_ns: int = 0  # 0: the present is shown, and there is no cursor
    pointed_ns: int = 0  # a moment somebody points at, here or elsewhere
    rows: Ints | None = field(init=False)  # to be drawn one by one; None: a density
    ends: Places = field(init=False)  # of each row: x1, y1, x2, y2
    cone: Cone | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.rows = lines_in(self.columns, self.camera)
        rows = np.zeros(0, np.int64) if self.rows is None else self.rows
        known = self.lanes.of_code
        rows = rows[(known[self.columns.source[rows]] >= 0) & (known[self.columns.target[rows]] >= 0)]
        if self.rows is not None:
            self.rows = rows
        self.ends = self._ends(rows)
        if self.chosen is not None and self.rows is not None:
            self.cone = cone(self.columns, rows, FRONT_END, self.chosen.time_ns)

    @property
    def field(self) -> QRectF:
        """Where lines are drawn."""
        px = self.theme.px
        left, top = px(LEFT_PX), px(TOP_PX)
        return QRectF(
            left, top, max(1.0, self.size.width() - left - px(RIGHT_PX)),
            max(1.0, self.size.height() - top - px(BOTTOM_PX)),
        )  # fmt: skip

    def x_of(self, time_ns: int) -> float:
        """Where a moment is."""
        part = self.field
        return part.left() + (time_ns - self.camera.start_ns) / self.camera.span_ns * part.width()

    def time_at(self, x: float) -> int:
        """The moment at a place."""
        part = self.field
        return self.camera.start_ns + round((x - part.left()) / part.width() * self.camera.span_ns)

    def y_of(self, lane: int) -> float:
        """The height of a lane."""
        return self.field.top() + float(self.lanes.places[lane]) * self.field.height()

    def own(self) -> npt.NDArray[np.bool_]:
        """Which of `rows` are the chosen request's own."""
        rows = self.rows if self.rows is not None else np.zeros(0, np.int64)
        if self.chosen is None:
            return np.zeros(len(rows), np.bool_)
        c, one = self.columns, self.chosen
        seq, client = c.seq[rows], c.client[rows]
        numbered = (seq <= one.seq) & (one.seq < seq + c.count[rows]) & (seq > 0)
        asked = (c.kind[rows] == RowKind.CALL) & (client == one.client) & (c.number[rows] == one.number)
        own: npt.NDArray[np.bool_] = numbered | asked
        return own

    def lane_at(self, y: float) -> int:
        """The lane nearest to a height."""
        heights = np.array([self.y_of(lane) for lane in range(len(self.lanes.names))])
        return int(np.argmin(np.abs(heights - y)))

    def row_at(self, point: QPointF) -> int:
        """The row (an index of the columns) nearest to a point within reach; -1 for none."""
        if self.rows is None or not len(self.rows):
            return -1
        x1, y1, x2, y2 = self.ends.T
        dx, dy = x2 - x1, y2 - y1
        length = np.maximum(dx * dx + dy * dy, 1e-9)
        share = np.clip(((point.x() - x1) * dx + (point.y() - y1) * dy) / length, 0.0, 1.0)
        away = np.hypot(x1 + share * dx - point.x(), y1 + share * dy - point.y())
        nearest = int(np.argmin(away))
        return int(self.rows[nearest]) if away[nearest] <= REACH_PX * self.theme.scale else -1

    def newest_number(self) -> int:
        """The highest sequence number that was given in the part that is seen; 0 for none."""
        c = self.columns
        rows = c.within(self.camera.start_ns, self.camera.end_ns)
        return int(c.seq[rows[c.kind[rows] == RowKind.ORDERED]].max(initial=0))

    def _ends(self, rows: Ints) -> Places:
        c, part = self.columns, self.field
        heights = part.top() + self.lanes.places * part.height()
        right = np.where(c.right_ns[rows] == OPEN_NS, max(self.now_ns, 1), c.right_ns[rows])
        scale = part.width() / self.camera.span_ns
        x1 = part.left() + (c.left_ns[rows] - self.camera.start_ns) * scale
        x2 = part.left() + (right - self.camera.start_ns) * scale
        y1 = heights[self.lanes.of_code[c.source[rows]]]
        y2 = heights[self.lanes.of_code[c.target[rows]]]
        between = y1 != y2
        open_end = between & (c.fate[rows] == Fate.UNDER_WAY)
        lost = between & (c.fate[rows] == Fate.LOST)
        x2 = np.where(open_end | (lost & (x2 - x1 < STUB_PX)), x1 + STUB_PX, x2)
        y2 = np.where(open_end | lost, y1 + (y2 - y1) * np.where(lost, 0.6, 0.45), y2)
        return _near(np.stack((x1, y1, x2, y2), axis=1), part)


def _near(ends: Places, part: QRectF) -> Places:
    """The same lines, cut a little outside of the picture: a painter's coordinates are bounded."""
    low, high = part.left() - _FAR, part.right() + _FAR
    x1, y1, x2, y2 = ends.T
    slope = (y2 - y1) / np.where(x2 == x1, 1.0, x2 - x1)
    new1, new2 = np.clip(x1, low, high), np.clip(x2, low, high)
    return np.stack((new1, y1 + (new1 - x1) * slope, new2, y2 + (new2 - x2) * slope), axis=1)


def choose(columns: Columns, seq: int) -> Chosen | None:
    """The request of a sequence number, when its ordering is among the rows."""
    found = np.flatnonzero((columns.seq == seq) & (columns.kind == RowKind.ORDERED))
    if not seq or not len(found):
        return None
    row = int(found[-1])
    return Chosen(seq, int(columns.left_ns[row]), int(columns.client[row]), int(columns.number[row]))


def number_of(columns: Columns, row: int) -> int:
    """The sequence number that a row is about; of a call, the one that it got, if it is known. 0 for none."""
    if columns.seq[row]:
        return int(columns.seq[row])
    same = (columns.client == columns.client[row]) & (columns.number == columns.number[row])
    found = np.flatnonzero(same & (columns.kind == RowKind.ORDERED))
    return int(columns.seq[found[0]]) if len(found) else 0
