"""A headless run with its recording: the wire log goes to a file while the cluster runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from core.runtime.disk_brake import DiskBrake
from core.runtime.engine import Engine
from core.runtime.headless import Report, run, run_loop
from core.runtime.record_buffer import RecordBuffer, open_recorder
from core.runtime.run_settings import RunSettings


def record_run(
    settings: RunSettings, path: Path | None, started: Callable[[Engine], None] | None = None
) -> Report:
    """Run headless; write the wire log to `path` when there is one. Raises RecordingError, StartError."""
    if path is None:
        return run_loop(run(settings, lambda records: None, started))
    recorder = open_recorder(settings, path)
    buffer = RecordBuffer(recorder)
    brakes: list[asyncio.Task[None]] = []

    def begin(engine: Engine) -> None:
        brakes.append(DiskBrake(engine, recorder).watch())
        if started is not None:
            started(engine)

    def let_go() -> None:
        brakes.pop().cancel()

    try:
        return run_loop(run(settings, buffer.write, begin, let_go))
    finally:
        buffer.flush()
        recorder.close()
