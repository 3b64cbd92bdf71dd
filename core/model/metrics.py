"""Figures over time: a tick each 100 ms of the records' clock closes a bucket.

Ticks follow the records' times and not the frames of the screen, so a recording folded in one go has the
same curves as the live run. Throughput is exact. Latency quantiles come from a bounded sample: of each
bucket at most `SAMPLES_PER_TICK` latencies, evenly spread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from core.limits import MAX_REPLICAS

TICK_NS = 100_000_000
WINDOW_TICKS = 10
"""Ticks in "the last second"."""
SAMPLES_PER_TICK = 512
_FIRST_ROOM = 256
HISTORY_TICKS = 6_000
"""Ten minutes."""

_FIRSTS = 3
_COUNTERS = _FIRSTS + MAX_REPLICAS + 1
"""Messages, bytes and requests of the run, then each replica's first answers, by its id."""
_MOST = np.iinfo(np.int32).max

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class MetricsHistory:
    """The last ten minutes, one row a tick, as arrays ready to plot (views, oldest first; do not write).

    A row is written at one place and read as a slice: the store grows to twice the window, and moves down
    when it is full, so no read ever copies.
    """

    def __init__(self, ticks: int = HISTORY_TICKS) -> None:
        self._ticks = ticks
        self._end = 0
        self._times: Ints = np.zeros(0, np.int64)
        self._figures: Floats = np.zeros((3, 0))
        self._held: npt.NDArray[np.int32] = np.zeros((MAX_REPLICAS + 1, 0), np.int32)
        self._added: npt.NDArray[np.int32] = np.zeros((_COUNTERS, 0), np.int32)  # in each tick
        self._counters: Ints = np.zeros(_COUNTERS, np.int64)  # at the last one
        self._counted: tuple[tuple[int, ...], tuple[tuple[int, int], ...]] = ((), ())  # from which

    def __len__(self) -> int:
        return min(self._end, self._ticks)

    def append(
        self,
        time_ns: int,
        throughput_per_s: float,
        p50_ns: float,
        p99_ns: float,
        held: Ints,
        totals: Sequence[int] = (0, 0, 0),
        first_answers: Mapping[int, int] | None = None,
    ) -> None:
        """One tick; `held` is the hold-back length by replica id. `totals` are the messages, bytes and
        requests of the run by then, `first_answers` how often each replica's answer was the first."""
        if self._end == len(self._times):
            self._make_room()
        end = self._end
        self._times[end] = time_ns
        self._figures[:, end] = (throughput_per_s, p50_ns, p99_ns)
        self._held[:, end] = held
        counted = (tuple(totals), tuple((first_answers or {}).items()))
        if counted == self._counted:  # nothing happened: a cluster at rest pays for its ticks all the time
            self._added[:, end] = 0
        else:
            counters = np.zeros(_COUNTERS, np.int64)
            counters[:_FIRSTS] = totals
            for replica, count in counted[1]:
                counters[_FIRSTS + replica] = count
            self._added[:, end] = np.clip(counters - self._counters, 0, _MOST)
            self._counters, self._counted = counters, counted
        self._end = end + 1

    @property
    def times_ns(self) -> Ints:
        """When each tick ended, on the clock of the records."""
        return self._times[self._window()]

    @property
    def throughput_per_s(self) -> Floats:
        """Answers a second, over the second before each tick."""
        return self._figures[0, self._window()]

    @property
    def p50_ns(self) -> Floats:
        """Median latency of the second before each tick; NaN when nothing was answered."""
        return self._figures[1, self._window()]

    @property
    def p99_ns(self) -> Floats:
        """99th percentile of the latency of the second before each tick; NaN when nothing was answered."""
        return self._figures[2, self._window()]

    def held(self, replica: int) -> npt.NDArray[np.int32]:
        """Length of a replica's hold-back queue at each tick."""
        return self._held[replica, self._window()]

    def messages_per_request(self, last: int = HISTORY_TICKS) -> Floats:
        """Over the second before each of the last ticks; NaN when nothing was ordered in it."""
        messages, _, requests, *_ = self._last_second(last)
        return _ratio(messages, requests)

    def bytes_per_request(self, last: int = HISTORY_TICKS) -> Floats:
        """Likewise, of both directions."""
        _, sizes, requests, *_ = self._last_second(last)
        return _ratio(sizes, requests)

    def first_shares(self, last: int = HISTORY_TICKS) -> Floats:
        """By replica id: how many of the first answers of the second before each of the last ticks were its,
        0 … 1; NaN when there were none."""
        firsts = self._last_second(last)[_FIRSTS:]
        return _ratio(firsts, firsts.sum(axis=0))

    def _last_second(self, last: int) -> Ints:
        """What was added to each counter in the second before each of the last ticks."""
        window = self._window()
        start = max(window.start, window.stop - last)
        sums = np.cumsum(self._added[:, max(window.start, start - WINDOW_TICKS + 1) : window.stop], axis=1)
        sums = np.concatenate((np.zeros((_COUNTERS, WINDOW_TICKS), np.int64), sums), axis=1)
        added: Ints = sums[:, WINDOW_TICKS:] - sums[:, :-WINDOW_TICKS]
        return added[:, added.shape[1] - (window.stop - start) :]

    def __deepcopy__(self, memo: dict[int, object]) -> MetricsHistory:
        """A copy of the window alone, without room for more: many are kept, few are gone on with."""
        copied, window = MetricsHistory(self._ticks), self._window()
        copied._end = len(self)
        copied._times = self._times[window].copy()
        copied._figures = self._figures[:, window].copy()
        copied._held = self._held[:, window].copy()
        copied._added = self._added[:, window].copy()
        copied._counters, copied._counted = self._counters, self._counted
        return copied

    def _make_room(self) -> None:
        """The stores are full: move the window down when they are as long as they may be, else lengthen."""
        length = len(self._times)
        if length == 2 * self._ticks:
            for store in (self._times, self._figures, self._held, self._added):
                store[..., : self._ticks] = store[..., self._ticks :]
            self._end = self._ticks
            return
        more = min(2 * self._ticks, max(2 * length, _FIRST_ROOM)) - length
        self._times = np.pad(self._times, (0, more))
        self._figures = np.pad(self._figures, ((0, 0), (0, more)))
        self._held = np.pad(self._held, ((0, 0), (0, more)))
        self._added = np.pad(self._added, ((0, 0), (0, more)))

    def _window(self) -> slice:
        return slice(max(0, self._end - self._ticks), self._end)


