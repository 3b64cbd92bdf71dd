"""The live checks' place in the engine: everything they must see, in order, judged when there is time.

Checking a request costs as much as executing it once more, so it happens while the answers are on their way
and not before a client gets its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from core.checks.live import LiveChecks
from core.facts import Violated


class Witness:
    """Queues calls of the checks' methods and makes them in a later turn of the loop."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, checks: LiveChecks, violated: Callable[[Violated], None]
    ) -> None:
        self.checks = checks
        self._loop = loop
        self._violated = violated
        self._queue: list[tuple[Callable[..., None], tuple[Any, ...]]] = []

    def note(self, method: Callable[..., None], *arguments: Any) -> None:
        """Call this method of `checks` soon, after all that was noted before."""
        if not self._queue:
            self._loop.call_soon(self.judge)
        self._queue.append((method, arguments))

    def judge(self) -> None:
        """Look at everything noted so far."""
        queue, self._queue = self._queue, []
        for method, arguments in queue:
            method(*arguments)
        for violation in self.checks.take():
            self._violated(violation)
