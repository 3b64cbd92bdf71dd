"""Every operation of the social network, and every way it refuses."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from core.services import social, social_state, social_timeline
from core.services import social_operations as ops
from core.services.social import Social
from tests.services.driver import Driver, timestamp


@pytest.fixture
def net() -> Driver:
    """alice (#1), bob (#2) and carol (#3); nobody follows anybody."""
    driver = Driver(Social())
    for name in ("alice", "bob", "carol"):
        assert driver.do(ops.Register(name)) is None
    return driver


def texts(driver: Driver, user: str, limit: int = 10) -> list[str]:
    posts: Any = driver.do(ops.Timeline(user, limit))
    return [post["text"] for post in posts]


def test_register_refuses_a_name_that_is_taken(net: Driver) -> None:
    assert net.refused(ops.Register("alice")) == "name_taken"


@pytest.mark.parametrize("name", ["a", "a" * 32, "Zoë", "日本", "x_y-z.1", "👟", "O'Neil"])
def test_register_accepts_names_of_1_to_32_characters(net: Driver, name: str) -> None:
    assert net.do(ops.Register(name)) is None
    assert name in net.do(ops.Users(100))  # type: ignore[operator]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a" * 33,
        "two words",
        "a/b",
        "a\n",
        "\ta",
        "\x00",
        "\x7f",
        "a\u00a0b",
        "a\u200bb",
        "\u202eevil",
        "\ufeffa",
    ],
)
def test_register_refuses_names_that_mislead(net: Driver, name: str) -> None:
    assert net.refused(ops.Register(name)) == "invalid_name"


def test_names_are_compared_code_point_by_code_point(net: Driver) -> None:
    composed, decomposed = "Zo\u00eb", "Zoe\u0308"
    assert net.do(ops.Register(composed)) is None
    assert net.refused(ops.Profile(decomposed)) == "unknown_user"
    assert net.do(ops.Register(decomposed)) is None


def test_register_stops_at_the_last_user(net: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "MAX_USERS", 4)
    assert net.do(ops.Register("dave")) is None
    assert net.refused(ops.Register("erin")) == "too_many_users"


def test_who_follows_me(net: Driver) -> None:
    assert net.do(ops.Follow("carol", "alice")) is None
    assert net.do(ops.Follow("bob", "alice")) is None
    assert net.do(ops.Followers("alice")) == ["carol", "bob"]
    assert net.do(ops.Following("bob")) == ["alice"]
    assert net.do(ops.Followers("bob")) == []


def test_unfollow_undoes_follow(net: Driver) -> None:
    before = net.service.snapshot()
    net.do(ops.Follow("alice", "bob"))
    net.do(ops.Post("bob", "hi"))
    assert texts(net, "alice") == ["hi"]
    assert net.do(ops.Unfollow("alice", "bob")) is None
    assert net.do(ops.Followers("bob")) == []
    assert texts(net, "alice") == []
    net.do(ops.DeletePost("bob"))
    assert net.service.snapshot() == before


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (ops.Follow("alice", "nobody"), "unknown_user"),
        (ops.Follow("nobody", "alice"), "unknown_user"),
        (ops.Follow("alice", "alice"), "cannot_follow_self"),
        (ops.Follow("alice", "bob"), "already_following"),
        (ops.Unfollow("bob", "alice"), "not_following"),
        (ops.Unfollow("alice", "nobody"), "unknown_user"),
        (ops.Unfollow("nobody", "alice"), "unknown_user"),
        (ops.Unfollow("alice", "alice"), "not_following"),
        (ops.Post("nobody", "hi"), "unknown_user"),
        (ops.Post("alice", ""), "empty_text"),
        (ops.Post("alice", " \t\r\n"), "empty_text"),
        (ops.Post("alice", "x" * 281), "text_too_long"),
        (ops.Post("alice", " " * 281), "text_too_long"),
        (ops.DeletePost("nobody", 1), "unknown_user"),
        (ops.DeletePost("alice", 99), "unknown_post"),
        (ops.DeletePost("alice", -1), "unknown_post"),
        (ops.DeletePost("alice"), "unknown_post"),
        (ops.DeletePost("alice", 5), "not_author"),
        (ops.Timeline("nobody"), "unknown_user"),
        (ops.Timeline("alice", 0), "invalid_limit"),
        (ops.Timeline("alice", 51), "invalid_limit"),
        (ops.Timeline("alice", -(1 << 63)), "invalid_limit"),
        (ops.Followers("nobody"), "unknown_user"),
        (ops.Followers("alice", 0), "invalid_limit"),
        (ops.Followers("alice", 201), "invalid_limit"),
        (ops.Followers("alice", 1, -1), "invalid_skip"),
        (ops.Following("nobody"), "unknown_user"),
        (ops.Following("alice", 0), "invalid_limit"),
        (ops.Profile("nobody"), "unknown_user"),
        (ops.Users(0), "invalid_limit"),
        (ops.Users(201), "invalid_limit"),
    ],
)
def test_refusals(net: Driver, operation: Any, code: str) -> None:
    net.do(ops.Follow("alice", "bob"))
    assert net.do(ops.Post("bob", "hi")) == 5
    assert net.refused(operation) == code


def test_follow_stops_at_the_bound(net: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "MAX_FOLLOWING", 1)
    net.do(ops.Follow("alice", "bob"))
    assert net.refused(ops.Follow("alice", "carol")) == "following_too_many"
    net.do(ops.Unfollow("alice", "bob"))
    assert net.do(ops.Follow("alice", "carol")) is None


