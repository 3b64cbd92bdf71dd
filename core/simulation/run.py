"""One seed: the run with its troubles, the healing phase, and the verdict."""

from __future__ import annotations

import msgspec

from core.checks.live import violation_words
from core.facts import RunEnded
from core.ids import replica_name
from core.simulation.cluster import START_NS, SimulatedCluster
from core.simulation.schedule import SECOND, Schedule
from core.simulation.troubles import Troubles
from core.trace.wire_log import Record

TROUBLED_FOR_NS = 6 * SECOND
"""Virtual time after which everything heals, whatever was asked for."""
SETTLES_WITHIN_NS = 20 * SECOND
"""Virtual time that the group has, once all is healed, to answer everything and be equal again."""
MOST_EVENTS = 100_000
"""A run has some hundreds."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to. `problem` is "" when everything held, otherwise a word for its kind ("stuck",
    "unequal", "dropped", "error", or the name of a check), and `sentence` says more."""

    seed: int
    problem: str = ""
    sentence: str = ""
    requests: int = 0
    answered: int = 0
    unknown: int = 0
    messages: int = 0
    drops: int = 0
    trace: str = ""
    lasted_ns: int = 0


def simulate(schedule: Schedule, records: list[Record] | None = None) -> Outcome:
    """Run a schedule to its end and judge it. `records`, when given, takes the wire log."""
    run = _Run(schedule, records is not None)
    try:
        run.play()
    except Exception as error:
        run.fail("error", f"{type(error).__name__}: {error}")
    cluster = run.cluster
    cluster.trace.tell(cluster.clock.now, RunEnded())
    if records is not None:
        records += cluster.trace.records or ()
    return Outcome(
        seed=schedule.seed,
        problem=run.problem,
        sentence=run.sentence,
        requests=cluster.pool.sent,
        answered=cluster.answered,
        unknown=cluster.unknown,
        messages=cluster.messages,
        drops=len(cluster.drops),
        trace=cluster.trace.digest(),
        lasted_ns=cluster.clock.now - START_NS,
    )


class _Run:
    """A cluster and its troubles, from the first request to the verdict."""

    def __init__(self, schedule: Schedule, keep: bool) -> None:
        self.cluster = SimulatedCluster(schedule, keep)
        self.troubles = Troubles(self.cluster)
        self.cluster.on_ordered = self.troubles.ordered
        self.problem = self.sentence = ""

    def fail(self, problem: str, sentence: str) -> None:
        """The first problem counts."""
        if not self.problem:
            self.problem, self.sentence = problem, sentence

    def play(self) -> None:
        """Everything, until it is settled or known to be stuck."""
        cluster, clock = self.cluster, self.cluster.clock
        cluster.start()
        earliest_ns = START_NS + cluster.schedule.heal_after_ns
        latest_ns = START_NS + TROUBLED_FOR_NS
        while clock.now < latest_ns and not (cluster.done and clock.now >= earliest_ns):
            clock.advance()
            if clock.entries > MOST_EVENTS:
                break
        self.troubles.heal()
        latest_ns = clock.now + SETTLES_WITHIN_NS
        while clock.now < latest_ns and not self._settled():
            clock.advance()
            if clock.entries > MOST_EVENTS:
                self.fail("endless", f"{clock.entries:,} events, and no end.")
                break
        self._judge()

    def _settled(self) -> bool:
        """Every client has its answer, and every member has executed and answered everything."""
        cluster = self.cluster
        if not cluster.done:
            return False
        front_end = cluster.front_end
        expected = front_end.sequencer.next_seq
        return not front_end.responses.pending and all(
            cluster.processes[replica].manager.expected == expected for replica in front_end.view.members
        )

    # --- the verdict --------------------------------------------------------------------------------------

    def _judge(self) -> None:
        self._judge_safety()
        if not self._settled():
            self.fail("stuck", self._stuck_words())
        self._judge_equality()

    def _judge_safety(self) -> None:
        for violation in self.cluster.checks.take():
            self.cluster.violated(violation)
            self.fail(violation.check, violation_words(violation))
        if problem := self.cluster.ledger.judge():
            self.fail("answers", f"{problem[0].upper()}{problem[1:]}.")
        for replica, cause, reason in self.cluster.drops:
            if cause == "protocol" or (cause == "silence" and replica not in self.troubles.silencing):
                words = f"{replica_name(replica)} was dropped, and nothing was wrong with it: {reason}"
                self.fail("dropped", words)

    def _judge_equality(self) -> None:
        cluster = self.cluster
        digests = {cluster.processes[replica].manager.digest for replica in cluster.front_end.view.members}
        hashes = {
            cluster.processes[replica].manager.service.state_hash
            for replica in cluster.front_end.view.members
        }
        if len(digests) > 1 or len(hashes) > 1:
            self.fail("unequal", "The live replicas ended in different states.")

    def _stuck_words(self) -> str:
        cluster = self.cluster
        front_end = cluster.front_end
        waiting = cluster.pool.open_requests
        standing = ", ".join(
            f"{replica_name(replica)} expects #{cluster.processes[replica].manager.expected}"
            for replica in front_end.view.members
        )
        return (
            f"{waiting} clients wait for an answer and {front_end.responses.pending} batches for a response, "
            f"at #{front_end.sequencer.next_seq}: {standing or 'no replica is left'}."
        )
