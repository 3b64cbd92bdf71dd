"""A loop whose time moves when the test says so."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any


class FakeLoop:
    """A loop whose time moves when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self._timers: list[tuple[float, int, Callable[..., Any], tuple[Any, ...]]] = []
        self._count = 0

    def call_later(self, delay: float, callback: Callable[..., Any], *arguments: Any) -> None:
        self._count += 1
        heapq.heappush(self._timers, (self.now + delay, self._count, callback, arguments))

    def advance(self, seconds: float) -> None:
        until = self.now + seconds
        while self._timers and self._timers[0][0] <= until + 1e-9:
            self.now, _, callback, arguments = heapq.heappop(self._timers)
            callback(*arguments)
        self.now = until
