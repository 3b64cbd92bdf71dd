"""Draws messages: all sprites in one call, and signs where they do not get in each other's way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter
from shiboken6 import Shiboken

from core.model.cluster_view import Token
from gui.stage.flight import Flight, Floats, Indices
from gui.stage.signs import Signs
from gui.stage.sprites import CELL, FIRST_TAIL, RING, Atlas
from gui.stage.ways import Y
from gui.theme import Theme

LEFT, TOP, SHEET_LEFT, SHEET_TOP, WIDTH, HEIGHT, SCALE_X, SCALE_Y, TURN, OPACITY = range(10)
"""Fields of a `QPainter.PixmapFragment`: its middle, its part of the sheet, how it is drawn."""
_FIELDS = 10


class FlightPainter:
    """Sprites and signs of one theme at one scale. Holds the fragments between frames."""

    def __init__(self, theme: Theme, scale: float, ratio: float) -> None:
        self._scale, self._ratio = scale, ratio
        self._atlas = Atlas(theme, scale, ratio)
        self._signs = Signs(theme, scale, ratio)
        self._tails = self._tail_fragments()
        self._colours: Indices = np.zeros(0, np.intp)  # of each message: its colour's first picture
        self._rows_of: tuple[Token, ...] = ()
        self._fragments: Floats = np.zeros((0, _FIELDS))
        self._first: QPainter.PixmapFragment | None = None

    def paint(self, painter: QPainter, flight: Flight) -> None:
        """Draw every message of `flight`, tails below."""
        count = len(flight.tokens)
        if not count:
            return
        self._make_room(2 * count + 1)
        fragments = self._fragments
        tails, bodies = fragments[:count], fragments[count : 2 * count]
        if self._rows_of is not flight.tokens:
            self._rows_of = flight.tokens
            self._set_out(flight, bodies)
        places, heading = flight.points[:, : Y + 1], flight.heading
        self._tails.take(heading, axis=0, out=tails)
        tails[:, LEFT : TOP + 1] += places
        tails[:, SHEET_LEFT : SHEET_TOP + 1] = self._atlas.spots.take(
            self._colours + (heading + FIRST_TAIL), axis=0
        )
        bodies[:, LEFT : TOP + 1] = places
        tails[:, OPACITY] = bodies[:, OPACITY] = flight.opacity
        total = 2 * count
        if flight.next_index >= 0:
            tails[:, OPACITY] *= ~flight.resting
            total += 1
            ring = fragments[total - 1]
            ring[:] = bodies[flight.next_index]
            ring[SHEET_LEFT : SHEET_TOP + 1] = self._atlas.spots[self._colours[flight.next_index] + RING]
        assert self._first is not None
        painter.drawPixmapFragments(self._first, total, self._atlas.pixmap)

    def _set_out(self, flight: Flight, bodies: Floats) -> None:
        """What of the bodies does not change while these messages travel."""
        atlas = self._atlas
        self._colours = atlas.rows(flight.kind, flight.client)
        bodies[:, SHEET_LEFT : SHEET_TOP + 1] = atlas.spots.take(self._colours + flight.kind, axis=0)
        bodies[:, WIDTH : HEIGHT + 1] = atlas.boxes[0, 2:]
        bodies[:, SCALE_X : SCALE_Y + 1] = 1 / self._ratio
        bodies[:, TURN] = 0.0

    def _tail_fragments(self) -> Floats:
        """For each heading the tail of a message at (0, 0), but for its place on the sheet."""
        cell, boxes = self._atlas.cell, self._atlas.boxes[FIRST_TAIL:]
        tails = np.zeros((len(boxes), _FIELDS))
        tails[:, LEFT : TOP + 1] = (boxes[:, :2] + boxes[:, 2:] / 2 - cell / 2) / self._ratio
        tails[:, WIDTH : HEIGHT + 1] = boxes[:, 2:]
        tails[:, SCALE_X : SCALE_Y + 1] = 1 / self._ratio
        return tails

    def paint_signs(self, painter: QPainter, flight: Flight, cards: Sequence[QRectF] = ()) -> None:
        """Draw the signs of `flight`, those of waiting messages clear of the `cards`."""
        self._signs.paint(painter, flight, cards)

    def bounds(self, flight: Flight) -> QRect:
        """Around all messages that are seen, and their signs, in device-independent pixels."""
        seen = flight.points[flight.opacity > 0.0]  # others may be far away, beneath the clients' cells
        if not len(seen):
            return QRect()
        reach = CELL / 2 * self._scale + 2
        signs = max(reach, self._signs.reach(flight))
        left, top = seen.min(axis=0).tolist()[: Y + 1]
        right, bottom = seen.max(axis=0).tolist()[: Y + 1]
        area = QRectF(left - signs, top - reach, right - left + 2 * signs, bottom - top + 2 * reach)
        return area.toAlignedRect()

    def _make_room(self, count: int) -> None:
        if len(self._fragments) < count:
            self._fragments = np.zeros((count * 2, _FIELDS))
            self._rows_of = ()
            first = Shiboken.wrapInstance(self._fragments.ctypes.data, QPainter.PixmapFragment)
            self._first = cast(QPainter.PixmapFragment, first)
