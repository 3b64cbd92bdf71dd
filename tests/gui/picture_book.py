"""Pictures of the window, held against those that were looked at and found good.

Those are the pictures of the documentation: what a reader sees there is what the tests hold. Machines smooth
edges and place letters in their own ways, so pictures are compared at half their size, and a pixel is alike
when the other picture has its shade within a pixel of it, and the other way round. Pictures are unlike when
many pixels of one tile are.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtGui import QImage

from bench.camera import small_png

FOLDER = Path(__file__).parents[2] / "docs" / "pictures" / "views"
COMMAND = "LOCKSTEP_RENEW_PICTURES=1 python3 main.py test tests/gui/test_pictures.py"
TILE_PX = 12
OVERLOOKED = 26
"""Of 255: so much may a colour differ."""
MOST_SHARE = 0.06
"""Of a tile's pixels: so many may differ by more."""

Pixels = npt.NDArray[np.int16]


def pixels_of(image: QImage) -> Pixels:
    """Red, green and blue, by row and column."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : rgb.width() * 3].reshape(rgb.height(), rgb.width(), 3).astype(np.int16)


def halved(image: QImage) -> QImage:
    """Each pixel the mean of four."""
    pixels = pixels_of(image)
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    four = pixels[: 2 * height, : 2 * width].reshape(height, 2, width, 2, 3)
    mean = np.ascontiguousarray(four.mean(axis=(1, 3)).round().astype(np.uint8))
    return QImage(mean.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def unlike(one: QImage, other: QImage) -> list[tuple[int, int]]:
    """The tiles (column, row) that a person would see to differ; the first one alone when sizes differ."""
    if one.size() != other.size():
        return [(0, 0)]
    first, second = pixels_of(one), pixels_of(other)
    differs = _strange(first, second) | _strange(second, first)
    height, width = (side // TILE_PX * TILE_PX for side in differs.shape)
    tiles = differs[:height, :width].reshape(height // TILE_PX, TILE_PX, width // TILE_PX, TILE_PX)
    rows, columns = np.nonzero(tiles.mean(axis=(1, 3)) > MOST_SHARE)
    return list(zip(columns.tolist(), rows.tolist(), strict=True))


def _strange(pixels: Pixels, among: Pixels) -> npt.NDArray[np.bool_]:
    """Which pixels have a shade that the other picture has nowhere within a pixel."""
    framed = np.pad(among, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = among.shape[:2]
    near = [framed[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    low, high = np.minimum.reduce(near) - OVERLOOKED, np.maximum.reduce(near) + OVERLOOKED
    strange: npt.NDArray[np.bool_] = ((pixels < low) | (pixels > high)).any(axis=2)
    return strange


def marked(image: QImage, tiles: list[tuple[int, int]]) -> QImage:
    """The picture with what differs in bright red frames."""
    pixels = pixels_of(image).astype(np.uint8)
    for column, row in tiles:
        part = pixels[row * TILE_PX : (row + 1) * TILE_PX, column * TILE_PX : (column + 1) * TILE_PX]
        part[[0, -1]] = part[:, [0, -1]] = (255, 0, 80)
    height, width = pixels.shape[:2]
    return QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def hold_against(name: str, image: QImage, wrong: Path) -> None:
    """Fails when the picture is unlike the one that is kept; says where both are, and how to renew it."""
    path = FOLDER / f"{name}.png"
    if os.environ.get("LOCKSTEP_RENEW_PICTURES"):
        path.write_bytes(small_png(image))
        return
    found = halved(image)
    tiles = unlike(halved(QImage(str(path))), found)
    if tiles:
        image.save(str(wrong / f"{name}.png"))
        marked(found, tiles).save(str(wrong / f"{name}-differs.png"))
        pytest.fail(
            f"{name} is unlike the picture that is kept, in {len(tiles)} places.\n"
            f"  kept:    {path}\n  painted: {wrong / name}.png\n  where:   {wrong / name}-differs.png\n"
            f"Look at them. If the change is meant, keep the new ones: {COMMAND}",
            pytrace=False,
        )
