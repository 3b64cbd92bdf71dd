"""The rows of the space-time diagram, from small runs whose every row is known."""

from __future__ import annotations

import numpy as np
import pytest

from core.facts import Called, Continued, Exited, LinkFaulted, Paused
from core.link_faults import LinkFaults, Way
from core.model.bands import BandKind
from core.model.happens_before import cone
from core.model.lines import BLOCK_ROWS, FRONT_END, OPEN_NS, Fate, RowKind, client_code, node_name
from core.model.space_time import SpaceTime
from core.protocol.codec import encode
from core.protocol.messages import Nack, pack_u32
from core.trace.wire_log import Record, Tap, encode_fact
from tests.support.diagram_records import called, executed, joined, ordered, returned

Row = tuple[str, str, str, int, int, int]


def _name(kind: int, fate: int) -> str:
    return RowKind(kind).name + ("" if fate == Fate.ARRIVED else f" {Fate(fate).name}")


def rows_of(space: SpaceTime) -> list[Row]:
    """(kind, from, to, left, right, number) of every row."""
    c = space.columns()
    return [
        (
            _name(int(c.kind[i]), int(c.fate[i])),
            node_name(int(c.source[i])), node_name(int(c.target[i])),
            int(c.left_ns[i]), int(c.right_ns[i]), int(c.seq[i]),
        )
        for i in range(len(c))
    ]  # fmt: skip


def test_a_request_is_a_line_for_each_hop_and_a_span_for_each_execution() -> None:
    space = SpaceTime()
    space.feed([*joined(1, 2), called(10, 1, 1), ordered(12, 1, 1, 2), executed(40, 1, 1, 20, 21)])
    space.feed([returned(41, 1, 1, 1), executed(50, 1, 2, 25, 30)])
    assert rows_of(space) == [
        ("CALL", "C1", "FE", 10, 10, 0),
        ("ORDERED", "FE", "FE", 12, 12, 1),
        ("ORDER", "FE", "R1", 12, 20, 1),
        ("ORDER", "FE", "R2", 12, 25, 1),
        ("EXECUTED", "R1", "R1", 21, 23, 1),
        ("RESULT", "R1", "FE", 23, 40, 1),
        ("ANSWER", "FE", "C1", 41, 41, 1),
        ("EXECUTED", "R2", "R2", 30, 32, 1),
        ("RESULT", "R2", "FE", 32, 50, 1),
    ]


def test_what_travels_visibly_arrives_when_the_pace_let_it_go() -> None:
    space = SpaceTime()
    space.feed([*joined(1), called(10, 1, 1, Tap.CALL_SENT, 5)])
    assert rows_of(space) == [("CALL UNDER_WAY", "C1", "FE", 10, 10, 0)]
    space.feed([called(60, 1, 1, Tap.CALL_DELIVERED, 5), ordered(61, 1, 1, tap=Tap.TO_SENT, token=6)])
    space.feed(
        [ordered(90, 1, 1, tap=Tap.TO_DELIVERED, token=6), executed(95, 1, 1, 91, 92, Tap.FROM_SENT, 7)]
    )
    space.feed([executed(130, 1, 1, 91, 92, Tap.FROM_DELIVERED, 7)])
    assert rows_of(space) == [
        ("CALL", "C1", "FE", 10, 60, 0),
        ("ORDERED", "FE", "FE", 61, 61, 1),
        ("ORDER", "FE", "R1", 61, 90, 1),
        ("EXECUTED", "R1", "R1", 92, 94, 1),
        ("RESULT", "R1", "FE", 94, 130, 1),
    ]


def test_what_arrives_beyond_a_gap_is_held_back_until_the_gap_is_closed() -> None:
    space = SpaceTime()
    space.feed([*joined(1), ordered(10, 1, 1, tap=Tap.TO_LOST), ordered(20, 2, 1), ordered(25, 3, 1)])
    assert [row for row in rows_of(space) if row[0].startswith("HELD")] == [
        ("HELD UNDER_WAY", "R1", "R1", 20, OPEN_NS, 2),
        ("HELD UNDER_WAY", "R1", "R1", 25, OPEN_NS, 3),
    ]
    nack = Record(30, Tap.FROM_PASSED, 2, 0, encode(Nack(1, 1)))
    space.feed([nack, ordered(40, 1, 1), executed(50, 1, 1, 41, 42), executed(51, 2, 1, 41, 44)])
    told = rows_of(space)
    assert ("ORDER LOST", "FE", "R1", 10, 10, 1) in told
    assert ("AGAIN", "FE", "R1", 40, 41, 1) in told
    assert ("GAP", "R1", "FE", 30, 30, 1) in told
    assert [row[3:] for row in told if row[0] == "HELD"] == [(20, 40, 2), (25, 40, 3)]
    assert list(space.losses) == [(10, FRONT_END, 1)]


def test_a_message_lost_on_its_way_ends_there() -> None:
    space = SpaceTime()
    space.feed(
        [*joined(1), ordered(10, 1, 1, tap=Tap.TO_SENT, token=3), ordered(40, 1, 1, tap=Tap.TO_LOST, token=3)]
    )
    assert ("ORDER LOST", "FE", "R1", 10, 40, 1) in rows_of(space)


def test_records_from_the_middle_of_a_run_hold_nothing_back() -> None:
    space = SpaceTime()
    space.feed([ordered(10, 700, 1), executed(20, 700, 1, 11, 12), ordered(30, 701, 1)])
    assert {row[0] for row in rows_of(space)} == {"ORDERED", "ORDER", "EXECUTED", "RESULT", "ORDER UNDER_WAY"}


