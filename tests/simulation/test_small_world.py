"""Every order of events of a small world is valid; with a bug planted, not every one is."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import pytest

from core.simulation.small_world import Explored, SmallWorld, explore
from core.simulation.state import state_digest
from tests.simulation import plants


def search(replicas: int, clients: int, requests: int, crashes: int) -> Explored:
    return explore(lambda: SmallWorld(replicas, clients, requests, crashes))


def test_two_requests_and_a_crash_in_every_order() -> None:
    explored = search(replicas=2, clients=2, requests=2, crashes=1)
    assert (explored.problem, explored.sentence) == ("", "")
    assert explored.schedules == 42_640, "some order is missing, or some is new: find out which"
    assert explored.states < 2_000


def test_one_request_can_be_counted_by_hand() -> None:
    """Order to R1 then its result, order to R2 then its result: two chains of two events make 4!/(2!·2!)."""
    explored = search(replicas=2, clients=1, requests=1, crashes=0)
    assert (explored.schedules, explored.longest) == (6, 4)


@pytest.mark.parametrize(
    ("name", "world"),
    [
        ("no-hold-back", (2, 2, 2, 0)),
        ("returns-every-answer", (2, 1, 1, 0)),
        ("waits-for-the-dropped", (2, 1, 1, 1)),
        ("keeps-the-unknown", (2, 1, 1, 2)),
    ],
)
def test_a_planted_bug_is_met_somewhere(name: str, world: tuple[int, int, int, int]) -> None:
    assert search(*world).problem == ""
    with plants.planted(name):
        explored = search(*world)
        assert explored.problem
        met = SmallWorld(*world)
        for choice in explored.choices:  # the way there can be gone again
            met.choose(choice)
        assert met.rests or met.out_of_time


@dataclass(slots=True)
class Machine:
    numbers: list[int] = field(default_factory=list)
    by_name: dict[str, object] = field(default_factory=dict)
    held: deque[bytes] = field(default_factory=deque)


def test_a_state_is_told_by_its_values_wherever_they_are() -> None:
    def digest(**values: object) -> bytes:
        return state_digest(Machine(**values))  # type: ignore[arg-type]

    assert digest(by_name={"a": Machine([1])}) == digest(by_name={"a": Machine([1])})
    different = [
        digest(),
        digest(numbers=[1]),
        digest(numbers=[1, 2]),
        digest(held=deque([b"1"])),
        digest(by_name={"a": 1}),
        digest(by_name={"a": Machine([1])}),
        digest(by_name={"a": Machine([2])}),
        digest(by_name={"a": {1, 2}}),
    ]
    assert len(set(different)) == len(different)
    assert digest(by_name={"a": print}) == digest(by_name={"a": len}), "functions decide nothing"
