"""The live checks: five properties of every single request, judged while the cluster runs.

digest         every replica's digest equals the reference machine's at every sequence number
real_time      no request returned before an earlier-numbered one was called (linearizability's real-time
               order; Herlihy and Wing 1990): walking in sequence order, the running maximum of call times
               never exceeds a later request's return time
reply          every replica's answer equals the reference machine's
at_most_once   a request ordered twice is executed once
fifo           each client's requests are ordered as it sent them

All are cheap because the log is a witness: it holds the order, so nothing has to be searched. A violation is
kept with its number and both sides.
"""

from __future__ import annotations

import sys
from collections import deque
from itertools import count

import msgspec

from core.checks.reference import ReferenceMachine
from core.facts import CheckCount, Violated
from core.ids import RequestId
from core.protocol.codec import decode_body
from core.protocol.handing_over import Image
from core.protocol.messages import FRONT_END, Order, Result, pack_u32, unpack_u32, unpack_u64
from core.services.calls import anything_words, outcome_words
from core.services.machine import Service

_FRONT_END = pack_u32((FRONT_END,))
NAMES = ("digest", "real_time", "reply", "at_most_once", "fifo")
KEPT_VIOLATIONS = 1_000
KEPT_MARKS = 8_192
"""Batches that the reference could go back."""


class _Batch(msgspec.Struct):
    """An ordered batch whose responses are still being compared."""

    count: int
    body: bytes
    waiting: int  # bit mask of the replicas that have not responded
    confirmed: bool = False


