"""A replica manager: how it is, what it executes next, what it holds back, and what its data came to."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter

from core.ids import replica_name
from core.model.cluster_view import ReplicaCard, ReplicaState, Tile
from gui.stage.card_frame import CardFrame, paint_body
from gui.stage.ink import RIGHT, Ink, mixed
from gui.stage.layout import ReplicaDetail
from gui.stage.slots import paint_slots, paint_strip
from gui.stage.wording import digest_text, replica_status
from gui.theme import BOLD, RADIUS_SMALL, REGULAR, SEMIBOLD, Theme

PAD = 12.0
KILL_SIZE = 18.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a replica's digest strip stands beside the others'.

    `first` is the number of the strip's leftmost column, the same on every card; `disputed` are the numbers
    at which this replica's digest is not the one that most others have.
    """

    first: int
    disputed: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Rows:
    """Where a replica card's rows are; a part that is not shown is an empty rectangle."""

    header: float  # y of the middle of the first row
    figures: float  # and of the second
    strip: QRectF
    slots: QRectF
    tiles: QRectF
    kill: QRectF  # the button that appears under the pointer


def replica_rows(frame: CardFrame) -> Rows:
    """Cut a replica's card into rows."""
    rect, k = frame.rect, frame.scale
    left, width = rect.left() + PAD * k, rect.width() - 2 * PAD * k

    def row(y: float, height: float) -> QRectF:
        return QRectF(left, rect.top() + y * k, width, height * k)

    if frame.detail == ReplicaDetail.DENSE:
        strip = QRectF(left + width * 0.56, rect.top() + 28 * k, width * 0.44, 13 * k)
        slots, tiles, header, figures = row(48, 16), QRectF(), 15.0, 35.0
    else:
        strip, slots, header, figures = row(58, 12), row(78, 23), 19.0, 42.0
        room = rect.height() / k - 110 - 10
        tiles = row(110, room) if frame.detail >= ReplicaDetail.TILES else QRectF()
    kill = QRectF(0, 0, KILL_SIZE * k, KILL_SIZE * k)
    kill.moveCenter(rect.topRight())
    kill.translate(-(PAD + KILL_SIZE / 2 - 3) * k, header * k)
    return Rows(rect.top() + header * k, rect.top() + figures * k, strip, slots, tiles, kill)


def replica_sign(state: ReplicaState, theme: Theme) -> tuple[str, QColor]:
    """The shape and colour of a state."""
    return {
        ReplicaState.STARTING: ("circle", theme.text_muted),
        ReplicaState.RUNNING: ("disc", theme.ok),
        ReplicaState.WAITING: ("triangle", theme.caution),
        ReplicaState.LAGGING: ("triangle", theme.warn),
        ReplicaState.PAUSED: ("bars", theme.text_muted),
        ReplicaState.SUSPECTED: ("question", theme.warn),
        ReplicaState.CATCHING_UP: ("loop", theme.violet),
        ReplicaState.DIVERGED: ("unequal", theme.bad),
        ReplicaState.DEAD: ("cross", theme.bad),
    }[state]


def paint_replica(
    painter: QPainter, card: ReplicaCard, theme: Theme, frame: CardFrame, comparison: Comparison
) -> None:
    """Paint a replica's card with as much as `frame.detail` allows."""
    ink = Ink(painter, theme, frame.scale)
    dead = card.state is ReplicaState.DEAD
    alarm = dead or card.state is ReplicaState.DIVERGED
    fill = mixed(theme.raised, theme.background, 0.55) if dead else None
    paint_body(ink, frame, edge=theme.bad if alarm else None, fill=fill)
    rows = replica_rows(frame)
    _header(ink, card, frame, rows)
    _figures(ink, card, frame, rows)
    paint_strip(ink, rows.strip, card, comparison.first, comparison.disputed)
    paint_slots(ink, rows.slots, card)
    if not rows.tiles.isEmpty():
        _tiles(ink, card.tiles, rows.tiles, dead)


