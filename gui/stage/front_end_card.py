"""The front end: the number it gives next, and how its requests stand."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from core.model.cluster_view import FrontEndCard
from core.policies import policy_words, promise_words
from gui.stage.card_frame import CardFrame, paint_body
from gui.stage.ink import CENTRE, RIGHT, Ink, mixed
from gui.theme import BOLD, MEDIUM, SEMIBOLD

PAD = 14.0


def front_end_rows(card: FrontEndCard) -> tuple[tuple[str, str], ...]:
    """What the card counts, as label and figure."""
    all_of_them = f"#{card.executed_by_all}"
    return (
        ("in flight", f"{card.in_flight:,}"),
        ("sent again", f"{card.retransmissions:,}"),
        ("executed by all" if len(all_of_them) < 7 else "by all", all_of_them),
        ("epoch", f"{card.epoch} begins" if card.recovering else str(card.epoch)),
    )


def paint_front_end_ground(ink: Ink, card: FrontEndCard, frame: CardFrame) -> None:
    """What of the front end's card stays: body and labels."""
    theme, k, rect = ink.theme, frame.scale, frame.rect
    paint_body(ink, frame, edge=mixed(theme.outline, theme.accent, 0.7))
    left, right, top = rect.left() + PAD * k, rect.right() - PAD * k, rect.top()
    ink.write((left, top + 21 * k), "Front end", ink.words(15, BOLD), theme.text)
    policy = policy_words(card.reply_policy)
    ink.write((left, top + 37 * k), policy, ink.words(11.5), theme.text_muted, room=right - left)
    promise = promise_words(card.reply_policy)
    ink.write((left, top + 51 * k), promise, ink.words(10), theme.text_faint, room=right - left)
    at, face = (rect.center().x(), top + 108 * k), ink.words(11.5)
    ink.write(at, "next sequence number", face, theme.text_muted, align=CENTRE, room=right - left)
    ink.painter.fillRect(QRectF(left, round(top + 125 * k), right - left, 1), theme.outline)
    for index, (label, _) in enumerate(front_end_rows(card)):
        ink.write((left, top + (142 + index * 21.5) * k), label, ink.words(11.5, MEDIUM), theme.text_muted)


def paint_front_end_figures(ink: Ink, card: FrontEndCard, frame: CardFrame) -> None:
    """What changes: the next number, large, and the counts."""
    theme, k, rect = ink.theme, frame.scale, frame.rect
    right, top = rect.right() - PAD * k, rect.top()
    number = str(card.next_seq)
    face = ink.figures(_largest(ink, number, rect.width() - 2 * PAD * k), BOLD)
    ink.write((rect.center().x(), top + 77 * k), number, face, theme.text, align=CENTRE)
    for index, (_, figure) in enumerate(front_end_rows(card)):
        colour = theme.warn if index == 1 and card.retransmissions else theme.text
        y = top + (142 + index * 21.5) * k
        ink.write((right, y), figure, ink.figures(12.5, SEMIBOLD), colour, align=RIGHT)


def _largest(ink: Ink, number: str, room: float) -> float:
    """The largest type, in base pixels, in which `number` fits into `room` pixels."""
    fits = (
        size for size in (40.0, 34.0, 28.0, 23.0, 19.0) if ink.width(ink.figures(size, BOLD), number) <= room
    )
    return next(fits, 15.0)
