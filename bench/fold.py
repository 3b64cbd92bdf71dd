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
SECONDS = 4.0
WARM_UP = 30
RUNS = 5


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


def run(frames: list[list[Record]]) -> tuple[list[float], list[float]]:
    """Milliseconds of each frame: of the fold with its view, and of the event log."""
    fold, log = Fold(words), EventLog(words)
    folds: list[float] = []
    logs: list[float] = []
    for index, frame in enumerate(frames):
        start = thread_time_ns()
        fold.apply(frame)
        fold.view(START_NS + (index + 1) * FRAME_NS)
        folded = thread_time_ns()
        log.append(frame)
        folds.append((folded - start) / 1e6)
        logs.append((thread_time_ns() - folded) / 1e6)
    return folds[WARM_UP:], logs[WARM_UP:]


def measure(replicas: int) -> dict[str, list[float]]:
    """Milliseconds a frame, the least of several equal runs of it: what else the machine did is left out."""
    frames = frames_of(load_records(SECONDS, replicas))
    runs = [run(frames) for _ in range(RUNS)]
    return {
        "fold and view": list(map(min, *(folds for folds, _ in runs))),
        "event log": list(map(min, *(logs for _, logs in runs))),
    }


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
