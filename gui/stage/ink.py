"""What every painter writes and draws with: type set at one scale, and the shapes that stand for states."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from gui.theme import DARK, REGULAR, Theme

LEFT, CENTRE, RIGHT = 0.0, 0.5, 1.0


@dataclass(frozen=True, eq=False, slots=True)
class Face:
    """A font with the figures that placing it needs, in pixels."""

    font: QFont
    metrics: QFontMetricsF
    cap_height: float
    mono_advance: float  # width of every character; 0 in a proportional face


@lru_cache(maxsize=512)
def _face(mono: bool, px: int, weight: QFont.Weight) -> Face:
    font = QFont(DARK.number_font(px, weight) if mono else DARK.text_font(px, weight))
    font.setStyleStrategy(QFont.StyleStrategy.PreferNoShaping)  # half the time; no word here needs it
    metrics = QFontMetricsF(font)
    return Face(font, metrics, metrics.capHeight(), metrics.horizontalAdvance("0") if mono else 0.0)


@lru_cache(maxsize=8192)
def _measured(face: Face, text: str) -> float:
    return face.metrics.horizontalAdvance(text)


@lru_cache(maxsize=4096)
def _elided(face: Face, text: str, width: int) -> str:
    return face.metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)


_STAMPS: dict[tuple[object, ...], QPixmap] = {}


class Ink:
    """A painter in the theme's colours, with lengths in base pixels times `scale`."""

    __slots__ = ("_ratio", "painter", "scale", "theme")

    def __init__(self, painter: QPainter, theme: Theme, scale: float) -> None:
        self.painter = painter
        self.theme = theme
        self.scale = scale
        self._ratio = 0.0

    @property
    def ratio(self) -> float:
        """Pixels of the device per device-independent pixel."""
        if not self._ratio:
            self._ratio = self.painter.device().devicePixelRatio()
        return self._ratio

    def words(self, px: float, weight: QFont.Weight = REGULAR) -> Face:
        """Inter at `px` base pixels."""
        return _face(False, max(1, round(px * self.scale)), weight)

    def figures(self, px: float, weight: QFont.Weight = REGULAR) -> Face:
        """JetBrains Mono at `px` base pixels."""
        return _face(True, max(1, round(px * self.scale)), weight)

    def width(self, face: Face, text: str) -> float:
        """How wide `text` runs, in pixels."""
        if face.mono_advance and text.isascii():
            return face.mono_advance * len(text)
        return _measured(face, text)

    def write(
        self,
        at: tuple[float, float],
        text: str,
        face: Face,
        colour: QColor,
        *,
        align: float = LEFT,
        room: float = 0.0,
    ) -> float:
        """Write `text` with its capitals centred on `at`'s y, and cut it at `room` pixels (0: never).

        Returns how wide it ran.
        """
        if not text:
            return 0.0
        width = self.width(face, text)
        if room and width > room:
            text = _elided(face, text, int(room))
            width = self.width(face, text)
        painter = self.painter
        painter.setFont(face.font)
        painter.setPen(colour)
        painter.drawText(QPointF(at[0] - width * align, round(at[1] + face.cap_height / 2)), text)
        return width

    def box(
        self,
        rect: QRectF,
        radius: float,
        fill: QColor | None,
        edge: QColor | None = None,
        *,
        width: float = 1.0,
        dashed: bool = False,
    ) -> None:
        """A rounded rectangle; `radius` and `width` in base pixels."""
        painter = self.painter
        if edge is None:
            painter.setPen(Qt.PenStyle.NoPen)
        else:
            line = max(1.0, width * self.scale)
            pen = QPen(edge, line)
            if dashed:
                pen.setDashPattern([2.4, 1.8])
            painter.setPen(pen)
            rect = rect.adjusted(line / 2, line / 2, -line / 2, -line / 2)
        painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect, radius * self.scale, radius * self.scale)

    def stamp(
        self,
        rect: QRectF,
        radius: float,
        fill: QColor,
        edge: QColor | None = None,
        *,
        width: float = 1.0,
        dashed: bool = False,
    ) -> None:
        """A small `box` on whole pixels, of which many are alike: painted once and then copied."""
        ratio = self.ratio
        key = (
            self.theme.name,
            self.scale,
            ratio,
            rect.width(),
            rect.height(),
            radius,
            fill.rgba(),
            edge.rgba() if edge is not None else 0,
            width,
            dashed,
        )
        found = _STAMPS.get(key)
        if found is None:
            if len(_STAMPS) >= 256:
                _STAMPS.clear()
            found = _STAMPS[key] = QPixmap((rect.size() * ratio).toSize())
            found.setDevicePixelRatio(ratio)
            found.fill(Qt.GlobalColor.transparent)
            with QPainter(found) as painter:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                ink = Ink(painter, self.theme, self.scale)
                ink.box(QRectF(QPointF(0, 0), rect.size()), radius, fill, edge, width=width, dashed=dashed)
        self.painter.drawPixmap(rect.topLeft(), found)

    def shape(self, name: str, centre: tuple[float, float], size: float, colour: QColor) -> None:
        """A state's or message's shape, `size` base pixels across, centred."""
        path, filled = outline(name)
        painter = self.painter
        painter.save()
        painter.translate(*centre)
        painter.scale(size * self.scale, size * self.scale)
        if filled:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
        else:
            pen = QPen(colour, 0.17)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        painter.restore()

    def mark(self, name: str, centre: tuple[float, float], size: float, colour: QColor) -> None:
        """A `shape` that is painted over and over: once, then copied, its middle on the nearest pixel."""
        pixmap, side = _mark(name, size * self.scale, colour.rgba(), self.ratio)
        left, top = (math.floor(middle - side / 2 + 0.5) for middle in centre)
        self.painter.drawPixmap(left, top, pixmap)


