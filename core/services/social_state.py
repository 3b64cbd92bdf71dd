"""The records of the social network, their hash, and how they are written down and read back.

Four things hold the state: `accounts` by name, `names` in order, and `follows` and `posts` by the sequence
number that made them. Sequence numbers only grow, so both tables stand in the order of their identifiers. An
account repeats the identifiers of its own posts and follows, so that nothing is ever searched.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

import msgspec
from xxhash import xxh3_64_intdigest

from core.services.machine import MASK_64, Record, Value, struct_hash
from core.services.social_operations import (
    MAX_FOLLOWING,
    MAX_NAME_CHARACTERS,
    MAX_POSTS_PER_USER,
    MAX_TEXT_CHARACTERS,
    MAX_USERS,
)

# Controls, all kinds of space, "/" (it parts the paths of `inspect`), invisible marks that turn the
# direction of text, private and unassigned specials. A closed list: no table of Python's decides.
_valid_name = re.compile(
    r"[^\x00-\x20/\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    rf"\ud800-\udfff\ufeff\ufff0-\uffff]{{1,{MAX_NAME_CHARACTERS}}}"
).fullmatch

FEED_POSTS = 64
"""Posts that a feed holds at most: more than a timeline can ask for."""

BLANKS = " \t\r\n"
"""A text of nothing else is empty."""


class UserRecord(Record, frozen=True):
    """`registered` is the front end's time in nanoseconds since the Unix epoch."""

    name: str
    registered: int


class FollowRecord(Record, frozen=True):
    """`id` is the sequence number of the request that made it."""

    id: int
    follower: str
    followed: str


class PostRecord(Record, frozen=True):
    """`id` is the sequence number of the request that made it, `timestamp` in nanoseconds since the epoch."""

    id: int
    author: str
    timestamp: int
    text: str


WrittenPost: TypeAlias = msgspec.Raw
"""A post as it lies in memory: the bytes of its record, which are also what a timeline answers."""

read_post: Callable[[WrittenPost], PostRecord] = msgspec.msgpack.Decoder(PostRecord).decode
"""A written post as a record."""

_encode = msgspec.msgpack.Encoder().encode


def write_post(number: int, author: str, timestamp: int, text: str) -> WrittenPost:
    """A post as it is kept."""
    return msgspec.Raw(_encode(PostRecord(number, author, timestamp, text)))


class Account:
    """What belongs to one user: the numbers of the posts, and the follows by the other user's name.

    `sources` are the accounts whose posts the user's timeline shows, `readers` those whose timelines show
    this user's posts, by name: the followed and the followers, and the user itself in both. `feed` is a
    memory aid of `social_timeline`, and no state.
    """

    __slots__ = ("feed", "followers", "following", "posts", "readers", "record", "sources")

    def __init__(self, record: UserRecord) -> None:
        self.record = record
        self.posts: list[int] = []
        self.following: dict[str, int] = {}
        self.followers: dict[str, int] = {}
        self.sources = {record.name: self}
        self.readers = {record.name: self}
        self.feed: deque[WrittenPost] | None = None

    def follow(self, other: Account, number: int) -> None:
        """Follow another account."""
        name, followed = self.record.name, other.record.name
        self.following[followed] = number
        self.sources[followed] = other
        other.followers[name] = number
        other.readers[name] = self
        self.feed = None

    def unfollow(self, other: Account) -> int:
        """Follow it no longer. The number of the follow, 0 when there was none."""
        name, followed = self.record.name, other.record.name
        number = self.following.pop(followed, 0)
        if number:
            del self.sources[followed]
            del other.followers[name]
            del other.readers[name]
            self.feed = None
        return number

    def write(self, number: int, post: WrittenPost) -> None:
        """A new post of this user: into its own list, and every feed that shows it."""
        self.posts.append(number)
        for reader in self.readers.values():
            if reader.feed is not None:
                reader.feed.append(post)

    def take_back(self, number: int, post: WrittenPost) -> None:
        """A post of this user is no more."""
        place = bisect_left(self.posts, number)
        del self.posts[place]
        if len(self.posts) - place >= FEED_POSTS:
            return  # so many newer ones of this user stand before it: no feed reaches back to it
        for reader in self.readers.values():
            feed = reader.feed
            if feed and feed[-1] is post:
                feed.pop()
            elif feed and post in feed:
                feed.remove(post)


