"""The newest posts of a user's circle, at a cost that does not grow with the posts there are.

Every account keeps a feed: the numbers of what its circle posted last, ascending. A post is written into the
feeds of its author's followers, and read from them many times. A feed is not state but a memory aid: it may
hold numbers of posts that are gone, of somebody who is not followed any more, or one number twice (after an
author was followed again), and a reader passes over them. It never misses a post of the circle that is newer
than its oldest entry; with fewer than FEED_KEPT entries it misses none at all. When a feed does not hold
enough, the authors' own lists are merged.
"""

from __future__ import annotations

from operator import itemgetter

from core.services.machine import Value
from core.services.social_state import FEED_KEPT, Account, State

_last = itemgetter(-1)


def newest_posts(state: State, account: Account, limit: int) -> list[Value]:
    """The newest `limit` posts of the account's circle, newest first."""
    circle, feed = account.circle, account.feed
    found: list[Value] = []
    before = None
    for post in map(state.posts.get, reversed(feed)):
        if post is not before and post is not None and post.author in circle:
            before = post
            found.append(post)
            if len(found) == limit:
                return found
    if len(feed) < FEED_KEPT:
        return found
    return _merge(state, account, limit)


def _merge(state: State, account: Account, limit: int) -> list[Value]:
    """The newest `limit` posts come from `limit` authors at most, those who posted last, and the author in
    place n of these (from 0) has at most `limit - n` of them."""
    accounts, posts = state.accounts, state.posts
    authors = [account.posts]
    authors += [accounts[name].posts for name in account.following]
    latest = sorted(filter(None, authors), key=_last, reverse=True)
    numbers: list[int] = []
    for most, own in zip(range(limit, 0, -1), latest, strict=False):
        numbers += own[-most:]
    numbers.sort(reverse=True)
    return [posts[number] for number in numbers[:limit]]
