"""What the recorder writes, the reader reads: exactly, and up to any damage."""

from __future__ import annotations

import os
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.synthetic import load_records, words
from core.errors import RecordingError
from core.model.fold import Fold
from core.session.reader import Recording, read
from core.session.recorder import Recorder
from core.session.recording_format import PREAMBLE, RecordingEnd, RecordingHeader, pack_header
from core.trace.blocks import HEAD_BYTES
from core.trace.wire_log import Record
from tests.support.dialogue import SECOND, Dialogue
from tests.trace.test_blocks import records_strategy

HEADER = RecordingHeader(
    app_version="1.0", service="social", service_version=1, seed=7, replicas=3, clients=2, title="a demo"
)


def record(path: Path, records: list[Record], helping: int = 100) -> RecordingEnd:
    recorder = Recorder(path, HEADER)
    for start in range(0, len(records), helping):
        recorder.append_many(records[start : start + helping])
    return recorder.close()


def from_zero(records: list[Record]) -> list[Record]:
    base_ns = records[0].time_ns if records else 0
    return [one._replace(time_ns=one.time_ns - base_ns) for one in records]


def small() -> list[Record]:
    talk = Dialogue(replicas=2)
    talk.at(1.0).call((1, 1, "post hi")).order(1, (1, 1, "post hi")).result(1, 1).result(2, 1)
    return talk.records


def test_a_run_comes_back_exactly(tmp_path: Path) -> None:
    records = load_records(1.2, 3)
    path = tmp_path / "run.lockstep"
    end = record(path, records)
    recording = read(path)
    assert recording.header == HEADER
    assert recording.note == ""
    assert list(recording.records()) == from_zero(records)
    assert end == RecordingEnd(len(recording.blocks), len(records))
    assert recording.records_count == len(records)
    assert recording.base_ns == records[0].time_ns
    assert recording.duration_ns == records[-1].time_ns - records[0].time_ns


@settings(max_examples=30, deadline=None)
@given(records_strategy, st.integers(1, 10))
def test_any_records_come_back_exactly(records: list[Record], helping: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.lockstep"
        record(path, records, helping)
        assert list(read(path).records()) == from_zero(records)


def test_a_recording_shows_the_same_picture_as_the_run(tmp_path: Path) -> None:
    records = load_records(0.5, 3)
    record(tmp_path / "x.lockstep", records)
    live, replayed = Fold(words), Fold(words)
    live.apply(records)
    replayed.apply(list(read(tmp_path / "x.lockstep").records()))
    base_ns = records[0].time_ns
    before, after = live.view(base_ns + SECOND), replayed.view(SECOND)
    assert after.replicas == before.replicas
    assert after.front_end == before.front_end
    assert after.metrics == before.metrics
    assert [card.last_seq for card in after.clients] == [card.last_seq for card in before.clients]


def test_blocks_can_be_sought_by_time(tmp_path: Path) -> None:
    records = load_records(2.0, 3)
    path = tmp_path / "x.lockstep"
    record(path, records)
    recording = read(path)
    assert len(recording.blocks) > 2
    for place, following in pairwise(recording.blocks):
        assert place.first_record + place.head.records == following.first_record
    for index, place in enumerate(recording.blocks):
        assert recording.block_at(place.head.first_ns) == index
        assert recording.load(index)[0].time_ns == place.head.first_ns
    assert recording.block_at(-5) == 0
    assert recording.block_at(1 << 62) == len(recording.blocks) - 1


def test_a_recording_of_nothing_is_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "x.lockstep"
    assert Recorder(path, HEADER).close() == RecordingEnd(0, 0)
    recording = read(path)
    assert (recording.note, recording.duration_ns, list(recording.records())) == ("", 0, [])


# --- damage -----------------------------------------------------------------------------------------------


def whole_blocks(recording: Recording, records: list[Record]) -> None:
    """What there is, is the run's beginning."""
    found = list(recording.records())
    assert found == records[: len(found)]


def test_a_file_cut_off_anywhere_gives_its_whole_blocks_and_a_note(tmp_path: Path) -> None:
    records = small()
    path = tmp_path / "x.lockstep"
    recorder = Recorder(path, HEADER)
    recorder.append_many(records[:6])
    while recorder.records < 6 and recorder.error is None:
        recorder._ended.wait(0.01)
    recorder.append_many(records[6:])
    recorder.close()
    data = path.read_bytes()
    header_end = len(pack_header(HEADER))
    assert len(read(path).blocks) == 2
    cut = tmp_path / "cut.lockstep"
    counts: set[int] = set()
    for length in range(len(data)):
        cut.write_bytes(data[:length])
        if length < header_end:
            with pytest.raises(RecordingError):
                read(cut)
            continue
        recording = read(cut)
        assert recording.note, length
        whole_blocks(recording, from_zero(records))
        counts.add(recording.records_count)
    assert counts == {0, 6, len(records)}


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_changed_bytes_never_crash_and_never_show_what_was_not(data: st.DataObject) -> None:
    records = from_zero(small())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.lockstep"
        record(path, small())
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 3))):
            content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)
        try:
            recording = read(path)
        except RecordingError as error:
            assert str(error)
            return
        whole_blocks(recording, records)


def test_a_damaged_block_hides_nothing_that_came_before(tmp_path: Path) -> None:
    records = load_records(2.0, 3)
    path = tmp_path / "x.lockstep"
    record(path, records)
    third = read(path).blocks[2]
    content = bytearray(path.read_bytes())
    content[third.offset + 1_000] ^= 1
    path.write_bytes(content)
    recording = read(path)
    assert len(recording.blocks) == 2
    assert recording.note.startswith("The recording is damaged after ")
    assert recording.note.endswith("everything before that is there.")
    whole_blocks(recording, from_zero(records))


def test_a_missing_block_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "x.lockstep"
    record(path, load_records(2.0, 3))
    first, second = read(path).blocks[:2]
    content = path.read_bytes()
    head = first.offset - HEAD_BYTES
    path.write_bytes(content[:head] + content[second.offset - HEAD_BYTES :])
    assert read(path).note == "Some blocks of the recording are missing."


def test_what_is_no_recording_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "x.lockstep"
    with pytest.raises(RecordingError, match="There is no file"):
        read(path)
    with pytest.raises(RecordingError, match="is a directory"):
        read(tmp_path)
    for content in (b"", b"PK\x03\x04" + bytes(100), b"\x89LOCKSTEP\r\n"):
        path.write_bytes(content)
        with pytest.raises(RecordingError, match="not a Lockstep recording"):
            read(path)
    newer = bytearray(pack_header(HEADER))
    newer[12] = 9
    path.write_bytes(newer)
    with pytest.raises(RecordingError, match=r"has format 9.*update"):
        read(path)
    path.write_bytes(pack_header(HEADER)[: PREAMBLE.size + 5])
    with pytest.raises(RecordingError, match="header is damaged"):
        read(path)


def test_a_file_that_vanishes_while_open_is_an_error_in_words(tmp_path: Path) -> None:
    path = tmp_path / "x.lockstep"
    record(path, small())
    recording = read(path)
    os.truncate(path, 200)
    with pytest.raises(RecordingError, match="damaged"):
        recording.load(0)
    path.unlink()
    with pytest.raises(RecordingError, match="There is no file"):
        recording.load(0)
