"""The replicas' side of the fold: how far each is, how it is, and whether they agree.

A result frame is kept as bytes and read only when a card is drawn anew: the newest for the expected number
and the digest, a few before it for the strip.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from operator import attrgetter

import msgspec
import numpy as np

from core.limits import MAX_REPLICAS
from core.model.cluster_view import ReplicaCard, ReplicaState
from core.model.metrics import Ints
from core.model.replica import RESULTS_KEPT, Replica
from core.model.strips import Strip, odd_ones, strips_of
from core.protocol.messages import ResultHead

LAGGING_NUMBERS = 4_096
"""Behind by more, a replica is said to lag. At full load a few batches come and go with the scheduler."""
NEAR_NUMBERS = 512
"""Digest strips are compared among the replicas that are no further behind the furthest than this."""
NEAR_NS = 1_000_000_000
"""Who was not level with the others for longer is said to lag, however busily it executes."""
FEW_RESULTS = 8
"""Of so few that came together the newest is looked for; of more it is the last, unless that is known."""
LEVEL_MARKS = 3
"""A replica is level when it has reached what the furthest had this many looks ago (ten a second)."""

_result_head = msgspec.msgpack.Decoder(ResultHead)


class ReplicaBook:
    """Every replica's state and card."""

    def __init__(self) -> None:
        self.all: dict[int, Replica] = {}
        self._cards: dict[int, ReplicaCard] = {}
        self._furthest: deque[int] = deque(maxlen=LEVEL_MARKS)  # at the last times that it was looked at

    def get(self, replica: int) -> Replica | None:
        """A replica by id, made when it is new; None when there can be none with that id."""
        known = self.all.get(replica)
        if known is None and 0 < replica <= MAX_REPLICAS:
            known = self.all[replica] = Replica(replica)
        return known

    def executed(self, replica: int, bodies: Sequence[bytes]) -> int:
        """Result frames of one replica, oldest first. Gives how many more numbers it has executed. Raises
        one of `UNREADABLE` when the newest is no result."""
        newest = _result_head.decode(bodies[-1])  # first: nonsense is no sign of a new replica
        known = self.get(replica)
        if known is None:
            return 0
        known.results.extend(bodies[-RESULTS_KEPT:])
        before = known.expected
        if len(bodies) <= FEW_RESULTS or newest.first_seq <= known.answered:  # it may be a repeated one
            newest = max(map(_result_head.decode, bodies), key=attrgetter("incarnation", "first_seq"))
        if newest.incarnation == known.incarnation:
            known.reached(newest.first_seq + newest.count, newest.last_digest)
            known.answered = max(known.answered, newest.first_seq + newest.count)
        return known.expected - before

    def executed_by_all(self) -> int:
        """The lowest number that every live replica has executed; the highest of all when none lives."""
        up = [known.expected for known in self.all.values() if known.up]
        if up:
            return min(up) - 1
        return max((known.expected for known in self.all.values()), default=1) - 1

    def mark_level(self, time_ns: int) -> bool:
        """Remember who is about level with the furthest: how late a replica is counts from when it last was.
        Under load nobody is where the furthest is, but a replica that keeps up is where it was just now. True
        when all that are up are level."""
        furthest = max((known.expected for known in self.all.values() if known.up), default=1)
        self._furthest.append(furthest)
        for known in self.all.values():
            if known.expected >= self._furthest[0]:
                known.level_ns = time_ns
        return all(known.expected >= furthest for known in self.all.values() if known.up)

    def held_counts(self) -> Ints:
        """Length of the hold-back queue by replica id."""
        counts = np.zeros(MAX_REPLICAS + 1, np.int64)
        for known in self.all.values():
            if known.held and known.up:
                counts[known.replica] = min(known.held_count(), 1 << 30)
        return counts

    def cards(self, now_ns: int, real_time: bool, first_answers: dict[int, int]) -> tuple[ReplicaCard, ...]:
        """The cards in order of id; an unchanged one is the object that it was."""
        replicas = [self.all[replica] for replica in sorted(self.all)]
        furthest = max((known.expected for known in replicas if known.up), default=1)
        answered = max((known.answered for known in replicas if known.up), default=1)
        near = [
            known
            for known in replicas
            if known.up and known.answered > 1 and answered - known.answered <= NEAR_NUMBERS
        ]
        strips = strips_of(replicas, near)
        unlike = odd_ones(near, strips)
        for known in replicas:
            card = _card(
                known,
                _state(known, furthest, now_ns, real_time),
                strips[known.replica],
                known.replica in unlike or known.diverged_seq > 0,
                first_answers.get(known.replica, 0),
            )
            if self._cards.get(known.replica) != card:
                self._cards[known.replica] = card
        return tuple(self._cards[known.replica] for known in replicas)


def _state(known: Replica, furthest: int, now_ns: int, real_time: bool) -> tuple[ReplicaState, str]:
    if known.phase is not ReplicaState.RUNNING and known.phase is not ReplicaState.DIVERGED:
        return known.phase, known.detail
    if known.diverged_seq:
        return ReplicaState.DIVERGED, f"since #{known.diverged_seq}"
    behind = furthest - known.expected
    # under slow and step it is the pace that keeps a replica behind for long, not the replica
    late = real_time and behind > 0 and now_ns - known.level_ns > NEAR_NS
    if behind > LAGGING_NUMBERS or late:
        return ReplicaState.LAGGING, f"−{behind:,}"
    if known.held_count() > 0:
        return ReplicaState.WAITING, f"for #{known.expected}"
    return ReplicaState.RUNNING, ""


def _card(
    known: Replica, state: tuple[ReplicaState, str], strip: Strip, differs: bool, first_answers: int
) -> ReplicaCard:
    return ReplicaCard(
        replica=known.replica,
        incarnation=known.incarnation,
        pid=known.pid,
        port=known.port,
        state=state[0],
        detail=state[1],
        expected=known.expected,
        held=known.held_lowest(),
        held_count=known.held_count(),
        digest=known.digest,
        strip=strip[1],
        strip_first=strip[0],
        differs=differs,
        tiles=known.tiles,
        first_answers=first_answers,
        paused=known.paused,
        harms=known.harm_words() if known.harms else (),
    )
