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

from core.effects import Effect, Fence, Multicast, ReturnUnknown, Suspect
from core.errors import RemoteProtocolError
from core.group.failure_detector import FailureDetector
from core.group.multicast import MulticastLog
from core.group.responses import ResponseCollector
from core.group.sequencer import Requests, Sequencer
from core.group.view import Member, View
from core.limits import LAG_REQUESTS, WINDOW_REQUESTS
from core.policies import FIRST, ReplyPolicy
from core.protocol.codec import encode
from core.protocol.messages import Failure, FromReplica, Nack, Order, Ping, Pong, Result, Snapshot


class FrontEnd:
    """One front end over one group of replicas."""

    def __init__(self, epoch: int, wall_minus_monotonic_ns: int, policy: ReplyPolicy = FIRST) -> None:
        self.sequencer = Sequencer(epoch)
        self.view = View()
        self.log = MulticastLog()
        self.responses = ResponseCollector(policy)
        self.detector = FailureDetector()
        self._wall_minus_monotonic_ns = wall_minus_monotonic_ns
        self._pings = 0
        self._lag_seen_at = 0  # the number at which the lag of the slowest is to be looked at again

    def room(self) -> int:
        """How many more requests may be ordered now (rule 11): the window of unanswered requests, and no
        further ahead than LAG_REQUESTS of the slowest replica that is waited for."""
        if len(self.view.replicas) < self.responses.policy.fewest:
            return 0  # fewer than may answer
        if self.sequencer.next_seq >= self._lag_seen_at:
            slowest = self.view.executed_by_waited_for()
            if slowest is None:
                slowest = self.sequencer.next_seq
            ahead = LAG_REQUESTS - (self.sequencer.next_seq - 1 - slowest)
            if ahead < LAG_REQUESTS // 2:
                return min(ahead, WINDOW_REQUESTS - self.responses.unanswered)
            self._lag_seen_at = self.sequencer.next_seq + LAG_REQUESTS // 4  # no need to look before
        return WINDOW_REQUESTS - self.responses.unanswered

    def request(self, requests: Requests, now: int) -> tuple[Order, Multicast]:
        """Number these requests as one batch and send them to every member: at most `room()` of them."""
        order = self.sequencer.order(requests, now + self._wall_minus_monotonic_ns)
        self.responses.expect(order, self.view.mask)
        return order, self.log.multicast(order, encode(order), self.view.replicas)

    def joined(self, replica: int, incarnation: int, expected: int, now: int) -> None:
        """A replica passed the handshake. Raises RemoteProtocolError when it missed what the log lost."""
        if expected != self.sequencer.next_seq:
            raise RemoteProtocolError(
                f"R{replica} expects #{expected}, but the group is at #{self.sequencer.next_seq}."
            )
        self.view.join(replica, incarnation, expected)
        self.detector.watch(replica, now)

    def received(self, replica: int, message: FromReplica, now: int) -> tuple[Effect, ...]:
        """Take a replica's message. Raises RemoteProtocolError when it breaks the protocol."""
        member = self.view.members.get(replica)
        if member is None:
            return ()  # dropped: from a past life
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
            case Pong(_, expected):
                return life + self._unheard(member, expected)
            case Nack(first_seq, last_seq):
                return life + self.log.missing(replica, first_seq, last_seq)
            case Snapshot():
                return life
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

    def lost(self, replica: int) -> tuple[Effect, ...]:
        """A replica is down: drop it for good. Without any left, what is in flight ends as unknown."""
        self.detector.forget(replica)
        self.log.forget(replica)
        self._lag_seen_at = 0
        if not self.view.drop(replica):
            return ()
        if self.view.members:
            return self.responses.forget(replica)
        return (ReturnUnknown(self.responses.abandon()),)

    def set_policy(self, policy: ReplyPolicy) -> tuple[Effect, ...]:
        """Answer by another policy from now on, what is in flight as well."""
        return self.responses.set_policy(policy)

    def link_full(self, replica: int) -> None:
        """A replica's link holds LINK_BACKLOG_BYTES that it did not take: it alone falls behind."""
        self.log.link_full(replica)

    def link_drained(self, replica: int) -> tuple[Effect, ...]:
        """It took them: what it missed follows."""
        return self.log.link_drained(replica)

    def tick(self, now: int) -> tuple[Effect, ...]:
        """To be called every HEARTBEAT_NS: judge silences, send a Ping to everybody, forget old batches."""
        effects = self.detector.tick(now)
        for effect in effects:
            if isinstance(effect, Suspect):
                self.view.members[effect.replica].suspected = True
        self.trim()
        self._pings += 1
        fenced = {effect.replica for effect in effects if isinstance(effect, Fence)}
        spoken_to = tuple(replica for replica in self.view.replicas if replica not in fenced)
        ping = Ping(self._pings, self.sequencer.next_seq - 1, self.view.executed_by_all())
        return (*effects, Multicast(spoken_to, encode(ping)))

    def trim(self) -> None:
        """Let go of the batches that every member has executed."""
        self.log.trim(self.view.executed_by_all())
