"""What a card and the inspector show of the social network."""

from __future__ import annotations

import pytest

from core.services import social_operations as ops
from core.services.social import Social
from core.services.text import join_short, shorten
from tests.services.driver import Driver


@pytest.fixture
def net() -> Driver:
    driver = Driver(Social())
    for name in ("dave", "alice", "carol", "bob"):
        driver.do(ops.Register(name))
    driver.do(ops.Follow("dave", "alice"))
    driver.do(ops.Follow("bob", "alice"))
    for number in range(5):
        driver.do(ops.Post("alice", f"hello\n{number}"))
    return driver


def summary(driver: Driver) -> dict[str, str]:
    rows = driver.service.summary()
    assert len(rows) <= 8
    assert all(len(row.value) <= 32 for row in rows)
    return {row.key: row.value for row in rows}


def test_a_card_shows_what_changed_last(net: Driver) -> None:
    assert summary(net) == {
        "users": "4 · alice bob carol dave",
        "follows": "2 · bob → alice",
        "posts": "5",
        "last post": "alice: hello 4",
    }
    net.do(ops.Unfollow("bob", "alice"))
    net.do(ops.DeletePost("alice"))
    assert summary(net)["follows"] == "1 · dave → alice"
    assert summary(net)["last post"] == "alice: hello 3"


def test_an_empty_card_keeps_its_rows() -> None:
    rows = summary(Driver(Social()))
    assert rows == {"users": "0", "follows": "0", "posts": "0", "last post": ""}


def test_a_long_card_is_cut(net: Driver) -> None:
    for number in range(9):
        net.do(ops.Register(f"{number}-{'long' * 7}"))
    net.do(ops.Post("alice", "x" * 280))
    rows = summary(net)
    assert rows["users"].endswith("…")
    assert rows["last post"] == "alice: " + "x" * 24 + "…"


def test_inspect_leads_from_the_root_to_one_user(net: Driver) -> None:
    inspect = net.service.inspect
    assert inspect("", 0, 10).branches == ("users", "follows", "posts")
    users = inspect("users", 1, 2)
    assert (users.total, users.branches) == (4, ("bob", "carol"))
    assert users.rows[0].value == "0 followers · 1 following · 0 posts"
    assert inspect("users/alice", 0, 10).branches == ("followers", "following", "posts")
    assert [row.key for row in inspect("users/alice/followers", 0, 10).rows] == ["dave", "bob"]
    assert [row.key for row in inspect("users/bob/following", 0, 10).rows] == ["alice"]
    assert [row.key for row in inspect("users/alice/posts", 0, 2).rows] == ["#11", "#10"]


def test_inspect_pages_newest_first(net: Driver) -> None:
    posts = net.service.inspect("posts", 1, 2)
    assert (posts.total, [row.key for row in posts.rows]) == (5, ["#10", "#9"])
    assert posts.rows[0].value == "alice: hello\n3"
    follows = net.service.inspect("follows", 0, 10)
    assert [row.value for row in follows.rows] == ["bob → alice", "dave → alice"]


@pytest.mark.parametrize(
    "path", ["nowhere", "users/nobody", "users/alice/secrets", "users/alice/posts/1", "/", "users/"]
)
def test_an_unknown_path_is_an_empty_page(net: Driver, path: str) -> None:
    page = net.service.inspect(path, 0, 10)
    assert (page.path, page.total, page.rows, page.branches) == (path, 0, (), ())


@pytest.mark.parametrize("path", ["", "users", "follows", "posts", "users/alice", "users/alice/posts"])
def test_a_page_beyond_the_end_is_empty(net: Driver, path: str) -> None:
    assert net.service.inspect(path, 10**9, 10).rows == ()
    assert net.service.inspect(path, 1 << 70, 1 << 70).rows == ()
    assert net.service.inspect(path, 0, 0).rows == ()
    assert net.service.inspect(path, -5, 1) == net.service.inspect(path, 0, 1)


def test_shorten() -> None:
    assert shorten("hello", 5) == "hello"
    assert shorten("hello!", 5) == "hell…"
    assert shorten("hi there", 4) == "hi…"
    assert shorten("a\tb\x00c", 9) == "a b c"
    assert shorten("x", 0) == ""
    assert join_short(["aa", "bb", "cc"], 6) == "aa bb…"
    assert join_short(["aa", "bb"], 6) == "aa bb"
    assert join_short(["a" * 40], 6) == "aaaaa…"
