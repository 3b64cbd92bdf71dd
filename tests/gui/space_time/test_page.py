"""The space-time page in the window: opened, panned, zoomed, clicked; one selection for every view."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.facts import LinkFaulted, Paused
from core.link_faults import LinkFaults, Way
from core.model.lines import Fate, RowKind
from core.trace.wire_log import Record, Tap
from gui.main_window import MainWindow
from gui.space_time.page import SpaceTimePage
from gui.space_time.words import tip
from tests.support.diagram_records import called, executed, ordered, returned
from tests.support.fake_source import FakeSource, fact_record

LEFT = Qt.MouseButton.LeftButton
MS = 1_000_000


def some_requests(start: int = 100 * MS) -> list[Record]:
    """Six requests, 50 ms apart; #3 is lost on its way to R2, sent again, and #4 waits for it."""
    records: list[Record] = []
    for seq in range(1, 7):
        at, client = start + seq * 50 * MS, (seq - 1) % 3 + 1
        records += [called(at, client, seq), ordered(at + MS, seq, 1, 3, client=client, number=seq)]
        tap = Tap.TO_LOST if seq == 3 else Tap.TO_PASSED
        records.append(ordered(at + MS, seq, 2, client=client, number=seq, tap=tap))
        for replica in (1, 2, 3):
            late = 80 * MS if seq in (3, 4) and replica == 2 else 0
            came = at + (6 + replica) * MS + late
            records.append(executed(came + 9 * MS, seq, replica, came, came + MS))
        records.append(returned(at + 20 * MS, client, seq, seq))
        if seq == 4:
            records.append(ordered(at + 35 * MS, 3, 2, client=3, number=3))
    return sorted(records, key=lambda record: record.time_ns)


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow, source: FakeSource) -> Iterator[SpaceTimePage]:
    """The page with some requests on it, seen as a whole."""
    source.time_ns = 600 * MS
    source.put(some_requests())
    qtbot.waitUntil(lambda: window.bridge.log.end > 40)
    QTest.keyClick(window, Qt.Key.Key_F3)
    page = window.centre.space_time
    assert page is not None
    qtbot.waitUntil(lambda: len(page.diagram.feed.columns()) > 60)
    page.diagram.fit()
    yield page


def middle_of(page: SpaceTimePage, kind: RowKind, seq: int) -> QPoint:
    """A point on a row's line."""
    picture = page.diagram.picture()
    assert picture.rows is not None
    c = picture.columns
    place = next(n for n, r in enumerate(picture.rows) if c.kind[r] == kind and c.seq[r] == seq)
    x1, y1, x2, y2 = picture.ends[place]
    return QPointF(x1 + (x2 - x1) * 0.4, y1 + (y2 - y1) * 0.4).toPoint()


def test_the_page_is_made_when_it_is_wanted_and_left_by_a_key(window: MainWindow, qtbot: QtBot) -> None:
    assert window.centre.space_time is None
    qtbot.keyClick(window, Qt.Key.Key_F3)
    page = window.centre.space_time
    assert page is not None
    assert page.isVisible()
    assert not window.stage.isVisible()
    assert window.actions_by_id["space_time"].isChecked()
    qtbot.keyClick(window, Qt.Key.Key_F2)
    assert window.stage.isVisible()
    assert not page.isVisible()


def test_a_tab_of_the_bar_opens_it(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1920, 900)
    qtbot.mouseClick(window.top_bar.tabs[1], LEFT)
    assert window.centre.space_time is not None
    assert window.top_bar.tabs[1].isChecked()
    assert not window.top_bar.tabs[0].isChecked()


def test_everything_of_a_request_is_on_it(page: SpaceTimePage) -> None:
    c = page.diagram.feed.columns()
    kinds = {RowKind(kind).name for kind in c.kind[(c.seq == 4)].tolist()}
    assert kinds == {"ORDERED", "ORDER", "EXECUTED", "RESULT", "ANSWER", "HELD"}
    assert list(page.diagram.picture().lanes.names) == ["C1", "C2", "C3", "FE", "R1", "R2", "R3"]


def test_a_drag_pans_and_the_wheel_zooms_at_the_pointer(page: SpaceTimePage, qtbot: QtBot) -> None:
    diagram = page.diagram
    before = diagram.camera
    qtbot.mousePress(diagram, LEFT, pos=QPoint(400, 200))
    diagram.mouseMoveEvent(_dragged_to(QPointF(300, 200)))
    qtbot.mouseRelease(diagram, LEFT, pos=QPoint(300, 200))
    assert diagram.camera.start_ns > before.start_ns
    assert diagram.camera.span_ns == before.span_ns
    at = diagram.picture().time_at(300)
    qtbot.keyClick(diagram, Qt.Key.Key_Plus)
    assert diagram.camera.span_ns < before.span_ns
    diagram.zoom(0.5, at)
    assert diagram.camera.span_ns == pytest.approx(before.span_ns / 2.5, rel=0.01)
    assert not diagram.following
    assert not page.buttons["follow"].isChecked()
    qtbot.mouseClick(page.buttons["follow"], LEFT)
    assert diagram.following


def _dragged_to(point: QPointF) -> QMouseEvent:
    held, move = Qt.KeyboardModifier.NoModifier, QEvent.Type.MouseMove
    return QMouseEvent(move, point, point, Qt.MouseButton.NoButton, LEFT, held)


