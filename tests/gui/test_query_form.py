"""A query by form: from a click on a client's card to the bytes that the source is handed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.commands import Submit
from core.facts import Called
from core.protocol.messages import pack_u32
from core.trace.wire_log import Record, Tap, encode_fact
from gui.main_window import MainWindow
from tests.support.fake_source import FakeSource

pytestmark = pytest.mark.gui


def test_a_click_on_a_client_opens_its_form_and_send_hands_over_the_query(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    qtbot.mouseClick(window.stage, Qt.MouseButton.LeftButton, pos=window.stage.node_rect("C2").center())
    form = window.query
    assert form.isVisible()
    assert form.who.text() == "C2 asks"
    form.choose("post")
    qtbot.keyClicks(form.fields[0].input, "alice")
    qtbot.keyClicks(form.fields[1].input, "the tide turns")
    qtbot.mouseClick(form.send, Qt.MouseButton.LeftButton)
    assert source.sent == [Submit(2, b"post|alice|the tide turns", "post alice the tide turns")]
    assert not form.isVisible()


def test_q_opens_the_form_and_enter_sends(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    qtbot.keyClick(window.stage, Qt.Key.Key_Q)
    form = window.query
    assert form.isVisible()
    form.choose("register")
    qtbot.keyClicks(form.fields[0].input, "carol")
    qtbot.keyClick(form.fields[0].input, Qt.Key.Key_Return)
    assert source.sent == [Submit(1, b"register|carol", "register carol")]


def test_the_form_has_a_field_for_each_parameter_with_hint_default_and_groups(window: MainWindow) -> None:
    form = window.query
    names = [form.operations.item(row).text() for row in range(form.operations.count())]
    assert names == [
        *("Change the data", "register", "post", "follow"),
        *("Only read", "timeline", "followers", "page"),
    ]
    form.choose("timeline")
    assert [field.spec.name for field in form.fields] == ["user", "limit"]
    assert form.fields[0].input.placeholderText() == "Who speaks."
    assert form.fields[1].input.text() == "10"


def test_a_wrong_value_is_told_beside_its_field_and_nothing_typed_is_lost(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    window.open_query(1)
    form = window.query
    form.choose("timeline")
    user, limit = form.fields
    qtbot.keyClicks(user.input, "alice")
    limit.input.setText("many")
    qtbot.keyClick(limit.input, Qt.Key.Key_Return)
    assert limit.error.isVisible()
    assert "limit is a whole number" in limit.error.text()
    assert not user.error.isVisible()
    assert form.isVisible()
    assert (user.input.text(), limit.input.text()) == ("alice", "many")
    assert source.sent == []
    qtbot.keyClicks(limit.input, "x")
    assert not limit.error.isVisible()


def test_a_missing_value_is_told_beside_its_field(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    window.open_query(1)
    form = window.query
    form.choose("post")
    qtbot.keyClicks(form.fields[0].input, "alice")
    qtbot.mouseClick(form.send, Qt.MouseButton.LeftButton)
    assert form.fields[1].error.text() == "text is missing."
    assert source.sent == []


def test_the_counter_counts_and_warns(qtbot: QtBot, window: MainWindow) -> None:
    form = window.query
    form.choose("post")
    field = form.fields[1]
    assert field.counter.text() == "0/280"
    field.input.setText("x" * 281)
    assert field.counter.text() == "281/280"
    assert field.counter.property("role") == "bad"
    field.input.setText("x")
    assert field.counter.property("role") == "faint"


def test_pinned_it_stays_and_remembers_values(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    window.open_query(1)
    form = window.query
    form.choose("register")
    qtbot.mouseClick(form.pin, Qt.MouseButton.LeftButton)
    for name in ("alice", "bob"):
        qtbot.keyClicks(form.fields[0].input, name)
        qtbot.keyClick(form.fields[0].input, Qt.Key.Key_Return)
    assert [command.operation for command in source.sent] == [b"register|alice", b"register|bob"]
    assert form.isVisible()
    assert form.fields[0].input.text() == ""
    offered = form.fields[0].input.completer().model()
    assert [offered.index(row, 0).data() for row in range(offered.rowCount())] == ["bob", "alice"]


def test_escape_closes(qtbot: QtBot, window: MainWindow) -> None:
    window.open_query(1)
    qtbot.keyClick(window.query, Qt.Key.Key_Escape)
    assert not window.query.isVisible()


def test_a_waiting_client_says_that_the_query_goes_out_later(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    window.open_query(1)
    called = encode_fact(Called(pack_u32([1, 1]), [b"post|alice|hi"]))
    source.put([Record(source.time_ns, Tap.CALL_DELIVERED, 0, 0, called)])
    qtbot.waitUntil(lambda: "waits for the answer to" in window.query.status.text())
    assert "your query goes out after that answer" in window.query.status.text()
