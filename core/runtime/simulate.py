"""Seeds on every processor, and a failing one as a recording."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from core.errors import RecordingError
from core.runtime.places import recordings_folder
from core.runtime.simulate_command import FindPlants
from core.simulation.campaign import Tally, run_seeds
from core.simulation.recording import record
from core.simulation.schedule import Schedule, draw
from core.simulation.shrink import shrink

A = TypeVar("A")
B = TypeVar("B")

RANGE_SEEDS = 100
"""Seeds that a processor runs between two reports."""


@dataclass(frozen=True, slots=True)
class Caught:
    """A planted bug, and after how many seeds it was caught, as which problem; None when it was not."""

    name: str
    words: str
    seeds: int
    problem: str | None
    sentence: str

    def as_json(self) -> dict[str, object]:
        """For a machine."""
        return asdict(self)


def run_campaign(seeds: int, start: int, told: Callable[[Tally], None] = lambda tally: None) -> Tally:
    """Run these seeds on every processor. `told` is called with the tally as it grows."""
    tally = Tally()
    firsts = range(start, start + seeds, RANGE_SEEDS)
    ranges = [range(first, min(first + RANGE_SEEDS, start + seeds)) for first in firsts]
    for outcomes in _on_every_processor(run_seeds, ranges):
        for outcome in outcomes:
            tally.add(outcome)
        told(tally)
    return tally


def keep(tally: Tally, path: Path | None, alone: int | None) -> tuple[Schedule, Path] | None:
    """The first failing seed, shrunk, as a recording; a seed that ran alone also when it holds, if a path is
    given. Raises RecordingError."""
    if tally.failures:
        failure = tally.failures[0]
        schedule = shrink(draw(failure.seed), failure.problem)
        where = path or recordings_folder() / f"simulated-seed-{failure.seed}.lockstep"
    elif path is not None and alone is not None:
        schedule, where = draw(alone), path
    else:
        return None
    try:
        where.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(f"{where.parent} cannot be made ({error.strerror}).") from error
    record(schedule, where)
    return schedule, where


def catch_plants(
    find_plants: FindPlants,
    names: Sequence[str],
    seeds: int,
    start: int,
    told: Callable[[Caught], None] = lambda one: None,
) -> list[Caught]:
    """For each of these planted bugs the first seed that catches it, among so many."""
    caught = []
    for one in _on_every_processor(partial(_catch, find_plants, seeds, start), names):
        caught.append(one)
        told(one)
    return caught


def _catch(find_plants: FindPlants, seeds: int, start: int, name: str) -> Caught:
    plants = find_plants()
    with plants.planted(name):
        outcomes = run_seeds(range(start, start + seeds), only_first_failure=True)
    last = outcomes[-1]
    return Caught(name, plants.words(name), len(outcomes), last.problem or None, last.sentence)


def _on_every_processor(task: Callable[[A], B], over: Sequence[A]) -> Iterator[B]:
    """`map`, over as many processes as are worth it; a single task is done here."""
    can_use = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(len(over), can_use)
    if workers <= 1:
        yield from map(task, over)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(task, over)
