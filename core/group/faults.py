"""The faults of the network: which message is lost, late, doubled or overtaken. Decided here, done elsewhere.

TCP itself never shows a lost or a reordered message, so faults are decided for each message above it, before
the socket on the way out and after it on the way in (rule 13).

Every direction of every link draws from a random stream of its own, seeded by the run's seed and the link's
name, and every message takes the same number of draws. So a link's fates depend on the seed and on how many
messages it carried, and on nothing else: not on other links' traffic, nor on which other faults are set.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import msgspec

from core.link_faults import NO_FAULTS, Link, LinkFaults, links_of


class NetworkFaults:
    """What is wrong with each direction of each link now. `seed` decides every fate."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._faults: dict[Link, LinkFaults] = {}
        self._streams: dict[Link, Random] = {}
        self.any = False
        """Something is wrong somewhere."""

    @property
    def faulty(self) -> tuple[tuple[Link, LinkFaults], ...]:
        """The directions with which something is wrong, in the order in which it began."""
        return tuple(self._faults.items())

    def of(self, link: Link) -> LinkFaults:
        """What is wrong with this direction."""
        return self._faults.get(link, NO_FAULTS)

    def set(self, link: Link, faults: LinkFaults) -> bool:
        """From now on this, and nothing else, is wrong with this direction. False when it was so before."""
        assert faults.possible
        before = self._faults.pop(link, NO_FAULTS)
        if faults.any:
            self._faults[link] = faults
        self.any = bool(self._faults)
        return faults != before and (faults.any or before.any)

    def cut_off(self, replicas: Iterable[int]) -> list[Link]:
        """Partition: cut both directions of these replicas' links, and keep what else is wrong with them for
        when the cut heals. The directions that this changed."""
        return [link for replica in replicas for link in links_of(replica) if self._cut(link, True)]

    def join_up(self, replicas: Iterable[int]) -> list[Link]:
        """Heal the cuts of these replicas' links, and nothing else. The directions that this changed."""
        return [link for replica in replicas for link in links_of(replica) if self._cut(link, False)]

    def heal(self, links: Iterable[Link] | None = None) -> list[Link]:
        """Nothing is wrong with these directions any more (None: with none). Those that this changed."""
        return [
            link for link in (list(self._faults) if links is None else links) if self.set(link, NO_FAULTS)
        ]

    def decide(self, link: Link, now: int, overtake_ns: int = 0) -> tuple[int, ...]:
        """The fate of one message that is sent at `now`: when it arrives, once for each copy, ascending; ()
        when it is lost. Times are on the clock of `now`, in nanoseconds. A message that is to be overtaken is
        held for at least `overtake_ns`: as long as messages take, when that is visible."""
        faults = self._faults.get(link)
        if faults is None:
            return (now,)
        draw = self._stream(link).random
        lost, late, overtaken, twice, late_again = draw(), draw(), draw(), draw(), draw()
        if faults.cut or lost < faults.loss:
            return ()
        first = now + faults.delay_ns + int(late * faults.jitter_ns)
        if overtaken < faults.reorder:
            first += max(faults.reorder_by_ns, overtake_ns)
        if twice >= faults.duplicate:
            return (first,)
        second = first + int(late_again * max(faults.jitter_ns, faults.reorder_by_ns))
        return (first, second)

    def _cut(self, link: Link, cut: bool) -> bool:
        old = self.of(link)
        return old.cut is not cut and self.set(link, msgspec.structs.replace(old, cut=cut))

    def _stream(self, link: Link) -> Random:
        stream = self._streams.get(link)
        if stream is None:
            stream = self._streams[link] = Random(f"{self._seed}/{link.replica}/{link.way}")
        return stream
