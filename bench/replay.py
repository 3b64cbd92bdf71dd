"""What it costs to open, seek and play a recording of a million requests: `python -m bench.replay [FILE]`.

Without a file one is made up first, under full load in batches of 40, which takes half a minute. Everything
is done on this thread and counted by its own time, so another program's load does not show.
"""

from __future__ import annotations

import gc
import random
import resource
import sys
import tempfile
import threading
from pathlib import Path
from time import thread_time_ns

from bench.synthetic import load_records, words
from core.services.face import Face
from core.services.registry import load_service
from core.session.recorder import Recorder
from core.session.recording_format import RecordingHeader
from core.session.seeker import Moment, Seeker, ToBeginning, ToTime
from core.session.tape import FileTape
from core.trace.wire_log import Record

REQUESTS = 1_000_000
REQUESTS_PER_S = 60_000
SEEKS = 200
FRAME_NS = 1_000_000_000 // 60
FRAMES = 600
REST_BYTES = 16 << 20


def make_up(path: Path) -> Path:
    """A recording of a million requests."""
    header = RecordingHeader(
        app_version="0", service="bench", service_version=1, seed=1, replicas=3, clients=64
    )
    recorder = Recorder(path, header)
    rest = threading.Event()
    records = load_records(REQUESTS / REQUESTS_PER_S, 3)
    for start in range(0, len(records), 2_000):
        recorder.append_many(records[start : start + 2_000])
        while recorder.backlog_bytes() > REST_BYTES:
            rest.wait(0.01)
    recorder.close()
    return path


class Stopwatch:
    """Milliseconds of this thread's own time since the last look."""

    def __init__(self) -> None:
        self._since_ns = thread_time_ns()

    def lap(self) -> float:
        now_ns = thread_time_ns()
        passed_ms = (now_ns - self._since_ns) / 1e6
        self._since_ns = now_ns
        return passed_ms


def measure(path: Path) -> None:
    """Open, read, seek and play it, and print what each costs."""
    gc.disable()
    watch = Stopwatch()
    tape = FileTape(path)
    while not tape.complete:
        tape.grow()
    own = tape.header.service == "bench"
    seeker = Seeker(tape, words if own else Face(load_service(tape.header.service)).words)
    _show(seeker, seeker.find(ToBeginning(), _never))
    print(f"{tape.records:,} records in {tape.blocks} blocks, {path.stat().st_size / 1e6:.1f} MB")
    print(f"first picture      {watch.lap():8.1f} ms")
    while seeker.timeline.read_on():
        pass
    print(f"read to the end    {watch.lap():8.1f} ms, {resource_mib():.0f} MiB resident")
    _print("seek by time", _seeks(tape, seeker, watch))
    _print("step back", _steps(seeker, watch, tape.records // 2))
    _print("frame when played", _frames(tape, seeker, watch))
    print(f"at the end         {resource_mib():8.0f} MiB resident")


def _seeks(tape: FileTape, seeker: Seeker, watch: Stopwatch) -> list[float]:
    chance = random.Random(1)
    costs = []
    for _ in range(SEEKS):
        watch.lap()
        _show(seeker, seeker.find(ToTime(chance.randrange(tape.start_ns, tape.end_ns)), _never))
        costs.append(watch.lap())
    return costs


def _steps(seeker: Seeker, watch: Stopwatch, records: int) -> list[float]:
    costs = []
    for back in range(SEEKS // 4):
        watch.lap()
        _show(seeker, Moment(records - back))
        costs.append(watch.lap())
    return costs


def _frames(tape: FileTape, seeker: Seeker, watch: Stopwatch) -> list[float]:
    """Folding and viewing a frame's records at the pace of the run; unpacking is the player's thread's."""
    arrival = seeker.arrive(Moment(0), _never)
    assert arrival is not None
    scene, now_ns, record, costs = arrival.scene, tape.start_ns, 0, []
    for _ in range(FRAMES):
        now_ns += FRAME_NS
        until = seeker.timeline.at_time(now_ns)
        part: list[Record] = []
        while record < until:
            block = tape.block_of(record)
            first = tape.first_record(block)
            rest = tape.load(block)[record - first : until - first]
            part += rest
            record += len(rest)
        watch.lap()
        scene.apply(part)
        scene.fold.view(now_ns)
        costs.append(watch.lap())
    return costs


def _show(seeker: Seeker, moment: Moment | None) -> None:
    assert moment is not None
    arrival = seeker.arrive(moment, _never)
    assert arrival is not None
    arrival.scene.fold.view(arrival.now_ns)


def _never() -> bool:
    return False


def _print(name: str, costs: list[float]) -> None:
    costs.sort()
    median, p99 = costs[len(costs) // 2], costs[len(costs) * 99 // 100]
    print(f"{name:18} {median:8.1f} ms median, {p99:.1f} ms p99, {costs[-1]:.1f} ms at most")


def resource_mib() -> float:
    """The most memory that this process ever had, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


def main() -> None:
    """Measure the file that is named, or one that is made up."""
    if len(sys.argv) > 1:
        measure(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(make_up(Path(folder) / "million.lockstep"))


if __name__ == "__main__":
    main()
