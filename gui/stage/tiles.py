"""A replica's data as tiles: two rows where there is room; what the last operation changed is lit."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from core.model.cluster_view import Tile
from gui.stage.ink import CENTRE, Ink, mixed
from gui.theme import RADIUS_SMALL

GAP = 6.0
LONG = 11
"""A value with more characters than this gets a tile twice as wide."""


def paint_tiles(ink: Ink, rect: QRectF, tiles: tuple[Tile, ...], dead: bool) -> None:
    """The tiles and their keys."""
    theme, k = ink.theme, ink.scale
    if not tiles:
        ink.box(rect, RADIUS_SMALL, theme.sunken)
        at = (rect.center().x(), rect.center().y())
        ink.write(at, "no data yet", ink.words(11.5), theme.text_faint, align=CENTRE)
    for tile, cell in placed(rect, tiles, k):
        lit = tile.lit and not dead
        ground = mixed(theme.raised, theme.ok, 0.14) if lit else theme.sunken
        ink.box(cell, RADIUS_SMALL, ground, theme.ok if lit else theme.outline)
        colour = theme.text_faint if dead else theme.text_muted
        at = (cell.left() + 8 * k, cell.top() + cell.height() * 0.3)
        ink.write(at, tile.key, ink.words(10.5), colour, room=cell.width() - 14 * k)


def paint_tile_values(ink: Ink, rect: QRectF, tiles: tuple[Tile, ...], dead: bool) -> None:
    """What is in the tiles."""
    theme, k = ink.theme, ink.scale
    colour = theme.text_faint if dead else theme.text
    for tile, cell in placed(rect, tiles, k):
        at = (cell.left() + 8 * k, cell.top() + cell.height() * 0.69)
        face = ink.figures(12) if tile.value.isdecimal() else ink.words(12)
        ink.write(at, tile.value, face, colour, room=cell.width() - 14 * k)


def placed(rect: QRectF, tiles: tuple[Tile, ...], scale: float) -> list[tuple[Tile, QRectF]]:
    """Which tiles fit into `rect`, and where. The lit ones are always among them."""
    rows = 2 if rect.height() > 70 * scale else 1
    shown = _chosen(tiles, rows * (3 if rect.width() > 240 * scale else 2))
    columns = max(1, -(-len(shown) // rows))
    height = (rect.height() - GAP * scale * (rows - 1)) / rows
    result: list[tuple[Tile, QRectF]] = []
    for row in range(rows):
        line = shown[row * columns : (row + 1) * columns]
        weights = [2.0 if len(tile.value) > LONG else 1.0 for tile in line]
        unit = (rect.width() - GAP * scale * (len(line) - 1)) / max(1.0, sum(weights))
        x, y = rect.left(), rect.top() + row * (height + GAP * scale)
        for tile, weight in zip(line, weights, strict=True):
            result.append((tile, QRectF(x, y, unit * weight, height)))
            x += unit * weight + GAP * scale
    return result


def _chosen(tiles: tuple[Tile, ...], most: int) -> tuple[Tile, ...]:
    """The first tiles, but never without the ones that are lit."""
    if len(tiles) <= most:
        return tiles
    kept = set(sorted(range(len(tiles)), key=lambda index: (not tiles[index].lit, index))[:most])
    return tuple(tile for index, tile in enumerate(tiles) if index in kept)
