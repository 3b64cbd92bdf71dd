"""Console, checks, inspector and metrics in the window."""

from __future__ import annotations

import re
from functools import partial

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.commands import Deliver, Kill, Look, SetClients, SetLoad, SetPace, Submit
from core.facts import Answered, CheckCount, Checked, Pace, Violated
from core.model.cluster_view import ClusterView
from gui.main_window import MainWindow
from gui.theme import DARK, LIGHT
from tests.support.dialogue import Dialogue
from tests.support.fake_source import FakeSource
from tests.support.sample_views import sample

pytestmark = pytest.mark.gui


def type_line(qtbot: QtBot, window: MainWindow, line: str) -> None:
    prompt = window.docks.console.prompt
    qtbot.keyClicks(prompt, line)
    qtbot.keyClick(prompt, Qt.Key.Key_Return)


def output(window: MainWindow) -> str:
    return window.docks.console.output.toPlainText()


def test_lines_in_the_console_become_commands(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    for line in (
        *('C2> post alice "hello"', "register bob", "kill R2", "pace slow 0.3", "step", "deliver 12"),
        *("clients 8", "load on", "look R1 users"),
    ):
        type_line(qtbot, window, line)
    assert source.sent[:8] == [
        Submit(2, b"post|alice|hello", 'post alice "hello"'),
        Submit(1, b"register|bob", "register bob"),
        Kill(2),
        SetPace(Pace.SLOW, 300_000_000),
        Deliver(),
        Deliver(12),
        SetClients(8),
        SetLoad(True),
    ]
    assert Look(1, "users") in source.sent
    assert window.selection.name == "R1"


def test_a_wrong_line_is_answered_with_a_sentence_and_nothing_is_sent(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    type_line(qtbot, window, "kil R2")
    type_line(qtbot, window, "C1> post alice")
    assert "Did you mean “kill”?" in output(window)
    assert "“post” needs more arguments." in output(window)
    assert source.sent == []


def test_the_client_of_the_prompt_can_be_changed(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    type_line(qtbot, window, "C3>")
    type_line(qtbot, window, "register dave")
    assert source.sent == [Submit(3, b"register|dave", "register dave")]


def test_an_answer_shows_number_latency_and_who_was_first(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    source.say(Answered(1, 4, 127, 2, 4_100_000, "timeline bob", "ok", "alice: hi\ncarol: ho"))
    qtbot.waitUntil(lambda: "C1 ‹ ok #127 · 4.1 ms · R2 first" in output(window))
    assert "alice: hi" in output(window)
    source.say(Answered(1, 5, 0, 0, 4_100_000, "timeline bob", "unknown", ""))
    qtbot.waitUntil(lambda: "C1 ‹ unknown · 4.1 ms" in output(window))


def test_help_lists_operations_and_commands(qtbot: QtBot, window: MainWindow) -> None:
    type_line(qtbot, window, "help")
    assert "post user text — Publish a text under a user's name." in output(window)
    assert "kill R2 — end a replica's process" in output(window)
    type_line(qtbot, window, "help timeline")
    assert "limit: How many at most." in output(window)
    type_line(qtbot, window, "help pots")
    assert "Did you mean “post”?" in output(window)
    type_line(qtbot, window, "clear")
    assert output(window) == ""


def test_tab_completes_and_arrows_repeat(qtbot: QtBot, window: MainWindow) -> None:
    prompt = window.docks.console.prompt
    qtbot.keyClicks(prompt, "regi")
    qtbot.keyClick(prompt, Qt.Key.Key_Tab)
    assert prompt.text() == "register "
    prompt.clear()
    type_line(qtbot, window, "kill R1")
    qtbot.keyClick(prompt, Qt.Key.Key_Up)
    assert prompt.text() == "kill R1"
    qtbot.keyClick(prompt, Qt.Key.Key_Down)
    assert prompt.text() == ""


def test_tab_completes_words_that_stand_on_the_stage(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    tiles = Dialogue().summary(1, 1, ("users", "2 · alice bob…"))
    source.put([tiles.records[-1]._replace(time_ns=source.now_ns())])
    shown = window.intents
    qtbot.waitUntil(lambda: shown.view is not None and any(card.tiles for card in shown.view.replicas))
    prompt = window.docks.console.prompt
    qtbot.keyClicks(prompt, "profile al")
    qtbot.keyClick(prompt, Qt.Key.Key_Tab)
    assert prompt.text().strip() == "profile alice"


def test_a_table_is_told_in_rows_and_its_exact_text_on_request(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    exact = '[{"id":130,"author":"alice","text":"hello world"}]'
    source.say(Answered(1, 4, 131, 2, 4_100_000, "timeline bob", "ok", exact))
    qtbot.waitUntil(lambda: "#130 · author alice · text “hello world”" in output(window))
    document = window.docks.console.output.document()
    assert document.lastBlock().begin().fragment().charFormat().toolTip() == exact


def test_the_console_is_written_again_in_the_other_theme(qtbot: QtBot, window: MainWindow) -> None:
    type_line(qtbot, window, "kil R2")
    before = output(window)
    for theme in (LIGHT, DARK):
        window.docks.console.set_theme(theme)
        block = window.docks.console.output.document().lastBlock()
        assert block.begin().fragment().charFormat().foreground().color() == theme.bad
    assert output(window) == before


def test_checks_show_what_they_looked_at(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    window.docks.show("checks")
    names = ("digest", "real_time", "reply", "at_most_once", "fifo")
    source.say(Checked(tuple(CheckCount(name, 1_200, 0) for name in names)))
    rows = window.docks.checks.rows
    qtbot.waitUntil(lambda: len(rows) == 5)
    assert {row.state for row in rows.values()} == {"passed"}
    assert "Equal digests: passed" in rows["digest"].accessibleName()
    assert not window.docks.checks.card.isVisible()


def test_a_check_that_did_not_get_to_everything_says_so(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    window.docks.show("checks")
    rows = window.docks.checks.rows
    source.say(Checked((CheckCount("digest", 9, 0), CheckCount("linearizability", 0, 0, 300))))
    qtbot.waitUntil(lambda: len(rows) == 2)
    row = rows["linearizability"]
    qtbot.waitUntil(lambda: "0 % judged" in row.accessibleName())
    assert row.state == "waiting"
    source.say(Checked((CheckCount("digest", 9, 0), CheckCount("linearizability", 1_200, 0, 300))))
    qtbot.waitUntil(lambda: row.state == "passed in part")
    assert "80 % judged" in row.accessibleName()
    assert rows["digest"].state == "passed"


def test_a_violation_shows_both_sides_and_leads_to_its_events(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    window.docks.show("checks")
    source.say(
        Checked((CheckCount("digest", 130, 2), CheckCount("reply", 130, 0))),
        Violated("digest", 124, 1, "8c93 (R2, R3)", "fb8d (R1)"),
        Violated("digest", 125, 1, "1111", "2222"),
    )
    card = window.docks.checks.card
    qtbot.waitUntil(card.isVisible)
    assert card.title.text() == "Equal digests: failed for #124 at R1"
    assert (card.expected.text(), card.found.text()) == ("8c93 (R2, R3)", "fb8d (R1)")
    assert card.more.text() == "and 1 more after it"
    assert window.docks.checks.rows["digest"].state == "failed"
    assert window.docks.checks.rows["reply"].state == "passed"
    qtbot.mouseClick(card.button, Qt.MouseButton.LeftButton)
    assert window.docks.log.filter.text() == "#124"
    assert window.docks.log.isVisible()
    assert window.selection.name == "R1"


def facts(window: MainWindow) -> dict[str, str]:
    table = window.docks.inspector.facts
    return {table.item(row, 0).text(): table.item(row, 1).text() for row in range(table.rowCount())}


def test_the_inspector_shows_the_selected_node(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    window.docks.show("inspector")
    assert "Nothing selected" in window.docks.inspector.title.text()
    window.stage.select("R2")
    qtbot.waitUntil(lambda: "process" in facts(window))
    assert facts(window)["process"] == "pid 4002, port 50002, life 1"
    window.docks.inspector.pages.setCurrentIndex(1)
    qtbot.waitUntil(lambda: Look(2, "", 0, 100) in source.sent)
    window.stage.select("FE")
    qtbot.waitUntil(lambda: "next number" in facts(window))
    window.stage.select("C1")
    qtbot.waitUntil(lambda: facts(window).get("request") == "none yet")


def test_metrics_show_figures_shares_and_curves(qtbot: QtBot, window: MainWindow) -> None:
    metrics = window.docks.metrics
    window.docks.show("metrics")
    view = sample("load")
    metrics.show_view(view)
    assert (
        re.sub(r"\D", "", metrics.figures["throughput"].value.text())
        == f"{view.metrics.throughput_per_s:.0f}"
    )
    assert metrics.figures["messages"].value.text() == f"{view.metrics.messages_per_request:.2f}"
    assert "·" in metrics.figures["latency"].value.text()
    qtbot.waitUntil(lambda: metrics._plots is not None)
    for _ in range(3):
        metrics._plots.show_view(view)
    image = metrics._shares.grab().toImage()
    colours = {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(0, image.height(), 3)
    }
    assert window.dress.theme.accent.name() in colours


def test_what_nobody_sees_is_not_refreshed(qtbot: QtBot, window: MainWindow) -> None:
    window.docks.show("checks")
    seen: list[str] = []
    readers = window.bridge._rota._turns
    names = [*window.docks.frames, *(f"reader {place}" for place in range(6, len(readers)))]
    for name, reader in zip(names, readers, strict=True):
        reader.show = partial(_note, seen, name)
    visible = {name for name, reader in zip(names, readers, strict=True) if reader.seen()}
    qtbot.waitUntil(lambda: visible <= set(seen) and seen.count("checks") > 2)
    assert set(seen) == visible
    assert visible & set(window.docks.frames) == {"checks", "console"}


def _note(seen: list[str], name: str, view: ClusterView) -> None:
    seen.append(name)
