"""Recovery: a front end died with all it knew, and its successor learns from the replicas where the group is.

    fence      every live replica obeys the new epoch before it tells how far it has come, so that nothing the
               dead front end sent can still be executed behind the successor's back
    tails      the longest wins: what any live replica has executed stays executed
    compare    who is behind must have been at the longest's digest there; who is elsewhere is fenced off
    fill       the orders that somebody misses come from the longest, under the new epoch
    serve      from the number after the longest tail

What nobody alive has executed is gone, its numbers are given anew. Every message may be lost: what was not
answered is asked again at each tick; who does not answer at all is fenced by the shell in the end (rule 7).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from core.effects import Effect, Multicast, ReturnUnknown
from core.effects import Fence as FenceOff
from core.errors import RemoteProtocolError
from core.limits import DROP_AFTER_NS, HEARTBEAT_NS
from core.protocol.codec import decode_from_front_end, encode
from core.protocol.handing_over import Executed, Fence, Recover, Tail
from core.protocol.messages import FromReplica, Order


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a successor goes on from: `tails` of those that stay, `orders` that somebody of them misses."""

    next_seq: int
    timestamp: int
    tails: dict[int, Tail]
    orders: tuple[Order, ...]


class Recovery:
    """Of one new epoch over the replicas that live. `outcome` is there once it is known; with nobody left
    there is none."""

    def __init__(self, epoch: int, replicas: frozenset[int], now: int) -> None:
        self._epoch = epoch
        self._silent = set(replicas)  # fenced, not answered yet
        self._since = self._ticked = now  # since when nothing came of those who are waited for
        self._tails: dict[int, Tail] = {}
        self._leader = 0
        self._orders: dict[int, tuple[Order, int]] = {}  # last number → order, digest after it
        self.outcome: Recovered | None = None

    @property
    def somebody_left(self) -> bool:
        """There are replicas that may tell something, or have."""
        return bool(self._silent or self._tails)

    def start(self) -> tuple[Effect, ...]:
        """Fence everybody who has not answered yet."""
        return (Multicast(tuple(sorted(self._silent)), encode(Fence(self._epoch))),)

    def received(self, replica: int, message: FromReplica) -> tuple[Effect, ...]:
        """A replica's words; what belongs to the old epoch is not heard.

        Raises RemoteProtocolError when it breaks the protocol.
        """
        match message:
            case Tail(epoch) if epoch == self._epoch and replica in self._silent:
                self._silent.discard(replica)
                self._tails[replica] = message
                return self._compare()
            case Executed(epoch, encoded, digest) if epoch == self._epoch and replica == self._leader:
                order = decode_from_front_end(encoded)
                if not isinstance(order, Order):
                    raise RemoteProtocolError(f"R{replica} executed what is no order.")
                self._since = self._ticked
                self._orders[order.first_seq + order.count - 1] = (order, digest)
                return self._fill()
        return ()

    def lost(self, replica: int) -> tuple[Effect, ...]:
        """A replica is down: what it alone had executed is gone with it."""
        self._silent.discard(replica)
        self._tails.pop(replica, None)
        self._orders.clear()
        if not self._silent and not self._tails:
            return (ReturnUnknown(()),)
        return self._compare()

    def tick(self, now: int) -> tuple[Effect, ...]:
        """Ask again; fence off who stays silent. To be called every HEARTBEAT_NS: what it is late by (a
        machine that was suspended) is not held against them."""
        self._since += max(0, now - self._ticked - 2 * HEARTBEAT_NS)
        self._ticked = now
        waited_for = self._silent or (self._tails.keys() & {self._leader})
        if waited_for and now - self._since >= DROP_AFTER_NS:
            return _off(waited_for, "silent to the new front end")
        return self.start() if self._silent else self._ask_leader()

    def _compare(self) -> tuple[Effect, ...]:
        """Once every tail is there: who is the longest, and does somebody stand elsewhere at its number?"""
        if self._silent or not self._tails or self.outcome is not None:
            return ()
        last = max(tail.last_seq for tail in self._tails.values())
        longest = {replica: tail for replica, tail in self._tails.items() if tail.last_seq == last}
        digests = Counter(tail.digest for tail in longest.values())
        agreed = max(digests, key=lambda digest: digests[digest])  # the first of equally many
        able = {replica: tail for replica, tail in longest.items() if tail.digest == agreed}
        self._leader = min(able, key=lambda replica: (able[replica].first_seq, replica))
        self._since = self._ticked  # from now on it is the leader who is waited for
        elsewhere = longest.keys() - able.keys()
        if elsewhere:
            return _off(elsewhere, f"its state after #{last} is not that of the others")
        behind = {replica for replica, tail in self._tails.items() if not self._reaches(tail.last_seq)}
        if behind:
            return _off(behind, "it is further behind than the others can remember")
        return self._fill() or self._ask_leader()

    def _reaches(self, seq: int) -> bool:
        """Whether the leader remembers all after this number, and the digest at it."""
        leader = self._tails[self._leader]
        return leader.first_seq <= seq <= leader.last_seq or seq == leader.first_seq - 1 == 0

    def _ask_leader(self) -> tuple[Effect, ...]:
        if self.outcome is not None or not self._tails:
            return ()
        return (Multicast((self._leader,), encode(Recover(self._epoch, self._lowest()))),)

    def _lowest(self) -> int:
        return min(tail.last_seq for tail in self._tails.values())

    def _fill(self) -> tuple[Effect, ...]:
        """Once the leader has told every order from the lowest tail on: are all tails part of its own?"""
        leader, lowest = self._tails[self._leader], self._lowest()
        digests, missed, seq = {leader.last_seq: leader.digest}, [], leader.last_seq
        while seq > lowest:
            told = self._orders.get(seq)
            if told is None:
                return ()
            missed.append(told[0])
            seq = told[0].first_seq - 1
            if seq and seq not in self._orders:
                return ()
            digests[seq] = self._orders[seq][1] if seq else 0
        elsewhere = {r for r, tail in self._tails.items() if digests.get(tail.last_seq) != tail.digest}
        if elsewhere:
            return _off(elsewhere, "what it has executed is not what the longest tail says")
        orders = tuple(reversed(missed))
        self.outcome = Recovered(leader.last_seq + 1, leader.timestamp, dict(self._tails), orders)
        return ()


def _off(replicas: Iterable[int], reason: str) -> tuple[Effect, ...]:
    return tuple(FenceOff(replica, reason) for replica in sorted(replicas))
