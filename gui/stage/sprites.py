"""Messages on their way, as pictures cut from one sheet so that all of them are drawn in one call."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPixmap, QRadialGradient

from core.model.cluster_view import Token, TokenKind
from gui.stage.ink import Ink, mixed
from gui.theme import Theme

Floats = npt.NDArray[np.float64]

CELL = 60.0
"""Side of a sprite with its glow and tail, in base pixels."""

CORE = 32.0
"""Side of a sprite's middle, which holds everything but the tail."""

TAIL = 29.0

ANGLES = 24
"""Directions in which the tail is drawn beforehand: turning a picture per frame is slow."""

TOKEN_SHAPES = {
    TokenKind.REQUEST: "disc",
    TokenKind.ORDER: "square",
    TokenKind.RETRANSMISSION: "loop",
    TokenKind.RESULT: "diamond",
    TokenKind.ANSWER: "tick",
    TokenKind.LATE: "clock",
    TokenKind.LOST: "cross",
}
_STROKED = (TokenKind.RETRANSMISSION, TokenKind.ANSWER, TokenKind.LATE, TokenKind.LOST)
KIND_INDEX = {kind: index for index, kind in enumerate(TOKEN_SHAPES)}
_LOST = KIND_INDEX[TokenKind.LOST]
RING = len(TOKEN_SHAPES)
"""The ring around the message that is delivered next."""

FIRST_TAIL = RING + 1
PICTURES = FIRST_TAIL + ANGLES
"""Of each colour, in this order: shapes, ring, tails."""

_HIGHEST = 16_000
"""Pixels of a sheet: Qt paints no further than twice that."""


class Atlas:
    """The sheet: every picture in a slot of its own, one below the other, colour by colour: a client's hue
    each, and one for lost messages. Slots are small and the sheet is narrow, so that what is drawn in one
    frame lies close together in memory: that, not the number of pixels, is what drawing it costs.

    A colour is painted when the first message in it comes: few clients need few of them.
    """

    def __init__(self, theme: Theme, scale: float, ratio: float) -> None:
        self.cell = 2 * math.ceil(CELL * scale * ratio / 2)  # in pixels of the sheet, even
        self.lost_row = len(theme.clients)
        core = 2 * round(CORE * scale * ratio / 2)
        middle = ((self.cell - core) / 2, (self.cell - core) / 2, core, core)
        self.boxes: Floats = np.vstack(([middle] * FIRST_TAIL, _tail_boxes(self.cell)))
        """The part of a cell that each picture covers: left, top, width, height in pixels."""
        slot = int(self.boxes[:, 2:].max())
        count = (self.lost_row + 1) * PICTURES
        column = min(count, _HIGHEST // slot)
        places = np.arange(count)
        self.spots: Floats = np.stack((places // column * slot, places % column * slot), axis=1).astype(float)
        """Where each picture of each colour begins on the sheet."""
        self.pixmap = QPixmap(-(-count // column) * slot, column * slot)
        self.pixmap.fill(Qt.GlobalColor.transparent)
        self._theme = theme
        self._painted: set[int] = set()

    def rows(self, kind: npt.NDArray[np.intp], client: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """The colours of messages by their kinds and clients, as the first of their pictures on the sheet."""
        rows = np.where(kind == _LOST, self.lost_row, np.maximum(client - 1, 0) % self.lost_row)
        for row in set(rows.tolist()) - self._painted:
            self._painted.add(row)
            self._paint(row)
        return rows * PICTURES

    def _paint(self, row: int) -> None:
        colour = (*self._theme.clients, self._theme.bad)[row]
        with QPainter(self.pixmap) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            ink = Ink(painter, self._theme, self.cell / CELL)
            for column, kind in enumerate(TOKEN_SHAPES):
                paint_token(ink, kind, self._middle(column, row), colour)
            self._paint_ring(ink, self._middle(RING, row))
            for step in range(ANGLES):
                angle = 2 * math.pi * step / ANGLES
                _paint_tail(ink, self._middle(FIRST_TAIL + step, row), colour, angle)

    def _middle(self, picture: int, row: int) -> tuple[float, float]:
        left, top = (self.spots[row * PICTURES + picture] - self.boxes[picture, :2] + self.cell / 2).tolist()
        return left, top

    def _paint_ring(self, ink: Ink, centre: tuple[float, float]) -> None:
        ink.box(_square(centre, 27 * ink.scale), 13.5, None, ink.theme.text, width=2.0)


def colour_row(token: Token, clients: int) -> int:
    """A client's hue out of `clients`, or the one after them for a lost message."""
    if token.kind is TokenKind.LOST:
        return clients
    return (token.client - 1) % clients if token.client > 0 else 0


def paint_token(ink: Ink, kind: TokenKind, centre: tuple[float, float], colour: QColor) -> None:
    """A message: a glowing shape with a dark edge, so that it shows on a link and on a card."""
    theme, k = ink.theme, ink.scale
    glow = QRadialGradient(QPointF(*centre), 13 * k)
    soft = QColor(colour)
    soft.setAlphaF(0.34)
    glow.setColorAt(0.0, soft)
    soft.setAlphaF(0.0)
    glow.setColorAt(1.0, soft)
    ink.painter.setPen(Qt.PenStyle.NoPen)
    ink.painter.setBrush(glow)
    ink.painter.drawEllipse(QPointF(*centre), 13 * k, 13 * k)
    stroked = kind in _STROKED
    if stroked:
        ink.box(_square(centre, 17 * k), 8.5, mixed(theme.background, colour, 0.12), colour, width=1.5)
        ink.shape(TOKEN_SHAPES[kind], centre, 9.5, colour)
        return
    ink.shape(TOKEN_SHAPES[kind], centre, 18, theme.background)
    ink.shape(TOKEN_SHAPES[kind], centre, 14, colour)


def _paint_tail(ink: Ink, centre: tuple[float, float], colour: QColor, angle: float) -> None:
    """The trace behind a message that moves towards `angle` (radians, clockwise from the right)."""
    k = ink.scale
    back = QPointF(centre[0] - math.cos(angle) * TAIL * k, centre[1] - math.sin(angle) * TAIL * k)
    fade = QLinearGradient(QPointF(*centre), back)
    fade.setColorAt(0.0, colour)
    clear = QColor(colour)
    clear.setAlphaF(0.0)
    fade.setColorAt(1.0, clear)
    side = QPointF(-math.sin(angle) * 3.2 * k, math.cos(angle) * 3.2 * k)
    ink.painter.setPen(Qt.PenStyle.NoPen)
    ink.painter.setBrush(fade)
    ink.painter.drawPolygon([QPointF(*centre) + side, QPointF(*centre) - side, back])


def _tail_boxes(cell: int) -> Floats:
    """For each direction the part of a cell that its tail covers: left, top, width, height in pixels."""
    unit, middle = cell / CELL, cell / 2
    boxes = []
    for step in range(ANGLES):
        angle = 2 * math.pi * step / ANGLES
        spans = []
        for tip in (-math.cos(angle) * TAIL * unit, -math.sin(angle) * TAIL * unit):
            pad = 4 * unit
            low, high = (
                math.floor(middle + min(0, tip) - pad),
                math.ceil(middle + max(0, tip) + pad),
            )
            spans.append((max(0, low), min(cell, high)))
        (left, right), (top, bottom) = spans
        boxes.append((left, top, right - left, bottom - top))
    return np.array(boxes, np.float64)


def _square(centre: tuple[float, float], side: float) -> QRectF:
    return QRectF(centre[0] - side / 2, centre[1] - side / 2, side, side)
