"""Everything around the cards: ground, links, the sentences above and the legend below."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from core.model.cluster_view import ClusterView, ReplicaState, TokenKind
from gui.stage.ink import Ink, mixed
from gui.stage.layout import MARGIN, ClientDetail, Place, StageLayout
from gui.stage.link_signs import LinkSign, curve, paint_sign, pen_of, sign_size
from gui.stage.sign_places import place_signs
from gui.stage.sprites import paint_token
from gui.stage.wording import guidance
from gui.theme import BOLD, MEDIUM, RADIUS_SMALL, SEMIBOLD, Theme

LEGEND = (
    (TokenKind.REQUEST, "request"),
    (TokenKind.ORDER, "order"),
    (TokenKind.RETRANSMISSION, "sent again"),
    (TokenKind.RESULT, "result"),
    (TokenKind.ANSWER, "answer"),
    (TokenKind.LATE, "late"),
    (TokenKind.LOST, "lost"),
)

PACE_GAP = 12.0
"""Between the line that parts the shapes from the pace, and the pace."""


@dataclass(frozen=True, slots=True)
class Banner:
    """What stands above the stage: badge, headline, and the one thing to know or to do now."""

    badge: str
    headline: str
    alert: str
    grave: bool  # the alert tells of something broken, not of something that passes
    hint: str
    broken: str = ""  # rules that are broken on purpose


def banner(view: ClusterView, badge: str) -> Banner:
    """The sentences of this view; `badge` is "LIVE", "REPLAY" or ""."""
    broken = any(r.state in (ReplicaState.DEAD, ReplicaState.DIVERGED) for r in view.replicas)
    rules = f"BROKEN: no {', no '.join(view.broken)}" if view.broken else ""
    hint = "" if badge == "REPLAY" else guidance(view)  # nothing can be clicked in a recording
    return Banner(badge, view.headline, view.alert, bool(view.violations) or broken, hint, rules)


def paint_ground(
    painter: QPainter, layout: StageLayout, theme: Theme, broken: frozenset[LinkSign], selected: str
) -> None:
    """The empty stage and its links; those of the selected node stand out, and those that are `broken`."""
    ink, signs = Ink(painter, theme, layout.scale), {sign.name: sign for sign in broken}
    painter.fillRect(QRectF(QPointF(0, 0), layout.size), theme.background)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    k = layout.scale
    crowd = len(layout.links) > 24
    for name, link in layout.links.items():
        if name in signs:
            pen = pen_of(ink, signs[name])
        elif name == selected:
            pen = QPen(theme.accent, 1.8 * k)
        else:
            pen = QPen(mixed(theme.background, theme.link, 0.5) if crowd else theme.link, 1.3 * k)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(curve(link))
    grid = [place.rect for place in layout.places.values() if _in_grid(place)]
    if grid:  # links of the inner columns pass beneath the others: hide the crumbs between the cells
        block = grid[0]
        for rect in grid:
            block = block.united(rect)
        painter.fillRect(block, theme.background)
    for name, box in boxes_of(layout, theme, broken).items():
        paint_sign(ink, box, signs[name])


def boxes_of(layout: StageLayout, theme: Theme, broken: frozenset[LinkSign]) -> dict[str, QRectF]:
    """Where the words about broken links stand, by link."""
    ink = Ink(QPainter(), theme, layout.scale)
    told = [sign for sign in broken if sign.words and sign.name in layout.links]
    return place_signs(layout, {sign.name: sign_size(ink, sign) for sign in told})


def _in_grid(place: Place) -> bool:
    return place.name.startswith("C") and place.detail < ClientDetail.ROW and not place.moved


def paint_banner(painter: QPainter, words: Banner, theme: Theme, rect: QRectF, scale: float) -> None:
    """The sentences above the stage, left aligned in `rect`."""
    ink = Ink(painter, theme, scale)
    k = scale
    x, y = rect.left(), rect.top() + 12 * k
    if words.badge:
        x += _paint_badge(ink, words.badge, x, y) + 10 * k
    if words.broken:
        x += _paint_broken(ink, words.broken, x, y) + 10 * k
    ink.write((x, y), words.headline, ink.words(13), theme.text_muted, room=rect.right() - x)
    y = rect.top() + 39 * k
    if words.alert:
        colour = theme.bad if words.grave else theme.caution
        ink.shape("triangle", (rect.left() + 7 * k, y), 12, colour)
        room = rect.width() - 20 * k
        ink.write((rect.left() + 20 * k, y), words.alert, ink.words(14.5, SEMIBOLD), colour, room=room)
    elif words.hint:
        ink.write((rect.left(), y), words.hint, ink.words(15, SEMIBOLD), theme.accent, room=rect.width())


def _paint_badge(ink: Ink, badge: str, x: float, y: float) -> float:
    """LIVE is filled, anything else (REPLAY) an outline: they are not taken for each other."""
    theme, k = ink.theme, ink.scale
    face = ink.words(11, BOLD)
    width = ink.width(face, badge) + 27 * k
    rect = QRectF(x, y - 10 * k, width, 20 * k)
    live = badge == "LIVE"
    ink.box(rect, RADIUS_SMALL, theme.ok if live else None, None if live else theme.violet, width=1.5)
    colour = theme.background if live else theme.violet
    ink.shape("disc" if live else "loop", (x + 11 * k, y), 8, colour)
    ink.write((x + 19 * k, y), badge, face, colour)
    return width


def _paint_broken(ink: Ink, words: str, x: float, y: float) -> float:
    """A rule is broken on purpose: whoever sees the picture must know."""
    theme, k = ink.theme, ink.scale
    face = ink.words(11, BOLD)
    width = ink.width(face, words) + 30 * k
    ink.box(QRectF(x, y - 10 * k, width, 20 * k), RADIUS_SMALL, theme.bad, None)
    ink.shape("unequal", (x + 13 * k, y), 9, theme.background)
    ink.write((x + 22 * k, y), words, face, theme.background)
    return width


def paint_legend(painter: QPainter, words: str, theme: Theme, rect: QRectF, scale: float) -> None:
    """What the shapes of messages mean, then how fast they travel (`words`)."""
    paint_pace(painter, words, theme, rect, scale, paint_shapes(painter, theme, rect, scale))


def paint_shapes(painter: QPainter, theme: Theme, rect: QRectF, scale: float) -> float:
    """What the shapes of messages mean; where they end."""
    ink = Ink(painter, theme, scale)
    k = scale
    y = rect.center().y()
    face = ink.words(11.5)
    x = rect.left() + (MARGIN + 8) * k
    for kind, name in LEGEND:
        width = ink.width(face, name)
        if x + 14 * k + width > rect.right():
            return rect.right()
        paint_token(ink, kind, (x, y), theme.bad if kind is TokenKind.LOST else theme.text_muted)
        ink.write((x + 13 * k, y), name, face, theme.text_muted)
        x += width + 34 * k
    return x


def paint_pace(
    painter: QPainter, words: str, theme: Theme, rect: QRectF, scale: float, shapes_end: float
) -> None:
    """How fast messages travel, after the shapes, when there is room."""
    ink = Ink(painter, theme, scale)
    k, x, y = scale, shapes_end, rect.center().y()
    if words and x + ink.width(ink.words(11.5, MEDIUM), words) <= rect.right():
        ink.painter.fillRect(QRectF(x - PACE_GAP * k, y - 7 * k, 1, 14 * k), theme.outline)
        ink.write((x, y), words, ink.words(11.5, MEDIUM), theme.text)
