"""What the records of a tick bring in real time, gathered until it is dealt with together.

Columns of many records are read with numpy at once, and of many frames only the newest is decoded. A tick
that ended is *closed*: its figures are written down. Under load that goes in steps, for it is the dearest
thing the fold does: what came over the links, the calls, the returns, the figures. The steps follow the
records' clock and not the screen's, and whoever cannot wait has them done at once (`flush`) with the same
outcome: so a recording that is folded in one go comes to the same figures as the live run.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct, field

from core.limits import MAX_REPLICAS
from core.model.clients import ClientBook
from core.model.happenings import Happenings
from core.model.hops import Hops
from core.model.metrics import HISTORY_TICKS, TICK_NS, Ints, Meter
from core.model.replicas import ReplicaBook
from core.model.tokens import TokenBoard
from core.trace.wire_log import UNREADABLE

LOAD_RECORDS = 8
"""So many calls and returns in one tick are load."""
TICK_PATIENCE_NS = 200_000_000
"""How long after its time a step is done when no record comes to bring it about."""
STEP_NS = 24_000_000
"""Between two steps of closing a tick under load: they fall into different frames of the screen."""

_RUNS, _CALLS, _RETURNS, _FIGURES = range(4)
"""A tick runs, or this is the next step of closing it."""

Column = tuple[list[int], list[bytes]]
"""Records of a kind: their times, and their bodies."""


class _AtEnd(Struct):
    """What was so when a tick ended, whenever it is closed."""

    level: bool = True  # no replica was behind another
    held: Ints = field(default_factory=lambda: np.zeros(MAX_REPLICAS + 1, np.int64))
    totals: tuple[int, int, int] = (0, 0, 0)
    messages: int = 0  # that had travelled by then, what was set aside included once it is dealt with
    shown: int = 0  # of these, as tokens


class Gathering:
    """Gathers; the fold puts records into `results`, `calls` and `returns` itself, one a line of its loop."""

    def __init__(
        self, clients: ClientBook, replicas: ReplicaBook, tokens: TokenBoard, said: Happenings, hops: Hops
    ) -> None:
        self._clients = clients
        self._replicas = replicas
        self._tokens = tokens
        self._said = said
        self._hops = hops
        self.meter = Meter()
        self.unreadable = 0
        self.results: dict[int, list[bytes]] = {1 << r: [] for r in range(1, MAX_REPLICAS + 1)}
        """Result frames by link."""
        self.results_ns = 0
        """When the newest of them came."""
        self.calls: Column = ([], [])
        self.returns: Column = ([], [])
        self.step_ns = 0
        """When the running tick ends, or the next step of closing it is due; 0 before the first record."""
        self.loaded = False
        """The last tick brought much."""
        self.fresh = False
        """It did, and none of it was shown yet."""
        self.moved = False
        """A figure changed, or a replica is behind, as of the last tick."""
        self._ended_calls: Column = ([], [])  # set aside, of the tick that is being closed
        self._ended_returns: Column = ([], [])
        self._end_ns = 0  # of the tick that runs, or is being closed
        self._next = _RUNS
        self._at_end, self._before = _AtEnd(), _AtEnd()
        self._dealt_with = 0  # calls and returns of this tick

    def begin(self, time_ns: int) -> None:
        """The run's first record is of this time."""
        self.step_ns = self._end_ns = time_ns + TICK_NS

    def go_on(self, time_ns: int) -> None:
        """End every tick, and do every step of closing one, that is due by `time_ns`."""
        while self.step_ns <= time_ns:
            if self._next == _RUNS:
                self._end_tick(time_ns)
            else:
                self._close_on()

    def wait(self, now_ns: int) -> None:
        """It is `now_ns`, and perhaps no record came for long."""
        if self.step_ns and now_ns - TICK_PATIENCE_NS >= self.step_ns:
            self.go_on(now_ns - TICK_PATIENCE_NS)

    def flush(self) -> None:
        """Deal with everything that was gathered."""
        self.flush_links()
        self.flush_clients()

    def flush_links(self) -> None:
        """Deal with what came over the links."""
        for links, bodies in self.results.items():
            if bodies:
                try:
                    self._hops.results(self.results_ns, links, bodies)
                except UNREADABLE:
                    self.unreadable += 1
                bodies.clear()
        self._hops.flush()

    def flush_clients(self) -> None:
        """Deal with calls and returns: first with those of a tick that has ended."""
        while self._next != _RUNS:
            self._close_on()
        self._flush_calls(self.calls)
        self._flush_returns(self.returns)

    def returned(self, times_ns: Sequence[int], bodies: Sequence[bytes], passed: bool) -> None:
        """Returns, oldest first; `passed`: in real time."""
        flushed = self._hops.returns(times_ns, bodies, passed)
        self.meter.add(flushed.answers, flushed.latencies_ns)

    def _flush_calls(self, gathered: Column) -> None:
        times_ns, calls = gathered
        if calls:
            self._dealt_with += len(calls)
            self._hops.calls(times_ns, calls, passed=True)
            times_ns.clear()
            calls.clear()

    def _flush_returns(self, gathered: Column) -> None:
        times_ns, returns = gathered
        if returns:
            self._dealt_with += len(returns)
            self.returned(times_ns, returns, passed=True)
            times_ns.clear()
            returns.clear()

    def _end_tick(self, time_ns: int) -> None:
        """What came over the links tells what is so, and is dealt with now; the rest is set aside."""
        missed = (time_ns - self._end_ns) // TICK_NS
        if missed > HISTORY_TICKS:
            self._end_ns += (missed - HISTORY_TICKS) * TICK_NS
        self.flush_links()
        counted = self._said.counted
        self._at_end = _AtEnd(
            self._replicas.mark_level(self._end_ns),
            self._replicas.held_counts(),
            (counted.messages, counted.sent_bytes + counted.received_bytes, counted.requests),
            self._tokens.messages,
            self._tokens.shown,
        )
        self.calls, self._ended_calls = self._ended_calls, self.calls
        self.returns, self._ended_returns = self._ended_returns, self.returns
        self._next, self.step_ns = _CALLS, self._end_ns + STEP_NS
        if self._dealt_with + len(self._ended_calls[0]) + len(self._ended_returns[0]) < LOAD_RECORDS:
            while self._next != _RUNS:  # so little is no burden
                self._close_on()

    def _close_on(self) -> None:
        """The next step."""
        if self._next == _FIGURES:
            self._write_down()
            self._end_ns += TICK_NS
            self._next, self.step_ns = _RUNS, self._end_ns
            return
        tokens = self._tokens
        messages, shown = tokens.messages, tokens.shown
        if self._next == _CALLS:
            self._flush_calls(self._ended_calls)
        else:
            self._flush_returns(self._ended_returns)
        self._at_end.messages += tokens.messages - messages
        self._at_end.shown += tokens.shown - shown
        self._next += 1
        self.step_ns += STEP_NS

    def _write_down(self) -> None:
        self.loaded = self.fresh = self._dealt_with >= LOAD_RECORDS
        self._dealt_with = 0
        end, before = self._at_end, self._before
        self._before = end
        self._tokens.in_view(self._end_ns)  # what is sampled must not hang on who looks when
        changed = self.meter.tick(
            self._end_ns,
            end.held,
            end.messages - before.messages,
            end.shown - before.shown,
            end.totals,
            self._clients.first_answers,
        )
        self.moved = self.moved or changed or not end.level
