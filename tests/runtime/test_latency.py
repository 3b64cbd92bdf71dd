"""The histogram is exact to half a percent, from nanoseconds to years."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.runtime.latency import LatencyHistogram


def of(*latencies_ns: int) -> LatencyHistogram:
    histogram = LatencyHistogram()
    histogram.add(array("q", latencies_ns))
    return histogram


def test_without_answers_there_is_no_latency() -> None:
    empty = of()
    assert (empty.percentile_ns(50), empty.percentile_ns(99), empty.max_ns) == (0, 0, 0)


@given(st.lists(st.integers(1, 10**15), min_size=1, max_size=200), st.sampled_from([1, 25, 50, 90, 99, 100]))
def test_percentiles_are_exact_to_half_a_percent(latencies: list[int], percent: int) -> None:
    histogram, ranked = of(*latencies), sorted(latencies)
    right = ranked[max(0, -(-len(ranked) * percent // 100) - 1)]
    found = histogram.percentile_ns(percent)
    assert found == pytest.approx(right, rel=0.005, abs=1.5)
    assert histogram.max_ns == ranked[-1]
    assert found <= histogram.max_ns


def test_what_is_added_bit_by_bit_is_counted_as_one() -> None:
    parts, whole = LatencyHistogram(), of(*range(1, 1_001))
    for start in range(1, 1_001, 50):
        parts.add(array("q", range(start, start + 50)))
    for percent in (1, 50, 99, 100):
        assert parts.percentile_ns(percent) == whole.percentile_ns(percent)


def test_nothing_and_the_unthinkable_have_a_place() -> None:
    assert of(0, 0).percentile_ns(50) <= 1
    ten_years = 10 * 365 * 86_400 * 10**9
    assert of(ten_years).percentile_ns(50) == pytest.approx(ten_years, rel=0.005)
    assert of(2**62).max_ns == 2**62
