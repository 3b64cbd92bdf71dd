"""The recorder when the disk does not want, and when the app does not live."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.synthetic import load_records
from core.errors import RecordingError
from core.session import recorder as recorder_module
from core.session.reader import read
from core.session.recorder import SEAL_NS, Recorder
from core.session.recording_format import RecordingHeader
from core.trace.wire_log import Record
from tests.support.dialogue import Dialogue

HEADER = RecordingHeader(
    app_version="1.0", service="social", service_version=1, seed=7, replicas=3, clients=2
)


def wait_until(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    never = threading.Event()
    for _ in range(int(timeout_s / 0.005)):
        if condition():
            return
        never.wait(0.005)
    raise AssertionError("it did not happen in time")


# --- opening ----------------------------------------------------------------------------------------------


def test_an_existing_file_is_kept_unless_overwriting_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "x.lockstep"
    path.write_bytes(b"precious")
    with pytest.raises(RecordingError, match=r"exists already\. Choose another name"):
        Recorder(path, HEADER)
    assert path.read_bytes() == b"precious"
    Recorder(path, HEADER, overwrite=True).close()
    assert read(path).note == ""


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"There is no directory .*nowhere"):
        Recorder(tmp_path / "nowhere" / "x.lockstep", HEADER)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_directory_is_no_file(tmp_path: Path, overwrite: bool) -> None:
    with pytest.raises(RecordingError, match="is a directory"):
        Recorder(tmp_path, HEADER, overwrite=overwrite)


def test_an_unwritable_place_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(RecordingError, match="may not be written"):
        Recorder(tmp_path / "x.lockstep", HEADER)


# --- while it runs ----------------------------------------------------------------------------------------


def test_what_is_sealed_is_in_the_file_without_closing(tmp_path: Path) -> None:
    path = tmp_path / "x.lockstep"
    recorder = Recorder(path, HEADER)
    records = Dialogue().records
    recorder.append_many(records)
    wait_until(lambda: recorder.records == len(records))
    recording = read(path)
    assert recording.records_count == len(records)
    assert "was not closed" in recording.note
    assert recorder.file_bytes == path.stat().st_size
    assert recorder.backlog_bytes() == 0
    recorder.close()


def test_a_block_spans_no_more_than_half_a_second_and_a_helping(tmp_path: Path) -> None:
    path = tmp_path / "x.lockstep"
    recorder = Recorder(path, HEADER)
    talk = Dialogue(replicas=3)
    for tenth in range(3_000):
        talk.at(tenth / 100).pong(1, 1)
    for one in talk.records:
        recorder.append_many([one])
    recorder.close()
    helping_ns = 256 * 10_000_000
    for place in read(path).blocks:
        assert place.head.last_ns - place.head.first_ns <= SEAL_NS + helping_ns


def test_a_full_disk_ends_the_recording_and_keeps_what_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.lockstep"
    recorder = Recorder(path, HEADER)
    first = Dialogue().records
    recorder.append_many(first)
    wait_until(lambda: recorder.records == len(first))
    write, room = os.write, [30]

    def full(file: int, data: bytes) -> int:
        if file != recorder._file:
            return write(file, data)
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = write(file, bytes(data[: room[0]]))
        room[0] -= written
        return written

    monkeypatch.setattr(os, "write", full)
    recorder.append_many(first)
    wait_until(lambda: recorder.error is not None)
    assert str(recorder.error).startswith(f"No space is left for {path}.")
    recorder.append_many(first)
    with pytest.raises(RecordingError, match="No space is left"):
        recorder.close()
    monkeypatch.undo()
    recording = read(path)
    assert recording.records_count == len(first)
    assert "was not closed" in recording.note


def test_a_slow_disk_shows_in_the_backlog_and_ends_the_recording_at_its_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    seal = recorder_module.BlockBuilder.seal

    def slow(builder: recorder_module.BlockBuilder) -> bytes:
        gate.wait(10)
        return seal(builder)

    monkeypatch.setattr(recorder_module.BlockBuilder, "seal", slow)
    path = tmp_path / "x.lockstep"
    recorder = Recorder(path, HEADER, max_backlog_bytes=10 << 20)
    body = bytes(1 << 20)
    written = 0
    while recorder.error is None and written < 100:
        recorder.append_many([Record(written, 0, 0, 0, body)])
        written += 1
    assert 10 <= recorder.backlog_bytes() >> 20 <= 12
    gate.set()
    with pytest.raises(RecordingError, match="too slow to record this load"):
        recorder.close()
    kept = list(read(path).records())
    assert [one.time_ns for one in kept] == list(range(written)), "what was handed over is kept"


def test_a_record_that_cannot_be_written_ends_the_recording_in_words(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "x.lockstep", HEADER)
    recorder.append_many([Record(0, 0, 1 << 40, 0, b"")])
    with pytest.raises(RecordingError, match="cannot be written"):
        recorder.close()


def test_after_closing_nothing_is_taken(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "x.lockstep", HEADER)
    recorder.finish()
    wait_until(lambda: recorder.ended)
    recorder.append_many(Dialogue().records)
    assert recorder.close().records == 0


CRASH = """
import sys, threading
from pathlib import Path
from core.session.recorder import Recorder
from tests.session.test_recorder import HEADER
from bench.synthetic import load_records

recorder = Recorder(Path(sys.argv[1]), HEADER)
records = load_records(3.0, 3)
for start in range(0, len(records), 100):
    recorder.append_many(records[start : start + 100])
    if recorder.records > 5_000:
        sys.stdout.write("half\\n")
        sys.stdout.flush()
        threading.Event().wait(30)
    threading.Event().wait(0.001)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_crash_of_the_app_leaves_a_readable_file(tmp_path: Path) -> None:
    path = tmp_path / "x.lockstep"
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", CRASH, str(path)], stdout=subprocess.PIPE, cwd=root
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
    recording = read(path)
    records = load_records(3.0, 3)
    base_ns = records[0].time_ns
    kept = list(recording.records())
    assert len(kept) > 5_000
    assert recording.note
    assert kept == [one._replace(time_ns=one.time_ns - base_ns) for one in records[: len(kept)]]
