"""Paints the space-time diagram: for the screen, for PNG and for SVG.

Lifelines run from left to right, messages are slanted lines between them (Lamport 1978, figure 1). What a
line is, is told by pattern as well as colour: sent again is dashed, lost ends in a cross, what nobody has
heard of yet is dotted. Lines of one look are drawn in one call.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QImage, QPainter, QPen, QPolygonF

from core.model.bands import BandKind
from core.model.lines import FIRST_CLIENT, Fate, Ints, RowKind
from gui.space_time.labels import paint_axis, paint_labels, paint_legend
from gui.space_time.level_of_detail import crossings
from gui.space_time.picture import Picture
from gui.theme import MEDIUM, SEMIBOLD, Theme

_BIN_PX = 2
_ARROWS = 400
"""More lines have no heads: they would be a smear."""
_SMOOTH = 700
_BAR_PX, _WAIT_PX, _BAND_PX = 9, 7, 26
LABEL_PX = 68
_DIM = 0.16
_QUIET = 0.7
_WAIT_LEVELS = 4
_BAND_LOOKS = {
    BandKind.DEAD: ("bad", Qt.BrushStyle.BDiagPattern),
    BandKind.PAUSED: ("caution", Qt.BrushStyle.VerPattern),
    BandKind.CUT: ("bad", Qt.BrushStyle.Dense6Pattern),
    BandKind.FAULTY: ("warn", Qt.BrushStyle.Dense6Pattern),
    BandKind.SUSPECTED: ("warn", Qt.BrushStyle.FDiagPattern),
    BandKind.HARMED: ("violet", Qt.BrushStyle.FDiagPattern),
}
CONCURRENT, PAST, FUTURE, OWN = 0, 1, 2, 3
_ORDERED, _AGAIN, _EXECUTED, _HELD, _RESULT, _GAP = (
    int(kind)
    for kind in (RowKind.ORDERED, RowKind.AGAIN, RowKind.EXECUTED, RowKind.HELD, RowKind.RESULT, RowKind.GAP)
)
_SPANS = (_EXECUTED, _HELD)
_UNDER_WAY, _ARRIVED, _LOST = (int(fate) for fate in Fate)
"""As plain numbers: they are compared for every line."""
_Look = tuple[int, Qt.PenStyle, float]
"""Colour (rgba), pattern, width: lines with the same look are drawn together."""


def paint_space_time(painter: QPainter, picture: Picture) -> None:
    """Paint the whole picture."""
    theme = picture.theme
    painter.fillRect(QRectF(0, 0, picture.size.width(), picture.size.height()), theme.background)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_axis(painter, picture)
    _paint_lanes(painter, picture)
    painter.save()
    painter.setClipRect(picture.field.adjusted(-1, 0, 1, 0))
    if picture.rows is None:
        _paint_density(painter, picture)
        _paint_bands(painter, picture)
        _paint_losses(painter, picture)
    else:
        _paint_bands(painter, picture)
        _paint_lines(painter, picture)
        paint_labels(painter, picture)
    _paint_moments(painter, picture)
    painter.restore()
    paint_legend(painter, picture)


def shades(theme: Theme) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """A colour per kind, 0 … 1, for the density."""
    names = {RowKind.AGAIN: theme.warn, RowKind.RESULT: theme.ok, RowKind.GAP: theme.caution,
             RowKind.CALL: theme.violet, RowKind.ANSWER: theme.text_muted}  # fmt: skip
    colours = [names.get(kind, theme.accent) for kind in RowKind]
    return np.array([(c.redF(), c.greenF(), c.blueF()) for c in colours], np.float32)


def _paint_lanes(painter: QPainter, picture: Picture) -> None:
    theme, px, part = picture.theme, picture.theme.px, picture.field
    for lane, name in enumerate(picture.lanes.names):
        y = picture.y_of(lane)
        front = lane == picture.lanes.front_end
        chosen = bool(picture.node) and name == picture.node
        painter.setPen(QPen(theme.accent if chosen or front else theme.outline_strong, 1.6 if front else 1.0))
        painter.drawLine(QPointF(part.left(), y), QPointF(part.right(), y))
        painter.setFont(theme.text_font(13, SEMIBOLD))
        painter.setPen(theme.accent if chosen else theme.text)
        place = QRectF(px(18), y - px(11), px(LABEL_PX), px(22))
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        if picture.lanes.codes[lane] >= FIRST_CLIENT:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.client_colour(picture.lanes.codes[lane] - FIRST_CLIENT + 1))
            painter.drawRoundedRect(QRectF(px(10), y - px(7), px(3), px(14)), 1, 1)


def _paint_bands(painter: QPainter, picture: Picture) -> None:
    theme, px = picture.theme, picture.theme.px
    painter.setFont(theme.text_font(11, MEDIUM))
    metrics = QFontMetrics(painter.font())
    for band in picture.bands:
        lane = int(picture.lanes.of_code[band.replica])
        if lane < 0:
            continue
        left = max(picture.x_of(band.start_ns), picture.field.left() - 4)
        right = min(picture.x_of(min(band.end_ns, picture.now_ns)), picture.field.right() + 4)
        if right - left < 0.5:
            continue
        name, pattern = _BAND_LOOKS[band.kind]
        colour: QColor = getattr(theme, name)
        place = QRectF(left, picture.y_of(lane) - px(_BAND_PX) / 2, right - left, px(_BAND_PX))
        painter.setPen(QPen(_faded(colour, 0.7), 1))
        painter.setBrush(_faded(colour, 0.10))
        painter.drawRect(place)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(_faded(colour, 0.34), pattern))
        painter.drawRect(place)
        width = metrics.horizontalAdvance(band.words) + px(12)
        if width < right - max(left, picture.field.left()):
            words = QRectF(max(left, picture.field.left()) + px(4), place.bottom() + px(2), width, px(16))
            painter.fillRect(words.adjusted(-px(2), 0, -px(6), 0), _faded(theme.background, 0.8))
            painter.setPen(colour)
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, band.words)


def _paint_density(painter: QPainter, picture: Picture) -> None:
    part = picture.field
    bins = max(1, int(part.width()) // _BIN_PX)
    if picture.density is None:
        return
    tracks = picture.density.tracks(picture.camera, bins)
    image = crossings(tracks, picture.lanes, shades(picture.theme), bins)
    rgba = np.ascontiguousarray((image[..., (2, 1, 0, 3)] * 255).astype(np.uint8))
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    for gap in range(rgba.shape[0]):
        top = picture.y_of(gap)
        place = QRectF(part.left(), top, part.width(), picture.y_of(gap + 1) - top)
        strip = QImage(rgba[gap].data, bins, 1, 4 * bins, QImage.Format.Format_ARGB32)
        painter.drawImage(place, strip)


def _paint_losses(painter: QPainter, picture: Picture) -> None:
    """Of a density, the losses one by one: a cross where several are too near to be told apart."""
    seen: set[tuple[int, int]] = set()
    camera, side = picture.camera, picture.theme.px(4)
    for time_ns, source, target in picture.losses:
        lane = int(picture.lanes.of_code[target if source == 0 else source])
        if lane < 0 or not camera.start_ns <= time_ns <= camera.end_ns:
            continue
        x = picture.x_of(time_ns)
        if (lane, int(x) // (2 * side)) not in seen:
            seen.add((lane, int(x) // (2 * side)))
            _cross(painter, picture.theme, QPointF(x, picture.y_of(lane) - 3 * side))


def _paint_lines(painter: QPainter, picture: Picture) -> None:
    rows = picture.rows
    assert rows is not None
    c = picture.columns
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, len(rows) <= _SMOOTH)
    every = _states(picture)
    states = every.tolist()
    colours = _colours(picture, every).tolist()
    groups: dict[_Look, list[QLineF]] = defaultdict(list)
    heads: dict[int, list[QPolygonF]] = defaultdict(list)
    dots: dict[int, set[tuple[int, float]]] = defaultdict(set)
    crosses: list[QPointF] = []
    spans: list[tuple[int, int]] = []
    ends = picture.ends.tolist()
    kinds, fates = c.kind[rows].tolist(), c.fate[rows].tolist()
    for place, row in enumerate(rows.tolist()):
        kind, fate, state, rgba = kinds[place], fates[place], states[place], colours[place]
        if kind in _SPANS:
            spans.append((place, row))
            continue
        x1, y1, x2, y2 = ends[place]
        if kind == _ORDERED:
            dots[rgba].add((round(x1), y1))
            continue
        style, width = _pen(kind, fate, state)
        groups[rgba, style, width].append(QLineF(x1, y1, x2, y2))
        if fate == _LOST:
            crosses.append(QPointF(x2, y2))
        elif fate == _ARRIVED and kind != _GAP and len(rows) <= _ARROWS:
            heads[rgba].append(_head(x1, y1, x2, y2, picture.theme.px(7)))
    for (rgba, style, width), lines in sorted(groups.items(), key=lambda one: one[0][2]):
        painter.setPen(QPen(QColor.fromRgba(rgba), width, style))
        painter.drawLines(lines)
    painter.setPen(Qt.PenStyle.NoPen)
    for rgba, polygons in heads.items():
        painter.setBrush(QColor.fromRgba(rgba))
        for polygon in polygons:
            painter.drawPolygon(polygon)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for rgba, points in dots.items():
        size = picture.theme.px(6)
        painter.setPen(QPen(QColor.fromRgba(rgba), size, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPoints([QPointF(*point) for point in points])
    _paint_spans(painter, picture, spans, colours)
    for point in crosses:
        _cross(painter, picture.theme, point)


def _states(picture: Picture) -> Ints:
    """Of each row: the chosen request's own, in its past or future, or concurrent; all alike without one."""
    rows = picture.rows
    assert rows is not None
    if picture.cone is None:
        return np.full(len(rows), OWN if picture.chosen is None else CONCURRENT)
    states = np.where(picture.cone.past, PAST, np.where(picture.cone.future, FUTURE, CONCURRENT))
    return np.where(picture.own(), OWN, states)