@pytest.mark.parametrize("character", ["x", "é", "日", "👟", "\u0301"])
def test_a_post_has_280_characters_at_most(net: Driver, character: str) -> None:
    assert net.do(ops.Post("alice", character * 280)) == 4
    assert net.refused(ops.Post("alice", character * 281)) == "text_too_long"
    assert texts(net, "alice") == [character * 280]


def test_post_answers_its_sequence_number_and_keeps_the_front_ends_time(net: Driver) -> None:
    assert net.do(ops.Post("alice", " hello\n")) == 4
    assert net.do(ops.Timeline("alice")) == [
        {"id": 4, "author": "alice", "timestamp": timestamp(4), "text": " hello\n"}
    ]


def test_delete_post_by_number_and_the_newest(net: Driver) -> None:
    for text in ("one", "two", "three"):
        net.do(ops.Post("alice", text))
    assert net.do(ops.DeletePost("alice", 5)) == 5
    assert texts(net, "alice") == ["three", "one"]
    assert net.do(ops.DeletePost("alice")) == 6
    assert texts(net, "alice") == ["one"]
    assert net.refused(ops.DeletePost("alice", 6)) == "unknown_post"


def test_timeline_shows_own_and_followed_posts_newest_first(net: Driver) -> None:
    net.do(ops.Follow("alice", "bob"))
    for author in ("alice", "bob", "carol", "bob", "alice"):
        net.do(ops.Post(author, f"{author} {net.seq}"))
    assert texts(net, "alice") == ["alice 8", "bob 7", "bob 5", "alice 4"]
    assert texts(net, "alice", 2) == ["alice 8", "bob 7"]
    assert texts(net, "carol") == ["carol 6"]


@pytest.mark.parametrize("kept", [12, 80])
def test_timeline_is_what_a_search_through_all_posts_would_find(
    monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    """Feeds are cut short, posts deleted and forgotten, authors followed, left and followed again."""
    for module in (social_timeline, social_state):
        monkeypatch.setattr(module, "FEED_POSTS", ops.MAX_TIMELINE_POSTS)
    monkeypatch.setattr(ops, "MAX_POSTS_PER_USER", kept)
    random, driver = Random(7), Driver(Social())
    users = [f"u{number}" for number in range(6)]
    circles = {user: {user} for user in users}
    written: dict[str, list[int]] = {user: [] for user in users}
    for user in users:
        driver.do(ops.Register(user))
    for step in range(3_000):
        user, other = random.sample(users, 2)
        match random.choices(("post", "follow", "unfollow", "delete"), (6, 2, 2, 1))[0]:
            case "post":
                number: Any = driver.do(ops.Post(user, f"text {step}"))
                written[user] = [*written[user], number][-kept:]
            case "follow" if other not in circles[user]:
                driver.do(ops.Follow(user, other))
                circles[user].add(other)
            case "unfollow" if other in circles[user]:
                driver.do(ops.Unfollow(user, other))
                circles[user].discard(other)
            case "delete" if written[user]:
                number = written[user].pop(random.randrange(len(written[user])))
                driver.do(ops.DeletePost(user, number))
        expected = sorted((at for name in circles[user] for at in written[name]), reverse=True)
        limit = random.choice((1, 3, 7, 50))
        answer: Any = driver.do(ops.Timeline(user, limit))
        assert [post["id"] for post in answer] == expected[:limit], step


def test_a_user_keeps_the_newest_posts(net: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "MAX_POSTS_PER_USER", 3)
    net.do(ops.Post("bob", "stays"))
    for number in range(5):
        net.do(ops.Post("alice", str(number)))
    assert texts(net, "alice") == ["4", "3", "2"]
    assert texts(net, "bob") == ["stays"]
    assert net.refused(ops.DeletePost("alice", 5)) == "unknown_post"


def test_profile_counts(net: Driver) -> None:
    net.do(ops.Follow("alice", "bob"))
    net.do(ops.Follow("carol", "bob"))
    net.do(ops.Post("bob", "hi"))
    assert net.do(ops.Profile("bob")) == {
        "name": "bob",
        "registered": timestamp(2),
        "followers": 2,
        "following": 0,
        "posts": 1,
    }


def test_users_come_by_name_in_pages(net: Driver) -> None:
    net.do(ops.Register("Zed"))
    assert net.do(ops.Users()) == ["Zed", "alice", "bob", "carol"]
    assert net.do(ops.Users(2)) == ["Zed", "alice"]
    assert net.do(ops.Users(2, "alice")) == ["bob", "carol"]
    assert net.do(ops.Users(2, "b")) == ["bob", "carol"]
    assert net.do(ops.Users(2, "carol")) == []


def test_followers_come_in_pages(net: Driver) -> None:
    for name in ("dave", "erin", "frank"):
        net.do(ops.Register(name))
        net.do(ops.Follow(name, "alice"))
    assert net.do(ops.Followers("alice", 2)) == ["dave", "erin"]
    assert net.do(ops.Followers("alice", 2, 2)) == ["frank"]
    assert net.do(ops.Followers("alice", 2, (1 << 63) - 1)) == []


def test_every_refusal_is_tested_here() -> None:
    codes = {value.code for value in vars(social).values() if isinstance(value, social.Refused)}
    source = Path(__file__).read_text(encoding="utf-8")
    assert {code for code in codes if f'"{code}"' not in source} == set()
