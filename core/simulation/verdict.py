"""The verdict on a simulated run that should have come to rest: was it right, and did it get there?"""

from __future__ import annotations

from collections.abc import Collection

from core.checks.judge import Judge
from core.checks.live import violation_words
from core.ids import replica_name
from core.limits import HEARTBEAT_NS, SUSPECT_AFTER_NS
from core.simulation.cluster import SimulatedCluster
from core.simulation.schedule import Kind
from core.simulation.shared import history_model

PATIENCE_NS = 3 * HEARTBEAT_NS
"""How long clients may be held up while all is well or put right."""
SUSPECTED_NS = SUSPECT_AFTER_NS + 2 * HEARTBEAT_NS
"""How long a silent replica may hold them up besides."""


class Verdict:
    """The first thing that was wrong with a run. `problem` is a word for its kind: "stuck", "unequal",
    "dropped", "answers", "linearizability", "slow", "error", or the name of a live check; "" when all is
    well."""

    def __init__(self) -> None:
        self.problem = ""
        self.sentence = ""

    def fail(self, problem: str, sentence: str) -> None:
        """Something is wrong; the first that is counts."""
        if not self.problem:
            self.problem, self.sentence = problem, sentence

    def judge(self, cluster: SimulatedCluster, silenced: Collection[int], with_history: bool) -> None:
        """Judge all of it. `silenced`: replicas that may have been given up for their silence.
        `with_history`: also by the check that sees calls and returns alone, which has to search."""
        self.judge_safety(cluster, silenced)
        if with_history:
            self._judge_history(cluster)
        self._judge_patience(cluster)
        if not settled(cluster):
            self.fail("stuck", _stuck_words(cluster))
        self._judge_equality(cluster)

    def judge_safety(self, cluster: SimulatedCluster, silenced: Collection[int]) -> None:
        """What may never happen, however far the run has come."""
        for violation in cluster.checks.take():
            cluster.violated(violation)
            self.fail(violation.check, violation_words(violation))
        if problem := cluster.ledger.judge():
            self.fail("answers", f"{problem[0].upper()}{problem[1:]}.")
        for kind, sentence in cluster.upheavals.problems:
            self.fail(kind, sentence)
        for replica, cause, reason in cluster.drops:
            if cause == "protocol" or (cause == "silence" and replica not in silenced):
                words = f"{replica_name(replica)} was dropped, and nothing was wrong with it: {reason}"
                self.fail("dropped", words)

    def _judge_history(self, cluster: SimulatedCluster) -> None:
        model = history_model(cluster.schedule.service)
        if model is None or cluster.upheavals.answers_lost:
            return
        for conflict in Judge(model).judge(cluster.ledger.calls(), claimed=cluster.ledger.numbers()):
            requests = ", ".join(str(call.request) for call in conflict.calls)
            self.fail("linearizability", f"No order explains the answers to {requests} ({conflict.part}).")

    def _judge_patience(self, cluster: SimulatedCluster) -> None:
        """Where the first answer counts and a replica is always well, the others hold nobody up for longer
        than it takes to suspect them."""
        schedule, longest_ns = cluster.schedule, PATIENCE_NS
        well = set(range(1, schedule.replicas + 1))
        for trouble in schedule.troubles:
            if trouble.kind in (Kind.SUCCESSION, Kind.SLEEP):
                return
            if trouble.kind is Kind.VANISH:
                longest_ns += SUSPECTED_NS
            elif trouble.kind is Kind.PAUSE:
                longest_ns += min(trouble.for_ns, SUSPECTED_NS)
            elif trouble.faults.loss or trouble.faults.cut:
                # it may be heard now and then, and be behind until a second sign of life tells what was lost
                longest_ns += trouble.for_ns + 2 * HEARTBEAT_NS
            if trouble.kind is not Kind.LEAVE:
                well.discard(trouble.whom)
        waited_ns = cluster.ledger.longest_wait_ns()
        if schedule.reply == "first" and well and waited_ns > longest_ns:
            self.fail("slow", f"A client waited {waited_ns / 1e9:.1f} s, though one replica was always well.")

    def _judge_equality(self, cluster: SimulatedCluster) -> None:
        managers = [cluster.processes[replica].manager for replica in cluster.front_end.view.members]
        states = {(manager.digest, manager.service.state_hash) for manager in managers}
        if len(states) > 1:
            self.fail("unequal", "The live replicas ended in different states.")


def settled(cluster: SimulatedCluster) -> bool:
    """Every client has its answer, and every member has executed and answered everything."""
    front_end = cluster.front_end
    if not cluster.done or (front_end.recovering and front_end.somebody_left):
        return False
    if front_end.view.members and (cluster.upheavals.starting or front_end.transfer.newcomers):
        return False
    expected = front_end.sequencer.next_seq
    return not front_end.responses.pending and all(
        cluster.processes[replica].manager.expected == expected for replica in front_end.view.members
    )


def _stuck_words(cluster: SimulatedCluster) -> str:
    front_end = cluster.front_end
    standing = ", ".join(
        f"{replica_name(replica)} expects #{cluster.processes[replica].manager.expected}"
        for replica in front_end.view.members
    )
    return (
        f"{cluster.pool.open_requests} clients wait for an answer and {front_end.responses.pending} batches "
        f"for a response, at #{front_end.sequencer.next_seq}: {standing or 'no replica is left'}."
    )
