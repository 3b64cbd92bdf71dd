"""Curves of the last minute. The only importer of pyqtgraph; imported late.

No built-in grid (it alone costs a frame), pens of width 1, no antialiasing: many points, cheap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from core.model.cluster_view import ClusterView
from core.model.metrics import TICK_NS, MetricsHistory
from gui.theme import Theme

_SHOWN_TICKS = 600
_PLOT_HEIGHT_PX = 84


class Plots(QWidget):
    """Throughput, latency and hold-back length over the last minute."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown_end = -1
        self._held: dict[int, Any] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        self._plots = [self._plot(column, words) for words in _CAPTIONS]
        self._throughput = self._plots[0].plot()
        self._p50, self._p99 = self._plots[1].plot(), self._plots[1].plot()
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Pens, axes and ground in the theme's colours."""
        self._theme = theme
        for plot in self._plots:
            plot.setBackground(theme.sunken)
            plot.setFixedHeight(theme.px(_PLOT_HEIGHT_PX))
            for side in ("left", "bottom"):
                axis = plot.getAxis(side)
                axis.setPen(pg.mkPen(theme.outline, width=1))
                axis.setTextPen(pg.mkPen(theme.text_faint))
                axis.setTickFont(theme.number_font(10))
            plot.getAxis("left").setWidth(theme.px(42))
        self._throughput.setPen(pg.mkPen(theme.accent, width=1))
        self._p50.setPen(pg.mkPen(theme.accent, width=1))
        self._p99.setPen(pg.mkPen(theme.warn, width=1))
        for replica, curve in self._held.items():
            curve.setPen(pg.mkPen(theme.client_colour(replica), width=1))

    def show_history(self, history: MetricsHistory, view: ClusterView) -> None:
        """Draw the newest minute; nothing when no tick was added since."""
        times = history.times_ns
        end = int(times[-1]) if len(times) else -1
        if end == self._shown_end:
            return
        self._shown_end = end
        part = slice(-_SHOWN_TICKS, None)
        seconds = (times[part] - end) / 1e9
        self._throughput.setData(seconds, history.throughput_per_s[part])
        self._p50.setData(seconds, history.p50_ns[part] / 1e6, connect="finite")
        self._p99.setData(seconds, history.p99_ns[part] / 1e6, connect="finite")
        for card in view.replicas:
            self._curve(card.replica).setData(seconds, history.held(card.replica)[part].astype(np.float64))

    def _curve(self, replica: int) -> Any:
        if replica not in self._held:
            pen = pg.mkPen(self._theme.client_colour(replica), width=1)
            self._held[replica] = self._plots[2].plot(pen=pen)
        return self._held[replica]

    def _plot(self, column: QVBoxLayout, caption: str) -> Any:
        words = QLabel(caption, self)
        words.setProperty("role", "caption")
        plot = pg.PlotWidget(self)
        plot.setAccessibleName(caption)
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(False, False)
        plot.hideButtons()
        plot.setXRange(-_SHOWN_TICKS * TICK_NS / 1e9, 0, padding=0)
        plot.enableAutoRange(y=True)
        plot.setLimits(yMin=0)
        plot.getAxis("left").enableAutoSIPrefix(False)
        plot.getPlotItem().getViewBox().setDefaultPadding(0.05)
        column.addWidget(words)
        column.addWidget(plot)
        return plot


_CAPTIONS = (
    "throughput, answers a second",
    "latency, ms — median and p99",
    "hold-back queue, messages",
)
