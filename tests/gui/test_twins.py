"""Every picture has a name and a twin: a table of the same content, in step with it, which chooses and does
what the picture does."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QGraphicsView, QLabel, QWidget
from pytestqt.qtbot import QtBot

import gui
from core.commands import Deliver
from core.facts import Pace, PaceSet
from core.link_faults import Link, LinkFaults, Way
from core.model.cluster_view import ClusterView, FaultyLink, TokenKind
from gui.main_window import MainWindow
from gui.stage.tips import card_named
from gui.stage.twins import cluster_sheet, data_sheet, digest_sheet
from gui.twins.sheet import Line, LinesOnDemand, Sheet, Twin, twins_of
from gui.twins.tables import CALM_NS
from tests.gui.space_time.test_page import some_requests
from tests.support.fake_source import FakeSource
from tests.support.sample_views import KINDS, sample

pytestmark = pytest.mark.gui


def paints_itself(kind: type) -> bool:
    """Draws its own picture: tables read themselves out, labels have their words."""
    own = any("paintEvent" in vars(base) and base.__module__.startswith("gui.") for base in kind.mro())
    return (own or issubclass(kind, QGraphicsView)) and not issubclass(kind, QAbstractItemView | QLabel)


def test_every_picture_of_the_window_has_a_name_and_a_twin(qtbot: QtBot, window: MainWindow) -> None:
    window.centre.show_space_time()
    window.docks.metrics.build_plots()
    painted = [widget for widget in window.findChildren(QWidget) if paints_itself(type(widget))]
    assert len(painted) >= 7
    nameless = [type(widget).__name__ for widget in painted if not widget.accessibleName()]
    alone = [type(widget).__name__ for widget in painted if not any(map(twins_of, with_parents(widget)))]
    assert (nameless, alone) == ([], [])


def with_parents(widget: QWidget) -> Iterator[QWidget]:
    """A widget and what it lies in: one table may serve several plots."""
    while widget is not None:
        yield widget
        widget = widget.parentWidget()


def test_nothing_else_in_the_app_paints_itself_without_a_twin() -> None:
    """Also what is in no window yet: dialogs, forms."""
    classes: set[type] = set()
    for module in pkgutil.walk_packages(gui.__path__, "gui."):
        found = vars(importlib.import_module(module.name)).values()
        classes |= {kind for kind in found if isinstance(kind, type) and issubclass(kind, QWidget)}
    painted = [kind for kind in classes if kind.__module__.startswith("gui.") and paints_itself(kind)]
    assert len(painted) >= 6
    assert [kind.__name__ for kind in painted if not hasattr(kind, "twins")] == []


# What the tables say


@pytest.mark.parametrize("kind", KINDS)
def test_the_cluster_as_a_table_names_everybody_and_everything(kind: str) -> None:
    view = sample(kind, replicas=5, clients=9)
    sheet = cluster_sheet(view)
    names = [line.node for line in sheet.lines if line.cells[0] in ("client", "front end", "replica")]
    assert names == [*(f"C{n}" for n in range(1, 10)), "FE", *(f"R{n}" for n in range(1, 6))]
    assert all(card_named(view, name) is not None for name in names)
    assert [line.token for line in sheet.lines if line.token] == [token.token for token in view.tokens]
    assert [line.cells[2] for line in sheet.lines if line.cells[0] == "alert"] == [view.alert] * bool(
        view.alert
    )
    assert {len(line.cells) for line in sheet.lines} == {len(sheet.columns)}


def test_states_are_words(window: MainWindow) -> None:
    killed = {line.node: line.cells for line in cluster_sheet(sample("killed")).lines}
    assert killed["R2"][2] == "dead · SIGKILL · 12.1 s"
    waiting = {line.node: line.cells for line in cluster_sheet(sample("waiting")).lines}
    assert waiting["R1"][3] == "expects #128"
    assert "holds #129" in waiting["R1"][4]
    assert any("unlike the others'" in line.cells[4] for line in cluster_sheet(sample("diverged")).lines)


def test_faults_are_rows() -> None:
    fault = FaultyLink(Link(2, Way.TO), LinkFaults(loss=0.3))
    view = replace(sample("idle"), faulty_links=(fault,), broken=("number",))
    rows = [line.cells[:3] for line in cluster_sheet(view).lines[-2:]]
    assert rows == [("link fault", "FE→R2", "30 % lost"), ("broken rule", "", "number")]
    assert cluster_sheet(view).lines[-2].node == "R2"


def test_digests_say_which_number_differs() -> None:
    sheet = digest_sheet(sample("diverged"))
    unequal = [line.seq for line in sheet.lines if line.cells[-1] == "no"]
    assert min(unequal) == 124
    assert sheet.columns == ("number", "R1", "R2", "R3", "equal")
    assert {line.cells[-1] for line in digest_sheet(sample("idle")).lines} == {"yes"}


def test_the_data_on_the_cards_say_what_changed_last() -> None:
    news = {line.cells[1] for line in data_sheet(sample("slow")).lines if line.cells[3]}
    assert news == {"posts", "last post"}


def test_rows_are_made_when_they_are_looked_at() -> None:
    made: list[int] = []
    lines = LinesOnDemand(1_000_000, lambda place: made.append(place) or Line((str(place),)))  # type: ignore[func-returns-value]
    assert lines[3].cells == ("3",)
    assert [line.cells[0] for line in lines[-2:]] == ["999998", "999999"]
    assert made == [3, 999_998, 999_999]
    with pytest.raises(IndexError):
        lines[1_000_000]


# The dock


@pytest.fixture
def asked(window: MainWindow, source: FakeSource, qtbot: QtBot) -> MainWindow:
    """A window that has seen some requests."""
    source.time_ns = 600_000_000
    source.put(some_requests())
    qtbot.waitUntil(lambda: window.bridge.log.end > 40)
    return window


def rows_of(window: MainWindow) -> list[tuple[str, ...]]:
    model = window.docks.tables.model
    return [
        tuple(model.data(model.index(row, column)) for column in range(model.columnCount()))
        for row in range(model.rowCount())
    ]


def open_table(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_7, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: window.docks.frames["table"].is_seen())


def test_rows_stay_for_a_while_under_load_and_follow_at_once_otherwise(
    qtbot: QtBot, asked: MainWindow
) -> None:
    open_table(asked, qtbot)
    asked.bridge.stop()
    tables = asked.docks.tables
    tables.which.setCurrentText("Cluster")
    loaded = replace(sample("load"), load_running=True, pace=Pace.REAL_TIME)

    def alert_shown(view: ClusterView, after_ns: int, alert: str) -> bool:
        tables.show_view(replace(view, now_ns=loaded.now_ns + after_ns, alert=alert))
        return any(alert in row for row in rows_of(asked))

    assert alert_shown(replace(loaded, load_running=False), 0, "one")
    assert not alert_shown(loaded, CALM_NS - 1, "two")
    assert alert_shown(loaded, CALM_NS, "three")
    assert alert_shown(replace(loaded, pace=Pace.STEP), CALM_NS + 1, "four")


def test_the_table_of_the_picture_that_has_the_keyboard(qtbot: QtBot, asked: MainWindow) -> None:
    asked.stage.setFocus()
    open_table(asked, qtbot)
    tables = asked.docks.tables
    assert tables.which.currentText() == "Cluster"
    assert tables.table.hasFocus()
    assert tables.table.accessibleName() == "Cluster, as a table"
    assert ("client", "C1") in [row[:2] for row in rows_of(asked)]
    page = asked.centre.show_space_time()
    qtbot.waitUntil(lambda: len(page.diagram.feed.columns()) > 60)
    page.diagram.fit()
    page.diagram.setFocus()
    open_table(asked, qtbot)
    assert tables.which.currentText() == "Space-time diagram"
    assert len(rows_of(asked)) == len(page.diagram.picture().rows)
    assert any("holds #4 back" in row[-1] for row in rows_of(asked))


def test_every_table_can_be_chosen_and_has_a_cell_for_each_column(qtbot: QtBot, asked: MainWindow) -> None:
    asked.centre.show_space_time()
    asked.docks.metrics.build_plots()
    asked.selection.choose("C1", 4)
    open_table(asked, qtbot)
    which = asked.docks.tables.which
    titles = [which.itemText(place) for place in range(which.count())]
    assert len(titles) == len(set(titles)) >= 8
    for place in range(which.count()):
        which.setCurrentIndex(place)
        assert all(len(row) == asked.docks.tables.model.columnCount() for row in rows_of(asked)), titles[
            place
        ]


def test_it_keeps_in_step_and_keeps_the_row(qtbot: QtBot, asked: MainWindow, source: FakeSource) -> None:
    open_table(asked, qtbot)
    table = asked.docks.tables.table
    table.setCurrentIndex(asked.docks.tables.model.index(2, 0))
    source.say(PaceSet(Pace.SLOW, 600_000_000))
    qtbot.waitUntil(lambda: any("slow: 600" in cell for cell in rows_of(asked)[0]))
    assert table.currentIndex().row() == 2


def test_choosing_a_row_chooses_it_everywhere_and_the_other_way_round(
    qtbot: QtBot, asked: MainWindow
) -> None:
    open_table(asked, qtbot)
    tables = asked.docks.tables
    row = next(n for n, line in enumerate(tables.model.sheet.lines) if line.node == "R2")
    while tables.table.currentIndex().row() < row:
        qtbot.keyClick(tables.table, Qt.Key.Key_Down)
    assert asked.stage.selection() == "R2"
    asked.stage.setFocus()
    asked.stage.select("FE")
    assert tables.model.sheet.lines[tables.table.currentIndex().row()].node == "FE"


def test_enter_delivers_a_message_that_waits(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    view = sample("slow")
    order = next(token for token in view.tokens if token.kind is TokenKind.ORDER)
    window.bridge.stop()
    window.intents.view = replace(view, pace=Pace.STEP, tokens=(replace(order, due_ns=0),))
    window.intents.set_pace(Pace.STEP)
    open_table(window, qtbot)
    tables = window.docks.tables
    row = next(n for n, line in enumerate(tables.model.sheet.lines) if line.token)
    assert "Enter delivers it" in tables.model.sheet.lines[row].cells[-1]
    tables.table.setCurrentIndex(tables.model.index(row, 0))
    qtbot.keyClick(tables.table, Qt.Key.Key_Return)
    assert source.sent[-1] == Deliver(order.token)


def test_a_table_that_nobody_sees_is_not_made(qtbot: QtBot, window: MainWindow) -> None:
    made: list[ClusterView] = []

    def sheet(view: ClusterView) -> Sheet:
        made.append(view)
        return Sheet(("one",), [])

    window.docks.tables._twins = [Twin("counted", sheet)]
    seen: list[ClusterView] = []
    window.bridge.now_and_then(lambda: True, seen.append, 20)
    assert not window.docks.frames["table"].is_seen()
    qtbot.waitUntil(lambda: len(seen) > 10)
    assert made == []
