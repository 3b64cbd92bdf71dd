"""A replica manager: how it is, what it executes next, what it holds back, and what its data came to."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor

from core.ids import replica_name
from core.model.cluster_view import ReplicaCard, ReplicaState
from gui.stage.card_frame import CardFrame, paint_body
from gui.stage.ink import RIGHT, Ink, mixed
from gui.stage.layout import ReplicaDetail
from gui.stage.slots import paint_empty_slots, paint_slots, paint_strip
from gui.stage.tiles import LONG, paint_tile_values, paint_tiles
from gui.stage.wording import digest_text, replica_status, shortened
from gui.theme import BOLD, REGULAR, SEMIBOLD, Theme

PAD = 12.0
KILL_SIZE = 18.0
MOST_LAGGING = "lagging −32,768"
"""So much room is kept: by how much it lags changes all the time, and what stands before it is to stay."""


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


def replica_ground_key(card: ReplicaCard, frame: CardFrame) -> tuple[object, ...]:
    """What the ground of a replica's card depends on, besides its frame."""
    tiles = (
        tuple((tile.key, tile.lit, len(tile.value) > LONG) for tile in card.tiles)
        if frame.detail >= ReplicaDetail.TILES
        else ()
    )
    detail = "" if card.state is ReplicaState.LAGGING else card.detail
    return (card.pid, card.port, card.state, detail, card.harms, tiles)


def paint_replica_ground(ink: Ink, card: ReplicaCard, frame: CardFrame) -> None:
    """What of a replica's card seldom changes: who and how it is, labels, empty slots and tiles."""
    theme, k = ink.theme, frame.scale
    dead = card.state is ReplicaState.DEAD
    alarm = dead or card.state is ReplicaState.DIVERGED
    fill = mixed(theme.raised, theme.background, 0.55) if dead else None
    paint_body(ink, frame, edge=theme.bad if alarm else None, fill=fill)
    rows = replica_rows(frame)
    _header(ink, card, frame, rows)
    if frame.detail != ReplicaDetail.DENSE:
        label = theme.text_faint if dead else theme.text_muted
        ink.write((frame.rect.left() + PAD * k, rows.figures), "expects", ink.words(11.5), label)
    ink.painter.fillRect(rows.strip, theme.sunken)
    paint_empty_slots(ink, rows.slots)
    if not rows.tiles.isEmpty():
        paint_tiles(ink, rows.tiles, card.tiles, dead)


def paint_replica_figures(ink: Ink, card: ReplicaCard, frame: CardFrame, comparison: Comparison) -> None:
    """What changes with every number."""
    rows = replica_rows(frame)
    if card.state is ReplicaState.LAGGING:  # by how much changes with every number
        _write_status(ink, card, frame, rows)
    _figures(ink, card, frame, rows)
    paint_strip(ink, rows.strip, card, comparison.first, comparison.disputed)
    paint_slots(ink, rows.slots, card)
    if not rows.tiles.isEmpty():
        paint_tile_values(ink, rows.tiles, card.tiles, card.state is ReplicaState.DEAD)


def _header(ink: Ink, card: ReplicaCard, frame: CardFrame, rows: Rows) -> None:
    theme, k, y = ink.theme, frame.scale, rows.header
    left, right = frame.rect.left() + PAD * k, _status_end(card, frame, rows)
    dead = card.state is ReplicaState.DEAD
    sign, colour = replica_sign(card.state, theme)
    if frame.hovered and not dead:
        ink.box(rows.kill, 5, None, theme.bad, width=1.2)
        centre = rows.kill.center()
        ink.shape("cross", (centre.x(), centre.y()), 9, theme.bad)
    ink.mark(sign, (left + 6 * k, y), 12, colour)
    x = left + 19 * k
    name = replica_name(card.replica)
    x += ink.write((x, y), name, ink.words(14.5, BOLD), theme.text_muted if dead else theme.text) + 9 * k
    if card.state is ReplicaState.LAGGING:
        width = ink.width(ink.words(12.5, SEMIBOLD), MOST_LAGGING)
    else:
        width = _write_status(ink, card, frame, rows)
    if card.harms and not dead and _paint_harms(ink, card, (x, y), right - width - 10 * k - x):
        return
    place = f"pid {card.pid} · :{card.port}"
    for text in (place, f"pid {card.pid}"):
        if ink.width(ink.figures(10.5), text) <= right - width - 10 * k - x:
            ink.write((x, y), text, ink.figures(10.5), theme.text_faint)
            break


def _write_status(ink: Ink, card: ReplicaCard, frame: CardFrame, rows: Rows) -> float:
    k, right = frame.scale, _status_end(card, frame, rows)
    _, colour = replica_sign(card.state, ink.theme)
    name_end = frame.rect.left() + (PAD + 19 + 9) * k
    name_end += ink.width(ink.words(14.5, BOLD), replica_name(card.replica))
    face = ink.words(12.5, SEMIBOLD)
    at = right, rows.header
    return ink.write(at, replica_status(card), face, colour, align=RIGHT, room=right - name_end)


def _status_end(card: ReplicaCard, frame: CardFrame, rows: Rows) -> float:
    """Where the words on its state end: before the button that kills, while that is there."""
    if frame.hovered and card.state is not ReplicaState.DEAD:
        return rows.kill.left() - 8 * frame.scale
    return frame.rect.right() - PAD * frame.scale


def _paint_harms(ink: Ink, card: ReplicaCard, at: tuple[float, float], room: float) -> bool:
    """What somebody did inside of it, as far as there is room; False when there is none."""
    theme, k = ink.theme, ink.scale
    face = ink.words(11, SEMIBOLD)
    for text in (" · ".join(card.harms), card.harms[-1], "harmed"):
        if ink.width(face, text) + 14 * k <= room:
            ink.mark("triangle", (at[0] + 5 * k, at[1]), 9, theme.warn)
            ink.write((at[0] + 14 * k, at[1]), text, face, theme.warn)
            return True
    return False


def _figures(ink: Ink, card: ReplicaCard, frame: CardFrame, rows: Rows) -> None:
    theme, k, y = ink.theme, frame.scale, rows.figures
    dead = card.state is ReplicaState.DEAD
    left, right = frame.rect.left() + PAD * k, frame.rect.right() - PAD * k
    strong = theme.text_faint if dead else theme.text
    tint = theme.bad if card.differs else strong
    digest = ("≠ " if card.differs else "") + (digest_text(card.digest) if card.expected > 1 else "—")
    if frame.detail == ReplicaDetail.DENSE:
        x = left + ink.write((left, y), f"#{card.expected}", ink.figures(18, BOLD), strong) + 6 * k
        end = rows.strip.left() - 8 * k
        ink.write((end, y), digest, ink.figures(11), tint, align=RIGHT, room=max(1.0, end - x))
        return
    x = left + ink.width(ink.words(11.5), "expects") + 7 * k
    x += ink.write((x, y), f"#{card.expected}", ink.figures(19, BOLD), strong) + 10 * k
    x = max(x, left + 0.44 * (right - left))
    x += ink.write((x, y), "digest", ink.words(11.5), theme.text_faint if dead else theme.text_muted) + 7 * k
    face = ink.figures(12.5, SEMIBOLD if card.differs else REGULAR)
    x += ink.write((x, y), digest, face, tint, room=max(1.0, right - x)) + 8 * k
    share = f"first {shortened(card.first_answers)}×"
    if card.first_answers and ink.width(ink.words(11), share) <= right - x:
        faint = theme.text_faint
        ink.write((right, y), share, ink.words(11), faint, align=RIGHT)
