"""The inspector: a replica's data as a tree, and messages taken apart."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from core.commands import Look
from core.model.cluster_view import ClusterView, DataPage
from gui.docks.bytes_view import hex_words
from gui.main_window import MainWindow
from tests.support.dialogue import one_request
from tests.support.fake_source import FakeSource
from tests.support.sample_views import sample

pytestmark = pytest.mark.gui

ROOT = DataPage(1, "", 0, 2, (("users", "150"), ("posts", "9")), ("users", "posts"), 128, 0, 1)
USERS = tuple((f"user{n:03}", f"{n} followers") for n in range(150))


def users(offset: int = 0) -> DataPage:
    rows = USERS[offset : offset + 100]
    return DataPage(1, "users", offset, len(USERS), rows, tuple(name for name, _ in rows), 128, 0, 1)


def of_user(name: str) -> DataPage:
    rows = (("followers", "3"), ("posts", "2"))
    return DataPage(1, f"users/{name}", 0, 2, rows, ("followers", "posts"), 128, 0, 1)


class Hand:
    """The inspector on a view that the test gives it."""

    def __init__(self, window: MainWindow, bot: QtBot) -> None:
        self.bot = bot
        self.window = window
        self.inspector = window.docks.inspector
        self.tree: QTreeWidget = self.inspector.data.tree
        self.time_ns = 1_000_000_000
        window.bridge.stop()
        window.docks.show("inspector")

    def show(self, *pages: DataPage, later_s: float = 0.0) -> ClusterView:
        self.time_ns += round(later_s * 1e9)
        view = replace(sample("idle"), pages=pages, now_ns=self.time_ns)
        self.window.intents.view = view
        self.inspector.show_view(view)
        return view

    def rows(self, *path: str) -> list[tuple[str, str]]:
        return [(one.text(0), one.text(1)) for one in self.below(*path) if not one.isHidden()]

    def below(self, *path: str) -> Sequence[QTreeWidgetItem]:
        if not path:
            return [self.tree.topLevelItem(place) for place in range(self.tree.topLevelItemCount())]
        item = self.item(*path)
        return [item.child(place) for place in range(item.childCount())]

    def item(self, *path: str) -> QTreeWidgetItem:
        return next(one for one in self.below(*path[:-1]) if one.text(0) == path[-1])

    def search(self, text: str) -> None:
        line = self.inspector.data.search
        line.clear()
        self.bot.keyClicks(line, text)


@pytest.fixture
def hand(window: MainWindow, qtbot: QtBot) -> Hand:
    hand = Hand(window, qtbot)
    hand.show()
    hand.inspector.look(1, "")
    return hand


def test_branches_are_asked_when_they_are_opened(hand: Hand, source: FakeSource) -> None:
    hand.show(ROOT)
    assert source.sent[-1] == Look(1, "", 0, 100)
    assert hand.rows() == [("users", "150"), ("posts", "9")]
    assert "after #127" in hand.inspector.data.note.text()
    hand.tree.setCurrentItem(hand.item("users"))
    hand.bot.keyClick(hand.tree, Qt.Key.Key_Right)  # as a person opens a branch without a mouse
    assert source.sent[-1] == Look(1, "users", 0, 100)
    hand.show(ROOT, users())
    assert len(hand.rows("users")) == 101
    assert hand.rows("users")[-1] == ("…", "100 of 150 · Enter loads more")
    hand.tree.setCurrentItem(hand.item("users", "…"))
    hand.bot.keyClick(hand.tree, Qt.Key.Key_Return)
    assert source.sent[-1] == Look(1, "users", 100, 100)
    hand.show(ROOT, users(), users(100))
    assert [key for key, _ in hand.rows("users")] == [name for name, _ in USERS]


def test_what_is_open_is_asked_again_and_stays_open(hand: Hand, source: FakeSource) -> None:
    hand.show(ROOT)
    hand.item("users").setExpanded(True)
    hand.show(ROOT, users())
    asked = len(source.sent)
    hand.show(ROOT, users(), later_s=0.5)
    assert len(source.sent) == asked
    hand.show(ROOT, users(), later_s=1.0)
    assert set(source.sent[asked:]) == {Look(1, "", 0, 100), Look(1, "users", 0, 100)}
    hand.tree.setCurrentItem(hand.item("users", "user007"))
    newer = replace(users(), rows=(("newest", "0"), *users().rows[:99]), branches=(), at_ns=2)
    hand.show(ROOT, newer)
    assert hand.rows("users")[0] == ("newest", "0")
    assert hand.item("users").isExpanded()
    assert hand.tree.currentItem() is hand.item("users", "user007")


def test_the_search_line_filters_what_is_loaded(hand: Hand) -> None:
    hand.show(ROOT)
    hand.item("users").setExpanded(True)
    hand.show(ROOT, users())
    hand.search("user04")
    assert hand.rows() == [("users", "150")]
    assert [key for key, _ in hand.rows("users")] == [f"user04{n}" for n in range(10)]
    hand.search("")
    assert len(hand.rows()) == 2


def test_enter_looks_a_path_up_that_is_not_loaded(hand: Hand, source: FakeSource) -> None:
    hand.show(ROOT)
    hand.search("users/user120")
    hand.bot.keyClick(hand.inspector.data.search, Qt.Key.Key_Return)
    assert Look(1, "users/user120", 0, 100) in source.sent
    assert "Looking for users/user120" in hand.inspector.data.note.text() or hand.inspector.data._said
    hand.show(ROOT, users(), of_user("user120"))
    assert hand.tree.currentItem() is hand.item("users", "user120")
    assert hand.rows("users", "user120") == [("followers", "3"), ("posts", "2")]


def test_a_path_that_is_not_there_is_said(hand: Hand) -> None:
    hand.show(ROOT)
    hand.search("users/zed")
    hand.bot.keyClick(hand.inspector.data.search, Qt.Key.Key_Return)
    hand.show(ROOT, users(), DataPage(1, "users/zed", 0, 0, (), (), 128, 0, 1))
    hand.show(ROOT, users())
    assert hand.inspector.data.note.text() == "There is no users/zed in the data of R1 now."
    assert "zed" not in dict(hand.rows("users"))


def test_a_path_can_end_at_a_row(hand: Hand) -> None:
    hand.show(ROOT)
    hand.search("users/user004/followers")
    hand.bot.keyClick(hand.inspector.data.search, Qt.Key.Key_Return)
    leaf = replace(of_user("user004"), branches=("posts",))
    nothing = DataPage(1, "users/user004/followers", 0, 0, (), (), 128, 0, 1)
    hand.show(ROOT, users(), leaf, nothing)
    assert hand.tree.currentItem() is hand.item("users", "user004", "followers")


def test_before_an_answer_comes_the_card_is_shown(hand: Hand) -> None:
    view = hand.show()
    tiles = next(card for card in view.replicas if card.replica == 1).tiles
    assert hand.rows() == [(tile.key, tile.value) for tile in tiles]
    assert "at a glance" in hand.inspector.data.note.text()


# --- messages -----------------------------------------------------------------------------------------------


def lines(tree: QTreeWidget) -> list[str]:
    return [tree.topLevelItem(place).text(0) for place in range(tree.topLevelItemCount())]


def below(item: QTreeWidgetItem, name: str) -> QTreeWidgetItem:
    return next(item.child(at) for at in range(item.childCount()) if item.child(at).text(0) == name)


def test_a_request_shows_its_messages_byte_by_byte(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    talk = one_request()
    source.put(talk.records)
    source.time_ns = talk.time_ns
    window.docks.show("inspector")
    window.selection.choose("", 1)
    inspector = window.docks.inspector
    qtbot.waitUntil(lambda: inspector.pages.isTabVisible(2))
    inspector.pages.setCurrentIndex(2)
    tree = inspector.messages.tree
    qtbot.waitUntil(lambda: tree.topLevelItemCount() > 0)
    assert lines(tree) == ["C1 called", "FE order", "R2 result", "C1 returned", "R1 result", "R3 result"]
    order = tree.topLevelItem(1)
    assert below(order, "length").text(2) == "00 00 00 1f"
    operation = below(below(order, "operations"), "#1")
    assert (operation.text(1), operation.text(2)) == ("post hi", "70 6f 73 74 20 68 69")
    tree.setCurrentItem(operation)
    qtbot.keyClick(tree, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "70 6f 73 74 20 68 69"
    tree.setCurrentItem(order)
    inspector.messages.copy_bytes.trigger()
    assert QGuiApplication.clipboard().text().startswith("00 00 00 1f")
    assert "4 of framing" in inspector.messages.note.text()


def test_an_event_of_nobody_in_particular_is_taken_apart_too(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    talk = one_request().pong(2, 2)
    source.put(talk.records)
    source.time_ns = talk.time_ns
    window.docks.show("inspector")
    inspector = window.docks.inspector
    window.selection.choose("R2", 0, talk.records[-1])
    qtbot.waitUntil(lambda: inspector.pages.isTabVisible(2))
    inspector.pages.setCurrentIndex(2)
    tree = inspector.messages.tree
    qtbot.waitUntil(lambda: lines(tree) == ["R2 pong"])
    assert tree.topLevelItem(0).isExpanded()
    assert below(tree.topLevelItem(0), "expected").text(1) == "#2 · the number it executes next"
    window.selection.set("")
    window.selection.set("C1")
    qtbot.waitUntil(lambda: not inspector.pages.isTabVisible(2))


def test_a_long_value_says_how_much_is_left_out() -> None:
    assert hex_words(bytes(3), 4) == "00 00 00"
    assert hex_words(bytes(1_300), 2) == "00 00 … +1,298"
