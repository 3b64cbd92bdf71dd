"""Bands of the space-time diagram: what was wrong with a replica or its link, from when to when."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from core import facts
from core.facts import FactUnion
from core.harm import Harm
from core.link_faults import Link, Way
from core.model.lines import OPEN_NS
from core.trace.told import harm_words

KEPT = 4_000


class BandKind(StrEnum):
    """What was wrong; it decides colour and pattern."""

    DEAD = "dead"
    PAUSED = "paused"
    CUT = "cut"  # nothing arrives over the link, one way or both
    FAULTY = "faulty"  # a link that loses, delays, doubles or reorders
    SUSPECTED = "suspected"
    HARMED = "harmed"  # slow, or lying


class Band(msgspec.Struct):
    """One thing that was wrong with one replica. `end_ns` is OPEN_NS while it is."""

    replica: int
    kind: BandKind
    start_ns: int
    words: str
    end_ns: int = OPEN_NS


class Bands(msgspec.Struct):
    """Every band of a run, in the order of their starts."""

    all: list[Band] = msgspec.field(default_factory=list)
    _open: dict[tuple[int, str], Band] = msgspec.field(default_factory=dict)

    def within(self, start_ns: int, end_ns: int) -> Iterator[Band]:
        """Bands that touch a time."""
        return (band for band in list(self.all) if band.start_ns <= end_ns and band.end_ns >= start_ns)

    def tell(self, time_ns: int, fact: FactUnion) -> None:
        """Take the next fact."""
        match fact:
            case facts.Exited(replica) | facts.Dropped(replica):
                for kind in BandKind:
                    if kind is not BandKind.DEAD:
                        self._end(time_ns, replica, kind)
                for way in Way:
                    self._end(time_ns, replica, str(Link(replica, way)))
                self._begin(time_ns, replica, BandKind.DEAD, "dead")
            case facts.Joined(replica):
                self._end(time_ns, replica, BandKind.DEAD)
            case facts.Paused(replica):
                self._begin(time_ns, replica, BandKind.PAUSED, "paused")
            case facts.Continued(replica):
                self._end(time_ns, replica, BandKind.PAUSED)
            case facts.Suspected(replica):
                self._begin(time_ns, replica, BandKind.SUSPECTED, "suspected")
            case facts.Trusted(replica):
                self._end(time_ns, replica, BandKind.SUSPECTED)
            case facts.LinkFaulted(replica, way, faults):
                link = Link(replica, way)
                self._end(time_ns, replica, str(link))
                if faults.any:
                    kind = BandKind.CUT if faults.cut else BandKind.FAULTY
                    self._begin(time_ns, replica, kind, f"{link} {faults.words()}", str(link))
            case facts.Tampered(replica, harm, amount) if harm in (Harm.SLOW, Harm.LIE):
                self._end(time_ns, replica, harm)
                if amount:
                    self._begin(time_ns, replica, BandKind.HARMED, harm_words(harm, amount), harm)
            case _:
                pass

    def _begin(self, time_ns: int, replica: int, kind: BandKind, words: str, what: str = "") -> None:
        key = (replica, what or kind)
        if key not in self._open and len(self.all) < KEPT:
            self._open[key] = band = Band(replica, kind, time_ns, words)
            self.all.append(band)

    def _end(self, time_ns: int, replica: int, what: str) -> None:
        band = self._open.pop((replica, what), None)
        if band is not None:
            band.end_ns = time_ns
