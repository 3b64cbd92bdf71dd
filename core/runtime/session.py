"""A headless run with its recording: the wire log goes to a file while the cluster runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from core import __version__
from core.runtime.disk_brake import DiskBrake
from core.runtime.engine import Engine
from core.runtime.headless import Report, RunSettings, run, run_loop
from core.services.registry import load_service
from core.session.recorder import Recorder
from core.session.recording_format import RecordingHeader
from core.trace.wire_log import Record

FLUSH_RECORDS = 512
FLUSH_NS = 100_000_000
"""What a crash may cost at most, besides the block that the recorder has not sealed yet."""


class RecordBuffer:
    """Hands records to a recorder in bundles, so that the engine pays per bundle."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._records: list[Record] = []

    def write(self, records: list[Record]) -> None:
        """Keep these; hand over when there are FLUSH_RECORDS, or after FLUSH_NS."""
        self._records += records
        if len(self._records) >= FLUSH_RECORDS or records[-1].time_ns - self._records[0].time_ns >= FLUSH_NS:
            self.flush()

    def flush(self) -> None:
        """Hand over what is kept."""
        records, self._records = self._records, []
        if records:
            self._recorder.append_many(records)


def open_recorder(settings: RunSettings, path: Path) -> Recorder:
    """A new recording of such a run. Raises RecordingError, ServiceError."""
    header = RecordingHeader(
        app_version=__version__,
        service=settings.service,
        service_version=load_service(settings.service).version,
        seed=settings.seed,
        replicas=settings.replicas,
        clients=settings.clients,
        started_wall_ns=time.time_ns(),
        reply_policy=str(settings.policies.reply),
        failure_policy=settings.policies.failure.value,
    )
    return Recorder(path, header)


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