@lru_cache(maxsize=512)
def _mark(name: str, size: float, rgba: int, ratio: float) -> tuple[QPixmap, int]:
    side = math.ceil(size * 1.3)
    pixmap = QPixmap(math.ceil(side * ratio), math.ceil(side * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        Ink(painter, DARK, 1.0).shape(name, (side / 2, side / 2), size, QColor.fromRgba(rgba))
    return pixmap, side


def faded(colour: QColor, alpha: float) -> QColor:
    """The colour at `alpha` (0…1) of its opacity."""
    result = QColor(colour)
    result.setAlphaF(alpha)
    return result


def mixed(one: QColor, other: QColor, part: float) -> QColor:
    """`part` (0…1) of `other` over `one`, opaque."""
    return QColor.fromRgbF(
        one.redF() + (other.redF() - one.redF()) * part,
        one.greenF() + (other.greenF() - one.greenF()) * part,
        one.blueF() + (other.blueF() - one.blueF()) * part,
    )


@lru_cache(maxsize=64)
def outline(name: str) -> tuple[QPainterPath, bool]:
    """A shape in the square −0.5…0.5, and whether it is filled (else stroked)."""
    path = QPainterPath()
    if name in ("disc", "circle"):
        path.addEllipse(QPointF(0, 0), 0.42, 0.42)
    elif name == "triangle":
        _polyline(path, (0, -0.46), (0.5, 0.42), (-0.5, 0.42), (0, -0.46))
    elif name == "square":
        path.addRoundedRect(QRectF(-0.4, -0.4, 0.8, 0.8), 0.14, 0.14)
    elif name == "diamond":
        _polyline(path, (0, -0.52), (0.52, 0), (0, 0.52), (-0.52, 0), (0, -0.52))
    elif name == "bars":
        path.addRoundedRect(QRectF(-0.38, -0.44, 0.26, 0.88), 0.06, 0.06)
        path.addRoundedRect(QRectF(0.12, -0.44, 0.26, 0.88), 0.06, 0.06)
    elif name == "cross":
        _polyline(path, (-0.36, -0.36), (0.36, 0.36))
        _polyline(path, (0.36, -0.36), (-0.36, 0.36))
    elif name == "tick":
        _polyline(path, (-0.4, 0.04), (-0.1, 0.34), (0.42, -0.32))
    elif name == "unequal":
        _polyline(path, (-0.42, -0.16), (0.42, -0.16))
        _polyline(path, (-0.42, 0.18), (0.42, 0.18))
        _polyline(path, (0.2, -0.46), (-0.2, 0.48))
    elif name == "loop":
        path.arcMoveTo(QRectF(-0.38, -0.38, 0.76, 0.76), 60)
        path.arcTo(QRectF(-0.38, -0.38, 0.76, 0.76), 60, 290)
        _polyline(path, (0.46, -0.5), (0.42, -0.14), (0.06, -0.2))
    elif name == "question":
        path.moveTo(-0.24, -0.22)
        path.cubicTo(-0.22, -0.6, 0.36, -0.54, 0.26, -0.16)
        path.cubicTo(0.2, 0.0, 0.0, 0.0, 0.0, 0.2)
        _polyline(path, (0, 0.46), (0, 0.47))
    elif name == "clock":
        path.addEllipse(QPointF(0, 0), 0.44, 0.44)
        _polyline(path, (0, -0.26), (0, 0.02), (0.2, 0.14))
    elif name == "bar":
        _polyline(path, (-0.36, 0), (0.36, 0))
    elif name == "dots":
        for x in (-0.34, 0.0, 0.34):
            path.addEllipse(QPointF(x, 0), 0.12, 0.12)
    return path, name in ("disc", "triangle", "square", "diamond", "bars", "dots")


def _polyline(path: QPainterPath, *points: tuple[float, float]) -> None:
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
