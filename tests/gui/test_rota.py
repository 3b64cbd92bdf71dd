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


def test_a_frame_pays_for_no_more_than_its_allowance_and_a_last_one() -> None:
    frames = Frames()
    for name in "abcd":
        frames.add(name, 5, ALLOWANCE_NS * 3 // 4)
    assert frames.frame() == ["a", "b"]
    assert frames.frame() == ["c", "d"]
    assert frames.frame() == []  # all were shown within the last fifth of a second


def test_who_waited_longest_goes_first() -> None:
    frames = Frames()
    frames.add("often", inf, ALLOWANCE_NS + 1)
    frames.add("seldom", 20, ALLOWANCE_NS + 1)
    turns = [frames.frame() for _ in range(40)]
    assert all(len(turn) == 1 for turn in turns)
    assert 8 <= turns.count(["seldom"]) <= 20


def test_cheap_ones_share_a_frame() -> None:
    frames = Frames()
    for name in "abcdef":
        frames.add(name, 5, 1_000)
    assert frames.frame() == list("abcdef")


@pytest.mark.parametrize(
    ("spent_ns", "patience_ns"),
    [(ALLOWANCE_NS + 1, PATIENCE_NS), (LATE_ALLOWANCE_NS + 1, LAST_PATIENCE_NS)],
)
def test_in_frames_that_cost_too_much_already_only_the_overdue_have_a_turn_one_each_frame(
    spent_ns: int, patience_ns: int
) -> None:
    frames = Frames()
    frames.add("a", inf, 1_000)
    frames.add("b", inf, 1_000)
    frames.frame()
    late = patience_ns // FRAME_NS
    turns = [frames.frame(spent_ns) for _ in range(4 * late)]
    assert turns[: late - 1] == [[]] * (late - 1)
    assert ["a"] in turns and ["b"] in turns
    assert max(map(len, turns)) == 1


def test_whoever_is_seen_and_had_no_turn_since_then_is_behind() -> None:
    frames = Frames()
    frames.add("a", 2, ALLOWANCE_NS + 1)
    frames.add("b", 2, 0)
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
