"""Draws messages: all sprites in one call, and signs where they do not get in each other's way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSizeF
from PySide6.QtGui import QPainter
from shiboken6 import Shiboken

from core.model.cluster_view import Token, TokenKind
from gui.stage.flight import Flight, Floats
from gui.stage.sprites import ANGLES, RING, Atlas, Labels
from gui.theme import Theme

MOST_LABELS = 28
"""With more messages than this on the stage none has a sign, nor has one that stands for many: there is no
reading them."""

_STEEP = range(ANGLES // 8, 3 * ANGLES // 8 + 1)
"""Headings, of half a turn, that are rather up or down than across."""

_FIELDS = 10  # x, y, source left and top, width, height, scale x and y, rotation, opacity


class FlightPainter:
    """Sprites and signs of one theme at one scale. Holds the fragments between frames."""

    def __init__(self, theme: Theme, scale: float, ratio: float) -> None:
        self._scale, self._ratio = scale, ratio
        self._clients = len(theme.clients)
        self._atlas = Atlas(theme, scale, ratio)
        self._labels = Labels(theme, scale, ratio)
        self._spots: dict[int, int] = {}  # where the sign of each message stands
        self._fragments: Floats = np.zeros((0, _FIELDS))

    def paint(self, painter: QPainter, flight: Flight) -> None:
        """Draw every message of `flight`, tails below."""
        count = len(flight.tokens)
        if not count:
            return
        rows = np.array([self._row(token) for token in flight.tokens], np.float64)
        total = 2 * count + (flight.next_index >= 0)
        fragments = self._room(total)
        cell = float(self._atlas.cell)
        fragments[:total, 4:6] = cell
        fragments[:total, 6:8] = 1 / self._ratio
        for part in (fragments[:count], fragments[count : 2 * count]):
            part[:, 0], part[:, 1] = flight.x, flight.y
            part[:, 3] = rows * cell
            part[:, 9] = flight.opacity
        fragments[:count, 2] = (RING + 1 + flight.heading) * cell
        fragments[:count, 9] *= ~flight.resting
        fragments[count : 2 * count, 2] = flight.kind * cell
        if flight.next_index >= 0:
            fragments[total - 1] = fragments[count + flight.next_index]
            fragments[total - 1, 2] = RING * cell
        first = cast(
            QPainter.PixmapFragment, Shiboken.wrapInstance(fragments.ctypes.data, QPainter.PixmapFragment)
        )
        painter.drawPixmapFragments(first, total, self._atlas.pixmap)

    def paint_labels(self, painter: QPainter, flight: Flight, cards: Sequence[QRectF] = ()) -> None:
        """Draw the signs, most telling first; one that would cover another or a message is left out.

        A sign stays where it stood beside its message as long as it can. Signs of messages that wait also
        keep clear of the `cards`.
        """
        if not 0 < len(flight.tokens) <= MOST_LABELS:
            return
        reach = 9 * self._scale
        points = list(zip(flight.x.tolist(), flight.y.tolist(), strict=True))
        bodies = [QRectF(x - reach, y - reach, 2 * reach, 2 * reach) for x, y in points]
        taken: list[QRectF] = []
        spots: dict[int, int] = {}
        for index in sorted(range(len(bodies)), key=lambda index: _rank(flight, index)):
            token = flight.tokens[index]
            if not token.label or token.sample > 1:
                continue
            sign = self._labels.sign(token.label, self._row(token))
            rects = _spots(points[index], sign.deviceIndependentSize(), self._scale)
            clear = [*taken, *bodies[:index], *bodies[index + 1 :], *(cards if flight.resting[index] else ())]
            for spot in self._wishes(flight, index):
                if not any(map(rects[spot].intersects, clear)):
                    spots[token.token] = spot
                    taken.append(rects[spot])
                    painter.setOpacity(flight.opacity[index])
                    painter.drawPixmap(rects[spot].topLeft(), sign)
                    break
        painter.setOpacity(1.0)
        self._spots = spots

    def _wishes(self, flight: Flight, index: int) -> tuple[int, ...]:
        """The spots of a sign, best first: where it stood; beside a message that waits on a steep way, else
        above or below it."""
        steep = flight.heading[index] % (ANGLES // 2) in _STEEP
        wishes = (2, 3, 0, 1) if flight.resting[index] and steep else (0, 1, 2, 3)
        stood = self._spots.get(flight.tokens[index].token)
        return wishes if stood is None or flight.resting[index] else (stood, *wishes)

    def bounds(self, flight: Flight) -> list[QRect]:
        """What each message may have covered, sprite and sign, in pixels."""
        side = self._atlas.cell / self._ratio
        labelled = len(flight.tokens) <= MOST_LABELS
        width = max(side, 180 * self._scale) if labelled else side
        height = max(side, 64 * self._scale) if labelled else side
        left = np.floor(flight.x - width / 2).astype(int).tolist()
        top = np.floor(flight.y - height / 2).astype(int).tolist()
        return [QRect(x, y, int(width) + 2, int(height) + 2) for x, y in zip(left, top, strict=True)]

    def _row(self, token: Token) -> int:
        if token.kind is TokenKind.LOST:
            return self._atlas.lost_row
        return (token.client - 1) % self._clients if token.client > 0 else 0

    def _room(self, count: int) -> Floats:
        if len(self._fragments) < count:
            self._fragments = np.zeros((count * 2, _FIELDS))
        return self._fragments


def _spots(point: tuple[float, float], size: QSizeF, scale: float) -> list[QRectF]:
    """Above, below, right and left of a message."""
    x, y, w, h, off = *point, size.width(), size.height(), 11 * scale
    corners = ((x - w / 2, y - off - h), (x - w / 2, y + off), (x + off, y - h / 2), (x - off - w, y - h / 2))
    return [QRectF(round(left), round(top), w, h) for left, top in corners]


def _rank(flight: Flight, index: int) -> tuple[int, int]:
    kind = flight.tokens[index].kind
    telling = {TokenKind.LOST: 1, TokenKind.RETRANSMISSION: 2, TokenKind.REQUEST: 3, TokenKind.ORDER: 4}
    return (0 if index == flight.next_index else telling.get(kind, 5), flight.tokens[index].token)
