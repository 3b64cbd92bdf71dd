"""Line icons (Lucide, ISC) in a theme's colours."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from gui.theme import Theme

_FOLDER = Path(__file__).resolve().parent.parent / "assets" / "icons" / "lucide"
_SIZE_PX = 18
_SHARPNESS = 2.0  # drawn for a dense screen; Qt scales down for others


class Icons:
    """The icons of one theme; each is drawn once."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._drawn: dict[tuple[str, str], QIcon] = {}

    def icon(self, name: str, colour: QColor | None = None) -> QIcon:
        """An icon by its Lucide name, in the colour of text unless another is given; lit when checked."""
        shade = (colour or self._theme.text_muted).name()
        drawn = self._drawn.get((name, shade))
        if drawn is None:
            drawn = QIcon(self.pixmap(name, colour or self._theme.text_muted))
            lit = colour or self._theme.accent
            drawn.addPixmap(self.pixmap(name, lit), QIcon.Mode.Normal, QIcon.State.On)
            drawn.addPixmap(self.pixmap(name, self._theme.text_disabled), QIcon.Mode.Disabled)
            self._drawn[name, shade] = drawn
        return drawn

    def pixmap(self, name: str, colour: QColor, size_px: int = _SIZE_PX) -> QPixmap:
        """One icon as a picture."""
        side = round(self._theme.px(size_px) * _SHARPNESS)
        pixmap = QPixmap(_shape(name, side))
        with QPainter(pixmap) as painter:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
            painter.fillRect(pixmap.rect(), colour)
        pixmap.setDevicePixelRatio(_SHARPNESS)
        return pixmap


@lru_cache(maxsize=256)
def _shape(name: str, side: int) -> QPixmap:
    """An icon's shape, read and drawn once for all colours."""
    shape = QPixmap(side, side)
    shape.fill(Qt.GlobalColor.transparent)
    drawing = (_FOLDER / f"{name}.svg").read_bytes().replace(b"currentColor", b"black")
    with QPainter(shape) as painter:
        QSvgRenderer(QByteArray(drawing)).render(painter, QRectF(0, 0, side, side))
    return shape
