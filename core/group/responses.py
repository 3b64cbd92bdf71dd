"""The response collector: answers are matched by identifier, counted by the reply policy, and all compared.

Textbook step 5 (Coulouris et al., section 18.3.2): the front end passes the first response on; or waits for
as many equal ones as the reply policy wants (`core.policies`). The responses that come later are not thrown
away unseen: they must carry the same request ids, outcomes and digests. Two responses are equal when their
bodies are, byte for byte, so that a vote counts states (the digests) and not answers alone.
"""

from __future__ import annotations

import msgspec

from core.effects import Differ, Effect, Outvoted, Return, Undecided
from core.errors import RemoteProtocolError
from core.policies import FIRST, ReplyPolicy
from core.protocol.codec import decode_body
from core.protocol.messages import FRONT_END, Order, Result, ResultBody, pack_u32, unpack_u32, unpack_u64

_FRONT_END = pack_u32((FRONT_END,))


class Pending(msgspec.Struct):
    """A batch in flight: who has still to respond, and the answer once it is decided."""

    first_seq: int
    count: int
    requests: bytes
    waiting: int  # bit mask of the replicas that have not responded: bit r for Rr
    needed: int  # equal responses that decide
    electorate: int  # bit mask of the live replicas that were sent it
    first_replica: int = 0  # whose answer it was, once it is decided
    body: bytes = b""
    votes: dict[int, bytes] = {}  # by replica, as long as it is not decided
    open: bool = True  # not decided, and somebody may still decide it

    @property
    def of_the_view(self) -> bool:
        """No client asked for it: it tells a change of the view."""
        return self.requests[:4] == _FRONT_END


