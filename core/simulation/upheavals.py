"""What the simulated shell does when the group changes: replicas go down, come back, come and leave in peace,
and the front end dies. The counterpart of `core.runtime.failures` and `core.runtime.revival`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import effects, facts
from core.group.front_end import FrontEnd
from core.group.sequencer import Requests
from core.limits import MAX_REPLICAS
from core.policies import FIRST
from core.protocol.codec import decode_from_front_end
from core.protocol.messages import Order, pack_u32, pack_u64, unpack_u32
from core.trace.wire_log import Tap

if TYPE_CHECKING:
    from core.simulation.cluster import SimulatedCluster

STARTS_IN_NS = 5_000_000
"""How long a new process takes until it passes the handshake."""
ATTEMPTS = 10
"""How often one replica is started again in a run."""
CLOCK_BACK_NS = 5_000_000_000
"""By so much the clock of each front end is behind that of the one before."""


class Upheavals:
    """Performs the rarer effects of the front end, and outlives it."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._cluster = cluster
        self._attempts: dict[int, int] = {}
        self._between_epochs = False
        self.removed: set[int] = set()
        self.starting: set[int] = set()
        """Replicas whose new process is on its way."""
        self.answers_lost = 0
        self._given: dict[int, int] = {}  # replica → the number of the state that its process was given
        self.problems: list[tuple[str, str]] = []
        """(kind, sentence) of what should never be."""

    def perform(self, effect: effects.Effect) -> None:
        """Do what a step of the front end asks for, but for orders and answers."""
        cluster = self._cluster
        now, tell = cluster.clock.now, cluster.trace.tell
        match effect:
            case effects.ReturnUnknown(requests):
                self.nobody_left(cluster.take_waiting(), requests)
            case effects.Suspect(replica, silent_ns):
                tell(now, facts.Suspected(replica, silent_ns))
            case effects.Trust(replica):
                tell(now, facts.Trusted(replica))
            case effects.Fence(replica, reason) | effects.Close(replica, reason):
                cause = "forgotten" if self._nobody_remembers(replica, reason) else _cause(reason)
                cluster.down(replica, cause, reason)
            case effects.Ordered(replicas, payload, members):
                order = decode_from_front_end(payload)
                assert isinstance(order, Order)
                cluster.multicast(replicas, payload)
                cluster.number(order, members)
            case effects.CatchingUp(replica, donor, seq, offset, length):
                self._given[replica] = seq
                tell(now, facts.SnapshotSent(replica, donor, seq, offset, length))
            case effects.NewMember(replica, incarnation, seq):
                cluster.checks.joined(replica)
                tell(now, facts.Joined(replica, incarnation, 0, seq + 1))
                cluster.order()
            case effects.RefusedDonor(replica, donor, reason):
                tell(now, facts.DonorRefused(replica, donor, reason))
                self.problems.append(("donor", f"The state of R{donor} was refused by R{replica}: {reason}."))
            case effects.Outvoted(seq, replica):
                self.problems.append(("outvoted", f"R{replica} was outvoted at #{seq}."))
            case effects.EpochReady(epoch, next_seq):
                self._recovered(epoch, next_seq)
            case _:
                pass  # Differ, Undecided: the live checks name what differs

    def _nobody_remembers(self, replica: int, reason: str) -> bool:
        """Whether this replica was far behind, and whoever is left was given a state from beyond: nobody
        alive has executed what it misses next, so nobody can tell it."""
        if not reason.startswith("it is further behind"):
            return False
        missing = self._cluster.processes[replica].manager.expected
        ahead = [one.replica for one in self._cluster.links.values() if one.manager.expected > missing]
        return all(self._given.get(other, 0) >= missing for other in ahead)

    # --- replicas -----------------------------------------------------------------------------------------

    def went_down(self, replica: int) -> None:
        """By the failure policy it comes back."""
        self._given.pop(replica, None)
        if self._cluster.schedule.revives and replica not in self.removed:
            self.start(replica)

    def start(self, replica: int) -> None:
        """A new process for this replica is on its way."""
        attempts = self._attempts[replica] = self._attempts.get(replica, 0) + 1
        if attempts > ATTEMPTS or replica in self.starting:
            return
        self.starting.add(replica)
        self._cluster.clock.at(self._cluster.clock.now + STARTS_IN_NS, self._started, replica)

    def _started(self, replica: int) -> None:
        cluster = self._cluster
        if cluster.front_end.recovering:
            cluster.clock.at(cluster.clock.now + STARTS_IN_NS, self._started, replica)
            return
        self.starting.discard(replica)
        if replica in cluster.links or not cluster.front_end.view.members:
            return
        process = cluster.spawn(replica)
        now = cluster.clock.now
        for effect in cluster.front_end.welcome(replica, process.incarnation, now, cluster.checks.diverged):
            cluster.perform(effect)

    def add(self) -> None:
        """One replica more, if there can be one more."""
        known = self._cluster.processes
        free = [replica for replica in range(1, MAX_REPLICAS + 1) if replica not in known]
        if free:
            self.start(free[0])

    def remove(self, replica: int) -> None:
        """This replica leaves in peace, if it is a member and not the last one."""
        cluster = self._cluster
        members = cluster.front_end.view.members
        if replica not in members or len(members) < 2:
            return
        self.removed.add(replica)
        cluster.departed += 1
        process = cluster.links.pop(replica)
        cluster.checks.lost(replica)
        for effect in cluster.front_end.leave(replica, cluster.clock.now):
            cluster.perform(effect)
        process.kill()
        cluster.order()

    def promise_nothing(self) -> None:
        """Somebody lowers the reply policy, so that nobody waits for replicas that never come."""
        if self._cluster.front_end.responses.policy.fewest > 1:
            for effect in self._cluster.front_end.set_policy(FIRST):
                self._cluster.perform(effect)
            self._cluster.order()

    def nobody_left(self, waiting: Requests, ordered: tuple[tuple[int, int, int], ...]) -> None:
        """No replica is left: what was ordered may or may not have been executed; nobody will ever say."""
        cluster = self._cluster
        if self._between_epochs:
            self._between_epochs, waiting = False, cluster.pool.repeated()
        never_ordered = zip(waiting.ids[::2], waiting.ids[1::2], (0,) * len(waiting), strict=True)
        requests = (*ordered, *never_ordered)
        cluster.unknown += len(requests)
        ids = self._tell_unknown(requests)
        cluster.checks.unknown(requests)
        cluster.ledger.unknown(unpack_u32(ids))
        cluster.pool.unknown(requests)

    def _tell_unknown(self, requests: tuple[tuple[int, int, int], ...]) -> bytes:
        ids = pack_u32([part for client, number, _ in requests for part in (client, number)])
        seqs = pack_u64([seq for _, _, seq in requests])
        if not requests:
            return ids
        fact = facts.Returned(0, ids, seqs, b"\x02" * len(requests))
        self._cluster.trace.tell(self._cluster.clock.now, fact, Tap.RETURN_DELIVERED)
        return ids

    # --- the front end dies -------------------------------------------------------------------------------

    def crash_front_end(self) -> None:
        """The front end dies with all that it knew. A successor, whose clock is behind, takes over the same
        processes; what is under way stays under way."""
        cluster, old = self._cluster, self._cluster.front_end
        if not cluster.links:
            return
        now = cluster.clock.now
        cluster.trace.tell(now, facts.FrontEndCrashed(old.sequencer.epoch))
        cluster.take_waiting()
        if not old.recovering:
            requests = cluster.pool.repeated()
            pairs = zip(requests.ids[::2], requests.ids[1::2], strict=True)
            self._tell_unknown(tuple((client, number, 0) for client, number in pairs))
        for newcomer in [replica for replica in cluster.links if replica in old.transfer.newcomers]:
            cluster.down(newcomer, "exit", "its catching up ended with the front end")
        self._between_epochs = True
        epoch = old.sequencer.epoch + 1
        schedule = cluster.schedule
        wall_ns = cluster.wall_ns - CLOCK_BACK_NS * old.sequencer.epoch
        cluster.front_end = FrontEnd(epoch, wall_ns, cluster.policy, schedule.window, schedule.lag)
        incarnations = {replica: process.incarnation for replica, process in cluster.links.items()}
        for effect in cluster.front_end.recover(incarnations, now):
            cluster.perform(effect)

    def _recovered(self, epoch: int, next_seq: int) -> None:
        """The successor knows where the group is."""
        cluster, checks = self._cluster, self._cluster.checks
        self._between_epochs = False
        for seq, request in checks.recovered(next_seq):
            self.answers_lost += 1
            cluster.trace.tell(cluster.clock.now, facts.AnswerLost(seq, request.client, request.number))
            if not cluster.ledger.may_be_lost(request, cluster.gone):
                words = f"The answer to {request} (#{seq}) was lost, against the reply policy's promise."
                self.problems.append(("lost", words))
        cluster.ledger.resumed(next_seq)
        cluster.trace.tell(cluster.clock.now, facts.EpochStarted(epoch, next_seq, "a front end that died"))
        if checks.ahead_of(next_seq):
            stands_there = (
                process.manager for process in cluster.processes.values()
                if process.alive and process.manager.expected == next_seq
            )  # fmt: skip
            manager = next(stands_there, None)
            if manager is None:
                checks.give_up()
            else:
                checks.go_back(next_seq, manager.image())
        cluster.take_waiting()
        cluster.issue(cluster.pool.repeated())


def _cause(reason: str) -> str:
    """Whether a replica was fenced for its silence, for want of a donor, or for what it said."""
    if reason.startswith(("silent", "it did not catch up")):
        return "silence"
    return "exit" if reason.startswith("there is no replica left") else "protocol"
