"""The event log dock: filter, chips, standing still while a person reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.facts import Dropped, Exited, KillOrdered, Said
from core.protocol.codec import encode
from core.protocol.messages import Nack, Order, Pong, pack_u32
from core.trace.events import EventFilter, EventLog
from core.trace.told import EventKind
from core.trace.wire_log import Record, Tap
from gui.app import application
from gui.docks.event_log import CHIPS, EventLogView, read_filter
from gui.docks.row_finder import RowFinder
from gui.icons import Icons
from gui.theme import DARK
from tests.support.fake_source import fact_record

pytestmark = pytest.mark.gui
BUDGET_NS = 1_000_000_000


def order(seq: int) -> Record:
    body = encode(Order(1, seq, 1, 0, pack_u32([1, seq]), [b"post|alice|tide"]))
    return Record(seq * 1_000_000, Tap.TO_PASSED, 0b1110, 0, body)


def nack(seq: int, replica: int) -> Record:
    return Record(seq * 1_000_000, Tap.FROM_PASSED, 1 << replica, 0, encode(Nack(seq, seq)))


def pong(replica: int) -> Record:
    return Record(1, Tap.FROM_PASSED, 1 << replica, 0, encode(Pong(1, 1, (), 0)))


@pytest.fixture
def log() -> EventLog:
    log = EventLog(lambda operation: operation.decode().replace("|", " "))
    log.append([order(seq) for seq in range(1, 129)])
    log.append([pong(2), nack(128, 2), fact_record(KillOrdered(2, "user")), fact_record(Exited(2, -9, ""))])
    return log


@pytest.fixture
def dock(qtbot: QtBot, log: EventLog) -> Iterator[EventLogView]:
    application()
    dock = EventLogView(log, DARK, Icons(DARK))
    qtbot.addWidget(dock)
    dock.resize(400, 400)
    dock.show()
    settle(dock)
    yield dock


def settle(dock: EventLogView) -> None:
    """As many frames as it takes."""
    for _ in range(400):
        dock._turn_ns = 0
        dock.work()


def texts(dock: EventLogView) -> list[str]:
    return [dock.model.index(row, 2).data() for row in range(dock.model.rowCount())]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", EventFilter()),
        ("R2", EventFilter(nodes=frozenset({"R2"}))),
        ("fe c12", EventFilter(nodes=frozenset({"FE", "C12"}))),
        ("#128", EventFilter(seq=128)),
        ("kill", EventFilter(text="kill")),
        ("R2 #128 misses it", EventFilter(frozenset({"R2"}), frozenset(), 128, "misses it")),
        ("#x R2D2", EventFilter(text="#x R2D2")),
    ],
)
def test_the_filter_line(text: str, wanted: EventFilter) -> None:
    assert read_filter(text, frozenset()) == wanted


def test_the_newest_event_is_on_top_and_heartbeats_are_left_out(dock: EventLogView) -> None:
    shown = texts(dock)
    assert shown[0] == "process ended with signal 9"
    assert shown[2:4] == ["misses #128", "ordered #128 post alice tide → R1 R2 R3"]


def test_a_filter_shows_what_it_says(qtbot: QtBot, dock: EventLogView) -> None:
    qtbot.keyClicks(dock.filter, "#7")
    settle(dock)
    assert len(texts(dock)) == 1
    dock.filter.setText("R2 misses")
    settle(dock)
    assert texts(dock) == ["misses #128"]
    dock.filter.clear()
    settle(dock)
    assert len(texts(dock)) > 10


def test_chips_choose_kinds(qtbot: QtBot, dock: EventLogView) -> None:
    for name in CHIPS:
        dock.chips[name].setChecked(name == "gaps")
    settle(dock)
    assert texts(dock) == ["misses #128"]
    qtbot.mouseClick(dock.chips["pulse"], Qt.MouseButton.LeftButton)
    settle(dock)
    assert len(texts(dock)) == 2


def test_new_events_come_in_on_top(dock: EventLogView, log: EventLog) -> None:
    log.append([fact_record(Said("info", "something new"))])
    settle(dock)
    assert "something new" in texts(dock)[0]


def test_as_many_rows_are_shown_however_many_came(dock: EventLogView, log: EventLog) -> None:
    """With a row more or less Qt would lay out table and scroll bar five times a second."""
    moved: list[str] = []
    dock.model.rowsInserted.connect(lambda *place: moved.append("in"))
    dock.model.rowsRemoved.connect(lambda *place: moved.append("out"))
    for count in (1, 7, 40, 3):
        log.append([order(log.end + one) for one in range(count)])
        settle(dock)
        assert texts(dock)[0].startswith(f"ordered #{log.end - 1}")
    assert not moved


def test_it_stands_still_while_a_row_is_chosen_and_says_how_many_came(
    qtbot: QtBot, dock: EventLogView, log: EventLog
) -> None:
    with qtbot.waitSignal(dock.chosen) as chosen:
        rect = dock.table.visualRect(dock.model.index(2, 2))
        qtbot.mouseClick(dock.table.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    node, seq, record = chosen.args
    assert (node, seq, record.time_ns) == ("R2", 128, 128_000_000)
    before = texts(dock)
    dock._stopped_at = log.end
    log.append([fact_record(Said("info", f"new {n}")) for n in range(5)])
    settle(dock)
    dock.show_view(None)  # type: ignore[arg-type]
    assert texts(dock) == before
    assert dock.resume.text() == "5 newer"
    qtbot.mouseClick(dock.resume, Qt.MouseButton.LeftButton)
    settle(dock)
    assert "new 4" in texts(dock)[0]


def test_scrolling_down_finds_older_events_and_stops_following(dock: EventLogView) -> None:
    assert dock.model.rowCount() < 131
    bar = dock.table.verticalScrollBar()
    while dock.model.canFetchMore(dock.model.index(-1, -1)):
        dock.model.fetchMore(dock.model.index(-1, -1))
    bar.setValue(bar.maximum())
    assert dock.model.rowCount() == 131
    assert texts(dock)[-1].startswith("ordered #1 ")
    assert not dock.following


def test_a_painted_row_shows_something(dock: EventLogView) -> None:
    image = dock.table.viewport().grab().toImage()
    colours = {image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(4, 60, 2)}
    assert len(colours) > 3


def test_events_that_were_dropped_say_so(qtbot: QtBot) -> None:
    small = EventLog(lambda operation: "?", max_records=1_024)
    small.append([order(1)])
    dock = EventLogView(small, DARK, Icons(DARK))
    qtbot.addWidget(dock)
    dock.resize(400, 300)
    dock.show()
    settle(dock)
    dock.table.selectRow(0)
    dock.model._decoded.clear()
    small.append([order(seq) for seq in range(2, 3_000)])
    assert "too old" in texts(dock)[0]


def test_the_finder_meets_a_brute_force_search() -> None:
    log = EventLog(lambda operation: operation.decode())
    wanted = EventFilter(kinds=frozenset({EventKind.GAP}))
    finder = RowFinder(log, wanted)
    for part in range(60):
        log.append([nack(part, 1) if n % 7 == part % 7 else order(n + 1) for n in range(part * 5)])
        while not finder.look_ahead(20, 1_000):
            pass
        expected = [p for p in range(log.end - 1, -1, -1) if log.passes(p, wanted)]
        assert finder.positions[:20] == expected[:20]
        assert finder.positions == expected[: len(finder.positions)]
    finder.look_back(10_000, BUDGET_NS)
    assert finder.positions == expected
    assert finder.exhausted


def test_a_rare_event_far_back_is_found_a_little_at_a_time() -> None:
    log = EventLog(lambda operation: operation.decode())
    log.append([fact_record(Dropped(3, "it was silent"))])
    log.append([order(seq) for seq in range(1, 3_000)])
    finder = RowFinder(log, EventFilter(text="silent"))
    rounds = 0
    while not finder.look_ahead(20, 100_000):
        rounds += 1
    assert rounds > 3
    assert finder.positions == [0]
