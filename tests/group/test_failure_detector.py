"""Slow is suspected, silent is fenced, and our own lateness is nobody's fault."""

from __future__ import annotations

from core.effects import Effect, Fence, Suspect, Trust
from core.group.failure_detector import FailureDetector
from core.limits import DROP_AFTER_NS, HEARTBEAT_NS, SUSPECT_AFTER_NS
from tests.support.group import MS, SECOND


class Watch:
    """A detector on a virtual clock, ticked at every heartbeat."""

    def __init__(self, *replicas: int) -> None:
        self.detector = FailureDetector()
        self.now = 10 * SECOND
        for replica in replicas:
            self.detector.watch(replica, self.now)

    def beats(self, count: int, *speaking: int) -> list[Effect]:
        """So many heartbeats, at each of which these replicas speak."""
        seen: list[Effect] = []
        for _ in range(count):
            self.now += HEARTBEAT_NS
            for replica in speaking:
                seen += self.detector.heard(replica, self.now)
            seen += self.detector.tick(self.now)
        return seen


def test_who_speaks_is_left_in_peace() -> None:
    assert Watch(1, 2).beats(100, 1, 2) == []


def test_silence_is_suspected_then_fenced() -> None:
    watch = Watch(1, 2)
    assert watch.beats(4, 1) == []
    assert watch.beats(1, 1) == [Suspect(2, SUSPECT_AFTER_NS)]
    assert watch.beats(14, 1) == [], "suspected once"
    assert watch.beats(1, 1) == [Fence(2, "silent for 2.0 s")]


def test_the_bounds_are_those_of_the_design() -> None:
    assert (SUSPECT_AFTER_NS, DROP_AFTER_NS, HEARTBEAT_NS) == (500 * MS, 2 * SECOND, 100 * MS)


def test_who_speaks_again_in_time_is_trusted() -> None:
    watch = Watch(1)
    assert watch.beats(19) == [Suspect(1, SUSPECT_AFTER_NS)]
    assert watch.beats(1, 1) == [Trust(1)]
    assert watch.beats(4) == []
    assert watch.beats(1) == [Suspect(1, SUSPECT_AFTER_NS)]


def test_who_is_forgotten_is_not_judged() -> None:
    watch = Watch(1, 2)
    watch.beats(6, 1)
    watch.detector.forget(2)
    watch.detector.forget(2)
    assert watch.beats(50, 1) == []


def test_a_front_end_that_slept_takes_nobody_for_dead() -> None:
    watch = Watch(1, 2)
    watch.beats(10, 1, 2)
    watch.now += 3_600 * SECOND
    assert watch.beats(1) == []
    assert watch.beats(2, 1) == []


def test_what_was_silent_before_a_sleep_is_judged_on_after_it() -> None:
    watch = Watch(1)
    watch.beats(3)
    watch.now += 60 * SECOND
    assert watch.beats(1) == [Suspect(1, 500 * MS)], "0.3 s before it, and 0.2 s of lateness that is no sleep"


def test_a_sleep_does_not_make_anybody_heard_in_the_future() -> None:
    watch = Watch(1)
    watch.beats(1, 1)
    watch.now += 60 * SECOND
    watch.beats(1, 1)
    assert watch.beats(4) == []
    assert watch.beats(1) == [Suspect(1, SUSPECT_AFTER_NS)]


def test_a_sleep_before_the_first_tick_takes_nobody_for_dead() -> None:
    detector = FailureDetector()
    detector.watch(1, 0)
    assert detector.tick(60 * SECOND) == ()