class Meter:
    """Counts answers and latencies of the running tick and closes it."""

    def __init__(self) -> None:
        self.history = MetricsHistory()
        self.throughput_per_s = 0.0
        self.p50_ns = 0
        """Of the last second in which anything was answered; likewise `p99_ns`."""
        self.p99_ns = 0
        self.sampling = 1
        """Real time: one of so many messages was shown as a token, over the last second."""
        self._answers = 0
        self._latencies: list[Ints] = []
        self._answers_by_tick: deque[int] = deque(maxlen=WINDOW_TICKS)
        self._latencies_by_tick: deque[Ints] = deque(maxlen=WINDOW_TICKS)
        self._shown_by_tick: deque[tuple[int, int]] = deque(maxlen=WINDOW_TICKS)

    def add(self, answers: int, latencies_ns: Ints) -> None:
        """So many answers came, these latencies among them."""
        self._answers += answers
        if len(latencies_ns):
            self._latencies.append(latencies_ns)

    def tick(
        self,
        time_ns: int,
        held: Ints,
        messages: int,
        shown: int,
        totals: Sequence[int] = (0, 0, 0),
        first_answers: Mapping[int, int] | None = None,
    ) -> bool:
        """Close the running tick at `time_ns`; in it `messages` travelled, `shown` of them as tokens. The
        last two are as in `MetricsHistory.append`. True when a figure is not what it was."""
        before = (self.throughput_per_s, self.p50_ns, self.p99_ns, self.sampling)
        self._answers_by_tick.append(self._answers)
        self._latencies_by_tick.append(_thin(self._latencies))
        self._shown_by_tick.append((messages, shown))
        self._answers = 0
        self._latencies = []
        self.throughput_per_s = sum(self._answers_by_tick) * 1e9 / (TICK_NS * WINDOW_TICKS)
        travelled, drawn = map(sum, zip(*self._shown_by_tick, strict=True))
        self.sampling = max(1, round(travelled / drawn)) if drawn else 1
        if not any(map(len, self._latencies_by_tick)):
            self.history.append(time_ns, self.throughput_per_s, np.nan, np.nan, held, totals, first_answers)
            return before != (self.throughput_per_s, self.p50_ns, self.p99_ns, self.sampling)
        sample = np.concatenate(self._latencies_by_tick)
        sample.sort()
        self.p50_ns = int(sample[(len(sample) - 1) // 2])
        self.p99_ns = int(sample[(len(sample) - 1) * 99 // 100])
        self.history.append(
            time_ns, self.throughput_per_s, self.p50_ns, self.p99_ns, held, totals, first_answers
        )
        return before != (self.throughput_per_s, self.p50_ns, self.p99_ns, self.sampling)


def _ratio(part: Ints, whole: Ints) -> Floats:
    found: Floats = np.full(part.shape, np.nan)
    np.divide(part, whole, out=found, where=whole > 0)
    return found


def _thin(parts: list[Ints]) -> Ints:
    """At most `SAMPLES_PER_TICK` of the values, evenly spread."""
    if not parts:
        return np.zeros(0, np.int64)
    values = parts[0] if len(parts) == 1 else np.concatenate(parts)
    stride = -(-len(values) // SAMPLES_PER_TICK)
    return values[::stride] if stride > 1 else values
