"""A simulated run as a recording that opens in the app."""

from __future__ import annotations

from pathlib import Path

from core import __version__
from core.services.registry import load_service
from core.session.recorder import Recorder
from core.session.recording_format import RecordingHeader
from core.simulation.cluster import START_NS, WALL_NS
from core.simulation.run import Outcome, simulate
from core.simulation.schedule import Schedule
from core.trace.wire_log import Record


def record(schedule: Schedule, path: Path) -> Outcome:
    """Simulate this schedule once more and write its wire log. Raises RecordingError."""
    records: list[Record] = []
    outcome = simulate(schedule, records)
    header = RecordingHeader(
        app_version=__version__,
        service=schedule.service,
        service_version=load_service(schedule.service).version,
        seed=schedule.seed,
        replicas=schedule.replicas,
        clients=schedule.clients,
        started_wall_ns=WALL_NS + START_NS,
        title=f"Simulated seed {schedule.seed}" + (f": {outcome.problem}" if outcome.problem else ""),
    )
    recorder = Recorder(path, header, overwrite=True)
    recorder.append_many(records)
    recorder.close()
    return outcome