def _colours(picture: Picture, states: Ints) -> Ints:
    """The colour of each row, as rgba: its client's when it has one; what went wrong first."""
    theme, c, rows = picture.theme, picture.columns, picture.rows
    assert rows is not None
    kind, client = c.kind[rows], c.client[rows]
    clients = np.array([theme.accent.rgba(), *(theme.client_colour(n).rgba() for n in range(1, 256))])
    colours: Ints = np.where((client == 0) & (kind == _RESULT), theme.ok.rgba(), clients[client])
    colours[kind == _HELD] = theme.caution.rgba()
    colours[kind == _GAP] = _faded(theme.caution, _QUIET).rgba()  # there are many, and they only ask
    colours[kind == _AGAIN] = theme.warn.rgba()
    if picture.chosen is not None:
        own = theme.client_colour(picture.chosen.client) if picture.chosen.client else theme.text
        shades = (_faded(theme.text_faint, 2 * _DIM), _faded(theme.violet, 0.75), _faded(theme.ok, 0.75), own)
        colours = np.array([shade.rgba() for shade in shades])[states]
    colours[(c.fate[rows] == _LOST) & (kind != _HELD)] = theme.bad.rgba()
    return colours


def _pen(kind: int, fate: int, state: int) -> tuple[Qt.PenStyle, float]:
    width = 1.8 if state == OWN else 1.0
    if kind == _GAP:
        return Qt.PenStyle.DotLine, 1.0
    if fate == _UNDER_WAY:
        return Qt.PenStyle.DotLine, width
    if kind == _AGAIN:
        return Qt.PenStyle.DashLine, width
    return Qt.PenStyle.SolidLine, width if kind != _RESULT else width * 0.75


