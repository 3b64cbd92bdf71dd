"""What “why?” costs the thread that paints, for numbers of any age: `python -m bench.why`.

A log as full as it gets, at full load; the least CPU time of several answers counts.
"""

from __future__ import annotations

import sys
import time

from bench.synthetic import BATCH_REQUESTS, BATCHES_PER_S, load_records, words
from core.model.cluster_view import ClusterView
from core.model.explain import why
from core.model.fold import Fold
from core.trace.events import EventLog

SECONDS = 9.0
ROUNDS = 7
PART_RECORDS = 5_000


def main() -> int:
    """Print a line for each age. Returns the exit code."""
    records = load_records(SECONDS, 3)
    log, fold = EventLog(words), Fold(words)
    for start in range(0, len(records), PART_RECORDS):
        log.append(records[start : start + PART_RECORDS])
        fold.apply(records[start : start + PART_RECORDS])
    view = fold.view(records[-1].time_ns)
    for age_s in (0.001, 1, 3, 6, 8.5):
        seq = view.front_end.next_seq - max(1, round(age_s * BATCHES_PER_S * BATCH_REQUESTS))
        best_ns = min(_cost_ns(view, log, f"#{seq}") for _ in range(ROUNDS))
        known = "told" if len(why(view, log, words, f"#{seq}").sentences) > 1 else "too long ago"
        sys.stdout.write(f"why #{seq:<8} {age_s:>6} s ago  {best_ns / 1e6:6.2f} ms  {known}\n")
    sys.stdout.write(f"{len(log):,} records in the log\n")
    return 0


def _cost_ns(view: ClusterView, log: EventLog, subject: str) -> int:
    start_ns = time.thread_time_ns()
    why(view, log, words, subject)
    return time.thread_time_ns() - start_ns


if __name__ == "__main__":
    sys.exit(main())
