"""Draws messages: all sprites in one call, and signs where they do not get in each other's way."""

from __future__ import annotations

from typing import cast

import numpy as np
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter
from shiboken6 import Shiboken

from core.model.cluster_view import Token, TokenKind
from gui.stage.flight import Flight, Floats
from gui.stage.sprites import RING, Atlas, Labels
from gui.theme import Theme

MOST_LABELS = 28
"""With more messages than this on the stage none has a sign, nor has one that stands for many: there is no
reading them."""

_FIELDS = 10  # x, y, source left and top, width, height, scale x and y, rotation, opacity


class FlightPainter:
    """Sprites and signs of one theme at one scale. Holds the fragments between frames."""

    def __init__(self, theme: Theme, scale: float, ratio: float) -> None:
        self._scale, self._ratio = scale, ratio
        self._clients = len(theme.clients)
        self._atlas = Atlas(theme, scale, ratio)
        self._labels = Labels(theme, scale, ratio)
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

    def paint_labels(self, painter: QPainter, flight: Flight) -> None:
        """Draw the signs, most telling first; one that would cover another is left out."""
        if len(flight.tokens) > MOST_LABELS:
            return
        k = self._scale
        taken: list[QRectF] = []
        order = sorted(range(len(flight.tokens)), key=lambda index: _rank(flight, index))
        for index in order:
            token = flight.tokens[index]
            if not token.label or token.sample > 1:
                continue
            sign = self._labels.sign(token.label, self._row(token))
            size = sign.deviceIndependentSize()
            x = round(flight.x[index] - size.width() / 2)
            for y in (flight.y[index] - 11 * k - size.height(), flight.y[index] + 11 * k):
                rect = QRectF(x, round(y), size.width(), size.height())
                if not any(rect.intersects(other) for other in taken):
                    taken.append(rect)
                    painter.setOpacity(flight.opacity[index])
                    painter.drawPixmap(rect.topLeft(), sign)
                    break
        painter.setOpacity(1.0)

    def bounds(self, flight: Flight) -> list[QRect]:
        """What each message may have covered, sprite and sign, in pixels."""
        side = self._atlas.cell / self._ratio
        labelled = len(flight.tokens) <= MOST_LABELS
        width = max(side, 96 * self._scale) if labelled else side
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


def _rank(flight: Flight, index: int) -> tuple[int, int]:
    kind = flight.tokens[index].kind
    telling = {TokenKind.LOST: 1, TokenKind.RETRANSMISSION: 2, TokenKind.REQUEST: 3, TokenKind.ORDER: 4}
    return (0 if index == flight.next_index else telling.get(kind, 5), flight.tokens[index].token)