def _paint_spans(
    painter: QPainter, picture: Picture, spans: list[tuple[int, int]], colours: list[int]
) -> None:
    """Executions on the lifeline; above it what is held back, as many bars as there are at a time."""
    px, c = picture.theme.px, picture.columns
    levels: dict[int, list[float]] = defaultdict(lambda: [-1e9] * _WAIT_LEVELS)
    waits = sorted(spans, key=lambda one: picture.ends[one[0]][0])
    for place, row in waits:
        x1, y, x2, _ = picture.ends[place].tolist()
        colour = QColor.fromRgba(colours[place])
        if c.kind[row] == _EXECUTED:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            height = px(_BAR_PX)
            painter.drawRoundedRect(QRectF(x1 - 0.5, y - height / 2, max(2.5, x2 - x1), height), 2, 2)
            continue
        taken = levels[int(c.source[row])]
        level = next((n for n, end in enumerate(taken) if end < x1), _WAIT_LEVELS - 1)
        taken[level] = x2
        top = y - px(_BAR_PX) - (level + 1) * px(_WAIT_PX + 2)
        bar = QRectF(x1, top, max(3.0, x2 - x1), px(_WAIT_PX))
        painter.setPen(QPen(colour, 1, Qt.PenStyle.DashLine if c.fate[row] == 0 else Qt.PenStyle.SolidLine))
        painter.setBrush(_faded(colour, 0.14 * colour.alphaF()))
        painter.drawRect(bar)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(_faded(colour, 0.7 * colour.alphaF()), Qt.BrushStyle.BDiagPattern))
        painter.drawRect(bar)


