"""State transfer: a new process is brought to the group's state, and joins once its digest is the others'.

    marker      a change of the view is ordered, so that every member answers for its digest from there on
    snapshot    the donor's state at the marker or later, chunk by chunk: donor → front end → newcomer
    log         the orders after it; the newcomer executes them, and all that are ordered now, without a vote
    join        a second change of the view is ordered: it joins when its digest there is the others'

The newcomer is compared after every batch, not at the join alone. At the two changes of the view the digest
covers the session table as well. Whose digests count: the live members' but for the donor's; the donor's own
only when it is the last that is left. A donor whose state does not hold is refused, and another one asked.

Every message may be lost: the newcomer asks for each chunk, and the front end repeats what was not answered.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field

from core.effects import CatchingUp, Effect, Fence, Multicast, NewMember, RefusedDonor
from core.group.multicast import MulticastLog
from core.group.responses import ResponseCollector
from core.group.view import Member, View
from core.ids import replica_name
from core.limits import START_TIMEOUT_NS, WINDOW_REQUESTS
from core.protocol.codec import encode
from core.protocol.handing_over import (
    Joined,
    SnapshotBegin,
    SnapshotChunk,
    SnapshotEnd,
    SnapshotRefused,
    SnapshotRequest,
)
from core.protocol.messages import FromReplica, Nack, Pong, Result

REPEAT_AFTER_NS = 250_000_000

OrderView = Callable[[str, int], tuple[int, tuple[Effect, ...]]]
"""Orders a change of the view, in words, at a time; gives its number and what is to be done."""


@dataclass(slots=True)
class Newcomer:
    """A replica on its way into the group."""

    member: Member
    marker: int  # its snapshot must not be older than this number
    moved_ns: int  # when the transfer last moved on
    asked_ns: int
    donor: int = 0
    distrusted: frozenset[int] = frozenset()
    tried: set[int] = field(default_factory=set)  # donors that went down
    begin: SnapshotBegin | None = None
    given: dict[int, tuple[int, int]] = field(default_factory=dict)  # snapshots: number → digest, donor
    offset: int = 0  # bytes that have arrived
    asked_for: tuple[int, int] | None = None  # the chunk that the donor was asked for last: number, offset
    restored: bool = False
    snapshot_seq: int = 0  # the number of the state that it was given
    joins_at: int = 0  # number of the change of the view with which it joins
    digests: dict[int, int] = field(default_factory=dict)  # its own, by last number, not confirmed yet


class StateTransfer:
    """The newcomers of one front end. Like the front end, pure: every method gives what is to be done."""

    def __init__(
        self, view: View, log: MulticastLog, responses: ResponseCollector, order_view: OrderView
    ) -> None:
        self._view = view
        self._log = log
        self._responses = responses
        self._order_view = order_view
        self._last_seq = 0
        self.newcomers: dict[int, Newcomer] = {}
        self.refused: set[int] = set()
        """Donors whose state did not hold."""

    def begin(self, replica: int, incarnation: int, distrusted: Set[int], now: int) -> tuple[Effect, ...]:
        """Bring this fresh replica in; those that are `distrusted` are no donors."""
        self._responses.record_digests()
        marker, effects = self._order_view(f"{replica_name(replica)}.{incarnation} returns", now)
        newcomer = Newcomer(Member(replica, incarnation, 0), marker, now, now)
        newcomer.distrusted = frozenset(distrusted)
        self.newcomers[replica] = newcomer
        return effects + self._ask_donor(newcomer, now)

    def log_floor(self) -> int | None:
        """The highest number that the log may forget; None when that is for the members to say."""
        if not self.newcomers:
            return None
        floors = [
            newcomer.member.executed if newcomer.restored else newcomer.marker - 1
            for newcomer in self.newcomers.values()
        ]
        return min(floors)

    def donor_said(self, donor: int, message: SnapshotBegin | SnapshotChunk, now: int) -> tuple[Effect, ...]:
        """Pass a donor's words on to whom they are for."""
        effects: tuple[Effect, ...] = ()
        for replica, newcomer in self.newcomers.items():
            if newcomer.donor != donor or newcomer.restored:
                continue
            if isinstance(message, SnapshotBegin):
                begin = newcomer.begin
                if message.seq >= newcomer.marker and (begin is None or message.seq > begin.seq):
                    # a donor has one snapshot: it made a later one, perhaps for another newcomer
                    newcomer.begin, newcomer.offset = message, 0
                    newcomer.given[message.seq] = (message.digest, donor)
                if message != newcomer.begin:
                    continue
            elif (message.seq, message.offset) != newcomer.asked_for:
                continue  # another newcomer's, or a late copy
            effects += (Multicast((replica,), encode(message)),)
        return effects

    def newcomer_said(self, newcomer: Newcomer, message: FromReplica, now: int) -> tuple[Effect, ...]:
        """A newcomer's words: it asks for the next chunk, has become the state, executes, misses orders."""
        before = (newcomer.offset, newcomer.member.executed, newcomer.restored)
        effects = self._heard(newcomer, message, now)
        if (newcomer.offset, newcomer.member.executed, newcomer.restored) != before:
            newcomer.moved_ns = now
        return effects

    def _heard(self, newcomer: Newcomer, message: FromReplica, now: int) -> tuple[Effect, ...]:
        match message:
            case SnapshotRequest(seq, offset) if newcomer.begin is not None and seq == newcomer.begin.seq:
                if newcomer.asked_for == (seq, offset) and now - newcomer.asked_ns < REPEAT_AFTER_NS:
                    return ()  # it is on its way; two chains of requests would never become one again
                newcomer.asked_ns, newcomer.asked_for, newcomer.offset = now, (seq, offset), offset
                request = Multicast((newcomer.donor,), encode(message))
                return (request, self._progress(newcomer))
            case SnapshotRefused(seq, reason) if newcomer.begin is not None and seq == newcomer.begin.seq:
                return self._refuse(newcomer, reason, now)
            case Joined(seq, digest) if newcomer.given and not newcomer.restored:
                return self._restored(newcomer, seq, digest, now)
            case Result() if newcomer.restored and message.incarnation == newcomer.member.incarnation:
                last = message.first_seq + message.count - 1
                newcomer.digests[last] = message.last_digest
                newcomer.member.reached(last)
                return self._judge(newcomer, now)
            case Pong(_, expected, _, digest) if newcomer.restored:
                newcomer.digests[expected - 1] = digest
                newcomer.member.reached(expected - 1)
                return self._judge(newcomer, now)
            case Nack(first_seq, last_seq) if newcomer.restored:
                return self._log.missing(newcomer.member.replica, first_seq, last_seq)
        return ()

    def lost(self, replica: int, now: int) -> tuple[Effect, ...]:
        """A replica is down: a newcomer is given up, another donor asked."""
        if self.newcomers.pop(replica, None) is not None:
            self._view.not_coming(replica)
            self._settle()
        effects: tuple[Effect, ...] = ()
        for newcomer in list(self.newcomers.values()):
            if newcomer.donor == replica and not newcomer.restored:
                newcomer.tried.add(replica)
                effects += self._ask_donor(newcomer, now)
            elif newcomer.restored and not self._view.members:
                why = "there is no replica left that could confirm its state"
                effects += (Fence(newcomer.member.replica, why),)
        return effects

    def tick(self, now: int) -> tuple[Effect, ...]:
        """Repeat what was not answered; give up who is silent for too long."""
        effects: tuple[Effect, ...] = ()
        for replica, newcomer in list(self.newcomers.items()):
            if now - newcomer.moved_ns >= START_TIMEOUT_NS:
                effects += (Fence(replica, "it did not catch up in time"),)
            elif newcomer.restored:
                effects += self._judge(newcomer, now)
            elif now - newcomer.asked_ns >= REPEAT_AFTER_NS:
                effects += self._ask_again(newcomer, now)
        return effects

    def _ask_donor(self, newcomer: Newcomer, now: int) -> tuple[Effect, ...]:
        """Choose a donor: the one that is furthest back of those that are waited for and keep up, for it is
        missed least when it makes its snapshot. Who is slow would only come to the marker when it is late."""
        newcomer.begin, newcomer.offset, newcomer.asked_for = None, 0, None
        unfit = newcomer.tried | newcomer.distrusted | self.refused
        able = [
            member
            for member in self._view.members.values()
            if not member.suspected and member.replica not in unfit
        ]
        if not able:
            return (Fence(newcomer.member.replica, "there is no replica left whose state it could take"),)
        abreast = [one for one in able if one.executed + WINDOW_REQUESTS >= newcomer.marker]
        furthest_on = max(able, key=lambda member: (member.executed, -member.replica))
        newcomer.donor = min(
            abreast, key=lambda one: (one.executed, one.replica), default=furthest_on
        ).replica
        newcomer.asked_ns = now
        return (*self._ask_again(newcomer, now), self._progress(newcomer))

    def _ask_again(self, newcomer: Newcomer, now: int) -> tuple[Effect, ...]:
        newcomer.asked_ns = now
        begin = newcomer.begin
        if begin is None:
            # an offset that no snapshot has: the donor begins, or tells again how it began
            return (Multicast((newcomer.donor,), encode(SnapshotRequest(newcomer.marker, -1))),)
        newcomer.asked_for = (begin.seq, newcomer.offset)
        again = Multicast((newcomer.donor,), encode(SnapshotRequest(begin.seq, newcomer.offset)))
        if newcomer.offset:
            return (again,)
        return (Multicast((newcomer.member.replica,), encode(begin)), again)

    def _restored(self, newcomer: Newcomer, seq: int, digest: int, now: int) -> tuple[Effect, ...]:
        """It stands where the donor stood: now the log after it, and whatever is ordered from now on."""
        told, giver = newcomer.given.get(seq, (None, newcomer.donor))
        if told != digest:
            return self._refuse(newcomer, "it became something else than it was given", now)
        newcomer.donor = giver  # perhaps another one was asked meanwhile
        newcomer.restored = True
        newcomer.snapshot_seq = newcomer.member.executed = seq
        newcomer.digests[seq] = digest
        if newcomer.begin is not None:
            newcomer.offset = newcomer.begin.length
        replica = newcomer.member.replica
        self._view.coming_in(replica)
        end = Multicast((newcomer.donor,), encode(SnapshotEnd(seq)))
        tail = self._log.follow_up(replica, seq + 1)
        return (end, self._progress(newcomer), *tail, *self._judge(newcomer, now))

    def _judge(self, newcomer: Newcomer, now: int) -> tuple[Effect, ...]:
        """Compare its digests with the group's; let it join, or refuse it."""
        confirmed = 0
        for seq, digest in sorted(newcomer.digests.items()):
            verdict = self._confirmed(newcomer, seq, digest)
            if verdict is False:
                return self._refuse(newcomer, f"its digest after #{seq} is not the others'", now)
            if verdict:
                confirmed = seq
                del newcomer.digests[seq]
        if newcomer.joins_at and confirmed >= newcomer.joins_at:
            return self._join(newcomer)
        if self._responses.unheard(newcomer.snapshot_seq):
            return ()  # alone, it could not repeat an answer that it was only given the effects of
        if not newcomer.joins_at and newcomer.member.executed + WINDOW_REQUESTS >= self._log.last_seq:
            member = newcomer.member
            what = f"{replica_name(member.replica)}.{member.incarnation} joins"
            newcomer.joins_at, effects = self._order_view(what, now)
            return effects
        return ()

    def _confirmed(self, newcomer: Newcomer, seq: int, digest: int) -> bool | None:
        """Whether the group's digest at this number is this one; None when nobody has told yet."""
        told = self._responses.digests_at(seq)
        trusted = self._view.members.keys() - newcomer.distrusted - self.refused
        whose = trusted - {newcomer.donor} or trusted
        others = [told[replica] for replica in whose if replica in told]
        return digest in others if others else None

    def _join(self, newcomer: Newcomer) -> tuple[Effect, ...]:
        replica, seq = newcomer.member.replica, newcomer.joins_at
        del self.newcomers[replica]
        self._view.admit(newcomer.member)
        effects = self._responses.vouch(replica, seq)
        self._settle()
        return (NewMember(replica, newcomer.member.incarnation, seq), *effects)

    def _refuse(self, newcomer: Newcomer, reason: str, now: int) -> tuple[Effect, ...]:
        """The donor's state does not hold. Who has become it can become no other: it has to go."""
        donor, replica = newcomer.donor, newcomer.member.replica
        self.refused.add(donor)
        newcomer.given.clear()
        refused = RefusedDonor(replica, donor, reason)
        if newcomer.restored:
            why = f"it was given a state by {replica_name(donor)} that does not hold"
            return (refused, Fence(replica, why))
        return (refused, *self._ask_donor(newcomer, now))

    def _progress(self, newcomer: Newcomer) -> Effect:
        begin = newcomer.begin
        seq, length = (begin.seq, begin.length) if begin is not None else (0, 0)
        return CatchingUp(newcomer.member.replica, newcomer.donor, seq, newcomer.offset, length)

    def _settle(self) -> None:
        if not self.newcomers:
            self._responses.forget_digests()
