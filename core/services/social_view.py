"""How a person sees the social network: the rows of a card and the pages of the inspector."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice
from typing import TypeVar

from core.services.machine import Page, Row
from core.services.social_state import Account, FollowRecord, State, WrittenPost, read_post
from core.services.text import join_short, shorten

T = TypeVar("T")

VALUE_CHARACTERS = 32
_ROOT = ("users", "follows", "posts")
_USER = ("followers", "following", "posts")


def summary(state: State) -> tuple[Row, ...]:
    """Four rows; the newest follow and the newest post that still exist are named."""
    users = str(len(state.names))
    if state.names:
        names = join_short(state.names[:8], VALUE_CHARACTERS - len(users) - 3)
        users = f"{users} · {names}"
    follows = str(len(state.follows))
    if state.follows:
        follow = next(reversed(state.follows.values()))
        follows = f"{follows} · {follow.follower} → {follow.followed}"
    last = ""
    if state.posts:
        post = read_post(next(reversed(state.posts.values())))
        last = f"{post.author}: {post.text}"
    return (
        Row("users", shorten(users, VALUE_CHARACTERS)),
        Row("follows", shorten(follows, VALUE_CHARACTERS)),
        Row("posts", str(len(state.posts))),
        Row("last post", shorten(last, VALUE_CHARACTERS)),
    )


def inspect(state: State, path: str, offset: int, limit: int) -> Page:
    """The page of `path`; an unknown path is empty."""
    offset, limit = max(offset, 0), max(limit, 0)
    if path == "":
        rows = (
            Row("users", str(len(state.names))),
            Row("follows", str(len(state.follows))),
            Row("posts", str(len(state.posts))),
        )
        return Page(path, offset, len(rows), rows[offset : offset + limit], _ROOT)
    if path == "users":
        names = state.names[offset : offset + limit]
        users = tuple(Row(name, _counts(state.accounts[name])) for name in names)
        return Page(path, offset, len(state.names), users, tuple(names))
    if path == "follows":
        follows = _page(reversed(state.follows.values()), state.follows, offset, limit)
        return Page(path, offset, len(state.follows), tuple(map(_follow_row, follows)))
    if path == "posts":
        posts = _page(reversed(state.posts.values()), state.posts, offset, limit)
        return Page(path, offset, len(state.posts), tuple(map(_post_row, posts)))
    return _inspect_user(state, path, offset, limit)


def _inspect_user(state: State, path: str, offset: int, limit: int) -> Page:
    parts = path.split("/")
    account = state.accounts.get(parts[1]) if len(parts) in (2, 3) and parts[0] == "users" else None
    if account is None or (len(parts) == 3 and parts[2] not in _USER):
        return Page(path, offset, 0, ())
    if len(parts) == 2:
        rows = (
            Row("registered", str(account.record.registered)),
            Row("followers", str(len(account.followers))),
            Row("following", str(len(account.following))),
            Row("posts", str(len(account.posts))),
        )
        return Page(path, offset, len(rows), rows[offset : offset + limit], _USER)
    if parts[2] == "posts":
        numbers = _page(reversed(account.posts), account.posts, offset, limit)
        posts = tuple(_post_row(state.posts[number]) for number in numbers)
        return Page(path, offset, len(account.posts), posts)
    others = account.followers if parts[2] == "followers" else account.following
    page = _page(others.items(), others, offset, limit)
    return Page(path, offset, len(others), tuple(Row(name, f"since #{number}") for name, number in page))


def _page(items: Iterable[T], whole: Collection[object], offset: int, limit: int) -> list[T]:
    start = min(offset, len(whole))
    return list(islice(items, start, min(start + limit, len(whole))))


def _counts(account: Account) -> str:
    followers, following = len(account.followers), len(account.following)
    return f"{_many(followers, 'follower')} · {following} following · {_many(len(account.posts), 'post')}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _follow_row(follow: FollowRecord) -> Row:
    return Row(f"#{follow.id}", f"{follow.follower} → {follow.followed}")


def _post_row(written: WrittenPost) -> Row:
    post = read_post(written)
    return Row(f"#{post.id}", f"{post.author}: {post.text}")
