"""After a crash: what was recorded is found, whole, and closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.synthetic import load_records
from core.errors import RecordingError
from core.session.annotations import Note, decode_notes, write_notes
from core.session.reader import read
from core.session.recorder import Recorder
from core.session.recording_format import END, RecordingHeader
from core.session.recovery import close_whole, left_behind
from core.session.saving import save_copy
from core.session.tape import FileTape
from core.trace.wire_log import Record

HEADER = RecordingHeader(app_version="0", service="social", service_version=1, seed=1, replicas=3, clients=64)


@pytest.fixture(scope="module")
def run() -> list[Record]:
    return load_records(0.5, 3)


def session(folder: Path, name: str, run: list[Record]) -> Path:
    path = folder / f"session-{name}.lockstep"
    recorder = Recorder(path, HEADER)
    recorder.append_many(run)
    recorder.close()
    return path


def crashed(folder: Path, name: str, run: list[Record]) -> Path:
    """As SIGKILL leaves it: no end mark, and a part of a block."""
    path = session(folder, name, run)
    data = path.read_bytes()
    path.write_bytes(data[: -END.size] + data[200:600])
    return path


def test_a_session_that_a_crash_left_is_found_and_closed(tmp_path: Path, run: list[Record]) -> None:
    session(tmp_path, "1", run)
    path = crashed(tmp_path, "2", run)
    found = left_behind(tmp_path)
    assert found is not None
    assert found.path == path
    assert found.seconds == pytest.approx(0.5, abs=0.02)
    close_whole(path)
    recording = read(path)
    assert recording.note == ""
    assert recording.records_count == len(run)
    assert left_behind(tmp_path) is None


def test_one_that_is_still_recorded_is_left_alone(tmp_path: Path, run: list[Record]) -> None:
    recorder = Recorder(tmp_path / "session-1.lockstep", HEADER)
    recorder.append_many(run)
    try:
        assert left_behind(tmp_path) is None
        with pytest.raises(RecordingError, match="still being recorded"):
            close_whole(recorder.path)
        with pytest.raises(RecordingError, match="still being recorded"):
            write_notes(recorder.path, [])
    finally:
        recorder.close()
    assert read(recorder.path).note == ""
    assert read(recorder.path).records_count == len(run)


def test_one_without_a_block_is_not_worth_a_word(tmp_path: Path, run: list[Record]) -> None:
    path = session(tmp_path, "1", run)
    path.write_bytes(path.read_bytes()[:200])
    (tmp_path / "session-2.lockstep").write_bytes(b"no recording")
    assert left_behind(tmp_path) is None
    assert left_behind(tmp_path / "nowhere") is None


def test_notes_behind_the_end_mark_do_not_hide_it(tmp_path: Path, run: list[Record]) -> None:
    path = session(tmp_path, "1", run)
    write_notes(path, [Note(1, "x" * 400)] * 600)
    assert left_behind(tmp_path) is None


def test_a_copy_is_closed_and_has_the_notes(tmp_path: Path, run: list[Record]) -> None:
    path = crashed(tmp_path, "1", run)
    write_notes(path, [Note(7, "mine")])
    before = path.read_bytes()
    copy = tmp_path / "copy.lockstep"
    save_copy(path, copy)
    assert path.read_bytes() == before
    tape = FileTape(copy)
    tape.grow()
    assert (tape.closed, tape.note, tape.records) == (True, "", len(run))
    assert decode_notes(tape.annotations) == (Note(7, "mine"),)


def test_a_copy_that_fails_leaves_what_was_there(tmp_path: Path, run: list[Record]) -> None:
    path = session(tmp_path, "1", run)
    with pytest.raises(RecordingError, match="There is no directory"):
        save_copy(path, tmp_path / "no" / "copy.lockstep")
    with pytest.raises(RecordingError, match="is the recording itself"):
        save_copy(path, path)
    assert sorted(tmp_path.iterdir()) == [path]
