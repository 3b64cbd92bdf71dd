"""What a replica holds, page by page, wherever it comes from: the replica itself, or the recording.

A living replica is asked. What it held at another moment is in no recording, so it is made again there: the
recorded requests are executed up to the number that the replica had executed. Whether that is what it held is
known from the digest that it told; each `note` says which of this is shown.
"""

from __future__ import annotations

from typing import Protocol

from core.ids import replica_name
from core.limits import INSPECT_ROWS
from core.model.cluster_view import ClusterView, DataPage, ReplicaCard, ReplicaState
from core.session.rebuilt import RebuiltData, Wish
from gui.intents import Intents

PAGE_ROWS = min(100, INSPECT_ROWS)
PageKey = tuple[str, int]
"""Path and offset."""


class Held(Protocol):
    """One replica's data at one moment."""

    replica: int
    changes: bool
    """It goes on changing: what was asked once is asked again."""

    @property
    def name(self) -> str:
        """Whose it is and of when, in two or three words."""

    @property
    def note(self) -> str:
        """Where it comes from, in a sentence or two."""

    def ask(self, path: str, offset: int) -> None:
        """Ask for a page; it is found with `page` later."""

    def page(self, path: str, offset: int) -> DataPage | None:
        """The newest such page that came."""


class AskedData:
    """A living replica, asked through the front end; in a recording without its service, what was asked
    then."""

    changes = True

    def __init__(self, intents: Intents, replica: int) -> None:
        self.replica = replica
        self._intents = intents
        self._pages: dict[PageKey, DataPage] = {}
        self._glance: DataPage | None = None  # the rows of its card, as long as nothing else came

    @property
    def name(self) -> str:
        """It is now."""
        return f"{replica_name(self.replica)} now"

    @property
    def note(self) -> str:
        """After which number the newest page was taken."""
        newest = max(self._pages.values(), key=lambda page: page.at_ns, default=None)
        if newest is None:
            return "Seen at a glance: what its card shows."
        return f"Asked of the replica itself, after #{newest.expected - 1}."

    def look(self, view: ClusterView, since_ns: int = 0) -> None:
        """Take the pages that came since a moment: the picture keeps few of them."""
        for page in view.pages:
            if page.replica == self.replica and page.at_ns >= since_ns:
                self._pages[page.path, page.offset] = page
        card = next((card for card in view.replicas if card.replica == self.replica), None)
        if card is not None and ("", 0) not in self._pages and not since_ns:
            self._glance = DataPage(
                self.replica, "", 0, len(card.tiles), tuple((tile.key, tile.value) for tile in card.tiles),
                (), card.expected, card.digest, 0,
            )  # fmt: skip

    def ask(self, path: str, offset: int) -> None:
        """By a message over its link, when the source takes any."""
        self._intents.look(self.replica, path, offset, PAGE_ROWS)

    def page(self, path: str, offset: int) -> DataPage | None:
        """The newest one that came over its link."""
        return self._pages.get((path, offset)) or (None if path or offset else self._glance)


class RebuiltHeld:
    """A replica after a number of the recording, made again. `told`: the digest that it told there, if known;
    `split`: the number from which on it was unlike the others, 0 if it never was."""

    changes = False

    def __init__(
        self, rebuilt: RebuiltData, replica: int, seq: int, told: int | None = None, split: int = 0
    ) -> None:
        self.replica = replica
        self.seq = seq
        self._rebuilt = rebuilt
        self._told = told
        self._split = split

    @property
    def name(self) -> str:
        """After which number."""
        return f"{replica_name(self.replica)} after #{self.seq}"

    @property
    def note(self) -> str:
        """How it was made, and whether the replica held just that."""
        standing = self._rebuilt.standing
        made = self._rebuilt.digest(self.seq)
        trouble = self._rebuilt.trouble(self.seq)
        if trouble:
            return trouble
        who = replica_name(self.replica)
        if made is None:
            done = standing.done if standing.wanted == self.seq else 0
            return f"Made again from the recording: {done:,} of {self.seq:,} requests executed …"
        first = f"Not in the recording; made again by executing its first {self.seq:,} requests."
        if self._told is not None and self._told == made:
            return f"{first} The digest is the one that {who} told, so it held this."
        if self._told is not None:
            return (
                f"{first} But {who} told digest {self._told & 0xFFFF:04x}…, and this has "
                f"{made & 0xFFFF:04x}…: it is what {who} should have held. What it did hold, nobody recorded."
            )
        if self._split and self._split <= self.seq:
            return (
                f"{first} But {who} was unlike the others from #{self._split} on: this is what it should "
                "have held. What it did hold, nobody recorded."
            )
        return f"{first} Every replica that executed these requests rightly held this."

    def ask(self, path: str, offset: int) -> None:
        """Have it made."""
        self._rebuilt.ask(Wish(self.seq, path, offset, PAGE_ROWS))

    def page(self, path: str, offset: int) -> DataPage | None:
        """The page, once it is made."""
        return self._rebuilt.page(self.seq, path, offset)


def held_now(
    intents: Intents, card: ReplicaCard, rebuilt: RebuiltData | None, before: Held | None = None
) -> Held:
    """What a replica holds at the moment that is shown. `before` is what was shown last: it is given back
    when it still is that."""
    away = card.state in (ReplicaState.DEAD, ReplicaState.STARTING)
    if rebuilt is None or (intents.can_ask and not away):
        if isinstance(before, AskedData) and before.replica == card.replica:
            return before
        return AskedData(intents, card.replica)
    seq = card.expected - 1
    if isinstance(before, RebuiltHeld) and (before.replica, before.seq) == (card.replica, seq):
        return before
    return RebuiltHeld(rebuilt, card.replica, seq, card.digest)
