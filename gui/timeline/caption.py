"""Captions: a sentence over the stage, below the front end, where no card is."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel

from gui.stage.stage_view import StageView
from gui.theme import MEDIUM, RADIUS, Theme

_SIZES_PX = (18, 16, 14)
_PAD_PX = 12
_HOW = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)


def caption_place(text: str, theme: Theme, room: QRect) -> tuple[QRect, int]:
    """Where a caption stands, and how large its type is: the largest that fits into `room`. Of one that is
    too long even so, the lower edge stays."""
    pad = theme.px(_PAD_PX)
    inside = QRect(0, 0, room.width() - 2 * pad, 10_000)
    for px in _SIZES_PX:
        words = QFontMetrics(theme.text_font(px, MEDIUM)).boundingRect(inside, _HOW, text)
        width, height = words.width() + 2 * pad + 2, words.height() + pad
        if height <= room.height():
            break
    top = (
        max(room.top(), room.center().y() - height // 2)
        if height <= room.height()
        else room.bottom() - height
    )
    return QRect(room.center().x() - width // 2, max(0, top), width, height), px


class CaptionOverlay(QLabel):
    """Lies over the stage and lets every click through. A label, so that its words can be read out."""

    def __init__(self, over: StageView, theme: Theme) -> None:
        super().__init__(over)
        self._over = over
        self._theme = theme
        self._px = _SIZES_PX[0]
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
        if text != self.text():
            self.setText(text)
            self.setAccessibleName(text)
            self._fit()
            self.setVisible(bool(text))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay where it belongs when the stage below changes its size."""
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """A card as large as its words."""
        theme = self._theme
        place = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(theme.accent)
            painter.setBrush(theme.raised)
            painter.drawRoundedRect(place, theme.px(RADIUS), theme.px(RADIUS))
            painter.setPen(theme.text)
            painter.setFont(theme.text_font(self._px, MEDIUM))
            pad = theme.px(_PAD_PX)
            painter.drawText(place.adjusted(pad, pad // 2, -pad, -pad // 2), _HOW, self.text())

    def _fit(self) -> None:
        if self.text():
            place, self._px = caption_place(self.text(), self._theme, self._over.caption_room())
            self.setGeometry(place.adjusted(-2, -2, 2, 2))
            self.raise_()
            self.update()
