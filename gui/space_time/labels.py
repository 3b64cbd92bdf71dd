"""The words of the space-time diagram: times, numbers on messages, and what the marks mean."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen

from core.model.lines import RowKind
from core.trace.told import run_of
from gui.space_time.level_of_detail import ticks
from gui.space_time.picture import LEFT_PX, Picture
from gui.theme import MEDIUM

_TICK_ROOM_PX = 96
_MOST_LABELS = 80
"""More numbers than that would hide what they name."""


def paint_axis(painter: QPainter, picture: Picture) -> None:
    """Times above, and a hairline below each."""
    theme, px, part = picture.theme, picture.theme.px, picture.field
    painter.setFont(theme.number_font(10))
    metrics = QFontMetrics(painter.font())
    moments, _ = ticks(picture.camera, picture.origin_ns, max(2, int(part.width() / px(_TICK_ROOM_PX))))
    for time_ns, words in moments:
        x = picture.x_of(time_ns)
        painter.setPen(QPen(theme.outline, 1))
        painter.drawLine(QPointF(x, part.top() - px(4)), QPointF(x, part.bottom()))
        width = metrics.horizontalAdvance(words)
        left = min(max(x - width / 2, px(4)), picture.size.width() - width - px(4))
        painter.setPen(theme.text_faint)
        painter.drawText(QPointF(left, part.top() - px(9)), words)


def paint_labels(painter: QPainter, picture: Picture) -> None:
    """Numbers above the front end's lifeline, where they were given or sent again, when they are few."""
    rows, c, theme = picture.rows, picture.columns, picture.theme
    if rows is None:
        return
    kinds = c.kind[rows]
    named: dict[tuple[int, int], tuple[str, QColor]] = {}
    for row in rows[(kinds == RowKind.ORDER) | (kinds == RowKind.AGAIN)].tolist():
        seq, count = int(c.seq[row]), int(c.count[row])
        again = c.kind[row] == RowKind.AGAIN
        words = f"{run_of(seq, seq + count - 1)}{' ↻' if again else ''}"
        client = int(c.client[row])
        colour = theme.warn if again else theme.client_colour(client) if client else theme.accent
        named.setdefault((int(c.left_ns[row]) if again else -seq, seq), (words, colour))
        if len(named) > _MOST_LABELS:
            return
    times: dict[tuple[int, int], int] = {}
    for row in rows[(kinds == RowKind.ORDER) | (kinds == RowKind.AGAIN)].tolist():
        seq = int(c.seq[row])
        key = (int(c.left_ns[row]) if c.kind[row] == RowKind.AGAIN else -seq, seq)
        times[key] = min(times.get(key, 1 << 62), int(c.left_ns[row]))
    _paint_numbers(painter, picture, named, times)


def _paint_numbers(
    painter: QPainter, picture: Picture, named: dict[tuple[int, int], tuple[str, QColor]],
    times: dict[tuple[int, int], int],
) -> None:  # fmt: skip
    theme, px = picture.theme, picture.theme.px
    painter.setFont(theme.number_font(11, MEDIUM))
    metrics = QFontMetrics(painter.font())
    y = picture.y_of(picture.lanes.front_end)
    free = [picture.field.left() - px(20)] * 3
    chosen = picture.chosen.seq if picture.chosen is not None else 0
    for key in sorted(times, key=lambda key: times[key]):
        words, colour = named[key]
        width = metrics.horizontalAdvance(words) + px(8)
        left = picture.x_of(times[key]) - width / 2
        level = next((n for n, end in enumerate(free) if end <= left), -1)
        if level < 0:
            continue
        free[level] = left + width + px(2)
        place = QRectF(left, y - px(20) - level * px(17), width, px(15))
        painter.setPen(QPen(colour if key[1] == chosen else theme.outline, 1))
        painter.setBrush(theme.raised)
        painter.drawRoundedRect(place, px(3), px(3))
        painter.setPen(colour if not chosen or key[1] == chosen else theme.text_faint)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)


def paint_legend(painter: QPainter, picture: Picture) -> None:
    """What the marks mean, in one line below; what does not fit is left out."""
    theme, px = picture.theme, picture.theme.px
    if picture.rows is None:
        entries = [
            ("line", theme.violet, "requests"), ("line", theme.accent, "orders"),
            ("line", theme.ok, "results"), ("line", theme.text_muted, "answers"),
            ("cross", theme.bad, "lost"), ("", theme.text_faint, "zoom in to see them one by one"),
        ]  # fmt: skip
    elif picture.chosen is not None:
        entries = [
            ("thick", theme.text, f"#{picture.chosen.seq} itself"),
            ("line", theme.violet, "happened before it"), ("line", theme.ok, "may depend on it"),
            ("faint", theme.text_faint, "concurrent with it"), ("", theme.text_faint, "Esc lets go"),
        ]  # fmt: skip
    else:
        entries = [
            ("line", theme.text_muted, "message"), ("dash", theme.warn, "sent again"),
            ("cross", theme.bad, "lost"), ("dot", theme.text_muted, "not heard of yet"),
            ("bar", theme.accent, "execution"), ("wait", theme.caution, "held back"),
        ]  # fmt: skip
    painter.setFont(theme.text_font(11))
    metrics = QFontMetrics(painter.font())
    x, y = float(px(LEFT_PX)), picture.size.height() - px(14)
    for shape, colour, words in entries:
        room = (px(26) if shape else 0) + metrics.horizontalAdvance(words)
        if x + room > picture.size.width() - px(10):
            return
        if shape:
            _sample(painter, picture, shape, colour, QPointF(x, y))
            x += px(26)
        painter.setPen(theme.text_faint)
        painter.drawText(QPointF(x, y + metrics.ascent() / 2 - 1), words)
        x += metrics.horizontalAdvance(words) + px(18)


def _sample(painter: QPainter, picture: Picture, shape: str, colour: QColor, at: QPointF) -> None:
    px = picture.theme.px
    styles = {"dash": Qt.PenStyle.DashLine, "dot": Qt.PenStyle.DotLine}
    box = QRectF(at.x() + px(1), at.y() - px(4), px(18), px(8))
    if shape == "cross":
        painter.setPen(QPen(colour, px(2), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        middle, side = box.center(), px(4)
        painter.drawLine(middle + QPointF(-side, -side), middle + QPointF(side, side))
        painter.drawLine(middle + QPointF(-side, side), middle + QPointF(side, -side))
    elif shape == "bar":
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(box, 2, 2)
    elif shape == "wait":
        painter.setPen(QPen(colour, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)
        painter.fillRect(box, Qt.BrushStyle.BDiagPattern)
    else:
        painter.setPen(
            QPen(colour, 2.4 if shape == "thick" else 1.2, styles.get(shape, Qt.PenStyle.SolidLine))
        )
        painter.drawLine(QPointF(box.left(), at.y()), QPointF(box.right(), at.y()))
