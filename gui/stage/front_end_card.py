"""The front end: the number it gives next, and how its requests stand."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from core.model.cluster_view import FrontEndCard
from gui.stage.card_frame import CardFrame, paint_body
from gui.stage.ink import CENTRE, RIGHT, Ink
from gui.theme import BOLD, MEDIUM, SEMIBOLD, Theme

POLICIES = {"first": "first answer wins"}
"""Reply policies in words; one that is not here is shown as it is called."""


def paint_front_end(painter: QPainter, card: FrontEndCard, theme: Theme, frame: CardFrame) -> None:
    """Paint the front end's card."""
    ink = Ink(painter, theme, frame.scale)
    k, rect = frame.scale, frame.rect
    paint_body(ink, frame, edge=theme.accent)
    left, right, top = rect.left() + 14 * k, rect.right() - 14 * k, rect.top()
    ink.write((left, top + 21 * k), "Front end", ink.words(15, BOLD), theme.text)
    policy = POLICIES.get(card.reply_policy, card.reply_policy)
    ink.write((left, top + 40 * k), policy, ink.words(11.5), theme.text_muted, room=right - left)
    number = str(card.next_seq)
    size = _largest(ink, number, right - left)
    ink.write((rect.center().x(), top + 78 * k), number, ink.figures(size, BOLD), theme.text, align=CENTRE)
    ink.write(
        (rect.center().x(), top + 108 * k),
        "next sequence number",
        ink.words(11),
        theme.text_muted,
        align=CENTRE,
        room=right - left,
    )
    ink.painter.fillRect(QRectF(left, round(top + 125 * k), right - left, 1), theme.outline)
    rows = (
        ("in flight", f"{card.in_flight:,}", theme.text),
        ("sent again", f"{card.retransmissions:,}", theme.warn if card.retransmissions else theme.text),
        ("executed by all", f"#{card.executed_by_all}", theme.text),
        ("epoch", str(card.epoch), theme.text),
    )
    for index, (label, value, colour) in enumerate(rows):
        y = top + (142 + index * 21.5) * k
        width = ink.write((right, y), value, ink.figures(12.5, SEMIBOLD), colour, align=RIGHT)
        ink.write(
            (left, y), label, ink.words(11.5, MEDIUM), theme.text_muted, room=right - left - width - 4 * k
        )


def _largest(ink: Ink, number: str, room: float) -> float:
    """The largest type, in base pixels, in which `number` fits into `room` pixels."""
    fits = (
        size for size in (40.0, 34.0, 28.0, 23.0, 19.0) if ink.width(ink.figures(size, BOLD), number) <= room
    )
    return next(fits, 15.0)
