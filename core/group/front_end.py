"""The front end: order, multicast, collect, answer.

Active replication in the textbook's five steps (Coulouris et al., section 18.3.2), as they read here:

    1 request       `request`   clients' requests of one moment arrive
    2 coordination  `request`   the Sequencer numbers them, the MulticastLog sends them to every member
    3 execution                 (at the replicas: core/replica/replica_manager.py)
    4 agreement     `received`  the ResponseCollector matches the responses by identifier and compares them
    5 response      `received`  the first response answers the client

Pure: every method is one step, `(input, now) → effects`; `now` is monotonic nanoseconds. A replica that went
down is dropped for good (the default failure policy): it leaves the view, and nothing waits for it.

Nothing that is lost stays lost, as long as messages get through now and then: a Ping names the last number
ordered, so a replica asks even for orders that nothing followed (Nack); a Pong that claims more than was
heard of gets the orders again, to which the replica repeats its results.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

import msgspec

from core.effects import (
    Effect,
    EpochReady,
    Fence,
    Multicast,
    NewMember,
    Ordered,
    ReturnUnknown,
    Suspect,
)
from core.errors import RemoteProtocolError
from core.group.failure_detector import FailureDetector
from core.group.multicast import MulticastLog
from core.group.recovery import Recovery
from core.group.responses import ResponseCollector
from core.group.sequencer import Requests, Sequencer
from core.group.state_transfer import StateTransfer
from core.group.view import Member, View
from core.ids import replica_name
from core.limits import LAG_REQUESTS, OPEN_BATCHES, WINDOW_REQUESTS
from core.policies import FIRST, ReplyPolicy
from core.protocol.codec import encode
from core.protocol.handing_over import (
    EpochStart,
    Executed,
    Joined,
    SnapshotBegin,
    SnapshotChunk,
    SnapshotRefused,
    SnapshotRequest,
    Tail,
)
from core.protocol.messages import (
    FRONT_END,
    Failure,
    FromReplica,
    Nack,
    Order,
    Ping,
    Pong,
    Result,
    Snapshot,
    view_operation,
)


class FrontEnd:
    """One front end over one group of replicas. `window` and `lag` are smaller in a simulation, where no run
    is long enough to come to the real ones; `lag` is four times the window at least."""

    def __init__(
        self,
        epoch: int,
        wall_minus_monotonic_ns: int,
        policy: ReplyPolicy = FIRST,
        window: int = WINDOW_REQUESTS,
        lag: int = LAG_REQUESTS,
    ) -> None:
        self.sequencer = Sequencer(epoch)
        self.view = View()
        self.log = MulticastLog()
        self.responses = ResponseCollector(policy)
        self.detector = FailureDetector()
        self.transfer = StateTransfer(self.view, self.log, self.responses, self._order_view)
        self._wall_minus_monotonic_ns = wall_minus_monotonic_ns
        self._window, self._lag = window, lag
        self._recovery: Recovery | None = None
        self._pings = 0
        self._pinged_at = -1  # the number that the Ping of the tick before told, -1 when it sent none
        self._owing: set[int] = set()  # who was sent the last Ping and has not answered it
        self._changes = 0  # of the view, ordered so far
        self._lag_seen_at = 0  # the number at which the lag of the slowest is to be looked at again

    def recover(self, replicas: Mapping[int, int], now: int) -> tuple[Effect, ...]:
        """Take over from a front end that died: `replicas` live, each with its incarnation. This one is new,
        and its epoch is; it orders nothing before EpochReady."""
        self._incarnations = dict(replicas)
        self._recovery = Recovery(self.sequencer.epoch, frozenset(replicas), now)
        return self._recovery.start()

    @property
    def recovering(self) -> bool:
        """It took over from a dead one, and does not know yet where the group is."""
        return self._recovery is not None

    @property
    def somebody_left(self) -> bool:
        """There are replicas: requests that are open may still be answered."""
        return bool(self.view.members) or (self._recovery is not None and self._recovery.somebody_left)

    def room(self, gathers: bool = False) -> int:
        """How many more requests may be ordered now (rule 11): the window of unanswered requests, and no
        further ahead than the lag of the slowest replica that is waited for. A front end that `gathers` has
        no room while OPEN_BATCHES wait for their answer: the next batch grows instead."""
        if len(self.view.replicas) < self.responses.policy.fewest:
            return 0  # fewer than may answer
        if gathers and self.responses.open >= OPEN_BATCHES:
            return 0
        if self.sequencer.next_seq >= self._lag_seen_at:
            slowest = self.view.executed_by_waited_for()
            if slowest is None:
                slowest = self.sequencer.next_seq
            ahead = self._lag - (self.sequencer.next_seq - 1 - slowest)
            if ahead < self._lag // 2:
                return min(ahead, self._window - self.responses.unanswered)
            self._lag_seen_at = self.sequencer.next_seq + self._lag // 4  # no need to look before
        return self._window - self.responses.unanswered

    def request(self, requests: Requests, now: int) -> tuple[Order, Multicast]:
        """Number these requests as one batch and send them to every member: at most `room()` of them."""
        order = self.sequencer.order(requests, now + self._wall_minus_monotonic_ns)
        self.responses.expect(order, self.view.mask)
        return order, self.log.multicast(order, encode(order), self.view.receivers)

    def _order_view(self, change: str, now: int) -> tuple[int, tuple[Effect, ...]]:
        """Order a change of the view, like any request."""
        self._changes += 1
        requests = Requests([FRONT_END, self._changes], [view_operation(change)])
        order, sent = self.request(requests, now)
        return order.first_seq, (Ordered(sent.replicas, sent.payload, self.view.mask),)

    def joined(self, replica: int, incarnation: int, expected: int, now: int) -> None:
        """A replica passed the handshake. Raises RemoteProtocolError when it missed what the log lost."""
        if expected != self.sequencer.next_seq:
            raise RemoteProtocolError(
                f"R{replica} expects #{expected}, but the group is at #{self.sequencer.next_seq}."
            )
        self.view.join(replica, incarnation, expected)
        self.detector.watch(replica, now)

    def welcome(
        self, replica: int, incarnation: int, now: int, distrusted: Set[int] = frozenset()
    ) -> tuple[Effect, ...]:
        """A fresh process passed the handshake: bring it to the group's state, then it joins (NewMember).

        Who is `distrusted` is asked for no state. It may be a replica that was lost, as a new incarnation, or
        one that the group never had.
        """
        assert replica not in self.view.members
        return self.transfer.begin(replica, incarnation, distrusted, now)

    def leave(self, replica: int, now: int) -> tuple[Effect, ...]:
        """A member is to leave in peace: the change is ordered, and nothing waits for it any more."""
        _, effects = self._order_view(f"{replica_name(replica)} leaves", now)
        return (*effects, *self.lost(replica, now))

    def received(self, replica: int, message: FromReplica, now: int) -> tuple[Effect, ...]:
        """Take a replica's message. Raises RemoteProtocolError when it breaks the protocol."""
        member = self.view.members.get(replica)
        if member is None:
            return self._not_a_member(replica, message, now)
        life = self.detector.heard(replica, now)
        if life:
            member.suspected = False
        if type(message) is Result:  # by far the most frequent
            if message.incarnation != member.incarnation:
                return life
            if message.first_seq + message.count > self.sequencer.next_seq:
                raise RemoteProtocolError(
                    f"R{replica} answered #{message.first_seq}, which was never ordered."
                )
            member.responded(message.first_seq, message.count)
            effects = self.responses.collect(replica, message)
            return life + effects if life else effects
        match message:
            case Pong():
                if message.nonce == self._pings:
                    self._owing.discard(replica)
                self.responses.told_digest(replica, message.expected - 1, message.digest)
                return life + self._unheard(member, message.expected)
            case Nack(first_seq, last_seq):
                return life + self.log.missing(replica, first_seq, last_seq)
            case SnapshotBegin() | SnapshotChunk():
                return life + self.transfer.donor_said(replica, message, now)
            case Snapshot() | SnapshotRequest() | Joined() | SnapshotRefused() | Tail() | Executed():
                return life  # looks; the others are late copies
            case Failure(_, text):
                raise RemoteProtocolError(text)
            case _:
                raise RemoteProtocolError(f"Unexpected {type(message).__name__} from R{replica}.")

    def _unheard(self, member: Member, expected: int) -> tuple[Effect, ...]:
        """What it had executed at its sign of life before, and whose results were not heard to this day."""
        if expected > self.sequencer.next_seq:
            raise RemoteProtocolError(f"R{member.replica} expects #{expected}, which is yet to be ordered.")
        before, member.expected = member.expected, expected
        if before - 1 <= member.executed:
            return ()
        return self.log.missing(member.replica, member.executed + 1, before - 1, but=member.ahead)

    def _not_a_member(self, replica: int, message: FromReplica, now: int) -> tuple[Effect, ...]:
        """It is on its way into the group; or it was dropped, and this is from a past life."""
        if self._recovery is not None:
            return self._recovering(self._recovery.received(replica, message), now)
        newcomer = self.transfer.newcomers.get(replica)
        if newcomer is None:
            return ()
        return self._joining(self.transfer.newcomer_said(newcomer, message, now), now)

    def _joining(self, effects: tuple[Effect, ...], now: int) -> tuple[Effect, ...]:
        """Watch over whoever has just become a member."""
        for effect in effects:
            if isinstance(effect, NewMember):
                self.detector.watch(effect.replica, now)
                self._lag_seen_at = 0
        return effects

    def _recovering(self, effects: tuple[Effect, ...], now: int) -> tuple[Effect, ...]:
        """Go on from what the replicas told, once they have told it."""
        outcome = self._recovery.outcome if self._recovery is not None else None
        if outcome is None:
            return effects
        self._recovery = None
        epoch = self.sequencer.epoch
        self.sequencer.resume(outcome.next_seq, outcome.timestamp)
        for order in outcome.orders:
            again = msgspec.structs.replace(order, epoch=epoch)
            self.log.multicast(again, encode(again), ())
        self.log.last_seq = outcome.next_seq - 1
        for replica, tail in outcome.tails.items():
            self.view.join(replica, self._incarnations[replica], tail.last_seq + 1)
            self.detector.watch(replica, now)
        start = Multicast(self.view.replicas, encode(EpochStart(epoch, outcome.next_seq)))
        effects += (EpochReady(epoch, outcome.next_seq), start)
        for replica, tail in outcome.tails.items():
            effects += self.log.follow_up(replica, tail.last_seq + 1)
        return effects

    def lost(self, replica: int, now: int) -> tuple[Effect, ...]:
        """A replica is down: drop it. Without any left, what is in flight ends as unknown."""
        self.detector.forget(replica)
        self.log.forget(replica)
        self._lag_seen_at = 0
        if self._recovery is not None:
            return self._recovering(self._recovery.lost(replica), now)
        was_member = self.view.drop(replica)
        effects = self.transfer.lost(replica, now)
        if not was_member:
            return effects
        if self.view.members:
            effects += self.responses.forget(replica)
            orphan = self.responses.orphaned(self.view.mask)
            if orphan is not None:  # their answers to it were not heard: they will be asked to repeat them
                for member in self.view.members.values():
                    member.executed = min(member.executed, orphan - 1)
            return effects
        return (*effects, ReturnUnknown(self.responses.abandon()))

    def set_policy(self, policy: ReplyPolicy) -> tuple[Effect, ...]:
        """Answer by another policy from now on, what is in flight as well."""
        return self.responses.set_policy(policy)

    def link_full(self, replica: int) -> None:
        """A replica's link holds LINK_BACKLOG_BYTES that it did not take: it alone falls behind."""
        self.log.link_full(replica)

    def link_drained(self, replica: int) -> tuple[Effect, ...]:
        """It took them: what it missed follows."""
        return self.log.link_drained(replica)

    def tick(self, now: int, on_its_way: int | None = None) -> tuple[Effect, ...]:
        """To be called every HEARTBEAT_NS: judge silences, send a Ping to everybody, forget old batches.

        A group at rest is left alone at every other tick: everybody has answered the last Ping and every
        order. Whoever does not is asked at every tick, so nobody is suspected on fewer than three tries.
        `on_its_way`: the first number whose order somebody slows down on purpose. The Ping, which is not
        slowed down, tells of the numbers before it alone, so that nobody takes it for lost.
        """
        effects = self.detector.tick(now)
        for effect in effects:
            if isinstance(effect, Suspect):
                self.view.members[effect.replica].suspected = True
        self.trim()
        if self._recovery is not None:
            return effects + self._recovering(self._recovery.tick(now), now)
        effects += self._joining(self.transfer.tick(now), now)
        fenced = {effect.replica for effect in effects if isinstance(effect, Fence)}
        spoken_to = tuple(replica for replica in self.view.receivers if replica not in fenced)
        ordered = (on_its_way or self.sequencer.next_seq) - 1
        executed = self.view.executed_by_all()
        if not self._owing and self._pinged_at == ordered == executed:
            self._pinged_at = -1
            return effects
        self._pings, self._pinged_at, self._owing = self._pings + 1, ordered, set(spoken_to)
        ping = Ping(self._pings, ordered, executed)
        return (*effects, Multicast(spoken_to, encode(ping)))

    def trim(self) -> None:
        """Let go of the batches that every member has executed."""
        floor, executed = self.transfer.log_floor(), self.view.executed_by_all()
        self.log.trim(executed if floor is None else min(floor, executed))
