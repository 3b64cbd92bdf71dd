"""Everything that does not fly, put together once: ground, sentences and cards in one opaque picture.

A frame copies one rectangle of it, the one around everything that moved, and draws the messages over it: a
plain copy is many times cheaper than painting under a clip of many rectangles (0.1 ms for 980×560). All
rectangles here are in pixels of the device, so that copies are exact at any pixel ratio.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPixmap


def device_rect(rect: QRectF, ratio: float) -> QRect:
    """The device pixels that a rectangle in device-independent pixels touches."""
    left, top = math.floor(rect.left() * ratio + 1e-6), math.floor(rect.top() * ratio + 1e-6)
    right, bottom = math.ceil(rect.right() * ratio - 1e-6), math.ceil(rect.bottom() * ratio - 1e-6)
    return QRect(left, top, right - left, bottom - top)


class Backdrop:
    """The picture behind the messages."""

    def __init__(self, size: QSizeF, ratio: float, on_top: Iterable[str] = ()) -> None:
        """`on_top`: pieces that lie over all others, with their ground."""
        self._on_top = frozenset(on_top)
        pixels = (size * ratio).toSize()
        self.pixmap = QPixmap(pixels)
        self.ratio = ratio
        self._areas: dict[str, QRect] = {}
        self._under: dict[str, QPixmap] = {}
        self._pieces: dict[str, QPixmap] = {}

    def lay(self, areas: Mapping[str, QRect], paint_ground: Callable[[QPainter], None]) -> None:
        """Paint the ground anew, with room for pieces in `areas`. Pieces put before are put back."""
        with QPainter(self.pixmap) as painter:
            painter.scale(self.ratio, self.ratio)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_ground(painter)
        self._areas = dict(areas)
        self._under = {name: self._copied(area) for name, area in areas.items()}
        self.put((name, piece, None) for name, piece in list(self._pieces.items()) if name in areas)

    def put(self, pieces: Iterable[tuple[str, QPixmap, QRect | None]]) -> None:
        """Put pieces (cards, sentences) by name into their areas: whole, or only the part that changed.

        Where pieces overlap, one that is put in whole lies under those that were put in earlier.
        """
        with QPainter(self.pixmap) as painter:
            for name, piece, part in pieces:
                self._pieces[name] = piece
                area = self._areas[name]
                if part is None:
                    painter.drawPixmap(area.topLeft(), self._under[name])
                    painter.drawPixmap(area, piece, piece.rect())
                    self._put_back(painter, name, area)
                else:
                    inside = part.translated(-area.topLeft())
                    painter.drawPixmap(part, self._under[name], inside)
                    painter.drawPixmap(part, piece, inside)

    def _copied(self, area: QRect) -> QPixmap:
        """The picture there, with nothing where it reaches beyond an edge: Qt's own copy would be smaller."""
        if self.pixmap.rect().contains(area):
            return self.pixmap.copy(area)
        copied = QPixmap(area.size())
        copied.fill(Qt.GlobalColor.transparent)
        with QPainter(copied) as painter:
            painter.drawPixmap(-area.topLeft(), self.pixmap)
        return copied

    def _put_back(self, painter: QPainter, name: str, area: QRect) -> None:
        """Put back what lay over `area`."""
        if name in self._on_top:
            return
        painter.setClipRect(area)
        for other, theirs in self._areas.items():
            pixmap = self._pieces.get(other)
            if other != name and pixmap is not None and theirs.intersects(area):
                if other in self._on_top:
                    painter.drawPixmap(theirs.topLeft(), self._under[other])
                painter.drawPixmap(theirs, pixmap, pixmap.rect())
        painter.setClipping(False)