def _header(ink: Ink, card: ReplicaCard, frame: CardFrame, rows: Rows) -> None:
    theme, k, y = ink.theme, frame.scale, rows.header
    left, right = frame.rect.left() + PAD * k, frame.rect.right() - PAD * k
    dead = card.state is ReplicaState.DEAD
    sign, colour = replica_sign(card.state, theme)
    if frame.hovered and not dead:
        ink.box(rows.kill, 5, None, theme.bad, width=1.2)
        centre = rows.kill.center()
        ink.shape("cross", (centre.x(), centre.y()), 9, theme.bad)
        right = rows.kill.left() - 8 * k
    ink.shape(sign, (left + 6 * k, y), 12, colour)
    x = left + 19 * k
    name = replica_name(card.replica)
    x += ink.write((x, y), name, ink.words(14.5, BOLD), theme.text_muted if dead else theme.text) + 9 * k
    status = replica_status(card)
    width = ink.write((right, y), status, ink.words(12.5, SEMIBOLD), colour, align=RIGHT, room=right - x)
    place = f"pid {card.pid} · :{card.port}"
    for text in (place, f"pid {card.pid}"):
        if ink.width(ink.figures(10.5), text) <= right - width - 10 * k - x:
            ink.write((x, y), text, ink.figures(10.5), theme.text_disabled if dead else theme.text_faint)
            break


def _figures(ink: Ink, card: ReplicaCard, frame: CardFrame, rows: Rows) -> None:
    theme, k, y = ink.theme, frame.scale, rows.figures
    dead = card.state is ReplicaState.DEAD
    left, right = frame.rect.left() + PAD * k, frame.rect.right() - PAD * k
    strong = theme.text_disabled if dead else theme.text
    label = theme.text_disabled if dead else theme.text_muted
    dense = frame.detail == ReplicaDetail.DENSE
    x = left
    if not dense:
        x += ink.write((x, y), "expects", ink.words(11.5), label) + 7 * k
    x += ink.write((x, y), f"#{card.expected}", ink.figures(18 if dense else 19, BOLD), strong) + 12 * k
    end = rows.strip.left() - 8 * k if dense else right
    tint = theme.bad if card.differs else strong
    text = ("≠ " if card.differs else "") + (digest_text(card.digest) if card.expected > 1 else "—")
    face = ink.figures(11 if dense else 12.5, SEMIBOLD if card.differs else REGULAR)
    if dense:
        ink.write((end, y), text, face, tint, align=RIGHT, room=max(1.0, end - x))
        return
    x += ink.write((x, y), "digest", ink.words(11.5), label) + 7 * k
    x += ink.write((x, y), text, face, tint, room=max(1.0, end - x)) + 12 * k
    share = f"first {card.first_answers:,}×"
    if card.first_answers and ink.width(ink.words(11), share) <= right - x:
        ink.write((right, y), share, ink.words(11), theme.text_faint, align=RIGHT)


def _tiles(ink: Ink, tiles: tuple[Tile, ...], rect: QRectF, dead: bool) -> None:
    """The data, two rows of it where there is room; what the last operation changed is lit."""
    theme, k = ink.theme, ink.scale
    gap = 6 * k
    rows = 2 if rect.height() > 70 * k else 1
    height = (rect.height() - gap * (rows - 1)) / rows
    shown = _chosen(tiles, rows * (3 if rect.width() > 240 * k else 2))
    columns = max(1, -(-len(shown) // rows))
    width = (rect.width() - gap * (columns - 1)) / columns
    for index, tile in enumerate(shown):
        cell = QRectF(
            rect.left() + (index % columns) * (width + gap),
            rect.top() + (index // columns) * (height + gap),
            width,
            height,
        )
        lit = tile.lit and not dead
        ground = mixed(theme.sunken, theme.ok, 0.16) if lit else theme.sunken
        ink.box(cell, RADIUS_SMALL, ground, theme.ok if lit else theme.outline)
        x, room = cell.left() + 8 * k, cell.width() - 16 * k
        label = theme.text_disabled if dead else theme.text_muted
        ink.write((x, cell.top() + height * 0.3), tile.key, ink.words(10.5), label, room=room)
        colour = theme.text_disabled if dead else theme.text
        ink.write((x, cell.top() + height * 0.7), tile.value, ink.figures(11.5), colour, room=room)


def _chosen(tiles: tuple[Tile, ...], most: int) -> tuple[Tile, ...]:
    """The first tiles, but never without the ones that are lit."""
    if len(tiles) <= most:
        return tiles
    kept = set(sorted(range(len(tiles)), key=lambda index: (not tiles[index].lit, index))[:most])
    return tuple(tile for index, tile in enumerate(tiles) if index in kept)
