"""The shapes of markers: what happened is told by shape as well as colour."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from core.model.markers import MarkerKind
from gui.theme import Theme

_SIDE_PX = 4
_COLOURS = {
    MarkerKind.KILL: "bad",
    MarkerKind.FAULT: "warn",
    MarkerKind.VIOLATION: "bad",
    MarkerKind.EPOCH: "violet",
    MarkerKind.JOIN: "ok",
    MarkerKind.BOOKMARK: "violet",
    MarkerKind.CAPTION: "accent",
}


def paint_mark(painter: QPainter, theme: Theme, kind: MarkerKind, at: QPointF) -> QColor:
    """Paint a marker's shape with its middle at `at`; its colour, for the words beside it."""
    colour = getattr(theme, _COLOURS[kind])
    assert isinstance(colour, QColor)
    side, x, y = theme.px(_SIDE_PX), at.x(), at.y()
    painter.save()
    painter.setPen(QPen(theme.surface, 1))
    painter.setBrush(colour)
    match kind:
        case MarkerKind.KILL:
            painter.setPen(QPen(colour, theme.px(2), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(QPointF(x - side, y - side), QPointF(x + side, y + side))
            painter.drawLine(QPointF(x - side, y + side), QPointF(x + side, y - side))
        case MarkerKind.FAULT:
            _polygon(painter, (x, y - side - 1), (x + side + 1, y + side), (x - side - 1, y + side))
        case MarkerKind.VIOLATION:
            _polygon(painter, (x, y - side - 2), (x + side + 2, y), (x, y + side + 2), (x - side - 2, y))
        case MarkerKind.EPOCH:
            painter.drawRect(QRectF(x - 1.5, y - side - 2, 3, 2 * side + 4))
        case MarkerKind.JOIN:
            _polygon(painter, (x, y + side + 1), (x + side + 1, y - side), (x - side - 1, y - side))
        case MarkerKind.BOOKMARK:
            _polygon(
                painter,
                (x - side, y - side - 3), (x + side, y - side - 3), (x + side, y + side),
                (x, y + 1), (x - side, y + side),
            )  # fmt: skip
        case MarkerKind.CAPTION:
            painter.drawRoundedRect(QRectF(x - side - 2, y - side, 2 * side + 4, 2 * side), 2, 2)
    painter.restore()
    return colour


def _polygon(painter: QPainter, *points: tuple[float, float]) -> None:
    painter.drawPolygon(QPolygonF([QPointF(*point) for point in points]))
