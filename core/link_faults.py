"""What can be wrong with a link, one direction at a time: in words that all share."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import msgspec

from core.ids import replica_name

MAX_DELAY_NS = 60_000_000_000
REORDER_BY_NS = 3_000_000
"""How long a message is held that others are to overtake: less than a gap may be open before it is asked for,
so that the hold-back queue alone puts it right."""


class Way(StrEnum):
    """A direction on the link between the front end and a replica."""

    TO = "to"
    """Front end → replica."""
    FROM = "from"
    """Replica → front end."""

    __hash__ = str.__hash__  # every message looks its link up: that of Enum is a call in Python


class Link(NamedTuple):
    """One direction of one replica's link."""

    replica: int
    way: Way

    def __str__(self) -> str:
        name = replica_name(self.replica)
        return f"FE→{name}" if self.way is Way.TO else f"{name}→FE"


class LinkFaults(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is wrong with one direction of a link; probabilities are per message, from 0 to 1.

    `loss`: it never arrives. `duplicate`: it arrives twice. `delay_ns` and up to `jitter_ns` more: it arrives
    late; with jitter, messages overtake each other. `reorder`: it is held for `reorder_by_ns`, so that those
    sent after it overtake it. `cut`: nothing arrives at all.
    """

    loss: float = 0.0
    duplicate: float = 0.0
    delay_ns: int = 0
    jitter_ns: int = 0
    reorder: float = 0.0
    reorder_by_ns: int = REORDER_BY_NS
    cut: bool = False

    @property
    def any(self) -> bool:
        """Something is wrong."""
        return self.cut or bool(
            self.loss or self.duplicate or self.delay_ns or self.jitter_ns or self.reorder
        )

    @property
    def possible(self) -> bool:
        """Every figure is within its bounds."""
        chances = (self.loss, self.duplicate, self.reorder)
        times_ns = (self.delay_ns, self.jitter_ns, self.reorder_by_ns)
        return all(0 <= chance <= 1 for chance in chances) and all(0 <= t <= MAX_DELAY_NS for t in times_ns)

    def words(self) -> str:
        """`30 % lost · 200 ms late`; "" when nothing is wrong."""
        if self.cut:
            return "cut"
        parts = []
        if self.loss:
            parts.append(f"{_percent(self.loss)} lost")
        if self.delay_ns or self.jitter_ns:
            parts.append(f"{_durations(self.delay_ns, self.delay_ns + self.jitter_ns)} late")
        if self.duplicate:
            parts.append(f"{_percent(self.duplicate)} twice")
        if self.reorder:
            parts.append(f"{_percent(self.reorder)} overtaken")
        return " · ".join(parts)


NO_FAULTS = LinkFaults()


def links_of(replica: int) -> tuple[Link, Link]:
    """Both directions of a replica's link."""
    return Link(replica, Way.TO), Link(replica, Way.FROM)


def _percent(chance: float) -> str:
    return f"{100 * chance:.3g} %"


def _durations(first_ns: int, last_ns: int) -> str:
    """`200–250 ms`, `900 ms–1.2 s`, `50 ms`."""
    first, last = _duration(first_ns), _duration(last_ns)
    if first == last:
        return first
    return f"{first.removesuffix(' ms')}–{last}" if last.endswith(" ms") else f"{first}–{last}"


def _duration(ns: int) -> str:
    return f"{ns / 1e6:.3g} ms" if ns < 1_000_000_000 else f"{ns / 1e9:.3g} s"
