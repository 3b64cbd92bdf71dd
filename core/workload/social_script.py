"""A client of the social network: it owns two users, posts for them, and has them follow their neighbours.

Only this client acts for its users, so it knows whom they follow and is seldom refused by accident; a small
part of its requests is meant to be refused.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random

from core.limits import MAX_CLIENTS
from core.services import social_operations as ops
from core.services.machine import Operation
from core.workload.scripts import DEFAULT_MIX, ROLLS, choose_mix, dice
from core.workload.vocabulary import FIRST_NAMES, MOODS, SECOND_NAMES, TEXTS

CIRCLE_USERS = 6
"""Users that a user may come to follow: a request then costs the same with 64 clients as with 4."""

SOCIAL_MIXES = {
    DEFAULT_MIX: {
        "post": 330,
        "timeline": 270,
        "profile": 100,
        "followers": 90,
        "follow": 60,
        "following": 50,
        "unfollow": 30,
        "users": 30,
        "delete_post": 20,
        "refused": 20,
    },
    "reads": {"timeline": 500, "followers": 150, "profile": 150, "following": 100, "post": 70, "users": 30},
    "writes": {"post": 600, "follow": 160, "unfollow": 140, "delete_post": 100},
}


class SocialScript:
    """The script of client `client` (from 1) among `clients`."""

    def __init__(self, client: int, clients: int, mix: str, random: Random) -> None:
        names = _users_of(client)
        self._users = names
        self._random = random
        others = [name for other in _neighbours(client, clients) for name in _users_of(other)]
        self._circles = {
            user: [name for name in (*names, *others) if name != user][:CIRCLE_USERS] for user in names
        }
        self._follows: dict[str, list[str]] = {user: [] for user in names}
        self._at_first: dict[str, list[str]] = {user: [] for user in names}
        self._everybody = [*names, *others]
        self._dice = _dice(mix)

    def following(self) -> Operation:
        """One of the mix."""
        return self._dice[int(self._random.random() * ROLLS)](self)

    def opening(self) -> list[Operation]:
        """Both users register, the first follows the second, and each says something."""
        first, second = self._users
        self._follows[first].append(second)
        self._at_first[first].append(second)
        return [
            ops.Register(first),
            ops.Register(second),
            ops.Follow(first, second),
            self._post_by(first),
            self._post_by(second),
        ]

    def closing(self) -> list[Operation]:
        """The users follow again whom they followed after the opening."""
        back: list[Operation] = []
        for user in self._users:
            now, first = self._follows[user], self._at_first[user]
            back += [ops.Unfollow(user, name) for name in now if name not in first]
            back += [ops.Follow(user, name) for name in first if name not in now]
            self._follows[user] = list(first)
        return back

    def _me(self) -> str:
        return self._users[self._random.random() < 0.5]

    def _anybody(self) -> str:
        return self._random.choice(self._everybody)

    def _post_by(self, user: str) -> Operation:
        random = self._random.random
        return ops.Post(user, TEXTS[int(random() * len(TEXTS))] + MOODS[int(random() * len(MOODS))])

    def _post(self) -> Operation:
        return self._post_by(self._me())

    def _timeline(self) -> Operation:
        return ops.Timeline(self._me())

    def _follow(self) -> Operation:
        user = self._me()
        follows = self._follows[user]
        strangers = [name for name in self._circles[user] if name not in follows]
        if not strangers:
            return self._unfollow_by(user)
        name = self._random.choice(strangers)
        follows.append(name)
        return ops.Follow(user, name)

    def _unfollow(self) -> Operation:
        user = self._me()
        return self._unfollow_by(user) if self._follows[user] else self._follow()

    def _unfollow_by(self, user: str) -> Operation:
        follows = self._follows[user]
        return ops.Unfollow(user, follows.pop(int(self._random.random() * len(follows))))

    def _followers(self) -> Operation:
        return ops.Followers(self._me())

    def _following(self) -> Operation:
        return ops.Following(self._anybody())

    def _profile(self) -> Operation:
        return ops.Profile(self._anybody())

    def _users_listed(self) -> Operation:
        return ops.Users()

    def _delete_post(self) -> Operation:
        return ops.DeletePost(self._me())

    def _refused(self) -> Operation:
        me = self._me()
        return self._random.choice(
            (
                ops.Register(me),
                ops.Register("two words"),
                ops.Follow(me, me),
                ops.Follow(me, "nobody"),
                ops.Post(me, "so much to say " * 20),
                ops.Post("nobody", "boo"),
                ops.Timeline(me, 0),
                ops.DeletePost(me, 1),
            )
        )


@cache
def _dice(mix: str) -> tuple[Callable[[SocialScript], Operation], ...]:
    """What all scripts of this mix roll. Raises UsageError when there is none."""
    faces = {
        "post": SocialScript._post,
        "timeline": SocialScript._timeline,
        "follow": SocialScript._follow,
        "unfollow": SocialScript._unfollow,
        "followers": SocialScript._followers,
        "following": SocialScript._following,
        "profile": SocialScript._profile,
        "users": SocialScript._users_listed,
        "delete_post": SocialScript._delete_post,
        "refused": SocialScript._refused,
    }
    return dice({faces[name]: weight for name, weight in choose_mix(SOCIAL_MIXES, mix).items()})


def _users_of(client: int) -> tuple[str, str]:
    return FIRST_NAMES[client - 1], SECOND_NAMES[client - 1]


def _neighbours(client: int, clients: int) -> list[int]:
    """The nearest of the other clients, nearest first, round a circle: as many as have CIRCLE_USERS users."""
    count = min(max(client, clients), MAX_CLIENTS)
    return [(client - 1 + step) % count + 1 for step in range(1, min(count, 1 + CIRCLE_USERS // 2))]
