"""What is wrong with a link, as it is drawn: the manner of its line, and a sign with words on its middle."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath, QPen

from core.ids import replica_name
from core.link_faults import NO_FAULTS, links_of
from core.model.cluster_view import ClusterView, ReplicaState
from gui.stage.ink import CENTRE, Ink, faded
from gui.stage.layout import Link
from gui.theme import RADIUS_SMALL, SEMIBOLD

REACH = 9.0
"""How near to a link a click counts, in base pixels."""
_STEPS = 24


@dataclass(frozen=True, slots=True)
class LinkSign:
    """A link that is not as it should be. `words` are lines; none for the link of a dead replica."""

    name: str
    cut: bool  # nothing can travel, in one direction at least
    words: tuple[str, ...] = ()


def link_signs(view: ClusterView) -> frozenset[LinkSign]:
    """The links that are cut, faulty, or lead to a dead replica."""
    faults = {one.link: one.faults for one in view.faulty_links}
    signs = set()
    for card in view.replicas:
        name = replica_name(card.replica)
        if card.state is ReplicaState.DEAD:
            signs.add(LinkSign(name, True))
            continue
        to, back = (faults.get(link, NO_FAULTS) for link in links_of(card.replica))
        if to.any or back.any:
            same = to == back
            words = _lines(to.words(), "" if same else f"→{name}")
            words += () if same else _lines(back.words(), f"{name}→")
            signs.add(LinkSign(name, to.cut or back.cut, words))
    return frozenset(signs)


def _lines(words: str, way: str = "") -> tuple[str, ...]:
    return tuple(f"{way}: {line}" if way else line for line in words.split(" · ") if line)


def pen_of(ink: Ink, sign: LinkSign) -> QPen:
    """The line of a link that is not as it should be: dashed when it is cut, dotted when it is faulty."""
    theme, k = ink.theme, ink.scale
    pen = QPen(faded(theme.bad, 0.8) if sign.cut else theme.warn, (1.4 if sign.words else 1.2) * k)
    pen.setDashPattern([4, 4] if sign.cut else [1, 2.5])
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def paint_sign(ink: Ink, link: Link, sign: LinkSign) -> None:
    """The words on the middle of the link, with a cross when it is cut."""
    if not sign.words:
        return
    theme, k = ink.theme, ink.scale
    face = ink.words(10.5, SEMIBOLD)
    colour = theme.bad if sign.cut else theme.warn
    mark = 14.0 * k
    width = max(ink.width(face, line) for line in sign.words) + mark + 12 * k
    height = (15 * len(sign.words) + 4) * k
    middle = _beside(link, width, height, 13 * k)
    box = QRectF(middle.x() - width / 2, middle.y() - height / 2, width, height)
    ink.box(box, RADIUS_SMALL, theme.raised, colour, width=1.2)
    shape = "cross" if sign.cut else "triangle"
    ink.shape(shape, (box.left() + 6 * k + mark / 2 - 2 * k, middle.y()), 8.5, colour)
    for place, line in enumerate(sign.words):
        y = box.top() + (2 + 7.5 + 15 * place) * k
        ink.write((box.left() + mark + (width - mark) / 2, y), line, face, theme.text, align=CENTRE)


def _beside(link: Link, width: float, height: float, away: float) -> QPointF:
    """The middle of a box beside the middle of a link, below it: messages travel and rest on the link."""
    path = curve(link)
    angle = math.radians(path.angleAtPercent(0.5))
    across, down = math.sin(angle), math.cos(angle)  # Qt's angles go counter-clockwise, its y goes down
    if down < 0:
        across, down = -across, -down
    off = abs(across) * width / 2 + down * height / 2 + away
    return path.pointAtPercent(0.5) + QPointF(across * off, down * off)


def curve(link: Link) -> QPainterPath:
    """A link as a path, from the front end outward."""
    path = QPainterPath(link.points[0])
    path.cubicTo(*link.points[1:])
    return path


def distance(link: Link, point: QPointF) -> float:
    """How far a point is from a link, about."""
    path = curve(link)
    points = (path.pointAtPercent(step / _STEPS) for step in range(_STEPS + 1))
    return min((p - point).manhattanLength() for p in points)
