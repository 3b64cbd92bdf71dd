"""A small world, searched to its end: few requests, every order in which frames can arrive, a crash anywhere.

Seeds try what is likely; here everything is tried. The world is the same cluster, but frames do not travel by
themselves: which one arrives next is a choice, and so is the moment at which one replica crashes. Time passes
only when nothing is under way. Depth first over all choices; a state that was reached before by another way
is not searched again: its future is the same, and so is the number of ways on from it.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

from core.group.faults import NetworkFaults
from core.link_faults import Link, Way
from core.simulation.cluster import START_NS, SimulatedCluster
from core.simulation.network import Action, Clock
from core.simulation.schedule import SECOND, Schedule
from core.simulation.state import state_digest
from core.simulation.trace import Trace
from core.simulation.verdict import Verdict, settled

Choice = int
"""The place of a frame among those under way; below 0: replica -choice crashes."""

SMALL_WORLD = (2, 2, 3, 1)
"""Replicas, clients, requests, crashes: as much as can be searched within a minute or two."""
PATIENCE_NS = 5 * SECOND
"""Virtual time after which a world that does not rest is stuck."""


@dataclass(slots=True)
class Explored:
    """What the search came to. `schedules` counts all different orders of events from begin to end, `states`
    what had to be looked at for it."""

    states: int = 0
    schedules: int = 0
    longest: int = 0
    problem: str = ""
    sentence: str = ""
    choices: tuple[Choice, ...] = ()
    """How the first problem was reached."""


class UnderWay(NamedTuple):
    """A frame, or the end of a connection, that is seen when it is chosen. Ordered by what it is, not by when
    it was sent: any order is to be tried, so that is no part of the state."""

    replica: int
    what: str
    payload: bytes
    arrive: Action
    arguments: tuple[Any, ...]


class SmallWorld:
    """One state of the world, and what can happen next. It is the cluster's network, too."""

    def __init__(self, replicas: int, clients: int, requests: int, crashes: int) -> None:
        self.faults = NetworkFaults(0)
        self.under_way: list[UnderWay] = []
        self.crashes_left = crashes
        self.cluster = SimulatedCluster(
            Schedule(
                seed=0, service="kv", replicas=replicas, clients=clients, requests=requests, latency_ns=0,
                jitter_ns=0, turn_ns=0, batch_requests=1,
                reply="first", revives=False, think_ms=0, heal_after_ns=0, troubles=(),
            )
        )  # fmt: skip
        self.cluster.network = self
        self.cluster.start()
        while self.under_way:  # sessions open in the simplest order
            self._arrives(0)
        self.cluster.run_load()

    def carry(self, link: Link, arrive: Action, *arguments: Any) -> None:
        """A frame is under way."""
        self._add(UnderWay(link.replica, link.way, arguments[-1], arrive, arguments))

    def close(self, seen: Action, *arguments: Any) -> None:
        """The end of a connection will be seen."""
        self._add(UnderWay(arguments[0].replica, "closed", b"", seen, arguments))

    def _add(self, one: UnderWay) -> None:
        insort(self.under_way, one, key=itemgetter(0, 1, 2))

    def digest(self) -> bytes:
        """Of everything that decides what can follow, and how it will be judged."""
        under_way = [one[:3] for one in self.under_way]
        timers = self.cluster.clock.pending()
        return state_digest(
            under_way, self.crashes_left, timers, self.cluster, without=(SmallWorld, Trace, Clock)
        )

    def choices(self) -> Sequence[Choice]:
        """What can happen next; nothing when the world has come to rest."""
        if self.rests or self.out_of_time:
            return []
        crashes = [-replica for replica in self.cluster.links if self.crashes_left]
        return [*range(len(self.under_way)), *crashes]

    @property
    def rests(self) -> bool:
        """Nothing more will happen by itself."""
        return not self.under_way and settled(self.cluster)

    @property
    def out_of_time(self) -> bool:
        """It should have come to rest long ago."""
        return self.cluster.clock.now > START_NS + PATIENCE_NS

    def choose(self, choice: Choice) -> None:
        """Let this happen; and time pass, until something is under way again or the world rests."""
        if choice < 0:
            self.crashes_left -= 1
            self.cluster.processes[-choice].kill()
        else:
            self._arrives(choice)
        self._forget_the_dead()
        while not (self.under_way or self.rests or self.out_of_time):
            self.cluster.clock.step()

    def _arrives(self, place: int) -> None:
        one = self.under_way.pop(place)
        one.arrive(*one.arguments)

    def _forget_the_dead(self) -> None:
        """Frames to a process that is no more, or from one whose link is closed, change nothing."""
        self.under_way = [one for one in self.under_way if self._matters(one)]

    def _matters(self, one: UnderWay) -> bool:
        process = self.cluster.processes[one.replica]
        if one.what == Way.TO:
            return process.alive
        return one.what == "closed" or self.cluster.links.get(one.replica) is process


def explore(make: Callable[[], SmallWorld], most_states: int | None = None) -> Explored:
    """Try everything. `most_states` bounds the search; then `states` is that many."""
    return _Search(make, most_states).run()


class _Search:
    def __init__(self, make: Callable[[], SmallWorld], most_states: int | None) -> None:
        self._make = make
        self._most_states = most_states
        self._known: dict[bytes, int] = {}  # state → ways on from it
        self.explored = Explored()

    def run(self) -> Explored:
        self.explored.schedules = self._ways(self._make(), ())
        self.explored.states = len(self._known)
        return self.explored

    def _ways(self, world: SmallWorld, chosen: tuple[Choice, ...]) -> int:
        state = world.digest()
        known = self._known.get(state)
        if known is not None:
            return known
        explored = self.explored
        explored.longest = max(explored.longest, len(chosen))
        choices = world.choices()
        if explored.problem or (self._most_states is not None and len(self._known) >= self._most_states):
            return 0
        ways = 0
        if not choices:
            ways = 1
            self._judge(world, chosen)
        for place, choice in enumerate(choices):
            following = world if place == len(choices) - 1 else self._replay(chosen)
            following.choose(choice)
            ways += self._ways(following, (*chosen, choice))
        self._known[state] = ways
        return ways

    def _replay(self, chosen: tuple[Choice, ...]) -> SmallWorld:
        world = self._make()
        for choice in chosen:
            world.choose(choice)
        return world

    def _judge(self, world: SmallWorld, chosen: tuple[Choice, ...]) -> None:
        verdict = Verdict()
        verdict.judge(world.cluster, (), with_history=True)
        if verdict.problem and not self.explored.problem:
            self.explored.problem, self.explored.sentence = verdict.problem, verdict.sentence
            self.explored.choices = chosen
