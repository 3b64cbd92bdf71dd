"""The metrics dock: big figures, curves of the last minute, and who answers first.

pyqtgraph takes a third of a second to import, so the curves are made after the window's first paint.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from core.ids import replica_name
from core.model.cluster_view import ClusterView
from core.model.metrics import MetricsHistory
from gui.stage.wording import duration
from gui.steady_label import SteadyLabel
from gui.theme import MEDIUM, Theme
from gui.twins.sheet import Line, Sheet, Twin

if TYPE_CHECKING:
    from gui.docks.plots import Plots

_FIGURES = (
    ("throughput", "answers a second"),
    ("latency", "latency p50 · p99"),
    ("messages", "messages a request"),
    ("bytes", "bytes a request"),
)


class Metrics(QScrollArea):
    """Figures on top, then curves, then bars."""

    def __init__(
        self, history: Callable[[], MetricsHistory], theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._history = history
        self._theme = theme
        self._plots: Plots | None = None
        inside = QWidget(self)
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(12, 10, 12, 10)
        self._column.setSpacing(6)
        self.figures = {name: _Figure(caption, inside) for name, caption in _FIGURES}
        grid = QGridLayout()
        grid.setSpacing(6)
        for place, figure in enumerate(self.figures.values()):
            grid.addWidget(figure, place // 2, place % 2)
        self._shares = ShareBars(theme, inside)
        self._column.addLayout(grid)
        self._column.addWidget(self._shares)
        self._column.addStretch(1)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Metrics")

    def set_theme(self, theme: Theme) -> None:
        """Colours of bars and curves."""
        self._theme = theme
        self._shares.set_theme(theme)
        if self._plots is not None:
            self._plots.set_theme(theme)

    def build_plots(self) -> None:
        """Make the curves; once, after the first paint."""
        if self._plots is None:
            from gui.docks.plots import Plots

            self._plots = Plots(self._history, self._theme, self)
            self._column.insertWidget(1, self._plots, 1)

    def point_at(self, time_ns: int) -> None:
        """Mark a moment that somebody points at in another view; 0 for none."""
        if self._plots is not None:
            self._plots.point_at(time_ns)

    def show_view(self, view: ClusterView) -> None:
        """Bring everything up to date."""
        metrics = view.metrics
        self.figures["throughput"].show_text(_thin_thousands(metrics.throughput_per_s))
        latency = f"{duration(metrics.p50_ns)} · {duration(metrics.p99_ns)}" if metrics.p99_ns else "–"
        self.figures["latency"].show_text(latency)
        self.figures["messages"].show_text(f"{metrics.messages_per_request:.2f}")
        self.figures["bytes"].show_text(_thin_thousands(metrics.bytes_per_request))
        self._shares.show_shares(metrics.first_answers)
        self.build_plots()
        if self._plots is not None:
            self._plots.show_view(view)


class _Figure(QFrame):
    """One big figure above its caption."""

    def __init__(self, caption: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "well")
        self._caption = caption
        self.value = SteadyLabel(self)
        self.value.setProperty("role", "figure")
        self.value.setText("–")
        words = QLabel(caption, self)
        words.setProperty("role", "caption")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(0)
        column.addWidget(self.value, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(words)

    def show_text(self, text: str) -> None:
        """The figure as text; nothing is laid out when it did not change."""
        if text != self.value.text():
            self.value.setText(text)
            self.setAccessibleName(f"{self._caption}: {text}")


class ShareBars(QWidget):
    """How often each replica's answer was the first, as one bar each."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shares: tuple[tuple[int, int], ...] = ()
        self.setAccessibleName("Who answers first")
        self._fit()

    def set_theme(self, theme: Theme) -> None:
        """Other colours and sizes."""
        self._theme = theme
        self._fit()
        self.update()

    def show_shares(self, shares: tuple[tuple[int, int], ...]) -> None:
        """Pairs (replica, how often)."""
        if shares != self._shares:
            refit = len(shares) != len(self._shares)
            self._shares = shares
            if refit:
                self._fit()
            self.update()

    def twins(self) -> tuple[Twin, ...]:
        """What it draws, as a table."""
        return (Twin("Who answers first", _shares_sheet),)

    def _fit(self) -> None:
        self.setFixedHeight(self._theme.px(20 + 20 * max(1, len(self._shares))))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A caption, then a bar for each replica with its share at the end."""
        theme, px = self._theme, self._theme.px
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(theme.text_font(12))
            painter.setPen(theme.text_muted)
            painter.drawText(
                QRectF(0, 0, self.width(), px(18)), Qt.AlignmentFlag.AlignVCenter, "who answers first"
            )
            total = sum(count for _, count in self._shares)
            painter.setFont(theme.number_font(12, MEDIUM))
            left, right = px(30), px(48)
            for place, (replica, count) in enumerate(self._shares):
                share = count / total if total else 0.0
                top, height = px(20 + 20 * place), px(16)
                middle = Qt.AlignmentFlag.AlignVCenter
                painter.setPen(theme.text_muted)
                painter.drawText(QRectF(0, top, left, height), middle, replica_name(replica))
                ground = QRectF(left, top + px(3), self.width() - left - right, height - px(6))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.outline)
                painter.drawRoundedRect(ground, px(3), px(3))
                painter.setBrush(theme.accent)
                painter.drawRoundedRect(ground.adjusted(0, 0, -ground.width() * (1 - share), 0), px(3), px(3))
                painter.setPen(theme.text)
                end = QRectF(self.width() - right, top, right, height)
                painter.drawText(end, middle | Qt.AlignmentFlag.AlignRight, f"{share:.0%}")


def _shares_sheet(view: ClusterView) -> Sheet:
    shares = view.metrics.first_answers
    total = max(1, sum(count for _, count in shares))
    lines = [
        Line((replica_name(replica), f"{count:,}", f"{count / total:.1%}"), replica_name(replica))
        for replica, count in shares
    ]
    return Sheet(("replica", "first answers", "share"), lines)


def _thin_thousands(number: float) -> str:
    return f"{number:,.0f}".replace(",", "\u202f")
