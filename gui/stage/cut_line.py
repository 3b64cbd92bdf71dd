"""A line that a person draws across links, and what it would do, seen before it is done."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from core.ids import replica_name
from core.model.cluster_view import ClusterView
from gui.partition import across
from gui.stage.ink import Ink
from gui.stage.layout import StageLayout
from gui.stage.link_signs import curve
from gui.stage.pointer_words import paint_words
from gui.theme import RADIUS, Theme

HINT = "Draw across links to cut them · Esc lets go"
_STEPS = 32


def crossed(layout: StageLayout, line: QLineF) -> dict[int, QPointF]:
    """The replicas whose links the line crosses, and where."""
    found: dict[int, QPointF] = {}
    for name, link in layout.links.items():
        if not name.startswith("R"):
            continue
        path = curve(link)
        points = [path.pointAtPercent(step / _STEPS) for step in range(_STEPS + 1)]
        for one, other in pairwise(points):
            kind, point = line.intersects(QLineF(one, other))
            if kind is QLineF.IntersectionType.BoundedIntersection:
                found[int(name[1:])] = point
                break
    return found


def paint_cut_line(
    painter: QPainter, view: ClusterView, layout: StageLayout, theme: Theme, line: QLineF
) -> None:
    """The line, the links that it crosses, the cards behind them, and in words what letting go does."""
    ink, k = Ink(painter, theme, layout.scale), layout.scale
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    points = crossed(layout, line)
    done = across(view, points)
    colour = theme.text_muted if not done.crossed else theme.ok if done.joins else theme.bad
    for replica in done.crossed:
        name, edge = replica_name(replica), 4 * k
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 2.4 * k, Qt.PenStyle.SolidLine if done.joins else Qt.PenStyle.DashLine))
        painter.drawPath(curve(layout.links[name]))
        frame = layout.places[name].rect.adjusted(-edge, -edge, edge, edge)
        ink.box(frame, RADIUS + 4, None, colour, width=2, dashed=not done.joins)
    pen = QPen(colour, 2 * k)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawLine(line)
    for point in () if done.joins else (points[replica] for replica in done.crossed):
        ink.shape("disc", (point.x(), point.y()), 17, theme.background)
        ink.shape("cross", (point.x(), point.y()), 11, colour)
    edge_colour = colour if done.crossed else theme.outline_strong
    paint_words(ink, layout, line.p2(), done.words or HINT, edge_colour)
