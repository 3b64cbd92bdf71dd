"""What a frame costs the GUI thread: its CPU time from tick to tick (drain, fold, docks and every paint in
between), ticks a second, and how long an input waits before it is looked at."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QObject

_KEPT_FRAMES = 4096
_PROBE = QEvent.Type(QEvent.registerEventType())


@dataclass(frozen=True, slots=True)
class FrameFigures:
    """Milliseconds of CPU a frame, frames a second, and milliseconds that a probe waited."""

    frames: int
    frames_per_s: float
    mean_ms: float
    p50_ms: float
    p99_ms: float
    work_p99_ms: float
    probe_p50_ms: float
    probe_p99_ms: float


class _Probe(QEvent):
    def __init__(self, sent_ns: int) -> None:
        super().__init__(_PROBE)
        self.sent_ns = sent_ns


class FrameMeter(QObject):
    """Lives on the GUI thread; only `probe` may be called from another one."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cpu_ns = np.zeros(_KEPT_FRAMES, dtype=np.int64)
        self._work_ns = np.zeros(_KEPT_FRAMES, dtype=np.int64)
        self._at_ns = np.zeros(_KEPT_FRAMES, dtype=np.int64)
        self._probes_ns: list[int] = []
        self._frames = 0
        self._last_cpu_ns = time.thread_time_ns()

    def begin(self) -> None:
        """A tick starts: what was spent since the last one started is that frame's cost."""
        cpu_ns = time.thread_time_ns()
        place = self._frames % _KEPT_FRAMES
        self._cpu_ns[place] = cpu_ns - self._last_cpu_ns
        self._at_ns[place] = time.perf_counter_ns()
        self._last_cpu_ns = cpu_ns
        self._frames += 1

    def so_far_ns(self) -> int:
        """CPU spent on this frame until now."""
        return time.thread_time_ns() - self._last_cpu_ns

    def end(self) -> None:
        """The tick's own work is done; paints follow."""
        self._work_ns[(self._frames - 1) % _KEPT_FRAMES] = time.thread_time_ns() - self._last_cpu_ns

    def probe(self) -> None:
        """Post an event as the system posts a click; any thread. Its waiting time is measured."""
        QCoreApplication.postEvent(self, _Probe(time.perf_counter_ns()))

    def event(self, event: QEvent) -> bool:
        """Take a probe's waiting time."""
        if isinstance(event, _Probe):
            self._probes_ns.append(time.perf_counter_ns() - event.sent_ns)
            del self._probes_ns[:-_KEPT_FRAMES]
            return True
        return super().event(event)

    def reset(self) -> None:
        """Forget what was measured (after a warm-up)."""
        self._frames = 0
        self._probes_ns.clear()

    def recent(self, frames: int = 60) -> tuple[float, float]:
        """Frames a second and mean milliseconds of CPU a frame over the last `frames`."""
        places = self._places(frames)
        if len(places) < 2:
            return 0.0, 0.0
        span_ns = int(self._at_ns[places[-1]] - self._at_ns[places[0]])
        return (len(places) - 1) * 1e9 / max(span_ns, 1), float(self._cpu_ns[places[1:]].mean()) / 1e6

    def figures(self) -> FrameFigures:
        """Everything since `reset`, over at most the last 4096 frames."""
        places = self._places(_KEPT_FRAMES)
        frames_per_s, _ = self.recent(_KEPT_FRAMES)
        cpu = self._cpu_ns[places[1:]] / 1e6 if len(places) > 1 else np.zeros(1)
        work = self._work_ns[places[1:]] / 1e6 if len(places) > 1 else np.zeros(1)
        probes = np.array(self._probes_ns or [0]) / 1e6
        return FrameFigures(
            frames=self._frames,
            frames_per_s=frames_per_s,
            mean_ms=float(cpu.mean()),
            p50_ms=float(np.percentile(cpu, 50)),
            p99_ms=float(np.percentile(cpu, 99)),
            work_p99_ms=float(np.percentile(work, 99)),
            probe_p50_ms=float(np.percentile(probes, 50)),
            probe_p99_ms=float(np.percentile(probes, 99)),
        )

    def _places(self, frames: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        kept = min(frames, self._frames, _KEPT_FRAMES)
        return np.arange(self._frames - kept, self._frames, dtype=np.int64) % _KEPT_FRAMES
