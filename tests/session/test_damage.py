"""Damaged, forged and older files: a clear error or the whole blocks before the damage, within bounds.

The long form is `python -m bench.fuzz_recording --files 20000`.
"""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import zstandard
from xxhash import xxh3_64_intdigest

from bench.fuzz_recording import ACCIDENTS, FORGERIES, SPARE_BYTES, Failed, cut, fuzz, judge
from core.errors import RecordingError
from core.session import migration
from core.session.migration import Step
from core.session.reader import read
from core.session.recorder import Recorder
from core.session.recording_format import MAGIC, PREAMBLE, RecordingEnd, pack_end, pack_header
from core.trace.blocks import BLOCK_RECORDS, BODIES_BYTES, HEAD_BYTES, PARTS_BYTES, BlockHead, pack_head
from core.trace.blocks import unpack_records as unpack
from core.trace.wire_log import Record
from tests.support.made_run import header, made_run, save


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some blocks."""
    path = tmp_path_factory.mktemp("fuzz") / "whole.lockstep"
    recorder = Recorder(path, header())
    records = made_run(500)
    step = len(records) // 4
    for start in range(0, len(records), step):
        recorder.append_many(records[start : start + step])
        while recorder.records < min(start + step, len(records)) and recorder.error is None:
            recorder._ended.wait(0.01)
    recorder.close()
    assert len(read(path).blocks) >= 4
    return path


def test_cut_at_200_random_positions(recording: Path, tmp_path: Path) -> None:
    data, whole = recording.read_bytes(), read(recording)
    original, counts = list(whole.records()), set()
    for number in range(200):
        path = tmp_path / "cut.lockstep"
        path.write_bytes(cut(random.Random(f"cut {number}"), data, whole))
        if judge(path, original, accident=True) != "refused":
            counts.add(len(list(read(path).records())))
    ends = {place.first_record + place.head.records for place in whole.blocks}
    assert counts <= {0, *ends} and len(counts) >= 4, "whole blocks, and no part of one"


def test_damaged_and_forged_files(recording: Path) -> None:
    outcomes = fuzz(recording, 150, seed=3)
    assert outcomes.total() == 150
    assert outcomes["accident: up to the damage"] > 30
    assert sum(count for name, count in outcomes.items() if name.startswith("forgery: refused")) > 10


def test_the_judge_notices_what_must_not_be(recording: Path, tmp_path: Path) -> None:
    """A reader that shows other records than there were would not pass."""
    original = list(read(recording).records())
    with pytest.raises(Failed, match="never was"):
        judge(recording, [original[0]._replace(token=5), *original[1:]], accident=True)
    assert len(ACCIDENTS) + len(FORGERIES) >= 10


def largest_block() -> tuple[BlockHead, bytes]:
    """As many records, parts and bodies as a block may have, each body put together from three parts."""
    count, size = BLOCK_RECORDS, PARTS_BYTES // BLOCK_RECORDS - 1
    lengths = np.full(count + 2, size, "<u4")
    lengths[0], lengths[-1] = 0, BODIES_BYTES // count - size  # the last one is the head of every record
    heads, tails = np.full(count, count + 1, "<u4"), np.arange(1, count + 1, dtype="<u4")
    nothing = np.zeros(count, "<u4")
    columns = (np.zeros(count, "<i8"), np.zeros(count, "u1"), np.zeros(count, "<u4"),
               np.arange(1 << 40, (1 << 40) + count, dtype="<u8"),
               heads, nothing, tails, lengths)  # fmt: skip
    planes = (column.view(np.uint8).reshape(-1, column.itemsize).T.tobytes() for column in columns)
    counts = np.array((count, len(lengths), 0), "<u4").tobytes()
    raw = counts + b"".join(planes) + bytes(int(lengths.sum(dtype=np.int64)))
    payload = zstandard.compress(raw, 1)
    checksum = xxh3_64_intdigest(payload)
    return BlockHead(len(payload), len(raw), count, 0, 0, 0, checksum), payload


def test_the_largest_block_that_is_allowed_stays_within_the_bound() -> None:
    head, payload = largest_block()
    tracemalloc.start()
    try:
        records = unpack(head, payload)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(records) == BLOCK_RECORDS
    assert sum(len(record.body) for record in records) > BODIES_BYTES * 0.95
    assert peak <= SPARE_BYTES, f"{peak / 2**20:.1f} MiB"


# --- older versions ---------------------------------------------------------------------------------------


def test_a_made_up_older_version_is_brought_forward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two versions later the seed has another name, and tokens count from 100."""
    path = save(tmp_path / "old.lockstep", made_run(30))
    old = read(path)
    records = list(old.records())

    def renamed(fields: dict[str, Any]) -> dict[str, Any]:
        return {**fields, "title": f"{fields['title']}seed was {fields['seed']}"}

    def shifted(blocks: list[Record]) -> list[Record]:
        return [record._replace(token=record.token + 100) for record in blocks]

    monkeypatch.setattr(migration, "FORMAT_VERSION", 4)
    monkeypatch.setitem(migration.STEPS, 2, Step(renamed, lambda blocks: blocks))
    monkeypatch.setitem(migration.STEPS, 3, Step(lambda fields: fields, shifted))
    new = read(path)
    assert new.header.title == "seed was 1"
    assert list(new.records()) == [record._replace(token=record.token + 100) for record in records]


