"""Bookmarks and captions are kept in the recording, and the log is not touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.synthetic import load_records
from core.session.annotations import Note, decode_notes
from core.session.tape import FileTape
from core.trace.wire_log import Record
from tests.session.test_replay import Seat, record_to
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def run() -> list[Record]:
    return load_records(0.4, 3)


def test_notes_are_kept_in_the_file_and_no_block_is_touched(run: list[Record], tmp_path: Path) -> None:
    path = record_to(tmp_path / "run.lockstep", run[:2_000])
    log = path.read_bytes()
    seat = Seat(path)
    seat.travel.set_notes([Note(20, "later", 5), Note(10, "first")])
    seat.travel.set_notes([*seat.travel.notes[:1], Note(30, "changed")])
    wait_until(lambda: not seat.source.writing)
    seat.close()
    assert path.read_bytes()[: len(log)] == log
    again = Seat(path)
    assert again.travel.notes == (Note(10, "first"), Note(30, "changed"))
    assert again.travel.state.all_records == 2_000
    assert again.travel.sentences() == []
    again.close()


def test_notes_of_a_file_that_was_cut_off(run: list[Record], tmp_path: Path) -> None:
    path = record_to(tmp_path / "run.lockstep", run[:2_000])
    path.write_bytes(path.read_bytes()[:-100])
    seat = Seat(path)
    records = seat.travel.state.all_records
    seat.travel.set_notes([Note(10, "kept")])
    wait_until(lambda: not seat.source.writing)
    seat.close()
    tape = FileTape(path)
    tape.grow()
    assert decode_notes(tape.annotations) == (Note(10, "kept"),)
    assert tape.records == records
    assert path.stat().st_size == tape.whole_bytes  # the part of a block is gone
