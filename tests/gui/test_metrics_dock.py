"""The metrics dock: pages of curves, a crosshair that reads them, and files."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from bench.synthetic import START_NS, load_records
from gui.docks.curves import CAPTIONS, PAGES
from gui.docks.metrics import Metrics
from gui.docks.metrics_export import PICTURE_SIZE
from gui.main_window import MainWindow
from gui.theme import LIGHT
from tests.support.fake_source import FakeSource
from tests.support.waiting import wait_until

pytestmark = pytest.mark.gui

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def metrics(qtbot: QtBot, window: MainWindow, source: FakeSource) -> Metrics:
    """Two seconds at full load."""
    source.put(load_records(2.0, 3))
    source.time_ns = START_NS + 2_000_000_000
    window.docks.show("metrics")
    metrics = window.docks.metrics
    qtbot.waitUntil(lambda: len(window.bridge.fold.history) > 15 and metrics._plots is not None)
    qtbot.waitUntil(lambda: metrics._view is not None and len(metrics._view.replicas) == 3)
    return metrics


def choose(bot: QtBot, metrics: Metrics, page: str) -> None:
    bot.mouseClick(metrics.pages[page], LEFT)


def test_every_figure_has_a_curve(qtbot: QtBot, metrics: Metrics) -> None:
    plots = metrics._plots
    assert plots is not None
    seen: list[str] = []
    for page, places in PAGES:
        choose(qtbot, metrics, page)
        assert plots.shown == list(places)
        for place in places:
            plot = plots._plots[place]
            assert plot.widget.isVisible() and plot._curves
            assert all(len(curve.values) for curve in plot._curves.values())
            seen.append(CAPTIONS[place])
        assert metrics._shares.isVisible() == (page == "replicas")
    assert sorted(seen) == sorted(CAPTIONS)


def test_the_pointer_reads_the_curves_and_points_everywhere(
    qtbot: QtBot, window: MainWindow, metrics: Metrics
) -> None:
    plots = metrics._plots
    assert plots is not None
    window.bridge.stop()
    plots.draw_all((1, 2, 3))
    view = plots._plots[0].widget.viewport()
    qtbot.mouseMove(view, QPoint(view.width() - 4, view.height() // 2))
    qtbot.waitUntil(lambda: window.selection.moment_ns > 0)
    assert abs(window.selection.moment_ns - plots._newest_ns) < 2_000_000_000
    assert " at -" in plots.reading() and "p99" in plots.reading()
    window.selection.point(0)
    assert "at -" not in plots.reading()


def test_the_keyboard_reads_them_too(qtbot: QtBot, window: MainWindow, metrics: Metrics) -> None:
    plots = metrics._plots
    assert plots is not None
    window.bridge.stop()
    plots.draw_all((1, 2, 3))
    plots.setFocus()
    for _ in range(4):
        qtbot.keyClick(plots, Qt.Key.Key_Left)
    assert window.selection.moment_ns == plots._newest_ns - 400_000_000
    assert "at -0.4 s" in plots.accessibleDescription()
    qtbot.keyClick(plots, Qt.Key.Key_Right)
    assert "at -0.3 s" in plots.reading()
    qtbot.keyClick(plots, Qt.Key.Key_Escape)
    assert window.selection.moment_ns == 0


def test_everything_that_is_kept_becomes_a_table(
    qtbot: QtBot, window: MainWindow, metrics: Metrics, tmp_path: Path
) -> None:
    path = tmp_path / "metrics.csv"
    window.bridge.stop()
    metrics.export(path)
    wait_until(lambda: path.exists() and path.stat().st_size > 0)
    qtbot.waitUntil(lambda: "metrics are saved" in window.status.sentence.text())
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header[:4] == ["seconds", CAPTIONS[0], f"p50 {CAPTIONS[1]}", f"p99 {CAPTIONS[1]}"]
    assert len(header) == 4 + 3 + 3 + 2
    assert len(rows) == len(window.bridge.fold.history)
    busiest = max(rows, key=lambda row: float(row[1]))
    figures = dict(zip(header, busiest, strict=True))
    assert float(figures[CAPTIONS[0]]) == pytest.approx(60_000, rel=0.05)
    assert float(figures[CAPTIONS[4]]) == pytest.approx(6.0, rel=0.01)
    assert float(figures[CAPTIONS[5]]) == pytest.approx(150.0, rel=0.01)
    shares = [float(figures[f"R{replica} {CAPTIONS[3]}"]) for replica in (1, 2, 3)]
    assert sum(shares) == pytest.approx(100.0, abs=0.01)


def test_the_curves_become_a_picture(window: MainWindow, metrics: Metrics, tmp_path: Path) -> None:
    path = tmp_path / "metrics.png"
    window.bridge.stop()
    metrics.set_theme(LIGHT)
    metrics.export(path)
    wait_until(lambda: path.exists() and not QImage(str(path)).isNull())
    image = QImage(str(path))
    assert (image.width(), image.height()) == (2 * PICTURE_SIZE.width(), 2 * PICTURE_SIZE.height())
    colours = {
        image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)
    }
    assert LIGHT.accent.name() in colours and LIGHT.warn.name() in colours


def test_a_file_that_cannot_be_written_is_said(
    qtbot: QtBot, window: MainWindow, metrics: Metrics, tmp_path: Path
) -> None:
    metrics.export(tmp_path / "nowhere" / "metrics.csv")
    qtbot.waitUntil(lambda: "cannot be written" in window.status.sentence.text())
    metrics.export(tmp_path / "metrics.txt")
    assert "become .csv or .png" in window.status.sentence.text()
