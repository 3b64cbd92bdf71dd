"""The newest posts of a user and of all whom the user follows.

An account keeps a *feed*, the newest posts of its timeline, ascending. It is a memory aid: a post is written
into the feeds that show it and taken out of them again; a follow and an unfollow throw the feed away, and
the next who asks makes it again from the authors' own lists.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from operator import itemgetter

from core.services.machine import Value
from core.services.social_state import FEED_POSTS, Account, State, WrittenPost

_last = itemgetter(-1)


def newest_posts(state: State, account: Account, limit: int) -> list[Value]:
    """The newest `limit` posts (at most MAX_TIMELINE_POSTS) of the account's timeline, newest first."""
    feed = account.feed
    if feed is None or len(feed) < limit:
        account.feed = feed = deque(_merge(state, account, limit), FEED_POSTS)
    return [*islice(reversed(feed), limit)]


def _merge(state: State, account: Account, limit: int) -> list[WrittenPost]:
    """The newest `limit` posts, ascending. They come from `limit` authors at most: those who posted last."""
    authors = [source.posts for source in account.sources.values() if source.posts]
    if len(authors) > limit:
        authors.sort(key=_last, reverse=True)
    numbers: list[int] = []
    for own in authors[:limit]:
        numbers += own[-limit:]
    numbers.sort()
    return [*map(state.posts.__getitem__, numbers[-limit:])]
