"""Draws messages: all sprites in one call, and signs where they do not get in each other's way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter
from shiboken6 import Shiboken

from core.model.cluster_view import Token
from gui.stage.flight import Flight, Floats
from gui.stage.signs import Signs
from gui.stage.sprites import CELL, RING, Atlas
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
        self._rows: Floats = np.zeros(0)  # of each message: the top of its colour in the sheet
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
        places = flight.points[:, : Y + 1]
        self._tails.take(flight.heading, axis=0, out=tails)
        tails[:, LEFT : TOP + 1] += places
        tails[:, SHEET_TOP] += self._rows
        bodies[:, LEFT : TOP + 1] = places
        tails[:, OPACITY] = bodies[:, OPACITY] = flight.opacity
        total = 2 * count
        if flight.next_index >= 0:
            tails[:, OPACITY] *= ~flight.resting
            total += 1
            fragments[total - 1] = bodies[flight.next_index]
            fragments[total - 1, SHEET_LEFT] += (RING - flight.kind[flight.next_index]) * self._atlas.cell
        assert self._first is not None
        painter.drawPixmapFragments(self._first, total, self._atlas.pixmap)

    def _set_out(self, flight: Flight, bodies: Floats) -> None:
        """What of the bodies does not change while these messages travel."""
        cell, core = self._atlas.cell, self._atlas.core
        rows = self._atlas.rows(flight.kind, flight.client)
        self._rows = (rows * cell).astype(np.float64)
        bodies[:, SHEET_LEFT] = flight.kind * cell + (cell - core) / 2
        bodies[:, SHEET_TOP] = self._rows + (cell - core) / 2
        bodies[:, WIDTH : HEIGHT + 1] = core
        bodies[:, SCALE_X : SCALE_Y + 1] = 1 / self._ratio
        bodies[:, TURN] = 0.0

    def _tail_fragments(self) -> Floats:
        """For each heading the tail of a message at (0, 0), in the topmost colour of the sheet."""
        cell, boxes = self._atlas.cell, self._atlas.tails  # left, top, width, height in a cell
        tails = np.zeros((len(boxes), _FIELDS))
        tails[:, LEFT] = (boxes[:, 0] + boxes[:, 2] / 2 - cell / 2) / self._ratio
        tails[:, TOP] = (boxes[:, 1] + boxes[:, 3] / 2 - cell / 2) / self._ratio
        tails[:, SHEET_LEFT] = (RING + 1 + np.arange(len(boxes))) * cell + boxes[:, 0]
        tails[:, SHEET_TOP] = boxes[:, 1]
        tails[:, WIDTH : HEIGHT + 1] = boxes[:, 2:]
        tails[:, SCALE_X : SCALE_Y + 1] = 1 / self._ratio
        return tails

    def paint_signs(self, painter: QPainter, flight: Flight, cards: Sequence[QRectF] = ()) -> None:
        """Draw the signs of `flight`, those of waiting messages clear of the `cards`."""
        self._signs.paint(painter, flight, cards)

    def bounds(self, flight: Flight) -> QRect:
        """Around all messages and their signs, in device-independent pixels."""
        if not flight.tokens:
            return QRect()
        reach = CELL / 2 * self._scale + 2
        signs = max(reach, self._signs.reach(flight))
        left, top = flight.points.min(axis=0).tolist()[: Y + 1]
        right, bottom = flight.points.max(axis=0).tolist()[: Y + 1]
        area = QRectF(left - signs, top - reach, right - left + 2 * signs, bottom - top + 2 * reach)
        return area.toAlignedRect()

    def _make_room(self, count: int) -> None:
        if len(self._fragments) < count:
            self._fragments = np.zeros((count * 2, _FIELDS))
            self._rows_of = ()
            first = Shiboken.wrapInstance(self._fragments.ctypes.data, QPainter.PixmapFragment)
            self._first = cast(QPainter.PixmapFragment, first)
