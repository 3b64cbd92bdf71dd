"""A client: who it is, what it asked, and what became of it."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor

from core.ids import client_name
from core.model.cluster_view import ClientCard
from gui.stage.card_frame import CardFrame, paint_body
from gui.stage.ink import RIGHT, Ink
from gui.stage.layout import ClientDetail
from gui.theme import BOLD, Theme

HINT = "click to query"


def paint_client_ground(ink: Ink, card: ClientCard, frame: CardFrame) -> None:
    """What of a client's card stays: the body, its colour and name."""
    theme, k, rect = ink.theme, frame.scale, frame.rect
    paint_body(ink, frame)
    inset = (9 if frame.detail >= ClientDetail.ROW else 6) * k
    bar = QRectF(rect.left(), rect.top() + inset, 3.5 * k, rect.height() - 2 * inset)
    ink.box(bar, 1.75, theme.client_colour(card.client))
    left, y, px = _name_spot(frame)
    ink.write((left, y), client_name(card.client), ink.words(px, BOLD), theme.text)
    if frame.detail == ClientDetail.CARD and (frame.hovered or frame.focused):
        ink.write((rect.right() - 12 * k, y), HINT, ink.words(11), theme.accent, align=RIGHT)


def paint_client_figures(ink: Ink, card: ClientCard, frame: CardFrame, status: str) -> None:
    """What changes; `status` says what it waits for or last got (where there is room for it)."""
    if frame.detail == ClientDetail.CARD:
        _card(ink, card, frame, status)
    elif frame.detail == ClientDetail.ROW:
        _row(ink, card, frame, status)
    else:
        _line(ink, card, frame, status)


def client_sign(card: ClientCard, theme: Theme) -> tuple[str, QColor]:
    """The shape and colour of a client's state."""
    if card.waiting_since_ns:
        return "dots", theme.caution
    match card.last_outcome:
        case "ok":
            return "tick", theme.ok
        case "refused":
            return "bar", theme.warn
        case "unknown":
            return "question", theme.bad
    return "circle", theme.text_faint


def _name_spot(frame: CardFrame) -> tuple[float, float, float]:
    """Where a client's name begins, the middle of its line, and its type size in base pixels."""
    rect, k = frame.rect, frame.scale
    if frame.detail == ClientDetail.CARD:
        return rect.left() + 14 * k, rect.top() + 17 * k, 14
    if frame.detail == ClientDetail.ROW:
        return rect.left() + 12 * k, rect.top() + 14 * k, 13
    return rect.left() + 9 * k, rect.center().y(), 12


def _card(ink: Ink, card: ClientCard, frame: CardFrame, status: str) -> None:
    theme, k, rect = ink.theme, frame.scale, frame.rect
    left, right = rect.left() + 14 * k, rect.right() - 12 * k
    if card.answered and not (frame.hovered or frame.focused):
        y = rect.top() + 17 * k
        ink.write((right, y), f"{card.answered:,}×", ink.words(11), theme.text_faint, align=RIGHT)
    call = card.call or "—"
    ink.write((left, rect.top() + 35 * k), call, ink.figures(11.5), theme.text_muted, room=right - left)
    sign, colour = client_sign(card, theme)
    y = rect.top() + 53 * k
    ink.mark(sign, (left + 5 * k, y), 10, colour)
    ink.write((left + 15 * k, y), status, ink.words(11.5), colour, room=right - left - 15 * k)


def _row(ink: Ink, card: ClientCard, frame: CardFrame, status: str) -> None:
    theme, k, rect = ink.theme, frame.scale, frame.rect
    left, right = rect.left() + 12 * k, rect.right() - 10 * k
    sign, colour = client_sign(card, theme)
    if frame.hovered or frame.focused:
        status, colour = HINT, theme.accent
    y, room = rect.top() + 14 * k, right - left - 44 * k
    width = min(ink.width(ink.words(11), status), room)
    ink.write((right, y), status, ink.words(11), colour, align=RIGHT, room=room)
    ink.mark(sign, (right - width - 9 * k, y), 9, colour)
    call = card.call or "—"
    ink.write((left, rect.top() + 31 * k), call, ink.figures(11), theme.text_muted, room=right - left)


def _line(ink: Ink, card: ClientCard, frame: CardFrame, status: str) -> None:
    """One line; a cell keeps nothing but the sign."""
    theme, k, rect = ink.theme, frame.scale, frame.rect
    sign, colour = client_sign(card, theme)
    y, right = rect.center().y(), rect.right() - 11 * k
    ink.mark(sign, (right, y), 10, colour)
    if frame.detail == ClientDetail.LINE:
        text = status[status.find("#") :] if "#" in status else status
        room = rect.width() - 58 * k
        ink.write((right - 10 * k, y), text, ink.words(11), colour, align=RIGHT, room=room)
