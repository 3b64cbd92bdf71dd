"""All small histories, judged by the checker and by brute force: `python -m tests.support.exhaustive [5]`.

Up to 4 requests in half a minute; 5 requests (6 million histories) take about a quarter of an hour of
processor time, shared by all processors.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import islice

from core.checks.linearizability import Verdict
from tests.support.histories import ALPHABET, all_histories, brute_force, verdict


def compare(requests: int, part: int = 0, parts: int = 1) -> tuple[int, int]:
    """(histories, how many of them are not linearizable). Raises AssertionError at the first disagreement."""
    judged = wrong = 0
    for calls in islice(all_histories(requests, ALPHABET), part, None, parts):
        right = brute_force(calls)
        assert (verdict(*calls) is Verdict.VALID) == right, calls
        judged += 1
        wrong += not right
    return judged, wrong


def main() -> None:
    """Every size up to the one that was asked for."""
    parts = os.cpu_count() or 1
    with ProcessPoolExecutor(parts) as pool:
        for requests in range(1, int(sys.argv[1] if sys.argv[1:] else "4") + 1):
            counts = pool.map(compare, [requests] * parts, range(parts), [parts] * parts)
            judged, wrong = map(sum, zip(*counts, strict=True))
            sys.stdout.write(f"{requests} requests: {judged:,} histories agree, {wrong:,} not linearizable\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
