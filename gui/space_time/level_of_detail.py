"""How much of the space-time diagram is shown: lanes, camera, lines when few, a density when many.

Pure arrays, no Qt. A million messages are sorted by time once, each *track* (from lane, to lane, kind) by
itself; a density is then one `searchsorted` of the picture's columns per track, whatever is in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.model.lines import (
    BLOCK_ROWS,
    FRONT_END,
    Columns,
    Ints,
    RowKind,
    client_code,
    node_name,
)

MOST_LINES = 1_500
"""Rows drawn one by one; more are a density."""
SINGLE_CLIENTS = 8
CLIENT_GROUPS = 4
"""More than `SINGLE_CLIENTS` clients share so many lanes."""
HELPING_ROWS = 200_000
"""Sorted into tracks at once."""
SHORTEST_NS, LONGEST_NS = 1_000, 86_400_000_000_000
_KINDS = len(RowKind)
_SPANS = (RowKind.ORDERED, RowKind.EXECUTED, RowKind.HELD)

Places = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lanes:
    """Lifelines from top to bottom: clients, front end, replicas."""

    names: tuple[str, ...]
    places: Places  # 0 (top) … 1 (bottom)
    of_code: npt.NDArray[np.int16]  # lane of a node's code, -1 for none
    front_end: int
    codes: tuple[int, ...]  # of a lane's only node, -1 for a group

    def same_as(self, other: Lanes) -> bool:
        """Whether both look the same."""
        return self.names == other.names


def lanes_of(clients: Iterable[int], replicas: Iterable[int]) -> Lanes:
    """Lanes for these nodes, by their numbers."""
    everybody, managers = sorted(clients), sorted(replicas)
    of_code = np.full(256, -1, np.int16)
    names: list[str] = []
    codes: list[int] = []
    size = 1 if len(everybody) <= SINGLE_CLIENTS else -(-len(everybody) // CLIENT_GROUPS)
    for start in range(0, len(everybody), size):
        group = everybody[start : start + size]
        of_code[[client_code(client) for client in group]] = len(names)
        single = len(group) == 1
        names.append(f"C{group[0]}" if single else f"C{group[0]}–C{group[-1]}")
        codes.append(client_code(group[0]) if single else -1)
    front_end = len(names)
    for code in (FRONT_END, *managers):
        of_code[code] = len(names)
        names.append(node_name(code))
        codes.append(code)
    gaps = [2.0 if lane in (front_end, front_end + 1) else 1.0 for lane in range(1, len(names))]
    places = np.concatenate(([0.6], 0.6 + np.cumsum(gaps)))
    return Lanes(tuple(names), places / (places[-1] + 0.7), of_code, front_end, tuple(codes))


@dataclass(frozen=True, slots=True)
class Camera:
    """The part of the run that is seen."""

    start_ns: int
    span_ns: int

    @property
    def end_ns(self) -> int:
        """Its last moment."""
        return self.start_ns + self.span_ns

    def zoomed(self, factor: float, at_ns: int) -> Camera:
        """So many times as long, while one moment stays where it is."""
        span = int(min(LONGEST_NS, max(SHORTEST_NS, self.span_ns * factor)))
        share = (at_ns - self.start_ns) / max(1, self.span_ns)
        return Camera(round(at_ns - share * span), span)

    def moved(self, by_ns: float) -> Camera:
        """Later by so much."""
        return replace(self, start_ns=self.start_ns + round(by_ns))

    def ending_at(self, time_ns: int) -> Camera:
        """As long, and its end there."""
        return replace(self, start_ns=time_ns - self.span_ns)


def lines_in(columns: Columns, camera: Camera) -> Ints | None:
    """The rows to be drawn one by one; None when they are too many."""
    blocks = columns.blocks_within(camera.start_ns, camera.end_ns)
    if len(blocks) * BLOCK_ROWS > 16 * MOST_LINES:
        return None
    rows = columns.within(camera.start_ns, camera.end_ns)
    return rows if len(rows) <= MOST_LINES else None


class Track(NamedTuple):
    """How many messages of one kind left one lane for another, by column of the picture."""

    source: int
    target: int
    kind: RowKind
    counts: Ints


class Density:
    """Messages by track and time; `extend` takes what came."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        self._first = self._end = 0
        self._tracks: dict[int, _Times] = {}

    def extend(self, columns: Columns) -> bool:
        """Take up to `HELPING_ROWS` of the rows that are new; true when all were taken."""
        if columns.first > self._end or columns.first < self._first:
            self._tracks.clear()
            self._end = columns.first
        if columns.first != self._first:
            self._first = columns.first
            oldest = int(columns.left_ns[0]) if len(columns) else 0
            for track in self._tracks.values():
                track.forget_before(oldest)
        begin = self._end - columns.first
        part = slice(begin, min(len(columns), begin + HELPING_ROWS))
        lane = self.lanes.of_code
        source, target = lane[columns.source[part]], lane[columns.target[part]]
        kind = columns.kind[part]
        keys = (source * 32 + target) * _KINDS + kind
        keys[(source < 0) | (target < 0) | np.isin(kind, _SPANS)] = -1
        order = np.argsort(keys, kind="stable")
        keys, times = keys[order], columns.left_ns[part][order]
        for key in np.unique(keys).tolist():
            if key >= 0:
                low, high = np.searchsorted(keys, [key, key + 1])
                self._tracks.setdefault(key, _Times()).add(times[low:high])
        self._end = columns.first + part.stop
        return part.stop == len(columns)

    def tracks(self, camera: Camera, bins: int) -> list[Track]:
        """The counts of every track that has any, the camera's span cut into so many bins."""
        edges = np.linspace(camera.start_ns, camera.end_ns, bins + 1).astype(np.int64)
        found: list[Track] = []
        for key, times in self._tracks.items():
            counts = np.diff(np.searchsorted(times.all, edges))
            if counts.any():
                ends, kind = divmod(key, _KINDS)
                found.append(Track(*divmod(ends, 32), RowKind(kind), counts))
        return found


