"""The twin of a picture: what a canvas draws, as rows of words, for eyes, fingers and screen readers that
cannot use the picture.

Every widget that paints itself has a method `twins()`. The table dock finds it by that name alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import overload

from core.model.cluster_view import ClusterView


@dataclass(frozen=True, slots=True)
class Line:
    """One row: what stands in its cells, and what it is about. Choosing it chooses that in every view."""

    cells: tuple[str, ...]
    node: str = ""  # "C1", "FE", "R2"
    seq: int = 0  # a request, by its sequence number; 0 for none
    time_ns: int = 0  # on the clock of the records; 0 for none
    token: int = 0  # a message in flight, 0 for none

    @property
    def subject(self) -> tuple[str, int, int, int]:
        """What it is about, without its words."""
        return self.node, self.seq, self.time_ns, self.token


class LinesOnDemand(Sequence[Line]):
    """So many rows, each made when it is looked at; the one looked at last is kept, for it has more cells."""

    def __init__(self, count: int, make: Callable[[int], Line]) -> None:
        self._count, self._make = count, make
        self._last: tuple[int, Line] | None = None

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Line: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Line]: ...
    def __getitem__(self, place: int | slice) -> Line | Sequence[Line]:
        places = range(self._count)[place]
        if not isinstance(places, int):
            return [self._make(one) for one in places]
        if self._last is None or self._last[0] != places:
            self._last = places, self._make(places)
        return self._last[1]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture as a table at one moment. Rows may be made when they are looked at."""

    columns: tuple[str, ...]
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Twin:
    """A picture's name, and how its table is made. `sheet` is called only while somebody looks at it."""

    title: str
    sheet: Callable[[ClusterView], Sheet]


def twins_of(widget: object) -> tuple[Twin, ...]:
    """What a widget draws, as tables; nothing when it does not paint itself."""
    twins: Callable[[], tuple[Twin, ...]] | None = getattr(widget, "twins", None)
    return twins() if twins is not None else ()