class LiveChecks:
    """Fed with what is ordered, responded and returned; `take` gives the violations found since."""

    def __init__(self, service: Service) -> None:
        self._reference = ReferenceMachine(service)
        self._batches: dict[int, _Batch] = {}
        self._marks: deque[tuple[int, tuple[int, int]]] = deque(maxlen=KEPT_MARKS)
        self._returns: dict[int, tuple[int, int, int]] = {}  # first seq → (count, latest call, return)
        self._next_return = 1
        self._unanswered: set[int] = set()  # numbers executed when a front end died, which answered nobody
        self._latest_call = 0
        self._failed = False  # the reference machine's service raised: there is nothing to compare with
        self._ordered = 0
        self._compared = 0
        self._violations = dict.fromkeys(NAMES, 0)
        self._found: list[Violated] = []
        self.diverged: set[int] = set()
        """Replicas whose digest left the reference's: from there on every digest differs."""

    def ordered(self, order: Order, replicas: int) -> None:
        """The front end ordered this batch for these replicas (a bit mask: bit r for Rr)."""
        reference = self._reference
        if self._failed:
            self._batches.pop(order.first_seq, None)  # what had this number died with a front end
            return
        self._marks.append((order.first_seq, reference.mark()))
        try:
            body = reference.execute(order)
        except Exception as error:  # a bug in the service: here it must not take the front end down with it
            self._failed = True
            text = f"the service failed: {type(error).__name__}: {error}"
            self._violate("reply", order.first_seq, 0, "an answer to every request of the batch", text)
            return
        self._batches[order.first_seq] = _Batch(order.count, body, replicas)
        self._ordered += order.count
        if order.requests[:4] == _FRONT_END:  # a change of the view: nobody waits for its answer
            self._returns[order.first_seq] = (order.count, 0, sys.maxsize)
            self._walk()
        if reference.out_of_turn:
            for seq, client, number in reference.out_of_turn:
                text = (
                    f"{RequestId(client, number)} was ordered as #{seq}, before an earlier one of its client"
                )
                self._violate("fifo", seq, 0, "requests in the order of the client", text)
            reference.out_of_turn.clear()

    def responded(self, replica: int, result: Result) -> None:
        """A replica responded to a batch."""
        batch = self._batches.get(result.first_seq)
        if batch is None or not batch.waiting >> replica & 1:
            return
        batch.waiting &= ~(1 << replica)
        self._compared += batch.count
        if batch.body != result.body:
            self._compare(replica, result.first_seq, batch.body, result.body)
        elif not batch.confirmed:  # the front end keeps the first one, too: it lies in memory once
            batch.body, batch.confirmed = result.body, True
        if not batch.waiting:
            self._forget(result.first_seq, batch)

    def alive(self, replica: int, expected: int, digest: int) -> None:
        """A replica gave a sign of life. When it stands where the reference does, their digests are compared:
        so a replica that differs is found even when nobody asks anything."""
        reference = self._reference
        if expected != reference.expected or digest == reference.digest or replica in self.diverged:
            return
        if not self._failed:
            self.diverged.add(replica)
            ours, theirs = f"digest {reference.digest:016x}", f"digest {digest:016x}"
            self._violate("digest", expected - 1, replica, ours, theirs)

    def lost(self, replica: int) -> None:
        """A replica is down: its outstanding responses will not come."""
        for first_seq, batch in list(self._batches.items()):
            batch.waiting &= ~(1 << replica)
            if not batch.waiting:
                self._forget(first_seq, batch)

    def returned(self, first_seq: int, count: int, latest_call_ns: int, return_ns: int) -> None:
        """The requests `first_seq …` returned together; the latest of them was called at `latest_call_ns`."""
        self._returns[first_seq] = (count, latest_call_ns, return_ns)
        self._walk()

    def _walk(self) -> None:
        """Judge the returns that follow the last one judged without a gap."""
        while (known := self._returns.pop(self._next_return, None)) is not None:
            count, latest_call_ns, return_ns = known
            if latest_call_ns > self._latest_call:
                self._latest_call = latest_call_ns
            if self._latest_call > return_ns:
                self._violate(
                    "real_time",
                    self._next_return,
                    0,
                    "no return before an earlier-numbered request was called",
                    f"#{self._next_return} returned {self._latest_call - return_ns:,} ns before that",
                )
            self._next_return += count

    def unknown(self, requests: tuple[tuple[int, int, int], ...]) -> None:
        """These (client, number, seq) ended without an answer: they return at infinity."""
        for client, number, seq in requests:
            self._reference.gave_up(client, number)
            if seq:
                self._returns[seq] = (1, 0, sys.maxsize)

    # --- replicas that come back, and front ends that die ---

    def joined(self, replica: int) -> None:
        """A new incarnation of this replica joined with the group's state."""
        self.diverged.discard(replica)

    def recovered(self, next_seq: int) -> tuple[tuple[int, RequestId], ...]:
        """A new front end goes on at this number: what was ordered from there on is gone. Gives the requests
        that clients had been answered nevertheless, with their numbers: they are lost.

        When `ahead_of` this number, the reference has to go back (`go_back`) before it is shown more.
        """
        lost: list[tuple[int, RequestId]] = []
        for first_seq, batch in sorted(self._batches.items()):
            if first_seq >= next_seq:
                returned = first_seq < self._next_return or first_seq in self._returns
                if returned and self._returns.get(first_seq, (0, 0, 0))[2] != sys.maxsize:
                    ids = unpack_u32(decode_body(batch.body).requests)
                    names = map(RequestId, ids[::2], ids[1::2])
                    numbered = enumerate(names, first_seq)
                    lost += [one for one in numbered if one[1].client and one[0] not in self._unanswered]
        for _, name in lost:
            self._reference.gave_up(name.client, name.number)
        for seq in [seq for seq in self._returns if seq >= next_seq]:
            del self._returns[seq]
        self._unanswered = {seq for seq in self._unanswered if seq < next_seq}
        seq = self._next_return
        while seq < next_seq:  # what was executed and not answered returns under another number, if at all
            if seq not in self._returns:
                self._returns[seq] = (1, 0, sys.maxsize)
                self._unanswered.add(seq)
            seq += self._returns[seq][0]
        self._walk()
        self._next_return = min(self._next_return, next_seq)
        return tuple(lost)

    def give_up(self) -> None:
        """There is no reference any more to compare with."""
        self._failed = True

    def ahead_of(self, next_seq: int) -> bool:
        """The reference has executed what is gone."""
        return self._reference.expected > next_seq and not self._failed

    def go_back(self, next_seq: int, image: Image) -> None:
        """Let the reference go back to the number before this one. `image` is a replica's state there; it
        has to be what the reference itself was at that number."""
        mark = dict(self._marks).get(next_seq)
        undone: dict[int, int] = {}
        for first_seq in sorted(seq for seq in self._batches if seq >= next_seq):
            ids = unpack_u32(decode_body(self._batches.pop(first_seq).body).requests)
            for seq, client, number in zip(count(first_seq), ids[::2], ids[1::2], strict=False):
                if seq not in self._reference.repeated:  # it was executed before, and stays so
                    undone.setdefault(client, number)
        wrong = self._reference.become(next_seq, image, mark, undone) if mark else "it is too long ago"
        if wrong:
            self._failed = True  # there is nothing to compare with any more
            self._violate("digest", next_seq - 1, 0, "the state that the reference had there", wrong)
        while self._marks and self._marks[-1][0] >= next_seq:
            self._marks.pop()

    def counts(self) -> tuple[CheckCount, ...]:
        """How much each check has looked at, and how often it failed."""
        compared = self._compared  # one comparison of bytes judges digests, replies and at-most-once together
        checked = (compared, self._next_return - 1, compared, compared, self._ordered)
        return tuple(map(CheckCount, NAMES, checked, self._violations.values()))

    @property
    def violations(self) -> int:
        """How often any check failed."""
        return sum(self._violations.values())

    def take(self) -> list[Violated]:
        """The violations found since the last call (at most KEPT_VIOLATIONS)."""
        found, self._found = self._found, []
        return found

    def accuse(self, name: str, seq: int, replica: int, expected: str, found: str) -> None:
        """Somebody else saw a rule violated that these checks do not look at."""
        self._violations.setdefault(name, 0)
        self._violate(name, seq, replica, expected, found)

    def _compare(self, replica: int, first_seq: int, expected: bytes, found: bytes) -> None:
        """The bytes differ: find the first number at which they do, and what differs there."""
        ours, theirs = decode_body(expected), decode_body(found)
        for offset, (right, wrong) in enumerate(zip(ours.outcomes, theirs.outcomes, strict=False)):
            if right != wrong:
                seq = first_seq + offset
                name = "at_most_once" if seq in self._reference.repeated else "reply"
                self._violate(name, seq, replica, outcome_words(right), anything_words(wrong))
        if replica in self.diverged:
            return
        digests = zip(unpack_u64(ours.digests), unpack_u64(theirs.digests), strict=False)
        for seq, (shown, shows) in enumerate(digests, first_seq):
            if shown != shows:
                self.diverged.add(replica)
                name = "at_most_once" if seq in self._reference.repeated else "digest"
                self._violate(name, seq, replica, f"digest {shown:016x}", f"digest {shows:016x}")
                return

    def _forget(self, first_seq: int, batch: _Batch) -> None:
        del self._batches[first_seq]
        if self._reference.repeated:
            self._reference.repeated.difference_update(range(first_seq, first_seq + batch.count))

    def _violate(self, name: str, seq: int, replica: int, expected: str, found: str) -> None:
        self._violations[name] += 1
        if len(self._found) < KEPT_VIOLATIONS:
            self._found.append(Violated(name, seq, replica, expected, found))


def violation_words(violation: Violated) -> str:
    """A violation in a sentence, with its number and both sides."""
    who = f" by R{violation.replica}" if violation.replica else ""
    name = violation.check.replace("_", " ")
    return (
        f"{name} violated at #{violation.seq}{who}: expected {violation.expected}, found {violation.found}."
    )
