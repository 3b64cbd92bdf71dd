"""The witness: writes down what passed and judges it, after the clients have been served.

Checking a request costs as much as executing it once more, and encoding a fact as much as answering it. So
neither happens between a request and its answer: what was seen is kept with its moment, and settled in the
next turn of the loop, while the replicas work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from core.checks.live import LiveChecks
from core.facts import Fact, Violated
from core.trace.wire_log import Record, Tap, encode_fact

WriteRecords = Callable[[list[Record]], None]
Body = bytes | Fact | Callable[[], Fact]
"""A frame's payload, a fact, or what makes the fact when there is time."""


class Witness:
    """Keeps records for the wire log and calls for the live checks, each in its order."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        checks: LiveChecks,
        write_records: WriteRecords,
        violated: Callable[[Violated], None],
    ) -> None:
        self.checks = checks
        self._loop = loop
        self._write_records = write_records
        self._violated = violated
        self.held = False
        """The checks wait for their reference: what is to be judged is kept."""
        self._seen: list[tuple[int, int, int, int, Body]] = []
        self._calls: list[tuple[Callable[..., None], tuple[Any, ...]]] = []

    def saw(self, time_ns: int, tap: Tap, links: int, token: int, body: Body) -> None:
        """A frame or a fact, for the wire log."""
        if not self._seen:
            self._loop.call_soon(self.settle)
        self._seen.append((time_ns, tap, links, token, body))

    def note(self, method: Callable[..., None], *arguments: Any) -> None:
        """Call this method of `checks` when there is time, after all that was noted before."""
        self._calls.append((method, arguments))

    def settle(self) -> None:
        """Write down and judge everything seen so far."""
        seen, self._seen = self._seen, []
        if seen:
            self._write_records(
                [
                    Record(time_ns, tap, links, token, _payload(body))
                    for time_ns, tap, links, token, body in seen
                ]
            )
        if self.held:
            return
        calls, self._calls = self._calls, []
        for method, arguments in calls:
            method(*arguments)
        for violation in self.checks.take():
            self._violated(violation)


def _payload(body: Body) -> bytes:
    if type(body) is bytes:
        return body
    return encode_fact(body if isinstance(body, Fact) else body())  # type: ignore[operator]
