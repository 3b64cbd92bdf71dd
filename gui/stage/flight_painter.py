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
from gui.theme import Theme

_FIELDS = 10  # x, y, source left and top, width, height, scale x and y, rotation, opacity


class FlightPainter:
    """Sprites and signs of one theme at one scale. Holds the fragments between frames."""

    def __init__(self, theme: Theme, scale: float, ratio: float) -> None:
        self._scale, self._ratio = scale, ratio
        self._atlas = Atlas(theme, scale, ratio)
        self._signs = Signs(theme, scale, ratio)
        self._rows: Floats = np.zeros(0)
        self._rows_of: tuple[Token, ...] = ()
        self._fragments: Floats = np.zeros((0, _FIELDS))

    def paint(self, painter: QPainter, flight: Flight) -> None:
        """Draw every message of `flight`, tails below."""
        count = len(flight.tokens)
        if not count:
            return
        cell = float(self._atlas.cell)
        if self._rows_of is not flight.tokens:
            self._rows = np.array([self._atlas.row(token) for token in flight.tokens], np.float64) * cell
            self._rows_of = flight.tokens
        rows = self._rows
        total = 2 * count + (flight.next_index >= 0)
        fragments = self._room(total)
        tails, bodies = fragments[:count], fragments[count : 2 * count]
        boxes = self._atlas.tails[flight.heading]  # left, top, width, height in a cell
        tails[:, 0] = flight.x + (boxes[:, 0] + boxes[:, 2] / 2 - cell / 2) / self._ratio
        tails[:, 1] = flight.y + (boxes[:, 1] + boxes[:, 3] / 2 - cell / 2) / self._ratio
        tails[:, 2] = (RING + 1 + flight.heading) * cell + boxes[:, 0]
        tails[:, 3] = rows + boxes[:, 1]
        tails[:, 4:6] = boxes[:, 2:]
        tails[:, 9] = flight.opacity * ~flight.resting
        core = self._atlas.core
        bodies[:, 0], bodies[:, 1] = flight.x, flight.y
        bodies[:, 2] = flight.kind * cell + (cell - core) / 2
        bodies[:, 3] = rows + (cell - core) / 2
        bodies[:, 4:6] = core
        bodies[:, 9] = flight.opacity
        if flight.next_index >= 0:
            fragments[total - 1] = bodies[flight.next_index]
            fragments[total - 1, 2] += (RING - flight.kind[flight.next_index]) * cell
        fragments[:total, 6:8] = 1 / self._ratio
        first = cast(
            QPainter.PixmapFragment, Shiboken.wrapInstance(fragments.ctypes.data, QPainter.PixmapFragment)
        )
        painter.drawPixmapFragments(first, total, self._atlas.pixmap)

    def paint_signs(self, painter: QPainter, flight: Flight, cards: Sequence[QRectF] = ()) -> None:
        """Draw the signs of `flight`, those of waiting messages clear of the `cards`."""
        self._signs.paint(painter, flight, cards)

    def bounds(self, flight: Flight) -> QRect:
        """Around all messages and their signs, in device-independent pixels."""
        if not flight.tokens:
            return QRect()
        reach = CELL / 2 * self._scale + 2
        signs = max(reach, self._signs.reach(flight))
        left, right = float(flight.x.min()) - signs, float(flight.x.max()) + signs
        top, bottom = float(flight.y.min()) - reach, float(flight.y.max()) + reach
        return QRectF(left, top, right - left, bottom - top).toAlignedRect()

    def _room(self, count: int) -> Floats:
        if len(self._fragments) < count:
            self._fragments = np.zeros((count * 2, _FIELDS))
        return self._fragments
