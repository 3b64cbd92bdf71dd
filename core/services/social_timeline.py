"""The newest posts of a user's circle, at a cost that does not grow with the posts there are.

Two ways lead to the same list. Where much of what was posted last belongs to the circle, as on a small
network, walking back through the last few posts of everybody finds enough at once. Where it does not, the
newest numbers of each author are merged: the newest `limit` posts come from `limit` authors at most, those
who posted last, and the author in place n of these (from 0) has at most `limit - n` of them.
"""

from __future__ import annotations

from itertools import islice
from operator import itemgetter

from core.services.machine import Value
from core.services.social_state import Account, State

GLANCE_POSTS = 64
"""How many of everybody's posts are looked at before merging."""

_last = itemgetter(-1)


def newest_posts(state: State, account: Account, limit: int) -> list[Value]:
    """The newest `limit` posts of the account's circle, newest first."""
    circle = account.circle
    if GLANCE_POSTS * len(circle) < limit * len(state.accounts):
        return _merge(state, account, limit)  # a glance would hold too few of this circle's posts
    found: list[Value] = []
    for post in islice(reversed(state.posts.values()), GLANCE_POSTS):
        if post.author in circle:
            found.append(post)
            if len(found) == limit:
                return found
    if len(state.posts) <= GLANCE_POSTS:
        return found
    return _merge(state, account, limit)


def _merge(state: State, account: Account, limit: int) -> list[Value]:
    accounts, posts = state.accounts, state.posts
    authors = [account.posts]
    authors += [accounts[name].posts for name in account.following]
    latest = sorted(filter(None, authors), key=_last, reverse=True)
    numbers: list[int] = []
    for most, own in zip(range(limit, 0, -1), latest, strict=False):
        numbers += own[-most:]
    numbers.sort(reverse=True)
    return [posts[number] for number in numbers[:limit]]
