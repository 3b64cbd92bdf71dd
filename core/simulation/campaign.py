"""Many seeds: run, counted, and what failed kept. Ranges of seeds can be run anywhere and added up."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
from xxhash import xxh3_64_hexdigest

from core.simulation.run import Outcome, simulate
from core.simulation.schedule import draw

KEPT_FAILURES = 20


@dataclass(slots=True)
class Tally:
    """What a range of seeds came to."""

    seeds: int = 0
    requests: int = 0
    answered: int = 0
    unknown: int = 0
    messages: int = 0
    drops: int = 0
    stuck: int = 0
    violations: int = 0
    virtual_ns: int = 0
    failures: list[Outcome] = field(default_factory=list)
    """The first KEPT_FAILURES runs that did not hold."""
    trace: str = ""
    """A hash of the traces of all seeds, in their order."""

    def add(self, outcome: Outcome) -> None:
        """Count one more run: the next seed."""
        self.seeds += 1
        self.requests += outcome.requests
        self.answered += outcome.answered
        self.unknown += outcome.unknown
        self.messages += outcome.messages
        self.drops += outcome.drops
        self.virtual_ns += outcome.lasted_ns
        self.stuck += outcome.problem == "stuck"
        self.violations += outcome.problem not in ("", "stuck")
        if outcome.problem and len(self.failures) < KEPT_FAILURES:
            self.failures.append(outcome)
        self.trace = xxh3_64_hexdigest((self.trace + outcome.trace).encode())


def run_seeds(seeds: Iterable[int], only_first_failure: bool = False) -> list[Outcome]:
    """One run for each seed, in this order; to the first failure when that is all that is asked for."""
    outcomes = []
    was_enabled = gc.isenabled()
    gc.disable()  # collections in the middle of a run cost more than the run itself
    try:
        for seed in seeds:
            outcomes.append(simulate(draw(seed)))
            if only_first_failure and outcomes[-1].problem:
                break
            gc.collect(1)  # the few cycles of this run, while they are in the processor's cache
    finally:
        if was_enabled:
            gc.enable()
    return outcomes


def report(tally: Tally) -> dict[str, object]:
    """The tally for a machine."""
    return {
        "seeds": tally.seeds,
        "requests": tally.requests,
        "answered": tally.answered,
        "unknown": tally.unknown,
        "messages": tally.messages,
        "drops": tally.drops,
        "violations": tally.violations,
        "stuck": tally.stuck,
        "virtual_seconds": tally.virtual_ns / 1e9,
        "trace": tally.trace,
        "failures": [msgspec.to_builtins(failure) for failure in tally.failures],
    }
