"""The space-time of a recording: all of a short one, of a long one the window around what is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

import core.session.space_time_reader as reading
from bench.synthetic import START_NS, load_records
from core.session.recorder import Recorder
from core.session.recording_format import RecordingHeader
from core.session.space_time_reader import SpaceTimeReader
from tests.support.waiting import wait_until

HEADER = RecordingHeader(app_version="0", service="social", service_version=1, seed=1, replicas=3, clients=64)
SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tapes") / "run.lockstep"
    recorder = Recorder(path, HEADER)
    recorder.append_many(load_records(3.0, 3))
    recorder.close()
    return path


def shows(reader: SpaceTimeReader, moment_ns: int) -> bool:
    """Whether a moment is in the window; it is asked for again and again, as the diagram does."""
    reader.ask(moment_ns)
    return reader.model.start_ns <= moment_ns <= reader.model.end_ns


def test_a_short_recording_is_read_whole(recording: Path) -> None:
    reader = SpaceTimeReader(recording)
    wait_until(lambda: reader.idle)
    reader.close()
    assert reader.model.start_ns == START_NS
    assert reader.model.end_ns > START_NS + 2.9 * SECOND
    assert len(reader.columns()) > 500_000


def test_of_a_long_one_there_is_a_window_with_the_moment_in_it(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BEFORE_RECORDS", 1_000)
    reader = SpaceTimeReader(recording, max_rows=400_000)
    for share in (0.1, 2.6, 1.7, 0.0):
        moment_ns = START_NS + round(share * SECOND)
        wait_until(lambda: shows(reader, moment_ns))  # noqa: B023
    wait_until(lambda: reader.idle)
    whole = reader.model
    reader.ask(START_NS - SECOND)  # there is nothing earlier: it is not read again
    assert reader.idle
    assert reader.model is whole
    reader.close()