def as_version_1(records: list[Record]) -> bytes:
    """A recording as version 1 wrote it: one block, in which a body has two parts."""
    half = [len(record.body) // 2 for record in records]
    parts = [b""]
    for record, cut_at in zip(records, half, strict=True):
        parts += [record.body[:cut_at], record.body[cut_at:]]
    count = len(records)
    columns = (
        np.diff(np.array([record.time_ns for record in records], "<i8"), prepend=records[0].time_ns),
        *(np.array(column, kind) for column, kind in zip(
            list(zip(*records, strict=True))[1:4], ("u1", "<u4", "<u8"), strict=True)),
        np.arange(1, 2 * count, 2, dtype="<u4"),
        np.arange(2, 2 * count + 1, 2, dtype="<u4"),
        np.array([len(part) for part in parts], "<u4"),
    )  # fmt: skip
    planes = (column.view(np.uint8).reshape(-1, column.itemsize).T.tobytes() for column in columns)
    raw = np.array((count, len(parts)), "<u4").tobytes() + b"".join((*planes, *parts))
    payload = zstandard.compress(raw)
    first, last, checksum = records[0].time_ns, records[-1].time_ns, xxh3_64_intdigest(payload)
    head = BlockHead(len(payload), len(raw), count, first, last, 7, checksum, b"BLK1")
    body = msgspec.msgpack.encode(header())
    front = PREAMBLE.pack(MAGIC, 1, len(body), xxh3_64_intdigest(body)) + body
    return front + pack_head(head) + payload + pack_end(RecordingEnd(1, count))


def test_a_recording_of_version_1_is_read(tmp_path: Path) -> None:
    records = list(read(save(tmp_path / "new.lockstep", made_run(60))).records())
    path = tmp_path / "old.lockstep"
    path.write_bytes(as_version_1(records))
    old = read(path)
    assert (old.header, old.note) == (header(), "")
    assert list(old.records()) == records


def test_a_version_without_a_step_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "old.lockstep", made_run(5))
    monkeypatch.setattr(migration, "FORMAT_VERSION", 3)
    with pytest.raises(RecordingError, match="has format 2; this version of Lockstep reads format 3"):
        read(path)


def test_there_is_a_step_from_every_version_that_there_was() -> None:
    assert sorted(migration.STEPS) == list(range(1, migration.FORMAT_VERSION))


def test_a_header_that_lies_about_its_length_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.lockstep"
    head = bytearray(pack_header(header()))
    head[14:18] = (1 << 30).to_bytes(4, "little")
    path.write_bytes(head)
    with pytest.raises(RecordingError, match="header is damaged"):
        read(path)


def test_a_forged_head_cannot_ask_for_memory(tmp_path: Path) -> None:
    forged = BlockHead((1 << 32) - 1, (1 << 32) - 1, 5, 0, 0, 0, 0)
    path = tmp_path / "x.lockstep"
    path.write_bytes(pack_header(header()) + pack_head(forged) + bytes(100))
    recording = read(path)
    assert recording.blocks == () and "damaged" in recording.note
    assert len(pack_head(forged)) == HEAD_BYTES