def test_a_click_on_a_line_chooses_its_request_everywhere(
    page: SpaceTimePage, window: MainWindow, qtbot: QtBot
) -> None:
    qtbot.mouseClick(page.diagram, LEFT, pos=middle_of(page, RowKind.ORDER, 5))
    assert window.selection.seq == 5
    assert window.selection.name == "C2"
    assert window.stage.selection() == "C2"
    assert window.docks.log.filter.text() == "#5"
    cone = page.diagram.picture().cone
    assert cone is not None
    assert cone.past.any()
    assert cone.future.any()
    qtbot.keyClick(page.diagram, Qt.Key.Key_Escape)
    assert window.selection.seq == 0
    assert window.docks.log.filter.text() == ""
    assert page.diagram.picture().cone is None


def test_a_row_of_the_event_log_chooses_the_request_in_the_diagram(
    page: SpaceTimePage, window: MainWindow, qtbot: QtBot
) -> None:
    log = window.docks.log
    window.docks.show("log")
    log.search("#2")
    qtbot.waitUntil(lambda: log.model.rowCount() > 3)
    rows = [row for row in range(log.model.rowCount()) if "ordered #2" in log.model.row_at(row).text]
    qtbot.waitUntil(lambda: log.table.rowViewportPosition(rows[0]) >= 0)
    position = log.table.visualRect(log.model.index(rows[0], 1)).center()
    qtbot.mouseClick(log.table.viewport(), LEFT, pos=position)
    assert window.selection.seq == 2
    assert page.diagram.chosen_seq == 2
    assert log.filter.text() == "#2"  # as it was
    assert window.selection.moment_ns == log.model.row_at(rows[0]).time_ns


def test_a_lifeline_is_a_node_of_the_stage(page: SpaceTimePage, window: MainWindow, qtbot: QtBot) -> None:
    picture = page.diagram.picture()
    lane = picture.lanes.names.index("R2")
    qtbot.mouseClick(page.diagram, LEFT, pos=QPoint(30, round(picture.y_of(lane))))
    assert window.selection.name == "R2"
    assert window.stage.selection() == "R2"
    window.stage.select("R3")
    assert page.diagram.picture().node == "R3"


def test_keys_walk_the_requests(page: SpaceTimePage, window: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(page.diagram, Qt.Key.Key_Up)
    assert window.selection.seq == 6
    qtbot.keyClick(page.diagram, Qt.Key.Key_Up)
    assert window.selection.seq == 5
    qtbot.keyClick(page.diagram, Qt.Key.Key_Down)
    qtbot.keyClick(page.diagram, Qt.Key.Key_Down)
    assert window.selection.seq == 6  # there is no later one


def test_a_tip_tells_what_a_mark_is(page: SpaceTimePage) -> None:
    picture = page.diagram.picture()
    assert tip(picture, QPointF(middle_of(page, RowKind.ORDER, 1))).startswith(
        "order #1 to R1: left at 0.151"
    )
    assert "R2 holds #4 back for" in tip(picture, QPointF(middle_of(page, RowKind.HELD, 4)))
    c = picture.columns
    assert picture.rows is not None
    lost = next(n for n, r in enumerate(picture.rows) if c.fate[r] == Fate.LOST)
    x1, y1, x2, y2 = picture.ends[lost]
    assert tip(picture, QPointF((x1 + x2) / 2, (y1 + y2) / 2)).endswith("lost")


def test_pointing_is_shared_with_the_timeline_and_back(page: SpaceTimePage, window: MainWindow) -> None:
    window.selection.point(300 * MS)
    assert page.diagram.picture().pointed_ns == 300 * MS
    page.diagram.momentPointed.emit(0)
    assert window.selection.moment_ns == 0
    assert page.diagram.picture().pointed_ns == 0


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_it_is_painted_at_every_size_and_exported(
    page: SpaceTimePage, window: MainWindow, source: FakeSource, theme: str, size: tuple[int, int],
    tmp_path: Path, qtbot: QtBot,
) -> None:  # fmt: skip
    window.dress.choose(theme)
    window.resize(*size)
    source.put(
        [
            fact_record(Paused(3), 260 * MS),
            fact_record(LinkFaulted(1, Way.TO, LinkFaults(cut=True)), 300 * MS),
        ]
    )
    qtbot.waitUntil(lambda: len(page.diagram.feed.model.bands.all) == 2)
    image = page.diagram.grab().toImage()
    colours = {image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 3)}
    assert len(colours) > 20
    png, svg = tmp_path / "a.png", tmp_path / "a.svg"
    page.export(png)
    page.export(svg)
    qtbot.waitUntil(
        lambda: png.exists() and svg.exists() and svg.stat().st_size > 0 and png.stat().st_size > 0
    )
    qtbot.waitUntil(lambda: "saved to" in window.status.sentence.text())
    assert not QImage(str(png)).isNull()
    assert "#4" in svg.read_text(encoding="utf-8")


def test_another_format_is_refused_in_words(page: SpaceTimePage, window: MainWindow, tmp_path: Path) -> None:
    page.export(tmp_path / "a.gif")
    assert "Name the file .png or .svg" in window.status.sentence.text()
