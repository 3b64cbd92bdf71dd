"""The two bands of a replica card: digests of the numbers behind it, and the hold-back queue ahead of it."""

from __future__ import annotations

import math
from functools import lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from core.model.cluster_view import ReplicaCard, ReplicaState
from gui.stage.ink import CENTRE, Ink, faded, mixed
from gui.stage.wording import slot_text
from gui.theme import BOLD, MEDIUM, Theme

STRIP_COLUMNS = 16
STRIP_BLOCK = 8
"""The strip moves on by so many numbers at once, so that a column stays put while replicas fill it."""

MAX_SLOTS = 16
SLOT_WIDTH, SLOT_GAP = 21.0, 3.0


def strip_first(newest: int) -> int:
    """The number in the leftmost column when `newest` is the newest that any replica executed."""
    return ((max(newest, 1) - 1) // STRIP_BLOCK - 1) * STRIP_BLOCK + 1


def paint_strip(ink: Ink, rect: QRectF, card: ReplicaCard, first: int, disputed: frozenset[int]) -> None:
    """A column per number: equal digests look equal, on every card in the same place.

    A replica too far behind for the common columns shows its own last ones, faded.
    """
    theme, painter = ink.theme, ink.painter
    behind = bool(card.strip) and card.strip_first + len(card.strip) <= first
    start = card.strip_first if behind else first
    cells = tuple(
        (seq - start, digest, seq in disputed)
        for seq, digest in enumerate(card.strip, start=card.strip_first)
        if 0 <= seq - start < STRIP_COLUMNS
    )
    left, top = int(rect.left()), int(rect.top())
    room = (rect.left() - left, rect.width(), int(rect.height()))
    if behind or card.state is ReplicaState.DEAD:
        painter.setOpacity(0.45)
        painter.drawPixmap(left, top, _strip(theme, cells, room, ink.scale, ink.ratio))
        painter.setOpacity(1.0)
    else:
        painter.drawPixmap(left, top, _strip(theme, cells, room, ink.scale, ink.ratio))


@lru_cache(maxsize=64)
def _strip(
    theme: Theme,
    cells: tuple[tuple[int, int, bool], ...],
    room: tuple[float, float, int],
    scale: float,
    ratio: float,
) -> QPixmap:
    """A strip with its `cells` (column, digest, disputed): replicas that agree share it. `room`: how far to
    the right of the picture's edge it begins, its width and height."""
    begin, width, height = room
    pitch, gap = width / STRIP_COLUMNS, max(1, round(1.5 * scale))
    mark = 2.4 * scale
    pixmap = QPixmap(math.ceil((begin + width) * ratio), math.ceil((height + 1 + mark) * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for column, digest, disputed in cells:
            left = int(begin + column * pitch)
            wide = int(begin + (column + 1) * pitch) - left - gap
            painter.drawPixmap(left, 0, _column(theme, *theme.digest_look(digest), wide, height, ratio))
            if disputed:
                painter.fillRect(QRectF(left, height + 1, wide, mark), theme.bad)
    return pixmap


@lru_cache(maxsize=1024)
def _column(theme: Theme, hue: int, pattern: int, width: int, height: int, ratio: float) -> QPixmap:
    """A column of the strip: a hue, and a pattern for those to whom hues look alike."""
    pixmap = QPixmap(math.ceil(width * ratio), math.ceil(height * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(theme.digests[hue])
    cut = faded(theme.background, 0.62)
    cuts = (
        QRectF(),
        QRectF(0, height * 2 / 3, width, height / 3),
        QRectF(0, 0, width, height / 3),
        QRectF(width / 3, 0, width / 3, height),
    )
    with QPainter(pixmap) as painter:
        painter.fillRect(cuts[pattern], cut)
    return pixmap


def slot_cells(rect: QRectF, scale: float) -> tuple[QRectF, ...]:
    """The slots n, n+1, … of a hold-back queue in `rect`, alike and on whole pixels."""
    return _cells(rect.left(), rect.top(), rect.width(), rect.height(), scale)


@lru_cache(maxsize=256)
def _cells(left: float, top: float, room: float, height: float, scale: float) -> tuple[QRectF, ...]:
    pitch = (SLOT_WIDTH + SLOT_GAP) * scale
    count = max(1, min(MAX_SLOTS, int((room + SLOT_GAP * scale) // pitch)))
    pitch = (room + SLOT_GAP * scale) / count
    width = float(int(pitch - SLOT_GAP * scale))
    return tuple(QRectF(int(left + n * pitch), int(top), width, float(int(height))) for n in range(count))


def paint_empty_slots(ink: Ink, rect: QRectF) -> None:
    """The queue's places, fainter with distance: the next number is the one that counts."""
    theme = ink.theme
    cells = slot_cells(rect, ink.scale)
    for index, cell in enumerate(cells):
        part = 0.75 * index / len(cells)
        ink.box(cell, 3, mixed(theme.sunken, theme.raised, part), mixed(theme.outline, theme.raised, part))


def paint_slots(ink: Ink, rect: QRectF, card: ReplicaCard) -> None:
    """The hold-back queue over its empty places: missing numbers dashed, held ones filled."""
    theme = ink.theme
    dead = card.state is ReplicaState.DEAD
    cells = slot_cells(rect, ink.scale)
    held = frozenset(card.held)
    last = max(card.held, default=card.expected)
    more = card.held_count - sum(1 for seq in held if seq < card.expected + len(cells))
    face = ink.figures(10, MEDIUM)
    for seq, cell in zip(range(card.expected, last + 1), cells, strict=False):
        at = (cell.center().x(), cell.center().y())
        if more > 0 and cell is cells[-1]:
            ink.stamp(cell, 3, mixed(theme.sunken, theme.held, 0.4), theme.held)
            words = _more_words(more + (seq in held))
            small = face if len(words) < 4 else ink.figures(8, MEDIUM)
            ink.write(at, words, small, theme.text, align=CENTRE, room=cell.width())
        elif seq in held:
            ink.stamp(cell, 3, theme.outline if dead else theme.held)
            ink.write(at, slot_text(seq), face, theme.text_muted if dead else theme.on_held, align=CENTRE)
        elif held:
            colour = theme.text_faint if dead else theme.caution
            ink.stamp(cell, 3, theme.sunken, colour, width=1.3, dashed=True)
            ink.write(at, slot_text(seq), face, colour, align=CENTRE)
        else:
            colour = theme.text_faint
            ink.write(at, slot_text(seq), face, colour, align=CENTRE)


def paint_cascade(ink: Ink, rect: QRectF, first: int, count: int, part: float) -> None:
    """The moment when a gap closed: `count` numbers from `first` on are executed one after another.

    `part` runs from 0 to 1 over the whole cascade.
    """
    theme = ink.theme
    face = ink.figures(10, BOLD)
    ink.painter.fillRect(rect.adjusted(-1, -1, 1, 1), theme.raised)
    for index, cell in enumerate(slot_cells(rect, ink.scale)):
        done = part * (count + 2) - index
        if index >= count:
            ink.box(cell, 3, theme.sunken, theme.outline)
            continue
        colour = theme.held if done < 0 else mixed(theme.ok, theme.sunken, min(1.0, done / 3))
        ink.box(cell, 3, colour, theme.ok if done >= 0 else None)
        text = theme.on_held if done < 0 else theme.text
        ink.write((cell.center().x(), cell.center().y()), slot_text(first + index), face, text, align=CENTRE)


def _more_words(count: int) -> str:
    """So many more are held than there are places, in four letters."""
    return f"+{count}" if count < 1_000 else f"+{min(count // 1_000, 99)}k"