def _paint_moments(painter: QPainter, picture: Picture) -> None:
    """The moment shown, one pointed at, and in a density where the chosen request was ordered."""
    theme, part = picture.theme, picture.field
    chosen = picture.chosen.time_ns if picture.chosen is not None and picture.rows is None else 0
    for time_ns, colour, style, width in (
        (picture.pointed_ns, theme.text_faint, Qt.PenStyle.DotLine, 1.0),
        (chosen, theme.accent, Qt.PenStyle.DashLine, 1.4),
        (picture.cursor_ns, theme.text, Qt.PenStyle.SolidLine, 1.4),
    ):
        if time_ns and picture.camera.start_ns <= time_ns <= picture.camera.end_ns:
            x = picture.x_of(time_ns)
            painter.setPen(QPen(colour, width, style))
            painter.drawLine(QPointF(x, part.top()), QPointF(x, part.bottom()))


def _head(x1: float, y1: float, x2: float, y2: float, size: float) -> QPolygonF:
    dx, dy = x2 - x1, y2 - y1
    length = max(1e-6, (dx * dx + dy * dy) ** 0.5)
    ux, uy = dx / length * size, dy / length * size
    back_x, back_y = x2 - ux, y2 - uy
    return QPolygonF([
        QPointF(x2, y2), QPointF(back_x - uy * 0.38, back_y + ux * 0.38),
        QPointF(back_x + uy * 0.38, back_y - ux * 0.38),
    ])  # fmt: skip


def _cross(painter: QPainter, theme: Theme, at: QPointF) -> None:
    side = theme.px(4)
    painter.setPen(QPen(theme.bad, theme.px(2), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(QPointF(at.x() - side, at.y() - side), QPointF(at.x() + side, at.y() + side))
    painter.drawLine(QPointF(at.x() - side, at.y() + side), QPointF(at.x() + side, at.y() - side))


def _faded(colour: QColor, opacity: float) -> QColor:
    faded = QColor(colour)
    faded.setAlphaF(opacity)
    return faded
