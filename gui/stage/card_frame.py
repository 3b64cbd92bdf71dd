"""What all cards have in common: a body that shows whether it is selected or under the pointer."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor

from gui.stage.ink import Ink, faded, mixed
from gui.theme import RADIUS

GLOW = 7.0
"""Room around a card, in base pixels, that its selection glow and focus ring may use."""


@dataclass(frozen=True, slots=True)
class CardFrame:
    """Where and how a card is painted."""

    rect: QRectF
    scale: float
    detail: int
    selected: bool = False
    hovered: bool = False
    focused: bool = False  # selected, and the keyboard is here


def paint_body(ink: Ink, frame: CardFrame, *, edge: QColor | None = None, fill: QColor | None = None) -> None:
    """The card's ground. `edge` tells of a state (a dead replica); selection and focus go around it."""
    theme, rect, k = ink.theme, frame.rect, frame.scale
    if frame.selected:
        for spread, alpha in ((6.0, 0.10), (4.0, 0.16), (2.0, 0.24)):
            grown = rect.adjusted(-spread * k, -spread * k, spread * k, spread * k)
            ink.box(grown, RADIUS + spread, faded(theme.accent, alpha))
    elif theme.name == "light":
        for spread in (2.4, 1.2):
            shade = rect.adjusted(-spread * k, -spread * k / 2, spread * k, spread * k * 1.6)
            ink.box(shade, RADIUS + spread, faded(theme.outline_strong, 0.08))
    ground = fill or (mixed(theme.raised, theme.hover, 0.5) if frame.hovered else theme.raised)
    outline = edge or (theme.outline_strong if frame.hovered else theme.outline)
    if frame.selected:
        ink.box(rect, RADIUS, ground, theme.accent, width=1.6)
        if edge is not None:
            ink.box(rect.adjusted(2 * k, 2 * k, -2 * k, -2 * k), RADIUS - 2, None, edge)
    else:
        ink.box(rect, RADIUS, ground, outline, width=1.4 if edge is not None else 1.0)
    if frame.focused:
        ring = rect.adjusted(-3.5 * k, -3.5 * k, 3.5 * k, 3.5 * k)
        ink.box(ring, RADIUS + 3.5, None, theme.text, width=1.6, dashed=True)