def test_bands_last_as_long_as_what_was_wrong() -> None:
    def fact(at: int, one: object) -> Record:
        return Record(at, Tap.FACT, 0, 0, encode_fact(one))  # type: ignore[arg-type]

    space = SpaceTime()
    cut, healed = LinkFaults(cut=True), LinkFaults()
    space.feed([fact(5, Paused(2)), fact(9, Continued(2)), fact(10, LinkFaulted(1, Way.TO, cut))])
    space.feed([fact(20, LinkFaulted(1, Way.TO, healed)), fact(30, Exited(1, -9, "")), *joined(1, at=44)])
    space.feed([fact(50, Exited(3, -9, ""))])
    told = [(band.replica, band.kind, band.start_ns, band.end_ns) for band in space.bands.all]
    assert told == [
        (2, BandKind.PAUSED, 5, 9), (1, BandKind.CUT, 10, 20), (1, BandKind.DEAD, 30, 44),
        (3, BandKind.DEAD, 50, OPEN_NS),
    ]  # fmt: skip
    assert [band.replica for band in space.bands.within(12, 40)] == [1, 1]


def test_a_long_run_keeps_its_newest_rows_and_finds_them_by_time() -> None:
    space = SpaceTime(max_rows=8 * BLOCK_ROWS)
    for seq in range(1, 6_000):
        space.feed([ordered(10 * seq, seq, 1), executed(10 * seq + 5, seq, 1, 10 * seq + 1, 10 * seq + 2)])
    columns = space.columns()
    assert len(columns) <= 8 * BLOCK_ROWS
    assert columns.first + len(columns) == 4 * 5_999
    seen = columns.within(59_000, 59_004)
    assert [int(columns.seq[i]) for i in seen] == [5_900] * 4
    assert set(columns.fate.tolist()) == {Fate.ARRIVED}  # patched, though rows were dropped meanwhile
    every = (columns.left_ns <= 30_000) & (columns.right_ns >= 29_000)
    assert columns.within(29_000, 30_000).tolist() == np.flatnonzero(every).tolist()


def test_a_damaged_record_is_passed_over() -> None:
    space = SpaceTime()
    odd = Record(3, Tap.CALL_DELIVERED, 0, 0, encode_fact(Called(pack_u32((1,)), [])))
    space.feed([Record(1, Tap.TO_PASSED, 2, 0, b"\x97\xa5order"), Record(2, Tap.FACT, 0, 0, b"\xc1"), odd])
    space.feed([called(10, 1, 1)])
    assert len(rows_of(space)) == 1


# --- happens-before ---------------------------------------------------------------------------------------


@pytest.fixture
def two_requests() -> SpaceTime:
    """#1 of C1 goes to R1 and R2; #2 of C2 is lost on its way to R2 and arrives late."""
    space = SpaceTime()
    space.feed([
        *joined(1, 2), called(10, 1, 1), ordered(11, 1, 1, 2), called(12, 2, 1),
        ordered(13, 2, 1, client=2), ordered(13, 2, 2, client=2, tap=Tap.TO_LOST),
        executed(30, 1, 1, 20, 21), returned(31, 1, 1, 1), executed(32, 1, 2, 20, 22),
        executed(40, 2, 1, 25, 26), returned(41, 2, 1, 2),
    ])  # fmt: skip
    return space


def told(space: SpaceTime, node: int, at: int) -> tuple[set[Row], set[Row]]:
    columns = space.columns()
    rows = np.arange(len(columns))
    past, future = cone(columns, rows, node, at)
    every = rows_of(space)
    return {every[i] for i in np.flatnonzero(past)}, {every[i] for i in np.flatnonzero(future)}


def test_what_follows_from_an_order_is_what_its_messages_reach(two_requests: SpaceTime) -> None:
    past, future = told(two_requests, FRONT_END, 13)
    assert ("CALL", "C1", "FE", 10, 10, 0) in past
    assert ("ORDERED", "FE", "FE", 11, 11, 1) in past
    assert ("EXECUTED", "R1", "R1", 26, 28, 2) in future
    assert ("ANSWER", "FE", "C2", 41, 41, 2) in future
    assert ("EXECUTED", "R2", "R2", 22, 24, 1) not in future  # #2 was lost: R2 never heard of it
    assert ("EXECUTED", "R2", "R2", 22, 24, 1) not in past
    assert ("EXECUTED", "R1", "R1", 21, 23, 1) not in future  # before #2 came to R1


def test_the_past_of_an_answer_goes_back_through_the_replica_that_gave_it(two_requests: SpaceTime) -> None:
    past, _ = told(two_requests, client_code(1), 31)
    assert ("EXECUTED", "R1", "R1", 21, 23, 1) in past
    assert ("RESULT", "R1", "FE", 23, 30, 1) in past
    assert ("EXECUTED", "R2", "R2", 22, 24, 1) not in past
    assert ("CALL", "C2", "FE", 12, 12, 0) in past  # the front end had heard of it before it answered
    assert ("ORDER LOST", "FE", "R2", 13, 13, 2) not in past


def test_what_was_lost_is_in_nobodys_past(two_requests: SpaceTime) -> None:
    past, _ = told(two_requests, 2, 30)  # R2, when it had executed #1
    assert ("ORDER", "FE", "R2", 11, 20, 1) in past
    assert ("ORDER LOST", "FE", "R2", 13, 13, 2) not in past
    assert ("CALL", "C2", "FE", 12, 12, 0) not in past
