"""The metrics dock: big figures, curves of the last minute, and who answers first.

pyqtgraph takes a third of a second to import, so the curves are made after the window's first paint.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.ids import replica_name
from core.model.cluster_view import ClusterView
from core.model.metrics import MetricsHistory
from gui.docks.curves import PAGES
from gui.icons import Icons
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


_FILTER = "Table of everything that is kept (*.csv);;Picture of the last minute (*.png)"


class Metrics(QScrollArea):
    """Figures on top, then a page of curves; who answers first is on the page of the replicas."""

    pointed = Signal(object)
    """Somebody points at this moment (an int, nanoseconds on the clock of the records), 0 for none."""
    said = Signal(str, str)
    """A sentence for the person: level, text."""

    def __init__(
        self,
        history: Callable[[], MetricsHistory],
        theme: Theme,
        icons: Icons | None = None,
        parent: QWidget | None = None,
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
        self.pages: dict[str, QToolButton] = {}  # no button group: of one, Tab reaches a single button only
        self.export_button = QToolButton(inside)
        self._view: ClusterView | None = None
        self._column.addLayout(grid)
        self._column.addLayout(self._bar(inside))
        self._column.addWidget(self._shares)
        self._shares.hide()
        self._column.addStretch(1)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Metrics")
        if icons is not None:
            self.set_theme(theme, icons)

    def set_theme(self, theme: Theme, icons: Icons | None = None) -> None:
        """Colours of bars and curves."""
        self._theme = theme
        if icons is not None:
            self.export_button.setIcon(icons.icon("download"))
        self._shares.set_theme(theme)
        if self._plots is not None:
            self._plots.set_theme(theme)

    def build_plots(self) -> None:
        """Make the curves; once, after the first paint."""
        if self._plots is None:
            from gui.docks.plots import Plots

            self._plots = Plots(self._history, self._theme, self)
            self._plots.pointed.connect(self.pointed)
            self._plots.show_page(self.page)
            self._column.insertWidget(2, self._plots, 100)

    @property
    def page(self) -> str:
        """The page of curves that is seen."""
        return next((name for name, chip in self.pages.items() if chip.isChecked()), PAGES[0][0])

    def ask_to_export(self) -> None:
        """Let a person choose where the figures are to be written."""
        name, chosen = QFileDialog.getSaveFileName(self, "Export metrics", "metrics.csv", _FILTER)
        if name:
            path = Path(name)
            self.export(path if path.suffix else path.with_suffix(".png" if "png" in chosen else ".csv"))

    def export(self, path: Path) -> None:
        """Write a table (.csv) or a picture (.png); the disk is waited for on a thread of its own."""
        from gui.docks.metrics_export import csv_of, png_of
        from gui.docks.plots import Plots

        view, history = self._view, self._history()
        if view is None or not len(history):
            self.said.emit("warning", "There are no figures yet that could be exported.")
            return
        replicas = [card.replica for card in view.replicas]
        if path.suffix.lower() == ".csv":
            data = csv_of(history, replicas, view.started_ns)
        elif path.suffix.lower() == ".png":
            sheet = partial(Plots, self._history, self._theme, whole=True)
            data = png_of(lambda parent: sheet(parent=parent), replicas, self._theme, self)
        else:
            self.said.emit("error", f"Metrics become .csv or .png, not {path.suffix}. Choose one of these.")
            return
        threading.Thread(target=self._write, args=(path, data), name="export", daemon=True).start()

    def _write(self, path: Path, data: bytes) -> None:
        try:
            path.write_bytes(data)
        except OSError as error:
            self.said.emit("error", f"{path} cannot be written ({error.strerror}). Choose another folder.")
        else:
            self.said.emit("info", f"The metrics are saved to {path}.")

    def _bar(self, parent: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        for name, _ in PAGES:
            chip = QToolButton(parent)
            chip.setText(name)
            chip.setProperty("chip", "true")
            chip.setCheckable(True)
            chip.setAccessibleName(f"Curves of {name}")
            chip.clicked.connect(partial(self._turn_to, name))
            self.pages[name] = chip
            row.addWidget(chip)
        self.pages[PAGES[0][0]].setChecked(True)
        row.addStretch(1)
        self.export_button.setAccessibleName("Export metrics")
        self.export_button.setToolTip("Write all that is kept to a CSV file, or a picture to a PNG file")
        self.export_button.clicked.connect(self.ask_to_export)
        row.addWidget(self.export_button)
        return row

    def _turn_to(self, page: str, _checked: bool = False) -> None:
        for name, chip in self.pages.items():
            chip.setChecked(name == page)
        self._shares.setVisible(self.page == "replicas")
        if self._plots is not None:
            self._plots.show_page(self.page)
            if self._view is not None:
                self._plots.draw_all([card.replica for card in self._view.replicas])

    def point_at(self, time_ns: int) -> None:
        """Mark a moment that somebody points at in another view; 0 for none."""
        if self._plots is not None:
            self._plots.point_at(time_ns)

    def show_view(self, view: ClusterView) -> None:
        """Bring everything up to date."""
        self._view = view
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
