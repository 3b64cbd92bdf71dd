"""Small signs beside messages ("#132", "post"), placed so that they do not get in each other's way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from core.model.cluster_view import Token, TokenKind
from gui.stage.flight import Flight
from gui.stage.ink import CENTRE, Ink
from gui.stage.sprites import ANGLES, colour_row
from gui.theme import RADIUS_SMALL, SEMIBOLD, Theme

MOST = 28
"""With more messages than this on the stage none has a sign, nor has one that stands for many: there is no
reading them."""

AWAY = 11.0  # from a message's middle to its sign, in base pixels
BODY = 9.0  # half of a message

_STEEP = range(ANGLES // 8, 3 * ANGLES // 8 + 1)
"""Headings, of half a turn, that are rather up or down than across."""

_TELLING = {
    TokenKind.LOST: 1,
    TokenKind.LATE: 2,
    TokenKind.RETRANSMISSION: 3,
    TokenKind.REQUEST: 4,
    TokenKind.ORDER: 5,
}


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


class _Sign(NamedTuple):
    place: int  # of its message in the flight
    number: int  # of the token
    pixmap: QPixmap
    width: float
    height: float


class Signs:
    """The signs of one theme at one scale, painted once each."""

    def __init__(self, theme: Theme, scale: float, ratio: float) -> None:
        self._theme, self._scale, self._ratio = theme, scale, ratio
        self._pixmaps: dict[tuple[str, int], QPixmap] = {}
        self._tokens: tuple[Token, ...] = ()
        self._signs: list[_Sign] = []  # most telling first
        self._spots: dict[int, int] = {}  # where the sign of each token stood last

    def reach(self, flight: Flight) -> float:
        """How far a sign reaches from its message at most, in pixels."""
        self._prepare(flight)
        return max((sign.width for sign in self._signs), default=0.0) + AWAY * self._scale

    def paint(self, painter: QPainter, flight: Flight, cards: Sequence[QRectF] = ()) -> None:
        """Draw the signs, most telling first; one that would cover another is left out.

        A sign stays where it stood beside its message as long as it can. Signs of messages that wait also
        keep clear of messages and of the `cards`.
        """
        self._prepare(flight)
        if not self._signs:
            return
        xs, ys = flight.x.tolist(), flight.y.tolist()
        bodies: list[_Box] = []
        if flight.next_index >= 0:
            half = BODY * self._scale
            bodies = [_Box(x - half, y - half, x + half, y + half) for x, y in zip(xs, ys, strict=True)]
            walls = [_Box(r.left(), r.top(), r.right(), r.bottom()) for r in cards]
        taken: list[_Box] = []
        spots: dict[int, int] = {}
        for sign in self._signs:
            index = sign.place
            clear = taken
            if flight.resting[index]:
                clear = [*taken, *bodies[:index], *bodies[index + 1 :], *walls]
            for spot in self._wishes(flight, sign):
                box = self._box(spot, xs[index], ys[index], sign)
                if not _touches(box, clear):
                    spots[sign.number] = spot
                    taken.append(box)
                    painter.setOpacity(flight.opacity[index])
                    painter.drawPixmap(QPointF(box.left, box.top), sign.pixmap)
                    break
        painter.setOpacity(1.0)
        self._spots = spots

    def _prepare(self, flight: Flight) -> None:
        if flight.tokens is self._tokens:
            return
        self._tokens = tokens = flight.tokens
        self._signs = []
        if len(tokens) > MOST:
            return
        order = sorted(range(len(tokens)), key=lambda index: _rank(tokens[index], index == flight.next_index))
        for index in order:
            token = tokens[index]
            if token.label and token.sample <= 1:
                pixmap = self._pixmap(token.label, colour_row(token, len(self._theme.clients)))
                size = pixmap.deviceIndependentSize()
                self._signs.append(_Sign(index, token.token, pixmap, size.width(), size.height()))

    def _wishes(self, flight: Flight, sign: _Sign) -> tuple[int, ...]:
        """The spots for a sign, best first: where it stood; beside a message that waits on a steep way, else
        above or below it."""
        if flight.resting[sign.place]:
            steep = flight.heading[sign.place] % (ANGLES // 2) in _STEEP
            return (2, 3, 0, 1) if steep else (0, 1, 2, 3)
        stood = self._spots.get(sign.number)
        return (0, 1, 2, 3) if stood is None else (stood, 0, 1, 2, 3)

    def _box(self, spot: int, x: float, y: float, sign: _Sign) -> _Box:
        """Above, below, right or left of a message."""
        width, height, off = sign.width, sign.height, AWAY * self._scale
        if spot < 2:
            left, top = x - width / 2, y + off if spot else y - off - height
        else:
            left, top = x + off if spot == 2 else x - off - width, y - height / 2
        left, top = round(left), round(top)
        return _Box(left, top, left + width, top + height)

    def _pixmap(self, text: str, row: int) -> QPixmap:
        found = self._pixmaps.get((text, row))
        if found is None:
            if len(self._pixmaps) >= 512:
                self._pixmaps.clear()
            found = self._pixmaps[text, row] = self._painted(text, row)
        return found

    def _painted(self, text: str, row: int) -> QPixmap:
        theme, k = self._theme, self._scale
        colour = (*theme.clients, theme.bad)[row]
        ink = Ink(QPainter(), theme, k)
        face = ink.figures(10.5, SEMIBOLD)
        loop = text.endswith(" ↻")
        words = text.removesuffix(" ↻").removeprefix("× ")
        extra = 13 * k if loop else 0.0
        size = (math.ceil(ink.width(face, words) + extra + 12 * k), math.ceil(18 * k))
        pixmap = QPixmap(math.ceil(size[0] * self._ratio), math.ceil(size[1] * self._ratio))
        pixmap.setDevicePixelRatio(self._ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        with QPainter(pixmap) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            ink.painter = painter
            ink.box(QRectF(0, 0, *size), RADIUS_SMALL, theme.sunken, colour)
            ink.write(((size[0] - extra) / 2, size[1] / 2), words, face, theme.text, align=CENTRE)
            if loop:
                ink.shape("loop", (size[0] - 11 * k, size[1] / 2), 9, theme.warn)
        return pixmap


def _touches(box: _Box, others: list[_Box]) -> bool:
    left, top, right, bottom = box
    for other in others:
        if left < other[2] and other[0] < right and top < other[3] and other[1] < bottom:
            return True
    return False


def _rank(token: Token, is_next: bool) -> tuple[int, int]:
    return (0 if is_next else _TELLING.get(token.kind, 6), token.token)
