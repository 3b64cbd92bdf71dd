"""Curves of the last minute. The only importer of pyqtgraph; imported late.

No built-in grid (it alone costs a frame), pens of width 1, no antialiasing, no automatic range, and one plot
a refresh: many points, cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import floor, log10
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from core.model.cluster_view import ClusterView
from core.model.metrics import TICK_NS, MetricsHistory
from gui.docks.curves import CAPTIONS, PAGES, Curve, Floats, columns_of, curves_of
from gui.theme import Theme
from gui.twins.sheet import Line, LinesOnDemand, Sheet, Twin

_SHOWN_TICKS = 600
_PLOT_HEIGHT_PX = 150
_LOWEST_PX = 40
_AXIS_PX = 42
_NARROW = 0.4
"""A range shrinks when the curve fills less than this part of it."""

_WHOLE = 95.0
"""A share is drawn against the whole, however small it is: this makes a range up to 100."""
_HEADROOM = 1.12
"""The highest label is not cut off."""


@dataclass(slots=True)
class _Curve:
    name: str
    colour: str  # of the theme, or "client 2"
    item: Any
    values: Floats = field(default_factory=lambda: np.zeros(0))


class Plots(QWidget):
    """The last minute, a page of two plots at a time. The pointer over one, or Left and Right, read all of
    them at a moment. `whole`: all pages at once, for a picture."""

    pointed = Signal(object)
    """Somebody points at this moment (an int, nanoseconds on the clock of the records), 0 for none."""
    turned = Signal(str)
    """Another page is seen."""

    def __init__(
        self, history: Callable[[], MetricsHistory], theme: Theme, parent: QWidget, whole: bool = False
    ) -> None:
        super().__init__(parent)
        self._history = history
        self._theme = theme
        self._whole = whole
        self._turn = self._newest_ns = self._pointed_ns = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Curves of the last minute")
        self.setToolTip("Left and Right read the curves at a moment, Esc lets go")
        self._plots = [_Plot(caption, theme, self) for caption in CAPTIONS]
        self.page = PAGES[0][0]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        for plot in self._plots:
            column.addWidget(plot.caption)
            column.addWidget(plot.widget, 1)
            plot.pointed.connect(self._point)
        self.show_page(self.page)

    @property
    def shown(self) -> list[int]:
        """The plots that are seen, by their places."""
        return [place for name, places in PAGES for place in places if self._whole or name == self.page]

    def show_page(self, page: str) -> None:
        """Show these plots."""
        self.page, self._turn = page, 0
        for place, plot in enumerate(self._plots):
            for widget in (plot.caption, plot.widget):
                widget.setVisible(place in self.shown)
        self.turned.emit(page)

    def set_theme(self, theme: Theme) -> None:
        """Pens, axes and ground in the theme's colours."""
        self._theme = theme
        for plot in self._plots:
            plot.set_theme(theme)

    def point_at(self, time_ns: int) -> None:
        """Mark a moment in every plot, and read the curves there; 0 for none."""
        self._pointed_ns = time_ns
        for plot in self._plots:
            plot.point_at((time_ns - self._newest_ns) / 1e9 if time_ns else None)

    def reading(self) -> str:
        """What the plots that are seen read at the moment pointed at, in words."""
        return "; ".join(self._plots[place].caption_text for place in self.shown)

    def twins(self) -> tuple[Twin, ...]:
        """What it draws, as one table: the plots have their time in common."""
        return (Twin("Curves of the last minute", self._sheet),)

    def _sheet(self, view: ClusterView) -> Sheet:
        history, part = self._history(), slice(-_SHOWN_TICKS, None)
        replicas = [card.replica for card in view.replicas]
        names, figures = columns_of(history, replicas, _SHOWN_TICKS)
        times = history.times_ns[part].copy()

        def line(place: int) -> Line:
            at = len(times) - 1 - place
            words = (f"{figure:,.4g}" if np.isfinite(figure) else "–" for figure in figures[:, at])
            seconds = (int(times[at]) - int(times[-1])) / 1e9
            return Line((f"{seconds:.1f}", *words), "", 0, int(times[at]))

        return Sheet(("seconds", *names), LinesOnDemand(len(times), line))

    def show_view(self, view: ClusterView) -> None:
        """Draw the newest minute of one plot that is seen, the next one at the next call."""
        shown = self.shown
        self._draw(shown[self._turn % len(shown)], [card.replica for card in view.replicas])
        self._turn = (self._turn + 1) % len(shown)

    def draw_all(self, replicas: Sequence[int]) -> None:
        """Draw every plot that is seen."""
        for place in self.shown:
            self._draw(place, replicas)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step:
            oldest_ns = self._newest_ns - (_SHOWN_TICKS - 1) * TICK_NS
            there_ns = (self._pointed_ns or self._newest_ns) + step * TICK_NS
            self._point(min(self._newest_ns, max(oldest_ns, there_ns)))
            self.setAccessibleDescription(self.reading())
        elif event.key() == Qt.Key.Key_Escape:
            self._point(0)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Left and Right are the crosshair's while it has the keyboard, not the timeline's."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right)
        ):
            event.accept()
            return True
        return super().event(event)

    def _draw(self, place: int, replicas: Sequence[int]) -> None:
        history = self._history()
        times = history.times_ns[-_SHOWN_TICKS:]
        if not len(times):
            return
        self._newest_ns = int(times[-1])
        seconds = (times - times[-1]) / 1e9
        self._plots[place].show(seconds, curves_of(place, history, replicas, _SHOWN_TICKS))
        if self._pointed_ns:
            self._plots[place].point_at((self._pointed_ns - self._newest_ns) / 1e9)

    def _point(self, moment: object) -> None:
        """Seconds before the newest moment (a float), a moment (an int), or 0 for none."""
        moment_ns = self._newest_ns + round(moment * 1e9) if isinstance(moment, float) else moment
        self.point_at(int(str(moment_ns)))
        self.pointed.emit(self._pointed_ns)


