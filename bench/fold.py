"""What the fold costs a frame of the screen, under full load: `python -m bench.fold`.

The records of 60,000 requests a second are handed over in helpings of one frame (1/60 s), as the GUI thread
drains them, and a view is made after each. What counts is the time of this thread alone.
"""

from __future__ import annotations

import gc
from time import thread_time_ns

from bench.synthetic import START_NS, load_records, words
from core.model.fold import Fold
from core.trace.events import EventLog
from core.trace.wire_log import Record

FRAME_NS = 1_000_000_000 // 60
SECONDS = 6.0


def frames_of(records: list[Record]) -> list[list[Record]]:
    """The records by frame of the screen."""
    frames: list[list[Record]] = []
    due_ns = START_NS
    for record in records:
        while record.time_ns >= due_ns:
            frames.append([])
            due_ns += FRAME_NS
        frames[-1].append(record)
    return frames


def measure(replicas: int) -> dict[str, list[float]]:
    """Milliseconds a frame: of the fold with its view, and of the event log."""
    frames = frames_of(load_records(SECONDS, replicas))
    fold, log = Fold(words), EventLog(words)
    costs: dict[str, list[float]] = {"fold and view": [], "event log": []}
    for index, frame in enumerate(frames):
        start = thread_time_ns()
        fold.apply(frame)
        fold.view(START_NS + (index + 1) * FRAME_NS)
        folded = thread_time_ns()
        log.append(frame)
        logged = thread_time_ns()
        if index > 30:
            costs["fold and view"].append((folded - start) / 1e6)
            costs["event log"].append((logged - folded) / 1e6)
    return costs


def main() -> None:
    """Print median and 99th percentile."""
    gc.disable()
    for replicas in (3, 7):
        for name, costs in measure(replicas).items():
            costs.sort()
            median, p99 = costs[len(costs) // 2], costs[len(costs) * 99 // 100]
            print(f"{replicas} replicas  {name:14}  median {median:.3f} ms  p99 {p99:.3f} ms a frame")


if __name__ == "__main__":
    main()
