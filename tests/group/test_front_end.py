"""The front end, played through the transcripts in `tests/transcripts`, and its window."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import RemoteProtocolError
from core.group.front_end import FrontEnd
from core.limits import LAG_REQUESTS, OPEN_BATCHES, WINDOW_REQUESTS
from tests.support.transcripts import Stage, turns

TRANSCRIPTS = sorted((Path(__file__).parents[1] / "transcripts").glob("*.txt"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcript(path: Path) -> None:
    Stage().play(path)


def test_there_are_transcripts() -> None:
    assert len(TRANSCRIPTS) >= 6
    assert all(list(turns(path)) for path in TRANSCRIPTS)


def test_a_transcript_that_expects_something_else_fails(tmp_path: Path) -> None:
    path = tmp_path / "wrong.txt"
    path.write_text("R1 joins\nrequest C1.1\n  order #2 to R1\n")
    with pytest.raises(AssertionError, match=r"wrong.txt, line 2: request C1.1"):
        Stage().play(path)


def test_nobody_orders_for_an_empty_group() -> None:
    assert FrontEnd(1, 0).room() <= 0


def test_who_gathers_has_no_room_while_batches_wait_for_their_answer() -> None:
    stage = Stage()
    for said in ("R1 joins", "R2 joins"):
        stage.do(said)
    for number in range(1, OPEN_BATCHES + 1):
        assert stage.front_end.room(gathers=True) > 0
        stage.do(f"request C{number}.1")
    assert stage.front_end.room(gathers=True) == 0
    assert stage.front_end.room() > 0
    stage.do("R1 answers #1")
    assert stage.front_end.room(gathers=True) > 0


def test_clients_wait_for_the_slowest_that_is_waited_for() -> None:
    """R2 executes nothing; R1 answers everything. The group may run LAG_REQUESTS ahead of R2, no further,
    until R2 is suspected."""
    stage = Stage()
    for said in ("R1 joins", "R2 joins"):
        stage.do(said)
    number = 0
    while (room := stage.front_end.room()) > 0:
        size = min(room, 64)
        stage.do(f"request C1.{number + 1}-{number + size}")
        stage.do(f"R1 answers #{number + 1}")
        number += size
    assert number == LAG_REQUESTS
    assert stage.do("room") == ["0 more"]
    for moment in ("0.2 s", "0.4 s"):
        stage.do(f"at {moment}")
        stage.do("tick")
    stage.do("at 0.6 s")
    stage.do("R1 pongs expecting #1")
    assert "suspect R2, silent for 0.6 s" in stage.do("tick")
    assert stage.do("room") == [f"{WINDOW_REQUESTS} more"]


def test_a_replica_may_not_join_behind_the_group() -> None:
    stage = Stage()
    stage.do("R1 joins")
    stage.do("request C1.1")
    with pytest.raises(RemoteProtocolError, match="R2 expects #1, but the group is at #2"):
        stage.front_end.joined(2, 1, 1, 0)
