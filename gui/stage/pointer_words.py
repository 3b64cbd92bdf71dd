"""Words beside the pointer while something is dragged: what letting go does."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor

from gui.stage.ink import Ink
from gui.stage.layout import StageLayout
from gui.theme import RADIUS_SMALL, SEMIBOLD


def paint_words(ink: Ink, layout: StageLayout, at: QPointF, words: str, colour: QColor) -> None:
    """A sentence in a box with an edge of this colour, left of the pointer and inside of the stage."""
    k, face = ink.scale, ink.words(12, SEMIBOLD)
    width, height = ink.width(face, words) + 20 * k, 24 * k
    left = min(max(at.x() - width - 14 * k, 4.0), layout.size.width() - width - 4)
    top = min(max(at.y() + 10 * k, 4.0), layout.size.height() - height - 4)
    box = QRectF(left, top, width, height)
    ink.box(box, RADIUS_SMALL, ink.theme.raised, colour, width=1.4)
    ink.write((left + 10 * k, box.center().y()), words, face, ink.theme.text)
