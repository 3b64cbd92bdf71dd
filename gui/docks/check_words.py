"""The names of the checks, for people."""

from __future__ import annotations

_TITLES = {
    "digest": "Equal digests",
    "real_time": "Real-time order",
    "reply": "Right answers",
    "at_most_once": "At most once",
    "fifo": "Each client in order",
    "linearizability": "Linearizable",
}


def title_of(check: str) -> str:
    """A check's name as a heading."""
    return _TITLES.get(check, check.replace("_", " ").capitalize())
