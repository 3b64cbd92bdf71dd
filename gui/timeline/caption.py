"""Captions: a sentence over the lower part of the stage, painted alike on the screen and in exports."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from gui.theme import MEDIUM, RADIUS, Theme

_TEXT_PX, _PAD_PX, _ABOVE_PX = 18, 14, 46
_WIDEST = 0.8


def paint_caption(painter: QPainter, text: str, theme: Theme, size: QSize) -> None:
    """Paint a caption where it stands on a picture of this size; "" paints nothing."""
    if not text:
        return
    place = caption_place(text, theme, size)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(theme.accent)
    painter.setBrush(theme.raised)
    painter.drawRoundedRect(QRectF(place), theme.px(RADIUS), theme.px(RADIUS))
    painter.setPen(theme.text)
    painter.setFont(theme.text_font(_TEXT_PX, MEDIUM))
    pad = theme.px(_PAD_PX)
    painter.drawText(place.adjusted(pad, pad // 2, -pad, -pad // 2), _HOW, text)
    painter.restore()


def caption_place(text: str, theme: Theme, size: QSize) -> QRect:
    """Where a caption stands: in the middle, above the lower edge."""
    pad = theme.px(_PAD_PX)
    room = QRect(0, 0, round(size.width() * _WIDEST) - 2 * pad, size.height() // 2)
    words = QFontMetrics(theme.text_font(_TEXT_PX, MEDIUM)).boundingRect(room, _HOW, text)
    width, height = words.width() + 2 * pad + 2, words.height() + pad
    return QRect((size.width() - width) // 2, size.height() - height - theme.px(_ABOVE_PX), width, height)


_HOW = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)


class CaptionOverlay(QLabel):
    """Lies over a picture and lets every click through. A label, so that its words can be read out."""

    def __init__(self, over: QWidget, theme: Theme) -> None:
        super().__init__(over)
        self._over = over
        self._theme = theme
        self._text = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("caption")
        over.installEventFilter(self)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Other colours and sizes."""
        self._theme = theme
        self._fit()

    def show_text(self, text: str) -> None:
        """Show a caption; "" hides it."""
        if text != self._text:
            self._text = text
            self.setText(text)
            self.setAccessibleName(text)
            self._fit()
            self.setVisible(bool(text))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay where it belongs when the picture below changes its size."""
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """The caption alone; the widget is just as large."""
        with QPainter(self) as painter:
            painter.translate(-self.geometry().topLeft())
            paint_caption(painter, self._text, self._theme, self._over.size())

    def _fit(self) -> None:
        if self._text:
            place = caption_place(self._text, self._theme, self._over.size())
            self.setGeometry(place.adjusted(-2, -2, 2, 2))
            self.raise_()
            self.update()
