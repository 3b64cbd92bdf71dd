"""The fake network and the virtual clock: a heap of what happens next, and frames that travel through it.

Time passes only from one entry of the heap to the next, so a run of seconds costs milliseconds. Entries of
the same moment keep the order in which they were put there: nothing depends on hash seeds or addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Any, Protocol

from core.group.faults import NetworkFaults
from core.link_faults import Link

Action = Callable[..., None]

STRIDE = 16
"""Whether a run is over is asked after so many events: asking costs as much as an event."""


class Clock:
    """Virtual monotonic time in nanoseconds, and what is to happen when."""

    __slots__ = ("entries", "heap", "now")

    def __init__(self, start_ns: int) -> None:
        self.now = start_ns
        self.heap: list[tuple[int, int, Action, tuple[Any, ...]]] = []
        """What is to happen: when, the how-many-th entry it is, and the call."""
        self.entries = 0
        """How much was ever to happen."""

    def at(self, when_ns: int, action: Action, *arguments: Any) -> None:
        """Call this at that time."""
        self.entries += 1
        heappush(self.heap, (when_ns, self.entries, action, arguments))

    def read(self) -> int:
        """What time it is."""
        return self.now

    def stop(self) -> None:
        """Nothing is to happen any more."""
        self.heap.clear()

    def pending(self) -> list[tuple[int, str]]:
        """What is to happen, and when."""
        return [(when_ns, action.__qualname__) for when_ns, _, action, _ in sorted(self.heap)]

    def step(self) -> None:
        """Let the next thing happen. Raises IndexError when nothing is to come."""
        self.now, _, action, arguments = heappop(self.heap)
        action(*arguments)

    def advance(self) -> None:
        """Let the next STRIDE things happen. Raises IndexError when nothing is to come."""
        heap = self.heap
        for _ in range(STRIDE):
            self.now, _, action, arguments = heappop(heap)
            action(*arguments)


class Carrier(Protocol):
    """What carries frames between the front end and the replicas."""

    faults: NetworkFaults

    def carry(self, link: Link, arrive: Action, *arguments: Any) -> None:
        """Let a frame travel over this link: `arrive` is called when, and as often as, it arrives."""

    def close(self, seen: Action, *arguments: Any) -> None:
        """The far end of a connection is gone: `seen` is called when that is seen here. No fault hides it."""


class Network:
    """Carries frames; each arrives after the latency, give or take, unless the faults decide otherwise."""

    def __init__(self, clock: Clock, seed: int, latency_ns: int, jitter_ns: int) -> None:
        self.faults = NetworkFaults(seed)
        self._clock = clock
        self._random = Random(seed).random
        self._latency_ns = latency_ns
        self._jitter_ns = jitter_ns

    def carry(self, link: Link, arrive: Action, *arguments: Any) -> None:
        """Let a frame travel over this link: `arrive` is called when, and as often as, it arrives."""
        clock = self._clock
        arrives_ns = clock.now + self._latency_ns
        if self._jitter_ns:
            arrives_ns += int(self._random() * self._jitter_ns)
        if not self.faults.any:
            clock.entries += 1  # what `at` does, without the call
            heappush(clock.heap, (arrives_ns, clock.entries, arrive, arguments))
            return
        for when_ns in self.faults.decide(link, arrives_ns):
            clock.entries += 1
            heappush(clock.heap, (when_ns, clock.entries, arrive, arguments))

    def close(self, seen: Action, *arguments: Any) -> None:
        """The far end of a connection is gone: `seen` is called when that is seen here. No fault hides it."""
        self._clock.at(self._clock.now + self._latency_ns, seen, *arguments)
