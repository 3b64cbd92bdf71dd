"""The requests that conflict, drawn on the clients' history: a bar from call to return for each, with its
answer; below them what the replicas did, and over all of it what was wrong meanwhile."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.ids import replica_name
from core.model.bands import Band
from core.model.dispute import Claim, Deed, Dispute, band_words
from core.model.words import duration
from gui.theme import MEDIUM, Theme
from gui.twins.sheet import Line, Sheet, Twin

_CLAIM_PX, _DEED_PX, _BAR_PX, _NAMES_PX, _AXIS_PX = 40, 22, 14, 34, 20
_SHOWN_BANDS = 3
_THINNEST_PX = 5.0


class DisputeView(QWidget):
    """Up and Down walk from request to request; a click, or walking, chooses one."""

    chosen = Signal(str, int)
    """A request was chosen: its client's name, and its sequence number (0 when nobody knows it)."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._dispute: Dispute | None = None
        self._current = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Requests that conflict")
        self.setMouseTracking(True)

    @property
    def dispute(self) -> Dispute | None:
        """What is drawn."""
        return self._dispute

    @property
    def current(self) -> Claim | None:
        """The request that is chosen here."""
        claims = self._claims
        return claims[self._current] if 0 <= self._current < len(claims) else None

    def set_theme(self, theme: Theme) -> None:
        """Colours and sizes."""
        self._theme = theme
        self.updateGeometry()
        self.update()

    def show_dispute(self, dispute: Dispute | None) -> None:
        """Draw this."""
        self._dispute, self._current = dispute, -1
        self.setAccessibleDescription("; ".join(f"{one.node}: {one.words}" for one in self._claims))
        self.updateGeometry()
        self.update()

    def mark(self, seq: int) -> None:
        """A request was chosen elsewhere; 0 for none."""
        current = next((place for place, one in enumerate(self._claims) if seq and one.seq == seq), -1)
        if current != self._current and not (self.current is not None and self.current.seq == seq):
            self._current = current
            self.update()

    def twins(self) -> tuple[Twin, ...]:
        """What it draws, as a table."""
        return (Twin("Requests that conflict", lambda view: self._sheet()),)

    def claim_rect(self, place: int) -> QRectF:
        """Where the bar of a request lies; an open end goes to the edge."""
        claim, px = self._claims[place], self._theme.px
        left = self._x(claim.called_ns)
        right = self._x(claim.returned_ns) if claim.returned_ns else float(self.width())
        top = px(_CLAIM_PX) * place + px(_CLAIM_PX - _BAR_PX - 4)
        return QRectF(left, top, max(_THINNEST_PX, right - left), px(_BAR_PX))

    def deed_rect(self, place: int) -> QRectF:
        """Where the execution of a replica lies."""
        deed, px = self._deeds[place], self._theme.px
        left = self._x(deed.start_ns)
        top = px(_CLAIM_PX) * len(self._claims) + px(_DEED_PX) * place + px((_DEED_PX - _BAR_PX) / 2)
        return QRectF(left, top, max(_THINNEST_PX, self._x(deed.end_ns) - left), px(_BAR_PX))

    # --- Qt -----------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        px = self._theme.px
        rows = px(_CLAIM_PX) * len(self._claims) + px(_DEED_PX) * len(self._deeds)
        return QSize(px(280), rows + px(_AXIS_PX) + px(_AXIS_PX) * len(self._named_bands))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
        if step and self._claims:
            last = len(self._claims) - 1
            self._choose(min(last, max(0, self._current + step)))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._claims:
            self._choose(max(0, self._current))
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = int(event.position().y() // self._theme.px(_CLAIM_PX))
        if event.button() is Qt.MouseButton.LeftButton and place < len(self._claims):
            self._choose(place)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._tip(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bands first, then the bars on them, the time below."""
        dispute = self._dispute
        if dispute is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for place, band in enumerate(self._named_bands):
                self._paint_band(painter, band, place)
            for place in range(len(self._claims)):
                self._paint_claim(painter, place)
            for place in range(len(self._deeds)):
                self._paint_deed(painter, place)
            self._paint_axis(painter, dispute)

    # --- painting -----------------------------------------------------------------------------------------

    def _paint_claim(self, painter: QPainter, place: int) -> None:
        theme, px, claim = self._theme, self._theme.px, self._claims[place]
        rect, row = self.claim_rect(place), QRectF(0, px(_CLAIM_PX) * place, self.width(), px(_CLAIM_PX))
        current = place == self._current
        if current:
            painter.fillRect(row, theme.selection)
        colour = theme.client_colour(max(1, claim.request.client)) if claim.strict else theme.text_faint
        painter.setFont(theme.number_font(11, MEDIUM))
        painter.setPen(theme.text)
        painter.drawText(QRectF(px(4), rect.top(), px(_NAMES_PX), rect.height()), _MIDDLE, claim.node)
        painter.setFont(theme.text_font(11.5))
        words = painter.fontMetrics().elidedText(
            claim.words, Qt.TextElideMode.ElideRight, self.width() - px(8)
        )
        painter.setPen(theme.text if claim.strict else theme.text_muted)
        painter.drawText(QRectF(px(4), row.top() + px(3), self.width() - px(8), px(18)), _MIDDLE, words)
        painter.setPen(QPen(theme.accent, 2) if current else Qt.PenStyle.NoPen)
        if claim.returned_ns:
            painter.setBrush(colour)
            painter.drawRoundedRect(rect, px(3), px(3))
            return
        painter.setBrush(QBrush(colour, Qt.BrushStyle.FDiagPattern))  # open: nobody saw it end
        painter.drawRect(rect)
        painter.setPen(QPen(colour, 2))
        painter.drawLine(rect.topLeft(), rect.bottomLeft())
        painter.setPen(theme.text)
        painter.drawText(rect.adjusted(0, 0, -px(5), 0), _END, "?")

    def _paint_deed(self, painter: QPainter, place: int) -> None:
        theme, px, deed = self._theme, self._theme.px, self._deeds[place]
        rect = self.deed_rect(place)
        painter.setFont(theme.number_font(11, MEDIUM))
        painter.setPen(theme.bad if deed.wrong else theme.text_muted)
        name = QRectF(px(4), rect.top(), px(_NAMES_PX), rect.height())
        painter.drawText(name, _MIDDLE, replica_name(deed.replica))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.bad if deed.wrong else theme.ok)
        painter.drawRoundedRect(rect, px(2), px(2))
        words = f"executed #{deed.seq}{', ≠ the others' if deed.wrong else ''}"
        painter.setFont(theme.text_font(11))
        painter.setPen(theme.text)
        room = painter.fontMetrics().horizontalAdvance(words)
        left = rect.right() + px(6)
        if left + room > self.width():
            left = max(float(px(_NAMES_PX)), rect.left() - px(6) - room)
        painter.drawText(QRectF(left, rect.top(), room + 2, rect.height()), _MIDDLE, words)

    def _paint_band(self, painter: QPainter, band: Band, place: int) -> None:
        theme, px = self._theme, self._theme.px
        dispute = self._dispute
        assert dispute is not None
        left = self._x(max(band.start_ns, dispute.start_ns))
        right = self._x(min(band.end_ns, dispute.end_ns))
        top = self._rows_px + px(_AXIS_PX) * (place + 1)
        ground = QColor(theme.warn)
        ground.setAlpha(26)
        painter.fillRect(QRectF(left, 0, max(2.0, right - left), self._rows_px), ground)
        painter.fillRect(
            QRectF(left, 0, max(2.0, right - left), self._rows_px),
            QBrush(theme.outline, Qt.BrushStyle.BDiagPattern),
        )
        painter.setPen(QPen(theme.warn, 2))
        painter.drawLine(QPointF(left, top + px(3)), QPointF(right, top + px(3)))
        painter.setFont(theme.text_font(11))
        painter.setPen(theme.warn)
        words = band_words(band)
        room = QRectF(px(4), top + px(4), self.width() - px(8), px(_AXIS_PX - 4))
        painter.drawText(
            room,
            _MIDDLE,
            painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, round(room.width())),
        )

    def _paint_axis(self, painter: QPainter, dispute: Dispute) -> None:
        theme, px = self._theme, self._theme.px
        top = self._rows_px
        painter.setPen(QPen(theme.outline_strong, 1))
        painter.drawLine(QPointF(px(_NAMES_PX), top + 1), QPointF(self.width(), top + 1))
        painter.setFont(theme.number_font(10.5))
        painter.setPen(theme.text_muted)
        room = QRectF(px(_NAMES_PX), top + 2, self.width() - px(_NAMES_PX) - 2, px(_AXIS_PX - 4))
        painter.drawText(room, _MIDDLE, "0")
        painter.drawText(room, _END, duration(dispute.end_ns - dispute.start_ns))

    # --- the rest -----------------------------------------------------------------------------------------

    @property
    def _claims(self) -> tuple[Claim, ...]:
        return self._dispute.claims if self._dispute is not None else ()

    @property
    def _deeds(self) -> tuple[Deed, ...]:
        return self._dispute.deeds if self._dispute is not None else ()

    @property
    def _named_bands(self) -> tuple[Band, ...]:
        return self._dispute.bands[:_SHOWN_BANDS] if self._dispute is not None else ()

    @property
    def _rows_px(self) -> int:
        px = self._theme.px
        return px(_CLAIM_PX) * len(self._claims) + px(_DEED_PX) * len(self._deeds)

    def _x(self, time_ns: int) -> float:
        dispute, names = self._dispute, self._theme.px(_NAMES_PX)
        assert dispute is not None
        span = max(1, dispute.end_ns - dispute.start_ns)
        return names + (time_ns - dispute.start_ns) / span * (self.width() - names)

    def _choose(self, place: int) -> None:
        self._current = place
        claim = self._claims[place]
        self.setAccessibleDescription(f"{place + 1} of {len(self._claims)}: {claim.node}: {claim.words}")
        self.update()
        self.chosen.emit(claim.node, claim.seq)

    def _tip(self, point: QPointF) -> str:
        place = int(point.y() // self._theme.px(_CLAIM_PX))
        if place < len(self._claims):
            claim = self._claims[place]
            took = f", {duration(claim.returned_ns - claim.called_ns)}" if claim.returned_ns else ""
            return f"{claim.words}{took}"
        return ""

    def _sheet(self) -> Sheet:
        start_ns = self._dispute.start_ns if self._dispute is not None else 0
        lines = [
            Line(
                (
                    one.node,
                    one.words,
                    duration(one.called_ns - start_ns),
                    duration(one.returned_ns - one.called_ns) if one.returned_ns else "open",
                ),
                one.node,
                one.seq,
                one.called_ns,
            )
            for one in self._claims
        ]
        lines += [
            Line(
                (
                    replica_name(deed.replica),
                    f"executed #{deed.seq}{', unlike the others' if deed.wrong else ''}",
                    duration(deed.start_ns - start_ns),
                    duration(deed.end_ns - deed.start_ns),
                ),
                replica_name(deed.replica),
                deed.seq,
                deed.start_ns,
            )
            for deed in self._deeds
        ]
        return Sheet(("node", "request", "after", "for"), lines)


_MIDDLE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_END = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
