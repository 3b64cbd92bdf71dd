"""A painter that remembers every word it writes: where, in which colour, and what was beneath."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter


@dataclass(frozen=True)
class Word:
    """Something written. `rect` is in the coordinates of the device, in its independent pixels."""

    text: str
    rect: QRectF
    colour: QColor  # as it is seen: laid over the ground
    ground: QColor


class SpyPainter(QPainter):
    """Paints on an image like any other."""

    def __init__(self, image: QImage, *, looks_beneath: bool = True) -> None:
        super().__init__(image)
        self._looks_beneath = looks_beneath
        self._image = image
        self.words: list[Word] = []

    def drawText(self, *arguments: Any) -> Any:  # type: ignore[override]
        """Look beneath, then write."""
        text = next(argument for argument in reversed(arguments) if isinstance(argument, str))
        if text.strip():
            self._note(text, self._place(text, arguments))
        return super().drawText(*arguments)

    def _place(self, text: str, arguments: tuple[Any, ...]) -> QRectF:
        metrics = QFontMetricsF(self.font())
        first = arguments[0]
        if isinstance(first, QPoint | QPointF):
            return _tight(metrics, text).translated(QPointF(first))
        if isinstance(first, QRect | QRectF):
            return QRectF(metrics.boundingRect(QRectF(first), int(arguments[1]), text))
        return _tight(metrics, text).translated(QPointF(first, arguments[1]))

    def _note(self, text: str, place: QRectF) -> None:
        rect = self.worldTransform().mapRect(place)
        if not self._looks_beneath:
            self.words.append(Word(text, rect, self.pen().color(), QColor()))
            return
        ground = _commonest(self._image, rect, self._image.devicePixelRatio())
        pen = self.pen().color()
        colour = over(pen, pen.alphaF() * self.opacity(), ground)
        self.words.append(Word(text, rect, colour, ground))


def _tight(metrics: QFontMetricsF, text: str) -> QRectF:
    """From the left to the right end, as high as its letters."""
    letters = metrics.tightBoundingRect(text)
    return QRectF(0, letters.top(), metrics.horizontalAdvance(text), letters.height())


def _commonest(image: QImage, rect: QRectF, ratio: float) -> QColor:
    inside = rect.toAlignedRect().intersected(QRect(QPoint(0, 0), image.deviceIndependentSize().toSize()))
    counts: Counter[int] = Counter()
    for y in range(inside.top(), inside.bottom() + 1, 2):
        for x in range(inside.left(), inside.right() + 1, 2):
            counts[image.pixel(int(x * ratio), int(y * ratio))] += 1
    return QColor.fromRgb(counts.most_common(1)[0][0]) if counts else QColor("black")


def over(colour: QColor, opacity: float, ground: QColor) -> QColor:
    """A colour that is laid over another one."""
    parts = zip(colour.getRgbF()[:3], ground.getRgbF()[:3], strict=True)  # type: ignore[index]
    return QColor.fromRgbF(*(one * opacity + other * (1 - opacity) for one, other in parts))
