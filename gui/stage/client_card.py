"""A client: who it is, what it asked, and what became of it."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter

from core.ids import client_name
from core.model.cluster_view import ClientCard
from gui.stage.card_frame import CardFrame, paint_body
from gui.stage.ink import RIGHT, Ink
from gui.stage.layout import ClientDetail
from gui.theme import BOLD, SEMIBOLD, Theme

HINT = "click to query"


def paint_client(painter: QPainter, card: ClientCard, theme: Theme, frame: CardFrame, status: str) -> None:
    """Paint a client's card; `status` says what it waits for or last got (a cell has no room for it)."""
    ink = Ink(painter, theme, frame.scale)
    paint_body(ink, frame)
    _edge(ink, frame, theme.client_colour(card.client))
    if frame.detail == ClientDetail.CARD:
        _paint_card(ink, card, frame, status)
    elif frame.detail == ClientDetail.ROW:
        _paint_row(ink, card, frame, status)
    else:
        _paint_cell(ink, card, frame)


def client_sign(card: ClientCard, theme: Theme) -> tuple[str, QColor]:
    """The shape and colour of a client's state."""
    if card.waiting_since_ns:
        return "dots", theme.caution
    signs = {"ok": ("tick", theme.ok), "refused": ("bar", theme.warn), "unknown": ("question", theme.bad)}
    return signs.get(card.last_outcome, ("circle", theme.text_faint))


def _edge(ink: Ink, frame: CardFrame, colour: QColor) -> None:
    """The client's own colour, down its left side."""
    rect, k = frame.rect, frame.scale
    inset = 5 * k if frame.detail == ClientDetail.CELL else 9 * k
    bar = QRectF(rect.left(), rect.top() + inset, 3.5 * k, rect.height() - 2 * inset)
    ink.box(bar, 1.75, colour)


def _paint_card(ink: Ink, card: ClientCard, frame: CardFrame, status: str) -> None:
    theme, k, rect = ink.theme, frame.scale, frame.rect
    left, right = rect.left() + 14 * k, rect.right() - 12 * k
    ink.write((left, rect.top() + 17 * k), client_name(card.client), ink.words(14, BOLD), theme.text)
    if frame.hovered or frame.focused:
        ink.write((right, rect.top() + 17 * k), HINT, ink.words(11), theme.accent, align=RIGHT)
    elif card.answered:
        ink.write(
            (right, rect.top() + 17 * k), f"{card.answered:,}", ink.figures(11), theme.text_faint, align=RIGHT
        )
    call = card.call or "—"
    ink.write((left, rect.top() + 36 * k), call, ink.figures(11.5), theme.text_muted, room=right - left)
    sign, colour = client_sign(card, theme)
    y = rect.top() + 55 * k
    ink.shape(sign, (left + 5 * k, y), 10, colour)
    ink.write((left + 15 * k, y), status, ink.words(11.5), colour, room=right - left - 15 * k)


def _paint_row(ink: Ink, card: ClientCard, frame: CardFrame, status: str) -> None:
    theme, k, rect = ink.theme, frame.scale, frame.rect
    left, right = rect.left() + 12 * k, rect.right() - 10 * k
    y = rect.top() + 14 * k
    name = ink.write((left, y), client_name(card.client), ink.words(13, BOLD), theme.text)
    sign, colour = client_sign(card, theme)
    status = HINT if frame.hovered or frame.focused else status
    tint = theme.accent if frame.hovered or frame.focused else colour
    room = right - left - name - 26 * k
    width = min(ink.width(ink.words(11), status), room)
    ink.write((right, y), status, ink.words(11), tint, align=RIGHT, room=room)
    ink.shape(sign, (right - width - 9 * k, y), 9, colour)
    ink.write(
        (left, rect.top() + 31 * k), card.call or "—", ink.figures(11), theme.text_muted, room=right - left
    )


def _paint_cell(ink: Ink, card: ClientCard, frame: CardFrame) -> None:
    theme, k, rect = ink.theme, frame.scale, frame.rect
    y = rect.center().y()
    ink.write((rect.left() + 9 * k, y), client_name(card.client), ink.words(12, SEMIBOLD), theme.text)
    sign, colour = client_sign(card, theme)
    ink.shape(sign, (rect.right() - 11 * k, y), 10, colour)
