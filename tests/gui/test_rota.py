"""Turns: the longest due first, no more than a frame can pay for, and nobody never."""

from __future__ import annotations

from math import inf

import pytest

from gui.rota import ALLOWANCE_NS, LAST_PATIENCE_NS, LATE_ALLOWANCE_NS, PATIENCE_NS, Rota
from tests.support.sample_views import sample

VIEW = sample("idle")
FRAME_NS = 16_000_000


class Frames:
    """A rota on a clock of its own; whoever has a turn spends its cost."""

    def __init__(self) -> None:
        self.now_ns = 10**12
        self.spent_ns = 0
        self.seen: list[str] = []
        self.rota = Rota(lambda: self.now_ns)

    def add(self, name: str, times_per_s: float, cost_ns: int, *, seen: bool = True) -> None:
        def show(_view: object) -> None:
            self.seen.append(name)
            self.spent_ns += cost_ns

        self.rota.add(lambda: seen, show, times_per_s)

    def frame(self, spent_ns: int = 0) -> list[str]:
        """One frame, in which so much was spent before anybody's turn: who had one."""
        self.now_ns += FRAME_NS
        self.spent_ns, self.seen = spent_ns, []
        self.rota.go_round(VIEW, lambda: self.spent_ns)
        return self.seen


def test_a_frame_pays_for_no_more_than_its_allowance_once_costs_are_known() -> None:
    frames = Frames()
    for name in "abcd":
        frames.add(name, 5, ALLOWANCE_NS * 3 // 4)
    assert frames.frame() == ["a", "b"]  # nobody knows yet what b costs
    assert frames.frame() == ["c", "d"]
    assert frames.frame() == []  # all were shown within the last fifth of a second
    turns = [frames.frame() for _ in range(16)]
    assert [turn for turn in turns if turn] == [["a"], ["b"], ["c"], ["d"]]


def test_the_cheap_have_their_turn_while_the_dear_wait_for_a_frame_with_room() -> None:
    frames = Frames()
    frames.add("dear", 20, ALLOWANCE_NS * 3 // 4)
    frames.add("cheap", 20, ALLOWANCE_NS // 10)
    for _ in range(8):
        frames.frame()
    turns = [frames.frame(LATE_ALLOWANCE_NS) for _ in range(8)]
    assert ["cheap"] in turns
    assert all("dear" not in turn for turn in turns)
    assert "dear" in frames.frame()


def test_a_turn_that_was_dear_once_is_forgiven() -> None:
    frames = Frames()
    cost = iter([ALLOWANCE_NS * 2, *[1_000] * 1_000])

    def show(_view: object) -> None:
        frames.seen.append("a")
        frames.spent_ns += next(cost)

    frames.rota.add(lambda: True, show, inf)
    frames.frame()
    turns = [frames.frame(ALLOWANCE_NS // 2) for _ in range(200)]
    assert turns[0] == []
    assert turns[-50:] == [["a"]] * 50


def test_who_waited_longest_goes_first() -> None:
    frames = Frames()
    frames.add("often", inf, ALLOWANCE_NS)
    frames.add("seldom", 20, ALLOWANCE_NS)
    turns = [frames.frame() for _ in range(40)]
    assert max(map(len, turns[1:])) == 1
    assert 7 <= turns.count(["seldom"]) <= 20
    assert turns.count(["often"]) >= 20


def test_cheap_ones_share_a_frame() -> None:
    frames = Frames()
    for name in "abcdef":
        frames.add(name, 5, 1_000)
    assert frames.frame() == list("abcdef")


@pytest.mark.parametrize(
    ("cost_ns", "spent_ns", "patience_ns"),
    [
        (ALLOWANCE_NS, LATE_ALLOWANCE_NS - 1, PATIENCE_NS),
        (ALLOWANCE_NS, LATE_ALLOWANCE_NS, LAST_PATIENCE_NS),
        (1_000, ALLOWANCE_NS, LAST_PATIENCE_NS),
    ],
)
def test_in_frames_without_room_only_the_overdue_have_a_turn_one_each_frame(
    cost_ns: int, spent_ns: int, patience_ns: int
) -> None:
    frames = Frames()
    frames.add("a", inf, cost_ns)
    frames.add("b", inf, cost_ns)
    assert frames.frame() == ["a", "b"]  # nobody knows yet what b costs
    late = patience_ns // FRAME_NS
    turns = [frames.frame(spent_ns) for _ in range(4 * late)]
    assert turns[: late - 1] == [[]] * (late - 1)
    assert ["a"] in turns and ["b"] in turns
    assert max(map(len, turns)) == 1


def test_whoever_is_seen_and_had_no_turn_since_then_is_behind() -> None:
    frames = Frames()
    frames.add("a", 2, ALLOWANCE_NS + 1)
    frames.add("b", 2, 1)
    frames.add("hidden", 2, 0, seen=False)
    changed_ns = frames.now_ns
    assert frames.frame() == ["a"]
    assert frames.rota.behind(changed_ns)
    assert "b" in frames.frame()
    assert not frames.rota.behind(changed_ns)
    assert frames.rota.behind(frames.now_ns + 1)


def test_what_nobody_sees_has_no_turn() -> None:
    frames = Frames()
    frames.add("hidden", 60, 0, seen=False)
    assert [frames.frame() for _ in range(5)] == [[]] * 5
