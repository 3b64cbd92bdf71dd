"""Latencies of a whole run in bounded memory: counts in buckets half a percent wide."""

from __future__ import annotations

from array import array

import numpy as np

_GROWTH = np.log(1.005)
_BUCKETS = 8_192  # 1.005 ** 8192 ns is beyond 15 years


class LatencyHistogram:
    """Counts nanoseconds; percentiles are exact to half a percent, the maximum is exact."""

    def __init__(self) -> None:
        self._counts = np.zeros(_BUCKETS, dtype=np.int64)
        self.max_ns = 0

    def add(self, latencies_ns: array[int]) -> None:
        """Count these."""
        if not latencies_ns:
            return
        values = np.frombuffer(latencies_ns, dtype=np.int64)
        self.max_ns = max(self.max_ns, int(values.max()))
        buckets = (np.log(np.maximum(values, 1)) / _GROWTH).astype(np.int64)
        self._counts += np.bincount(np.minimum(buckets, _BUCKETS - 1), minlength=_BUCKETS)

    def percentile_ns(self, percent: float) -> int:
        """The latency that `percent` of the answers did not exceed; 0 without answers."""
        total = int(self._counts.sum())
        if total == 0:
            return 0
        bucket = int(np.searchsorted(np.cumsum(self._counts), total * percent / 100))
        return min(self.max_ns, int(np.exp((bucket + 0.5) * _GROWTH)))
