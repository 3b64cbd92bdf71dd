"""A waiting message in a hand: clicked it is delivered, dragged onto another one it goes behind that."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QApplication

from core.facts import Pace
from core.model.cluster_view import ClusterView, Token, TokenKind
from gui.stage.hit_map import TOKEN_REACH, HitMap
from gui.stage.ink import Ink
from gui.stage.layout import StageLayout
from gui.stage.pointer_words import paint_words
from gui.stage.sprites import TOKEN_SHAPES, colour_row
from gui.theme import Theme

HINT = "Onto another message: behind it · Esc lets go"
_SHAPE_PX, _DISC_PX = 15, 22


def waiting_at(view: ClusterView, hits: HitMap, point: QPointF) -> Token | None:
    """The message under a point that waits for the user's word under step."""
    number = hits.token_at(point)
    if number <= 0 or view.pace is not Pace.STEP:
        return None
    found = next((token for token in view.tokens if token.token == number), None)
    waits = found is not None and found.due_ns == 0 and found.kind is not TokenKind.LOST
    return found if waits else None


class TokenDrag:
    """A message from the press on it until it is let go."""

    def __init__(self, token: Token, press: QPointF) -> None:
        self.token = token
        self.point: QPointF | None = None
        """Where it is dragged to; None as long as it is not."""
        self.given_up = False
        self._press = press

    @property
    def is_click(self) -> bool:
        """It was pressed and not dragged anywhere."""
        return self.point is None and not self.given_up

    def move(self, point: QPointF) -> bool:
        """Drag it there; False when that is no further than a finger trembles, or when it was given up."""
        far = (point - self._press).manhattanLength() >= QApplication.startDragDistance()
        if self.given_up or not (far or self.point is not None):
            return False
        self.point = point
        return True

    def give_up(self) -> None:
        """Let it be where it was, whatever the pointer does until it is released."""
        self.point, self.given_up = None, True

    def target(self, view: ClusterView, hits: HitMap) -> Token | None:
        """The message that it would go behind; None when it is over none but itself."""
        other = waiting_at(view, hits, self.point) if self.point is not None else None
        return other if other is not None and other.token != self.token.token else None


def paint_token_drag(
    painter: QPainter, view: ClusterView, layout: StageLayout, hits: HitMap, theme: Theme, drag: TokenDrag
) -> None:
    """The message at the pointer, from where it waits, the one that it would go behind, and that in words."""
    token, point = drag.token, drag.point
    if point is None:
        return
    ink, k = Ink(painter, theme, layout.scale), layout.scale
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    colour = (*theme.clients, theme.bad)[colour_row(token, len(theme.clients))]
    home = hits.token_point(token.token)
    if home is not None:
        painter.setPen(QPen(colour, 1.6 * k, Qt.PenStyle.DashLine))
        painter.drawLine(home, point)
    other = drag.target(view, hits)
    centre = (point.x(), point.y())
    ink.shape("disc", centre, _DISC_PX, theme.raised)
    ink.shape(TOKEN_SHAPES[token.kind], centre, _SHAPE_PX, colour)
    place = hits.token_point(other.token) if other is not None else None
    if place is not None:
        painter.setPen(QPen(theme.accent, 2.4 * k))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(place, TOKEN_REACH * k, TOKEN_REACH * k)
    words, edge = HINT, theme.outline_strong
    if other is not None:
        words, edge = f"{_called(token)} goes behind {_called(other)}", theme.accent
    paint_words(ink, layout, point, words, edge)


def _called(token: Token) -> str:
    return f"{token.label} {token.source} → {token.target}"
