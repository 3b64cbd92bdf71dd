"""The default service: a small social network.

All bounds are refusals, but one: a user keeps the newest `MAX_POSTS_PER_USER` posts, and when one more comes
the oldest is deleted, so that neither memory nor the cost of an operation grows in a long run.

Names and texts are compared code point by code point and are *not* normalised: "é" in one code point and "e"
with a combining accent are two names.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from itertools import islice
from typing import Any, ClassVar

from xxhash import xxh3_64_intdigest

from core.services import social_operations as ops
from core.services.machine import (
    MASK_64,
    ApplyFunction,
    Context,
    Operation,
    Page,
    Record,
    Refused,
    Row,
    Value,
    encode_value,
    struct_hash,
)
from core.services.social_state import (
    BLANKS,
    Account,
    FollowRecord,
    State,
    UserRecord,
    read_post,
    read_snapshot,
    valid_name,
    write_post,
)
from core.services.social_timeline import newest_posts
from core.services.social_view import inspect, summary

CANNOT_FOLLOW_SELF = Refused("cannot_follow_self")
ALREADY_FOLLOWING = Refused("already_following")
EMPTY_TEXT = Refused("empty_text")
FOLLOWING_TOO_MANY = Refused("following_too_many")
INVALID_LIMIT = Refused("invalid_limit")
INVALID_NAME = Refused("invalid_name")
INVALID_SKIP = Refused("invalid_skip")
NAME_TAKEN = Refused("name_taken")
NOT_AUTHOR = Refused("not_author")
NOT_FOLLOWING = Refused("not_following")
TEXT_TOO_LONG = Refused("text_too_long")
TOO_MANY_USERS = Refused("too_many_users")
UNKNOWN_POST = Refused("unknown_post")
UNKNOWN_USER = Refused("unknown_user")


class ProfileAnswer(Record, frozen=True):
    """The answer to `profile`; `registered` in nanoseconds since the Unix epoch."""

    name: str
    registered: int
    followers: int
    following: int
    posts: int


class Social:
    """Users, who follow each other and post short texts."""

    name: ClassVar[str] = "social"
    version: ClassVar[int] = 1
    operations: ClassVar[tuple[type[Operation], ...]] = ops.SOCIAL_OPERATIONS

    def __init__(self) -> None:
        self._state = State()
        self.state_hash = 0
        self._handlers: dict[type, ApplyFunction] = {
            ops.Register: self._register,
            ops.Follow: self._follow,
            ops.Unfollow: self._unfollow,
            ops.Post: self._post,
            ops.DeletePost: self._delete_post,
            ops.Timeline: self._timeline,
            ops.Followers: self._followers,
            ops.Following: self._following,
            ops.Profile: self._profile,
            ops.Users: self._users,
        }

    def apply(self, operation: Any, context: Context) -> Value | Refused:
        """Execute one operation, completely or (when refused) not at all."""
        return self._handlers[type(operation)](operation, context)

    def recompute_hash(self) -> int:
        """`state_hash` from every record in memory; equal to it unless memory was changed from outside."""
        return self._state.recompute_hash()

    def snapshot(self) -> Value:
        """Users by name, follows and posts by number."""
        return self._state.snapshot()

    def restore(self, snapshot: Value) -> None:
        """Become the state of a `snapshot`. Raises `ValueError`, with nothing changed, when it is not one."""
        self.restore_encoded(encode_value(snapshot))

    def restore_encoded(self, snapshot: bytes) -> None:
        """The same from its bytes: a post is kept as it was written, and never becomes plain values."""
        self._state = read_snapshot(snapshot)
        self.state_hash = self._state.recompute_hash()

    def summary(self) -> tuple[Row, ...]:
        """Users, follows, posts and the last post, short."""
        return summary(self._state)

    def inspect(self, path: str, offset: int, limit: int) -> Page:
        """`users`, `follows`, `posts`, and `users/<name>` with that user's own three branches."""
        return inspect(self._state, path, offset, limit)

    def _register(self, operation: ops.Register, context: Context) -> Value | Refused:
        name = operation.user
        state = self._state
        if not valid_name(name):
            return INVALID_NAME
        if name in state.accounts:
            return NAME_TAKEN
        if len(state.accounts) >= ops.MAX_USERS:
            return TOO_MANY_USERS
        record = UserRecord(name, context.timestamp)
        state.accounts[name] = Account(record)
        insort(state.names, name)
        self.state_hash = self.state_hash + struct_hash(record) & MASK_64
        return None

    def _follow(self, operation: ops.Follow, context: Context) -> Value | Refused:
        follower, followed = operation.follower, operation.followed
        state = self._state
        one = state.accounts.get(follower)
        other = state.accounts.get(followed)
        if one is None or other is None:
            return UNKNOWN_USER
        if one is other:
            return CANNOT_FOLLOW_SELF
        if followed in one.following:
            return ALREADY_FOLLOWING
        if len(one.following) >= ops.MAX_FOLLOWING:
            return FOLLOWING_TOO_MANY
        number = context.seq
        record = FollowRecord(number, follower, followed)
        state.follows[number] = record
        one.follow(other, number)
        self.state_hash = self.state_hash + struct_hash(record) & MASK_64
        return None

    def _unfollow(self, operation: ops.Unfollow, context: Context) -> Value | Refused:
        follower, followed = operation.follower, operation.followed
        state = self._state
        one = state.accounts.get(follower)
        other = state.accounts.get(followed)
        if one is None or other is None:
            return UNKNOWN_USER
        number = one.unfollow(other)
        if not number:
            return NOT_FOLLOWING
        self.state_hash = self.state_hash - struct_hash(state.follows.pop(number)) & MASK_64
        return None

    def _post(self, operation: ops.Post, context: Context) -> Value | Refused:
        author, text = operation.author, operation.text
        state = self._state
        account = state.accounts.get(author)
        if account is None:
            return UNKNOWN_USER
        if len(text) > ops.MAX_TEXT_CHARACTERS:
            return TEXT_TOO_LONG
        if not text or (text[0] in BLANKS and not text.strip(BLANKS)):
            return EMPTY_TEXT
        number = context.seq
        state.posts[number] = post = write_post(number, author, context.timestamp, text)
        change = xxh3_64_intdigest(post)
        account.write(number, post)
        posts = account.posts
        if len(posts) > ops.MAX_POSTS_PER_USER:
            oldest = posts[0]
            forgotten = state.posts.pop(oldest)
            account.take_back(oldest, forgotten)
            change -= xxh3_64_intdigest(forgotten)
        self.state_hash = self.state_hash + change & MASK_64
        return number

    def _delete_post(self, operation: ops.DeletePost, context: Context) -> Value | Refused:
        number = operation.post_id
        state = self._state
        account = state.accounts.get(operation.author)
        if account is None:
            return UNKNOWN_USER
        if number == ops.NEWEST_POST and account.posts:
            number = account.posts[-1]
        post = state.posts.get(number)
        if post is None:
            return UNKNOWN_POST
        if read_post(post).author != operation.author:
            return NOT_AUTHOR
        del state.posts[number]
        account.take_back(number, post)
        self.state_hash = self.state_hash - xxh3_64_intdigest(post) & MASK_64
        return number

    def _timeline(self, operation: ops.Timeline, context: Context) -> Value | Refused:
        limit = operation.limit
        account = self._state.accounts.get(operation.user)
        if account is None:
            return UNKNOWN_USER
        if not 1 <= limit <= ops.MAX_TIMELINE_POSTS:
            return INVALID_LIMIT
        return newest_posts(self._state, account, limit)

    def _followers(self, operation: ops.Followers, context: Context) -> Value | Refused:
        account = self._state.accounts.get(operation.user)
        if account is None:
            return UNKNOWN_USER
        return _names(account.followers, operation.limit, operation.skip)

    def _following(self, operation: ops.Following, context: Context) -> Value | Refused:
        account = self._state.accounts.get(operation.user)
        if account is None:
            return UNKNOWN_USER
        return _names(account.following, operation.limit, operation.skip)

    def _profile(self, operation: ops.Profile, context: Context) -> Value | Refused:
        account = self._state.accounts.get(operation.user)
        if account is None:
            return UNKNOWN_USER
        record = account.record
        return ProfileAnswer(
            record.name,
            record.registered,
            len(account.followers),
            len(account.following),
            len(account.posts),
        )

    def _users(self, operation: ops.Users, context: Context) -> Value | Refused:
        limit = operation.limit
        if not 1 <= limit <= ops.MAX_LISTED_NAMES:
            return INVALID_LIMIT
        names = self._state.names
        start = bisect_right(names, operation.after)
        return [*names[start : start + limit]]


def _names(follows: dict[str, int], limit: int, skip: int) -> Value | Refused:
    if not 1 <= limit <= ops.MAX_LISTED_NAMES:
        return INVALID_LIMIT
    if skip < 0:
        return INVALID_SKIP
    if skip == 0 and len(follows) <= limit:
        return [*follows]
    # A skip beyond the end may have more digits than islice takes.
    start = min(skip, len(follows))
    return [*islice(follows, start, start + limit)]
