"""One frame of a film: the stage as the window shows it, and beneath it a strip with caption and time.

Frames are painted by the stage's own layers (`gui.stage.stage_picture`), which paint only what changed since
the frame before. The clock that spares a person's eyes under load is wound on, so every frame is complete.
"""

from __future__ import annotations

from msgspec.structs import replace
from PySide6.QtCore import QRect, QRectF, QSizeF
from PySide6.QtGui import QImage, QPainter

from core.model.cluster_view import ClusterView
from core.session.exports.look import Look
from gui.stage.flight import Routes
from gui.stage.flight_painter import FlightPainter
from gui.stage.ink import CENTRE, RIGHT, Ink
from gui.stage.layout import StageLayout, arrange
from gui.stage.painters import paint_stage
from gui.stage.sprites import colour_row, paint_token
from gui.stage.stage_picture import Setting, StagePicture
from gui.theme import DARK, LIGHT, SEMIBOLD, Theme

STRIP = 44
"""Height of the strip, in device-independent pixels."""
BADGE = "REPLAY"
_FULL_HD = 1080
_A_WHILE_NS = 1_000_000_000


def theme_of(look: Look) -> Theme:
    """The theme that is asked for."""
    return LIGHT if look.theme == "light" else DARK


def ratio_of(look: Look) -> float:
    """Pixels per device-independent pixel: above full HD the picture gets sharper, not wider."""
    return max(1.0, look.height / _FULL_HD)


class FramePainter:
    """Paints the frames of one film, in their order."""

    def __init__(self, look: Look, span_ns: tuple[int, int]) -> None:
        self._look = look
        self._span_ns = span_ns
        self._theme, self._ratio = theme_of(look), ratio_of(look)
        self._size = _size(look)
        self._stage = QSizeF(self._size.width(), self._size.height() - STRIP)
        self._clock_ns = 0
        self._picture = StagePicture(lambda: self._clock_ns)
        self._view: ClusterView | None = None
        self.image = QImage(look.width, look.height, QImage.Format.Format_RGB32)
        """The frame painted last."""
        self.image.setDevicePixelRatio(self._ratio)

    def paint(self, view: ClusterView, time_ns: int, caption: str) -> QImage:
        """The next frame. The image is painted over by the next call."""
        before, self._view = self._view, view
        self._clock_ns += _A_WHILE_NS
        picture = self._picture
        if before is None or not _same_nodes(before, view):
            picture.begin(view, Setting(self._stage, self._theme, self._ratio, BADGE, {}))
        else:
            picture.show(before, view)
            while picture.pending:
                self._clock_ns += _A_WHILE_NS
                picture.show(view, view)
        with QPainter(self.image) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            picture.paint(painter, QRect(0, 0, int(self._stage.width()) + 1, int(self._stage.height()) + 1))
            paint_strip(painter, self._theme, self._size, self._look, self._span_ns, time_ns, caption)
        return self.image


def paint_moment(painter: QPainter, view: ClusterView, look: Look, time_ns: int, caption: str) -> None:
    """One moment in full, strip included; `painter` is at its origin."""
    layout = _stage_layout(view, look)
    paint_stage(painter, view, theme_of(look), layout, badge=BADGE)
    paint_strip(painter, theme_of(look), _size(look), look, None, time_ns, caption)


def draw_moment(painter: QPainter, view: ClusterView, look: Look, time_ns: int, caption: str) -> None:
    """The same on a device of lines and shapes, which would keep the sheet of sprites once for each message:
    so the messages' shapes are drawn one by one, where the sprites would be."""
    layout, theme = _stage_layout(view, look), theme_of(look)
    paint_stage(painter, replace(view, tokens=()), theme, layout, badge=BADGE)
    flight, ink = Routes(layout).flight(view.tokens, view.now_ns), Ink(painter, theme, layout.scale)
    colours = (*theme.clients, theme.bad)
    for token, x, y, opacity in zip(flight.tokens, flight.x, flight.y, flight.opacity, strict=True):
        painter.setOpacity(opacity)
        paint_token(ink, token.kind, (x, y), colours[colour_row(token, len(theme.clients))])
    painter.setOpacity(1.0)
    signs = FlightPainter(theme, layout.scale, 2.0)
    signs.paint_signs(painter, flight, [place.rect for place in layout.places.values()])
    paint_strip(painter, theme, _size(look), look, None, time_ns, caption)


def _size(look: Look) -> QSizeF:
    ratio = ratio_of(look)
    return QSizeF(look.width / ratio, look.height / ratio)


def _stage_layout(view: ClusterView, look: Look) -> StageLayout:
    size = _size(look)
    stage = QSizeF(size.width(), size.height() - STRIP)
    return arrange(stage, len(view.clients), len(view.replicas), scale=theme_of(look).scale)


def paint_strip(
    painter: QPainter,
    theme: Theme,
    size: QSizeF,
    look: Look,
    span_ns: tuple[int, int] | None,
    time_ns: int,
    caption: str,
) -> None:
    """The strip at the bottom: how far the film is (`span_ns`), the caption, the time of the run."""
    ink = Ink(painter, theme, 1.0)
    strip = QRectF(0, size.height() - STRIP, size.width(), STRIP)
    painter.fillRect(strip, theme.surface)
    painter.fillRect(QRectF(0, strip.top(), size.width(), 2), theme.outline)
    if span_ns is not None and span_ns[1] > span_ns[0]:
        part = min(1.0, max(0.0, (time_ns - span_ns[0]) / (span_ns[1] - span_ns[0])))
        painter.fillRect(QRectF(0, strip.top(), size.width() * part, 2), theme.accent)
    y = strip.center().y() + 1
    clock = f"{time_ns / 1e9:.{decimals(look.pace)}f} s"
    ink.write((size.width() - 16, y), clock, ink.figures(13), theme.text, align=RIGHT)
    if span_ns is not None and look.pace != 1.0:
        ink.write((16, y), pace_text(look.pace), ink.words(12.5), theme.text_muted)
    room = size.width() - 2 * 150
    ink.write((size.width() / 2, y), caption, ink.words(16, SEMIBOLD), theme.text, align=CENTRE, room=room)


def decimals(pace: float) -> int:
    """How finely time is told: so that it moves from frame to frame, and can be read."""
    return 1 if pace >= 0.5 else 2 if pace >= 0.05 else 3


def pace_text(pace: float) -> str:
    """`20 × slower`, `4 × faster`."""
    return f"{pace:g} × faster" if pace > 1 else f"{1 / pace:g} × slower"


def _same_nodes(one: ClusterView, other: ClusterView) -> bool:
    return len(one.clients) == len(other.clients) and len(one.replicas) == len(other.replicas)
