"""Curves of the last minute. The only importer of pyqtgraph; imported late.

No built-in grid (it alone costs a frame), pens of width 1, no antialiasing, no automatic range, and one plot
a refresh: many points, cheap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import floor, log10
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from core.ids import replica_name
from core.model.cluster_view import ClusterView
from core.model.metrics import TICK_NS, MetricsHistory
from gui.theme import Theme
from gui.twins.sheet import Line, LinesOnDemand, Sheet, Twin

_SHOWN_TICKS = 600
_PLOT_HEIGHT_PX = 84
_LOWEST_PX = 52
_AXIS_PX = 42
_NARROW = 0.4
"""A range shrinks when the curve fills less than this part of it."""

_HEADROOM = 1.12
"""The highest label is not cut off."""

Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class _Curve:
    name: str
    colour: str  # of the theme, or "client 2"
    item: Any


class Plots(QWidget):
    """Throughput, latency and hold-back length over the last minute."""

    def __init__(self, history: Callable[[], MetricsHistory], theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._history = history
        self._theme = theme
        self._turn = self._newest_ns = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        self._plots = [_Plot(caption, theme, self) for caption in _CAPTIONS]
        for plot in self._plots:
            column.addWidget(plot.caption)
            column.addWidget(plot.widget)

    def set_theme(self, theme: Theme) -> None:
        """Pens, axes and ground in the theme's colours."""
        self._theme = theme
        for plot in self._plots:
            plot.set_theme(theme)

    def point_at(self, time_ns: int) -> None:
        """Mark a moment in every plot; 0 for none."""
        for plot in self._plots:
            plot.point_at((time_ns - self._newest_ns) / 1e9 if time_ns else None)

    def twins(self) -> tuple[Twin, ...]:
        """What it draws, as one table: the plots have their time in common."""
        return (Twin("Curves of the last minute", self._sheet),)

    def _sheet(self, view: ClusterView) -> Sheet:
        history, part = self._history(), slice(-_SHOWN_TICKS, None)
        names = [replica_name(card.replica) for card in view.replicas]
        columns = ("seconds", "answers a second", "p50, ms", "p99, ms", *(f"{name} holds" for name in names))
        times = history.times_ns[part].copy()
        figures = np.stack(
            (
                history.throughput_per_s[part],
                history.p50_ns[part] / 1e6,
                history.p99_ns[part] / 1e6,
                *(history.held(card.replica)[part] for card in view.replicas),
            )
        )

        def line(place: int) -> Line:
            at = len(times) - 1 - place
            words = (f"{figure:,.4g}" if np.isfinite(figure) else "–" for figure in figures[:, at])
            seconds = (int(times[at]) - int(times[-1])) / 1e9
            return Line((f"{seconds:.1f}", *words), "", 0, int(times[at]))

        return Sheet(columns, LinesOnDemand(len(times), line))

    def show_view(self, view: ClusterView) -> None:
        """Draw the newest minute of one plot, the next one at the next call."""
        history = self._history()
        times = history.times_ns[-_SHOWN_TICKS:]
        if not len(times):
            return
        self._newest_ns = int(times[-1])
        seconds = (times - times[-1]) / 1e9
        part = slice(-_SHOWN_TICKS, None)
        if self._turn == 0:
            self._plots[0].show(seconds, {"": ("accent", history.throughput_per_s[part])})
        elif self._turn == 1:
            p50, p99 = history.p50_ns[part] / 1e6, history.p99_ns[part] / 1e6
            self._plots[1].show(seconds, {"p50": ("accent", p50), "p99": ("warn", p99)})
        else:
            held = {
                replica_name(card.replica): (
                    f"client {card.replica}",
                    history.held(card.replica)[part].astype(np.float64),
                )
                for card in view.replicas
            }
            self._plots[2].show(seconds, held)
        self._turn = (self._turn + 1) % len(self._plots)


class _Plot:
    """One caption with its legend, and one plot."""

    def __init__(self, caption: str, theme: Theme, parent: QWidget) -> None:
        self._words = caption
        self._theme = theme
        self._curves: dict[str, _Curve] = {}
        self._upper = 0.0
        self.caption = QLabel(caption, parent)
        self.caption.setProperty("role", "caption")
        self.widget = pg.PlotWidget(parent)
        self.widget.setAccessibleName(caption)
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

    def show(self, seconds: Floats, curves: dict[str, tuple[str, Floats]]) -> None:
        """Draw curves by name, each (colour, values)."""
        highest = 0.0
        for name, (colour, values) in curves.items():
            if name not in self._curves:
                item = pg.PlotCurveItem(pen=self._pen(colour), antialias=False, connect="finite")
                self.widget.addItem(item)
                self._curves[name] = _Curve(name, colour, item)
                self._write_legend()
            self._curves[name].item.setData(seconds, values)
            finite = values[np.isfinite(values)]
            highest = max(highest, float(finite.max()) if len(finite) else 0.0)
        self._fit(highest)

    def _fit(self, highest: float) -> None:
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
        names = [curve for curve in self._curves.values() if curve.name]
        parts = [f"<font color='{self._pen(c.colour).color().name()}'>{c.name}</font>" for c in names]
        self.caption.setText("   ".join([self._words, *parts]))


def _nice(highest: float) -> float:
    """The next number of the form 1, 2 or 5 times a power of ten, at least 1."""
    if highest <= 1:
        return 1.0
    power = 10.0 ** floor(log10(highest * 1.05))
    return float(next(step for step in (1, 2, 4, 5, 6, 8, 10, 20) if step * power >= highest * 1.05) * power)


_CAPTIONS = ("throughput, answers a second", "latency, ms", "hold-back queue, messages")
