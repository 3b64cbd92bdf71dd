"""The simulator: every seed holds, a seed is always the same run, a planted bug is caught and made small."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.facts import Violated
from core.model.fold import Fold
from core.runtime.simulate_command import campaign
from core.session.reader import read
from core.simulation.campaign import Tally, run_seeds
from core.simulation.recording import record
from core.simulation.run import simulate
from core.simulation.schedule import Kind, Schedule, draw
from core.simulation.shrink import shrink
from core.trace.wire_log import Record, Tap, decode_fact
from tests.simulation import plants

ROOT = Path(__file__).resolve().parents[2]
SEEDS = range(1, 201)


def test_every_seed_holds() -> None:
    tally = Tally()
    for outcome in run_seeds(SEEDS):
        tally.add(outcome)
    assert tally.failures == []
    assert tally.requests >= 60 * len(SEEDS), "a run has to be worth its time"
    assert tally.drops > 0, "somebody has to crash now and then"


def test_every_kind_of_trouble_is_drawn() -> None:
    drawn = {trouble.kind for seed in range(500) for trouble in draw(seed).troubles}
    assert drawn == set(Kind)
    faults = [trouble.faults for seed in range(500) for trouble in draw(seed).troubles]
    assert all(
        any(getattr(fault, name) for fault in faults)
        for name in ("loss", "duplicate", "delay_ns", "jitter_ns", "reorder", "cut")
    )


def test_the_same_seed_is_the_same_run_whatever_the_hash_seed() -> None:
    program = """
import sys
from core.simulation.campaign import run_seeds
sys.stdout.write(" ".join(outcome.trace for outcome in run_seeds(range(1, 41))))
"""

    def traces(hash_seed: str) -> list[str]:
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True,
            check=True, timeout=60,
        )  # fmt: skip
        return done.stdout.split()

    first = traces("1")
    assert len(set(first)) == 40, "different seeds are different runs"
    assert traces("2") == first


def test_a_run_that_is_kept_is_the_run_that_is_not() -> None:
    records: list[Record] = []
    assert simulate(draw(3), records) == simulate(draw(3))
    taps = {Tap(record.tap) for record in records}
    assert taps >= {Tap.FACT, Tap.TO_PASSED, Tap.FROM_PASSED, Tap.CALL_DELIVERED, Tap.RETURN_DELIVERED}
    assert [record.time_ns for record in records] == sorted(record.time_ns for record in records)


def failing(name: str, problem: str) -> Schedule:
    """The first schedule that comes to this problem while the bug is planted."""
    for outcome in run_seeds(range(1, 200)):
        if outcome.problem == problem:
            return draw(outcome.seed)
    raise AssertionError(f"{name} was not caught as {problem}")


def test_a_failing_seed_shrinks_to_a_recording_that_opens_in_the_app(tmp_path: Path) -> None:
    with plants.planted("no-hold-back"):
        schedule = failing("no-hold-back", "digest")
        small = shrink(schedule, "digest")
        outcome = record(small, tmp_path / "small.lockstep")
    assert outcome.problem == "digest"
    assert small.requests <= schedule.requests // 2
    assert len(small.troubles) <= 1
    recording = read(tmp_path / "small.lockstep")
    assert recording.note == ""
    assert recording.header.seed == schedule.seed
    assert "digest" in recording.header.title
    records = list(recording.records())
    violations = [fact for fact in facts(records) if isinstance(fact, Violated)]
    assert "digest" in {violation.check for violation in violations}
    fold = Fold(repr)
    fold.apply(records)
    view = fold.view(records[-1].time_ns)
    assert [card.replica for card in view.replicas] == list(range(1, small.replicas + 1))
    assert len(view.clients) == small.clients


def facts(records: list[Record]) -> list[object]:
    return [decode_fact(record.body) for record in records if record.tap == Tap.FACT]


def test_a_schedule_that_holds_when_it_is_shortened_stays_as_it_is() -> None:
    schedule = draw(5)
    assert shrink(schedule, "stuck", lambda candidate: "") is schedule


def test_shrinking_ends_although_everything_fails() -> None:
    small = shrink(draw(6), "stuck", lambda candidate: "stuck")
    assert (small.requests, small.clients, small.replicas, small.troubles) == (1, 1, 1, ())


@pytest.mark.parametrize("name", plants.names())
def test_a_planted_bug_is_caught(name: str) -> None:
    outcomes = []
    with plants.planted(name):
        outcomes = run_seeds(range(1, 5_001), only_first_failure=True)
    assert outcomes[-1].problem, f"{plants.words(name)}: not caught by {len(outcomes)} seeds"


def test_a_plant_leaves_nothing_behind() -> None:
    for name in plants.names():
        with plants.planted(name):
            pass
    assert [outcome.problem for outcome in run_seeds(range(1, 11))] == [""] * 10


def test_there_are_enough_planted_bugs() -> None:
    assert len(plants.names()) >= 25


def test_the_command_prints_the_same_trace_on_one_processor_and_on_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert campaign(120, 1, None, as_json=True) == 0  # two ranges: spread over processes
    told = json.loads(capsys.readouterr().out)
    tally = Tally()
    for outcome in run_seeds(range(1, 121)):
        tally.add(outcome)
    assert told["trace"] == tally.trace
    assert (told["seeds"], told["violations"], told["stuck"]) == (120, 0, 0)
