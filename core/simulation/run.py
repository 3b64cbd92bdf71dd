"""One seed: the run with its troubles, the healing phase, and the verdict."""

from __future__ import annotations

import msgspec

from core.facts import RunEnded
from core.simulation.cluster import START_NS, SimulatedCluster
from core.simulation.schedule import SECOND, Schedule
from core.simulation.troubles import Troubles
from core.simulation.verdict import Verdict, settled
from core.trace.wire_log import Record

TROUBLED_FOR_NS = 6 * SECOND
"""Virtual time after which everything heals, whatever was asked for."""
SETTLES_WITHIN_NS = 20 * SECOND
"""Virtual time that the group has, once all is healed, to answer everything and be equal again."""
HISTORY_EVERY_SEEDS = {"kv": 4}
OTHER_HISTORY_EVERY_SEEDS = 16
"""How often a run is also judged by its history alone; and whenever a request ended as unknown. Only the kv
store falls into small parts: the history of any other service takes longer to search than to make."""
MOST_EVENTS = 100_000
"""A run has some hundreds."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to. `problem` is "" when everything held, otherwise as in `Verdict`, or "endless"."""

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
    cluster = SimulatedCluster(schedule)
    verdict = Verdict()
    try:
        _play(cluster, verdict)
    except Exception as error:  # a machine that raises is as wrong as one that lies
        verdict.fail("error", f"{type(error).__name__}: {error}")
    cluster.trace.tell(cluster.clock.now, RunEnded())
    if records is not None:
        records += cluster.trace.records()
    outcome = Outcome(
        seed=schedule.seed,
        problem=verdict.problem,
        sentence=verdict.sentence,
        requests=cluster.pool.sent,
        answered=cluster.answered,
        unknown=cluster.unknown,
        messages=cluster.messages,
        drops=len(cluster.drops),
        trace=cluster.trace.digest(),
        lasted_ns=cluster.clock.now - START_NS,
    )
    cluster.dissolve()
    return outcome


def _play(cluster: SimulatedCluster, verdict: Verdict) -> None:
    """Everything, until it is settled or known to be stuck."""
    clock, troubles = cluster.clock, Troubles(cluster)
    cluster.on_ordered = troubles.ordered
    cluster.start()
    cluster.run_load()
    earliest_ns = START_NS + cluster.schedule.heal_after_ns
    latest_ns = START_NS + TROUBLED_FOR_NS
    while clock.now < latest_ns and clock.entries < MOST_EVENTS:
        if cluster.done and clock.now >= earliest_ns:
            break
        clock.advance()
    troubles.heal()
    latest_ns = clock.now + SETTLES_WITHIN_NS
    while clock.now < latest_ns and clock.entries < MOST_EVENTS and not settled(cluster):
        clock.advance()
    if clock.entries >= MOST_EVENTS:
        verdict.fail("endless", f"{clock.entries:,} events, and no end.")
    every = HISTORY_EVERY_SEEDS.get(cluster.schedule.service, OTHER_HISTORY_EVERY_SEEDS)
    with_history = cluster.schedule.seed % every == 0 or cluster.unknown > 0
    verdict.judge(cluster, troubles.silencing, with_history)