class ResponseCollector:
    """Batches in flight, oldest first. `unanswered` counts the requests that nobody was answered yet, `open`
    the batches of them that somebody may still decide."""

    def __init__(self, policy: ReplyPolicy = FIRST) -> None:
        self.policy = policy
        self._pending: dict[int, Pending] = {}
        self.unanswered = self.open = 0
        self.first_answers: dict[int, int] = {}
        self._digests: dict[int, dict[int, int]] | None = None  # last number → replica → digest

    @property
    def pending(self) -> int:
        """How many batches some live replica has not responded to, or nobody was answered."""
        return len(self._pending)

    def expect(self, order: Order, replicas: int) -> None:
        """Await a response to this batch from each of these replicas (a bit mask)."""
        needed = 1 if self.policy is FIRST else self.policy.needed(replicas.bit_count())
        self._pending[order.first_seq] = Pending(
            order.first_seq, order.count, order.requests, replicas, needed, replicas
        )
        self.unanswered += order.count
        self.open += 1

    def collect(self, replica: int, result: Result) -> tuple[Effect, ...]:
        """Take one replica's response.

        Raises RemoteProtocolError when it answers requests other than those it was sent.
        """
        pending = self._pending.get(result.first_seq)
        if pending is None or not pending.waiting >> replica & 1:
            return ()  # a repeated response: its first copy was checked
        if pending.count != result.count:
            raise RemoteProtocolError(f"R{replica} answered {result.count} of {pending.count} requests.")
        pending.waiting &= ~(1 << replica)
        if self._digests is not None:
            self.told_digest(replica, result.first_seq + result.count - 1, result.last_digest)
        effects: tuple[Effect, ...] = ()
        if not pending.first_replica:
            effects = self._vote(pending, replica, result.body)
        elif pending.body != result.body:
            effects = self._compare(pending, replica, result.body)
        if not pending.waiting and pending.first_replica:
            del self._pending[pending.first_seq]
        return effects

    def set_policy(self, policy: ReplyPolicy) -> tuple[Effect, ...]:
        """Count by another policy, what is in flight as well."""
        self.policy = policy
        return self._counted_again()

    def forget(self, replica: int) -> tuple[Effect, ...]:
        """A dropped replica is waited for no longer, and has no vote."""
        for pending in self._pending.values():
            pending.waiting &= ~(1 << replica)
            pending.electorate &= ~(1 << replica)
            pending.votes.pop(replica, None)
        return self._counted_again()

    def orphaned(self, replicas: int) -> int | None:
        """The first number that nobody was answered, and that nobody alive was asked for: from there on
        these replicas (a bit mask) are asked. They joined later, and have executed it on their way in."""
        orphans = [one for one in self._pending.values() if not one.electorate and not one.first_replica]
        for pending in orphans:
            pending.waiting = pending.electorate = replicas
            pending.needed = self.policy.needed(replicas.bit_count())
        return min((pending.first_seq for pending in orphans), default=None)

    def unheard(self, seq: int) -> bool:
        """Whether nobody's response to some number up to this one has come."""
        return any(
            one.first_seq <= seq and not one.first_replica and not one.votes for one in self._pending.values()
        )

    def vouch(self, replica: int, seq: int) -> tuple[Effect, ...]:
        """A replica joined at `seq` with the group's own digest: it has executed all before as the others
        have, so it counts for whatever nobody was answered yet and nobody disagrees on."""
        for pending in self._pending.values():
            if pending.first_seq <= seq and len(set(pending.votes.values())) == 1:
                pending.electorate |= 1 << replica
                pending.votes[replica] = next(iter(pending.votes.values()))
        return self._counted_again()

    def abandon(self) -> tuple[tuple[int, int, int], ...]:
        """Give up every request without an answer, as (client, number, seq)."""
        lost: list[tuple[int, int, int]] = []
        for pending in self._pending.values():
            if not pending.first_replica and not pending.of_the_view:
                ids = unpack_u32(pending.requests)
                lost += zip(
                    ids[::2],
                    ids[1::2],
                    range(pending.first_seq, pending.first_seq + pending.count),
                    strict=True,
                )
        self._pending.clear()
        self.unanswered = self.open = 0
        return tuple(lost)

    # --- digests, as long as a replica is on its way into the group ---

    def record_digests(self) -> None:
        """From now on, remember which digest each member told after each batch."""
        if self._digests is None:
            self._digests = {}

    def told_digest(self, replica: int, seq: int, digest: int) -> None:
        """A member told its digest after this number, with a response or with a sign of life."""
        if self._digests is not None:
            self._digests.setdefault(seq, {})[replica] = digest

    def digests_at(self, seq: int) -> dict[int, int]:
        """The digests told after this number, by replica."""
        return (self._digests or {}).get(seq, {})

    def forget_digests(self) -> None:
        """Nobody needs them any more."""
        self._digests = None

    def _vote(self, pending: Pending, replica: int, body: bytes) -> tuple[Effect, ...]:
        read = _body_for(pending, replica, body)
        if pending.needed == 1:
            return self._decide(pending, replica, body, read)
        votes = pending.votes
        votes[replica] = body
        alike = [one for one, vote in votes.items() if vote == body]
        if len(alike) >= pending.needed:
            return self._decide(pending, alike[0], body, read)
        if not pending.waiting and pending.electorate.bit_count() >= pending.needed:
            self._close(pending)
            return (Undecided(pending.first_seq, len(votes), pending.needed),)
        return ()

    def _decide(self, pending: Pending, replica: int, body: bytes, read: ResultBody) -> tuple[Effect, ...]:
        """Enough equal responses: answer the clients, and name whoever said otherwise."""
        self._close(pending)
        pending.first_replica, pending.body = replica, body
        self.unanswered -= pending.count
        self.first_answers[replica] = self.first_answers.get(replica, 0) + pending.count
        effects: tuple[Effect, ...] = ()
        if not pending.of_the_view:
            effects = (Return(replica, pending.first_seq, pending.requests, read.outcomes),)
        for other, vote in pending.votes.items():
            if vote != body:
                effects += self._compare(pending, other, vote)
        pending.votes = {}
        return effects

    def _counted_again(self) -> tuple[Effect, ...]:
        """Count the votes anew, after replicas or the policy have changed."""
        effects: tuple[Effect, ...] = ()
        for pending in list(self._pending.values()):
            pending.needed = self.policy.needed(pending.electorate.bit_count())
            if not pending.first_replica:
                for body in dict.fromkeys(pending.votes.values()):
                    voters = [replica for replica, vote in pending.votes.items() if vote == body]
                    if len(voters) >= pending.needed:
                        effects += self._decide(pending, voters[0], body, decode_body(body))
                        break
            if not pending.waiting:
                self._close(pending)
                if pending.first_replica:
                    del self._pending[pending.first_seq]
        return effects

    def _close(self, pending: Pending) -> None:
        self.open -= pending.open
        pending.open = False

    def _compare(self, pending: Pending, replica: int, body: bytes) -> tuple[Effect, ...]:
        mine, other = decode_body(pending.body), _body_for(pending, replica, body)
        vote, digests = self.policy.kind == "majority", unpack_u64(mine.digests)
        for offset, (first, later) in enumerate(zip(mine.outcomes, other.outcomes, strict=True)):
            seq = pending.first_seq + offset
            if vote and (first != later or digests[offset] != unpack_u64(other.digests)[offset]):
                return (Outvoted(seq, replica, later, first),)
            if first != later:
                return (Differ(seq, pending.first_replica, first, replica, later),)
        return ()  # equal answers, unequal digests: the digest check names the number


def _body_for(pending: Pending, replica: int, encoded: bytes) -> ResultBody:
    """What a replica answered. Raises RemoteProtocolError unless it is one answer to each request."""
    body = decode_body(encoded)
    if (
        body.requests != pending.requests
        or len(body.outcomes) != pending.count
        or len(body.digests) != 8 * pending.count
    ):
        raise RemoteProtocolError(f"R{replica} answered other requests than those at #{pending.first_seq}.")
    return body
