"""A failing schedule made shorter: what can be taken away while it still fails in the same way is taken away.

Greedy delta debugging (Zeller and Hildebrandt, 2002): every candidate is run; the first that still has the
same problem is gone on from, until none is left that does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from core.simulation.run import simulate
from core.simulation.schedule import Schedule

MOST_RUNS = 400


def shrink(schedule: Schedule, problem: str, fails: Callable[[Schedule], str] | None = None) -> Schedule:
    """A schedule that is as short as possible and still comes to this problem. `fails` gives the problem
    of a schedule ("" when it holds); by default it is simulated."""
    problem_of = fails or (lambda candidate: simulate(candidate).problem)
    runs = 0
    while True:
        for candidate in _shorter(schedule):
            runs += 1
            if problem_of(candidate) == problem:
                schedule = candidate
                break
            if runs >= MOST_RUNS:
                return schedule
        else:
            return schedule


def _shorter(schedule: Schedule) -> Iterator[Schedule]:
    """Shorter schedules, the boldest first."""
    troubles = schedule.troubles
    if len(troubles) > 1:
        yield replace(schedule, troubles=())
    for index in range(len(troubles)):
        yield replace(schedule, troubles=troubles[:index] + troubles[index + 1 :])
    for requests in _fewer(schedule.requests):
        yield replace(schedule, requests=requests)
    for clients in _fewer(schedule.clients):
        yield replace(schedule, clients=clients)
    busy = max((trouble.whom for trouble in troubles), default=1)
    if schedule.replicas > busy:
        yield replace(schedule, replicas=schedule.replicas - 1)
    plain: dict[str, object] = {
        "reply": "first", "revives": False, "service": "kv", "turn_ns": 0, "jitter_ns": 0, "think_ms": 0.0,
        "heal_after_ns": 0,
    }  # fmt: skip
    for name, value in plain.items():
        if getattr(schedule, name) != value:
            yield replace(schedule, **{name: value})
    for index, trouble in enumerate(troubles):
        for easier in (
            replace(trouble, at_seq=(trouble.at_seq + 1) // 2),
            replace(trouble, after_ns=0),
            replace(trouble, for_ns=trouble.for_ns // 2),
        ):
            if easier != trouble:
                changed = (*troubles[:index], easier, *troubles[index + 1 :])
                in_order = tuple(sorted(changed, key=lambda one: one.at_seq))
                yield replace(schedule, troubles=in_order)


def _fewer(count: int) -> Iterator[int]:
    """Fewer than this and at least one, from far to near."""
    step = count // 2
    while step:
        yield count - step
        step //= 2