class _Snapshot(msgspec.Struct):
    users: list[tuple[str, int]]
    follows: list[tuple[int, str, str]]
    posts: list[WrittenPost]


_read_snapshot = msgspec.msgpack.Decoder(_Snapshot).decode


class State:
    """The whole state."""

    __slots__ = ("accounts", "follows", "names", "posts")

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.names: list[str] = []
        self.follows: dict[int, FollowRecord] = {}
        self.posts: dict[int, WrittenPost] = {}

    def recompute_hash(self) -> int:
        """The sum, modulo 2^64, of the hashes of all records as they lie in memory now."""
        total = sum(struct_hash(account.record) for account in self.accounts.values())
        total += sum(map(struct_hash, self.follows.values()))
        total += sum(map(xxh3_64_intdigest, self.posts.values()))
        return total & MASK_64

    def snapshot(self) -> Value:
        """Users by name, follows and posts by number; the posts as they lie in memory."""
        accounts = self.accounts
        return {
            "users": [[name, accounts[name].record.registered] for name in self.names],
            "follows": [[follow.id, follow.follower, follow.followed] for follow in self.follows.values()],
            "posts": [*self.posts.values()],
        }


def valid_name(name: str) -> bool:
    """Whether a user may be called so. Decided code point by code point, with no normalisation."""
    return _valid_name(name) is not None


def read_snapshot(encoded: bytes) -> State:
    """A state anew from its encoded snapshot. Raises `ValueError` for what no state could have written."""
    try:
        content = _read_snapshot(encoded)
        state = State()
        _read_users(state, content.users)
        _read_follows(state, content.follows)
        _read_posts(state, content.posts)
    except msgspec.DecodeError as error:
        raise ValueError(f"This is no snapshot of the social network: {error}.") from error
    return state


def _read_users(state: State, users: list[tuple[str, int]]) -> None:
    _expect(len(users) <= MAX_USERS, "too many users")
    before = ""
    for name, registered in users:
        _expect(name > before and valid_name(name), f"user {name!r} is out of order or not a name")
        before = name
        state.names.append(name)
        state.accounts[name] = Account(UserRecord(name, registered))


def _read_follows(state: State, follows: list[tuple[int, str, str]]) -> None:
    before = 0
    for number, follower, followed in follows:
        one, other = state.accounts.get(follower), state.accounts.get(followed)
        _expect(number > before, f"follow {number} is out of order")
        if one is None or other is None or one is other or followed in one.following:
            raise ValueError(f"A snapshot of the social network is damaged: follow {number} cannot be.")
        before = number
        state.follows[number] = FollowRecord(number, follower, followed)
        one.follow(other, number)
        _expect(len(one.following) <= MAX_FOLLOWING, f"{follower} follows too many")


def _read_posts(state: State, posts: list[WrittenPost]) -> None:
    accounts, kept = state.accounts, state.posts
    before = 0
    for written in posts:
        post = read_post(written)
        number = post.id
        account = accounts.get(post.author)
        if account is None:
            raise ValueError(f"A snapshot of the social network is damaged: post {number} has no author.")
        if number <= before:
            _expect(False, f"post {number} is out of order")
        if len(post.text) > MAX_TEXT_CHARACTERS or not post.text.strip(BLANKS):
            _expect(False, f"post {number} has no such text")
        again = msgspec.Raw(_encode(post))  # `written` itself would keep the whole snapshot in memory
        if again != written:
            _expect(False, f"post {number} is not written as posts are")
        before = number
        kept[number] = again
        account.posts.append(number)
    for account in accounts.values():
        _expect(len(account.posts) <= MAX_POSTS_PER_USER, f"{account.record.name} has too many posts")


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise ValueError(f"A snapshot of the social network is damaged: {otherwise}.")
