"""The social network as pure functions: its state is a value, and every step gives a new one.

The same rules as `core.services.social`, written down once more, without sequence numbers: a client sees a
post's number in the answer, so the number comes from there, and all that is asked of it is to be greater than
that of every post before. Times are the front end's and decide nothing, so they are not compared.

A post of unknown outcome has no number. It has a place between the numbers, and whatever somebody is told of
a post with its author, text and place may be it: so nothing is held against an answer that may be right.

A timeline concerns many users at once, so the whole network is one part. Its state shares whatever a step
leaves as it was: a step costs a few microseconds, however many posts there are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple, cast

from core.checks.sequential import IMPOSSIBLE, KEPT_MOVES, Move, State, Step
from core.errors import RemoteProtocolError
from core.services import social
from core.services import social_operations as ops
from core.services.calls import INVALID_OPERATION, UNREADABLE, decode_outcome, operation_decoder
from core.services.machine import Operation, Refused, Value
from core.services.social_state import BLANKS, valid_name

PART = "the network"
_place = itemgetter(0)
_PLACES = 1 << 20
"""Places between two numbers, for posts whose number nobody knows."""


class Written(NamedTuple):
    """A post. `place` orders all posts; it is `number * _PLACES` where the number is known."""

    place: int
    text: str

    @property
    def number(self) -> int | None:
        """None while nobody knows it."""
        return None if self.place % _PLACES else self.place // _PLACES

    def may_be(self, number: int) -> bool:
        """Whether this post may have this number."""
        if self.place % _PLACES:
            return number > self.place // _PLACES
        return self.place == number * _PLACES


class User(NamedTuple):
    """What belongs to one user, each the oldest first."""

    following: tuple[str, ...] = ()
    followers: tuple[str, ...] = ()
    posts: tuple[Written, ...] = ()


class Network:
    """All users, and the place of the newest post. Never changed."""

    __slots__ = ("_mark", "last", "users")

    def __init__(self, users: dict[str, User], last: int, mark: int) -> None:
        self.users = users
        self.last = last
        self._mark = mark  # the same for equal states: it sums up what was done to get here

    def with_users(self, users: dict[str, User], fact: object, last: int = 0) -> Network:
        """The state after something (or its opposite: a fact twice is no fact) happened to these users."""
        return Network(self.users | users, last or self.last, self._mark ^ hash(fact))

    def __hash__(self) -> int:
        return self._mark

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Network):
            return NotImplemented
        return (self._mark, self.last) == (other._mark, other.last) and self.users == other.users


EMPTY = Network({}, 0, 0)
Answer = Value | Refused
After = tuple[Network, Answer]
Right = Callable[[Answer], bool]


class SocialNetwork:
    """The sequential behaviour of the social network."""

    start: State = EMPTY
    anything: State | None = None
    steps = 1_000
    most_open = 8

    def __init__(self) -> None:
        self.move = lru_cache(KEPT_MOVES)(_move)

    def words(self, state: State) -> str:
        """How much there is."""
        users = cast(Network, state).users
        posts = sum(len(user.posts) for user in users.values())
        follows = sum(len(user.following) for user in users.values())
        return f"{len(users):,} users, {follows:,} follows, {posts:,} posts"


_decode = operation_decoder(ops.SOCIAL_OPERATIONS)


def _move(encoded: bytes, outcome: bytes | None) -> Move | None:
    if outcome == INVALID_OPERATION:
        return None
    try:
        operation = _decode(encoded)
    except UNREADABLE:
        return None
    if outcome is None:
        return None if operation.READ_ONLY else Move(PART, _unknown(operation), observes=False)
    try:
        answer = decode_outcome(outcome)
    except RemoteProtocolError:
        return Move(PART, _never, observes=False)
    return Move(PART, _answered(operation, answer), operation.READ_ONLY or isinstance(answer, Refused))


def _never(state: State) -> State:
    return IMPOSSIBLE


def _unknown(operation: Operation) -> Step:
    def step(state: State) -> State:
        return execute(operation, cast(Network, state), None)[0]

    return step


def _answered(operation: Operation, answer: Answer) -> Step:
    def step(state: State) -> State:
        after, right = execute(operation, cast(Network, state), answer)
        return after if right else IMPOSSIBLE

    return step


def execute(operation: Operation, network: Network, answer: Answer) -> tuple[Network, bool]:
    """The network after this operation, and whether it may have been answered so. (Of an operation whose
    answer nobody knows only the first counts.)"""
    match operation:
        case ops.Register(name):
            return _register(network, name, answer)
        case ops.Follow(follower, followed):
            return _follow(network, follower, followed, answer)
        case ops.Unfollow(follower, followed):
            return _unfollow(network, follower, followed, answer)
        case ops.Post(author, text):
            return _post(network, author, text, answer)
        case ops.DeletePost(author, number):
            return _delete(network, author, number, answer)
        case ops.Users(limit, after):
            return network, _users(network, limit, after) == answer
        case ops.Timeline(name, limit):
            return network, _timeline(network, name, limit, answer)
        case ops.Followers(name, limit, skip):
            user = network.users.get(name)
            return network, _names(user.followers if user else None, limit, skip) == answer
        case ops.Following(name, limit, skip):
            user = network.users.get(name)
            return network, _names(user.following if user else None, limit, skip) == answer
        case ops.Profile(name):
            return network, _profile(network, name, answer)
        case _:
            raise TypeError(f"{operation!r} is no operation of the social network")


def _register(network: Network, name: str, answer: Answer) -> tuple[Network, bool]:
    if not valid_name(name):
        return network, answer == social.INVALID_NAME
    if name in network.users:
        return network, answer == social.NAME_TAKEN
    if len(network.users) >= ops.MAX_USERS:
        return network, answer == social.TOO_MANY_USERS
    return network.with_users({name: User()}, name), answer is None


def _follow(network: Network, follower: str, followed: str, answer: Answer) -> tuple[Network, bool]:
    one, other = network.users.get(follower), network.users.get(followed)
    if one is None or other is None:
        return network, answer == social.UNKNOWN_USER
    if follower == followed:
        return network, answer == social.CANNOT_FOLLOW_SELF
    if followed in one.following:
        return network, answer == social.ALREADY_FOLLOWING
    if len(one.following) >= ops.MAX_FOLLOWING:
        return network, answer == social.FOLLOWING_TOO_MANY
    changed = {
        follower: one._replace(following=(*one.following, followed)),
        followed: other._replace(followers=(*other.followers, follower)),
    }
    return network.with_users(changed, (follower, followed)), answer is None


def _unfollow(network: Network, follower: str, followed: str, answer: Answer) -> tuple[Network, bool]:
    one, other = network.users.get(follower), network.users.get(followed)
    if one is None or other is None:
        return network, answer == social.UNKNOWN_USER
    if followed not in one.following:
        return network, answer == social.NOT_FOLLOWING
    changed = {
        follower: one._replace(following=_without(one.following, followed)),
        followed: other._replace(followers=_without(other.followers, follower)),
    }
    return network.with_users(changed, (follower, followed)), answer is None


def _without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    place = names.index(name)
    return names[:place] + names[place + 1 :]


def _post(network: Network, author: str, text: str, answer: Answer) -> tuple[Network, bool]:
    user = network.users.get(author)
    if user is None:
        return network, answer == social.UNKNOWN_USER
    if len(text) > ops.MAX_TEXT_CHARACTERS:
        return network, answer == social.TEXT_TOO_LONG
    if not text.strip(BLANKS):
        return network, answer == social.EMPTY_TEXT
    place = answer * _PLACES if type(answer) is int else network.last + 1
    posts = user.posts + (Written(place, text),)  # noqa: RUF005 (twice as fast)
    forgotten = posts[0].place if len(posts) > ops.MAX_POSTS_PER_USER else 0
    kept = user._replace(posts=posts[1:] if forgotten else posts)
    after = network.with_users({author: kept}, (author, place), place)
    if forgotten:
        after = after.with_users({}, (author, forgotten))
    return after, type(answer) is int and place > network.last


def _delete(network: Network, author: str, number: int, answer: Answer) -> tuple[Network, bool]:
    user = network.users.get(author)
    if user is None:
        return network, answer == social.UNKNOWN_USER
    if number == ops.NEWEST_POST:
        found = user.posts[-1] if user.posts else None
    else:
        found = _find(user.posts, number)
    if found is None:
        may_be = [post for other in network.users.values() if (post := _find(other.posts, number))]
        if any(post.number is None for post in may_be):
            return network, answer in (social.NOT_AUTHOR, social.UNKNOWN_POST)
        return network, answer == (social.NOT_AUTHOR if may_be else social.UNKNOWN_POST)
    if found.number is None and isinstance(answer, Refused):
        return network, answer in (social.NOT_AUTHOR, social.UNKNOWN_POST)  # it is another one
    kept = user._replace(posts=tuple(post for post in user.posts if post is not found))
    right = type(answer) is int and found.may_be(answer) and number in (ops.NEWEST_POST, answer)
    return network.with_users({author: kept}, (author, found.place)), right


def _find(posts: tuple[Written, ...], number: int) -> Written | None:
    """The post that has this number, else the newest of those that may have it."""
    after = bisect_right(posts, number * _PLACES, key=_place)
    if after and posts[after - 1].place == number * _PLACES:
        return posts[after - 1]
    return next((post for post in reversed(posts[:after]) if post.place % _PLACES), None)


def _timeline(network: Network, name: str, limit: int, answer: Answer) -> bool:
    user = network.users.get(name)
    if user is None:
        return answer == social.UNKNOWN_USER
    if not 1 <= limit <= ops.MAX_TIMELINE_POSTS:
        return answer == social.INVALID_LIMIT
    if type(answer) is not list:
        return False
    names = (name, *user.following)
    sources = [(source, posts) for source in names if (posts := network.users[source].posts)]
    if not answer or not sources:
        return not answer and not sources
    newest, author = max((posts[-1], source) for source, posts in sources)
    if not _is(answer[0], author, newest):
        return False  # here nearly every wrong state is told from the right one
    shown = [(post, source) for source, posts in sources for post in posts[-limit:]]
    shown.sort(reverse=True)
    del shown[limit:]
    return len(answer) == len(shown) and all(
        _is(row, author, post) for row, (post, author) in zip(answer, shown, strict=True)
    )


def _is(row: Any, author: str, post: Written) -> bool:
    """Whether this is what somebody was told of the post."""
    if type(row) is not dict or row.get("author") != author or row.get("text") != post.text:
        return False
    number = row.get("id")
    return type(number) is int and post.may_be(number)


def _profile(network: Network, name: str, answer: Answer) -> bool:
    user = network.users.get(name)
    if user is None:
        return answer == social.UNKNOWN_USER
    counts = {
        "name": name,
        "followers": len(user.followers),
        "following": len(user.following),
        "posts": len(user.posts),
    }
    return type(answer) is dict and counts == {key: answer[key] for key in answer if key != "registered"}


def _names(names: tuple[str, ...] | None, limit: int, skip: int) -> Answer:
    if names is None:
        return social.UNKNOWN_USER
    if not 1 <= limit <= ops.MAX_LISTED_NAMES:
        return social.INVALID_LIMIT
    if skip < 0:
        return social.INVALID_SKIP
    start = min(skip, len(names))
    return [*names[start : start + limit]]


def _users(network: Network, limit: int, after: str) -> Answer:
    if not 1 <= limit <= ops.MAX_LISTED_NAMES:
        return social.INVALID_LIMIT
    names = sorted(network.users)
    start = bisect_right(names, after)
    return [*names[start : start + limit]]