class _Plot(QObject):
    """One caption with its legend, and one plot."""

    pointed = Signal(object)
    """The pointer is so many seconds before the newest moment (a float), or nowhere (0, an int)."""

    def __init__(self, caption: str, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = caption
        self._theme = theme
        self._curves: dict[str, _Curve] = {}
        self._upper = -1.0  # nothing was drawn yet
        self.caption = QLabel(caption, parent)
        self.caption.setProperty("role", "caption")
        self.widget = pg.PlotWidget(parent)
        self.widget.setAccessibleName(caption)
        self.widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.widget.viewport().setMouseTracking(True)
        self.widget.viewport().installEventFilter(self)
        self._seconds: Floats = np.zeros(0)
        self._read_at: float | None = None
        self.caption_text = caption
        self._pointed = pg.InfiniteLine(angle=90)
        self._pointed.hide()
        self.widget.addItem(self._pointed, ignoreBounds=True)
        self.widget.setMenuEnabled(False)
        self.widget.setMouseEnabled(False, False)
        self.widget.hideButtons()
        self.widget.disableAutoRange()
        self.widget.setXRange(-_SHOWN_TICKS * TICK_NS / 1e9, 0, padding=0)
        self.widget.getAxis("left").enableAutoSIPrefix(False)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Pens, axes and ground."""
        self._theme = theme
        self.widget.setBackground(theme.sunken)
        self.widget.setMinimumHeight(theme.px(_LOWEST_PX))
        self.widget.setMaximumHeight(theme.px(_PLOT_HEIGHT_PX))
        for side in ("left", "bottom"):
            axis = self.widget.getAxis(side)
            axis.setPen(pg.mkPen(theme.outline, width=1))
            axis.setTextPen(pg.mkPen(theme.text_faint))
            axis.setTickFont(theme.number_font(10))
        self.widget.getAxis("left").setWidth(theme.px(_AXIS_PX))
        self._pointed.setPen(pg.mkPen(theme.text_faint, width=1))
        for curve in self._curves.values():
            curve.item.setPen(self._pen(curve.colour))
        self._write_legend()

    def point_at(self, seconds: float | None) -> None:
        """Mark a moment, so many seconds before the newest one (negative); None for none."""
        self._pointed.setVisible(seconds is not None)
        if seconds is not None:
            self._pointed.setValue(seconds)
        if seconds != self._read_at:
            self._read_at = seconds
            self._write_legend()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The pointer over the plot."""
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            box = self.widget.getPlotItem().getViewBox()
            seconds = box.mapSceneToView(self.widget.mapToScene(event.position().toPoint())).x()
            self.pointed.emit(float(min(0.0, max(-_SHOWN_TICKS * TICK_NS / 1e9, seconds))))
        elif event.type() == QEvent.Type.Leave:
            self.pointed.emit(0)
        return False

    def show(self, seconds: Floats, curves: Sequence[Curve]) -> None:
        """Draw curves over these seconds before the newest moment."""
        self._seconds = seconds
        highest = 0.0
        for name, colour, values in curves:
            if name not in self._curves:
                item = pg.PlotCurveItem(pen=self._pen(colour), antialias=False, connect="finite")
                self.widget.addItem(item)
                self._curves[name] = _Curve(name, colour, item)
                self._write_legend()
            self._curves[name].item.setData(seconds, values)
            self._curves[name].values = values
            finite = values[np.isfinite(values)]
            highest = max(highest, float(finite.max()) if len(finite) else 0.0)
        self._fit(highest)

    def _fit(self, highest: float) -> None:
        if "%" in self._words:
            highest = _WHOLE
        if highest > self._upper or highest < self._upper * _NARROW:
            self._upper = _nice(highest)
            self.widget.setYRange(0, self._upper * _HEADROOM, padding=0)
            steps = [0, self._upper / 2, self._upper]
            self.widget.getAxis("left").setTicks([[(step, f"{step:g}") for step in steps]])

    def _pen(self, colour: str) -> Any:
        if colour.startswith("client "):
            return pg.mkPen(self._theme.client_colour(int(colour[7:])), width=1)
        return pg.mkPen(getattr(self._theme, colour), width=1)

    def _write_legend(self) -> None:
        """The caption, the names of the curves in their colours, and what they read where somebody points."""
        at = self._place_of(self._read_at) if self._read_at is not None else -1
        rich, plain = [self._words], [self._words]
        for curve in self._curves.values():
            words = curve.name
            if 0 <= at < len(curve.values):
                value = curve.values[at]
                words = f"{words} {value:,.3f}".strip() if np.isfinite(value) else f"{words} –".strip()
                words = words.rstrip("0").rstrip(".") if "." in words else words
            if words:
                rich.append(f"<font color='{self._pen(curve.colour).color().name()}'>{words}</font>")
                plain.append(words)
        if 0 <= at < len(self._seconds):
            rich.append(f"at {self._seconds[at]:.1f} s")
            plain.append(rich[-1])
        self.caption_text = "   ".join(plain)
        self.caption.setText("   ".join(rich))

    def _place_of(self, seconds: float) -> int:
        """The tick at a moment; -1 when there is none."""
        if not len(self._seconds) or seconds < self._seconds[0] - TICK_NS / 1e9:
            return -1
        return min(len(self._seconds) - 1, int(np.searchsorted(self._seconds, seconds - 1e-6)))


def _nice(highest: float) -> float:
    """The next number of the form 1, 2 or 5 times a power of ten, at least 1."""
    if highest <= 1:
        return 1.0
    power = 10.0 ** floor(log10(highest * 1.05))
    return float(next(step for step in (1, 2, 4, 5, 6, 8, 10, 20) if step * power >= highest * 1.05) * power)
