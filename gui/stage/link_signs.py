"""What is wrong with a link, as it is drawn: the manner of its line, and a sign with words beside it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainterPath, QPen

from core.ids import replica_name
from core.link_faults import NO_FAULTS, links_of
from core.model.cluster_view import ClusterView, ReplicaState
from gui.stage.ink import Face, Ink, faded
from gui.stage.layout import Link
from gui.theme import RADIUS_SMALL, SEMIBOLD

REACH = 9.0
"""How near to a link a click counts, in base pixels."""
_STEPS = 24
_LINE, _MARK = 15.0, 14.0
"""Height of a line of words, and the room of the mark before them, in base pixels."""


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


def sign_size(ink: Ink, sign: LinkSign) -> QSizeF:
    """How much room a sign with words takes."""
    width = max(ink.width(_face(ink), line) for line in sign.words)
    return QSizeF(width + (_MARK + 12) * ink.scale, (_LINE * len(sign.words) + 4) * ink.scale)


def paint_sign(ink: Ink, box: QRectF, sign: LinkSign) -> None:
    """The words in `box`, with a cross when the link is cut."""
    theme, k = ink.theme, ink.scale
    colour = theme.bad if sign.cut else theme.warn
    ink.box(box, RADIUS_SMALL, theme.raised, colour, width=1.2)
    first = box.top() + (2 + _LINE / 2) * k
    ink.shape("cross" if sign.cut else "triangle", (box.left() + 11 * k, first), 8.5, colour)
    for place, line in enumerate(sign.words):
        ink.write((box.left() + (_MARK + 5) * k, first + _LINE * place * k), line, _face(ink), theme.text)


def _face(ink: Ink) -> Face:
    return ink.words(10.5, SEMIBOLD)


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
