"""The way from a run to its recording."""

from __future__ import annotations

import time
from pathlib import Path

from core import __version__
from core.runtime.run_settings import RunSettings
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