class _Times:
    """Times of one track, ascending. Grows at its end."""

    def __init__(self) -> None:
        self._room = np.zeros(1_024, np.int64)
        self._start = self._end = 0

    @property
    def all(self) -> Ints:
        return self._room[self._start : self._end]

    def add(self, times: Ints) -> None:
        if self._end + len(times) > len(self._room):
            kept = self.all
            self._room = np.zeros(2 * (len(kept) + len(times)), np.int64)
            self._room[: len(kept)] = kept
            self._start, self._end = 0, len(kept)
        new = self._room[self._end : self._end + len(times)]
        new[:] = times
        if self._end > self._start:
            new[0] = max(int(new[0]), int(self._room[self._end - 1]))
        np.maximum.accumulate(new, out=new)  # records lie a little out of order at most
        self._end += len(times)

    def forget_before(self, time_ns: int) -> None:
        self._start += int(np.searchsorted(self.all, time_ns))


def crossings(tracks: Iterable[Track], lanes: Lanes, shades: npt.NDArray[np.float32], bins: int) -> Places:
    """The density as colours: (gaps between lanes, bins, 4) of red, green, blue and opacity, 0 … 1.

    `shades` gives a colour per kind. A message colours every gap that it crosses; opacity follows the
    logarithm of how many do, for one lost message must be seen beside thousands.
    """
    gaps = max(1, len(lanes.names) - 1)
    colour = np.zeros((gaps, bins, 3))
    total = np.zeros((gaps, bins))
    for track in tracks:
        low, high = sorted((track.source, track.target))
        weight = track.counts.astype(np.float64)
        total[low:high] += weight
        colour[low:high] += weight[None, :, None] * shades[track.kind]
    image = np.zeros((gaps, bins, 4))
    seen = total > 0
    image[..., :3][seen] = colour[seen] / total[seen][:, None]
    most = max(1.0, float(total.max(initial=0.0)))
    image[..., 3] = np.where(seen, 0.18 + 0.72 * np.log1p(total) / np.log1p(most), 0.0)
    return image


def ticks(camera: Camera, origin_ns: int, most: int) -> tuple[list[tuple[int, str]], int]:
    """Round moments within the camera as (time, words), at most so many; and the step between two, in ns."""
    step = 1
    for power in range(15):
        found = next((m for m in (1, 2, 5) if camera.span_ns / (m * 10**power) <= most), 0)
        if found:
            step = found * 10**power
            break
    first = -(-(camera.start_ns - origin_ns) // step) * step
    decimals = max(0, 9 - len(str(step)) + 1)
    times = range(first, camera.end_ns - origin_ns + 1, step)
    return [(origin_ns + time, f"{time / 1e9:.{decimals}f} s") for time in times], step
