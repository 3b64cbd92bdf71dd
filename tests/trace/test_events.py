"""The event log: rows in words, decoded when looked at; filters; bounds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.synthetic import load_records
from core import facts
from core.facts import Pace
from core.protocol.codec import encode
from core.protocol.messages import Bye, Failure, Inspect, Nack, Ping
from core.trace.events import CHUNK_RECORDS, EventFilter, EventKind, EventLog
from core.trace.wire_log import Record, Tap
from tests.support.dialogue import Dialogue, words

POST, FOLLOW = (1, 1, "post hi"), (2, 1, "follow bob")


def log_of(talk: Dialogue) -> EventLog:
    log = EventLog(words)
    log.append(talk.records)
    return log


def lines(log: EventLog) -> list[str]:
    rows = map(log.row, range(log.first, log.end))
    return [f"{row.node}: {row.text}" for row in rows if row.kind is not EventKind.CLUSTER]


def test_a_run_reads_like_a_story() -> None:
    talk = Dialogue(replicas=3)
    talk.at(1.0).call(POST, FOLLOW)
    talk.at(1.1).order(1, POST, FOLLOW)
    talk.at(1.2).result(2, 1, 2).answer(2, (1, 1, 1, "ok"), (2, 1, 2, "refused"))
    talk.at(1.3).call((1, 2, "post again")).order(3, (1, 2, "post again")).answer(1, (1, 2, 3, "ok"))
    talk.at(1.4).frame(3, Nack(1, 2)).pong(3, 1, 3, 3).write(Tap.TO_PASSED, encode(Ping(1)), 0b1110)
    digest = f"{talk.digest(2, 2):016x}"
    assert lines(log_of(talk)) == [
        "clients: 2 requests: post hi, follow bob",
        "FE: ordered #1–#2 → R1 R2 R3",
        f"R2: executed #1–#2 in 0 µs, digest {digest}",
        "clients: 2 answers from R2, #1–#2, 1 refused",
        "C1: post again",
        "FE: ordered #3 post again → R1 R2 R3",
        "C1: ok C1.2 from R1",
        "R3: misses #1–#2",
        "R3: alive, expects #1, holds #3",
        "FE: are you there? → R1 R2 R3",
    ]


def test_slow_messages_leave_and_arrive() -> None:
    talk = Dialogue(replicas=2)
    talk.at(1.0).say(facts.PaceSet(Pace.SLOW, 600_000_000))
    talk.call(POST, tap=Tap.CALL_SENT, token=1).call(POST, token=1)
    talk.order(1, POST, to=[2], tap=Tap.TO_SENT, token=2)
    talk.order(1, POST, to=[2], tap=Tap.TO_DELIVERED, token=2)
    talk.answer(0, (1, 1, 0, "unknown"), tap=Tap.RETURN_SENT, token=3).answer(
        0, (1, 1, 0, "unknown"), token=3
    )
    assert lines(log_of(talk)) == [
        "FE: pace: slow, 600 ms a message",
        "C1: post hi",
        "C1: arrives: post hi",
        "FE: ordered #1 post hi → R2",
        "FE: ordered #1 post hi arrives at R2",
        "C1: unknown C1.1 from nobody",
        "C1: arrives: unknown C1.1 from nobody",
    ]


EVERY_FACT: list[facts.Fact] = [
    facts.RunEnded(),
    facts.KillOrdered(1, "user"),
    facts.Exited(1, -9, ""),
    facts.Exited(1, 2, ""),
    facts.Suspected(1, 500_000_000),
    facts.Trusted(1),
    facts.Dropped(1, "silent"),
    facts.Diverged(1, 3),
    facts.ClientClosed(1),
    facts.Answered(1, 2, 3, 1, 400, "post hi", "ok", "posted"),
    facts.Delayed(12, 14, 0),
    facts.LoadSet(True),
    facts.Checked((facts.CheckCount("digest", 9, 1),)),
    facts.Violated("digest", 4, 0, "1", "2"),
    facts.Counted(1, 2, 3, 4, 5, 6, 7),
    facts.Said("warning", "slow disk"),
    facts.Called(b"", []),
    facts.Returned(1, b"", b"", b""),
]


@pytest.mark.parametrize("fact", EVERY_FACT, ids=lambda fact: type(fact).__name__)
def test_every_fact_has_words_and_a_node(fact: facts.Fact) -> None:
    log = log_of(Dialogue().say(fact))
    row = log.row(log.end - 1)
    assert row.text and row.node
    assert row.kind in EventKind


@pytest.mark.parametrize("message", [Bye(), Failure(False, "no"), Inspect(1, "users", 0, 10)])
def test_every_other_message_has_words(message: Bye) -> None:
    log = log_of(Dialogue().write(Tap.TO_PASSED, encode(message), 2))
    assert log.row(log.end - 1).text.endswith("→ R1")


def found(log: EventLog, wanted: EventFilter) -> list[int]:
    matches = log.matching(wanted)
    while not matches.advance(3):
        pass
    return list(matches)


def test_filters_by_node_kind_number_and_text() -> None:
    talk = Dialogue(replicas=2)
    start = len(talk.records)
    talk.call(POST).order(1, POST, FOLLOW).result(1, 1, 2).result(2, 1, 2).answer(1, (1, 1, 1, "ok"))
    log = log_of(talk)

    def seen(wanted: EventFilter) -> list[int]:
        return [position - start for position in found(log, wanted) if position >= start]

    assert seen(EventFilter()) == [0, 1, 2, 3, 4]
    assert seen(EventFilter(nodes=frozenset({"R2"}))) == [1, 3]
    assert seen(EventFilter(nodes=frozenset({"C1"}))) == [0, 4]
    assert seen(EventFilter(kinds=frozenset({EventKind.RESULT, EventKind.ANSWER}))) == [2, 3, 4]
    assert seen(EventFilter(seq=2)) == [1, 2, 3]
    assert seen(EventFilter(text="POST")) == [0]
    assert seen(EventFilter(text="executed", nodes=frozenset({"R1"}))) == [2]


def test_a_replica_that_asks_again_for_the_same_is_a_pulse_and_no_news() -> None:
    """Under step it asks six times a second, for as long as a person thinks."""
    asked = [(2, 7), (2, 7), (3, 7), (2, 7), (2, 8), (2, 8), (2, 7)]
    log = EventLog(words)
    for time_ns, (replica, seq) in enumerate(asked):
        pings = [Record(time_ns, Tap.TO_PASSED, 1 << replica, 0, encode(Ping(time_ns)))] * 7
        log.append([*pings, Record(time_ns, Tap.FROM_PASSED, 1 << replica, 0, encode(Nack(seq, seq)))])

    def shown(*kinds: EventKind) -> list[int]:
        wanted = EventFilter(kinds=frozenset(kinds))
        rows = [log.row(n) for n in range(log.end) if log.passes(n, wanted)]
        return [row.time_ns for row in rows if row.kind is EventKind.GAP]

    assert shown(EventKind.GAP) == [0, 2, 4, 6]
    assert shown(EventKind.GAP, EventKind.HEARTBEAT) == shown() == [0, 1, 2, 3, 4, 5, 6]
    assert shown(EventKind.HEARTBEAT) == [1, 3, 5]


def test_matches_grow_with_the_log_and_forget_what_it_dropped() -> None:
    records = load_records(2.0, 3)
    log = EventLog(words, max_records=3 * CHUNK_RECORDS)
    orders = log.matching(EventFilter(kinds=frozenset({EventKind.ORDER})))
    for start in range(0, len(records), 500):
        log.append(records[start : start + 500])
        while not orders.advance():
            pass
        expected = [n for n in range(log.first, log.end) if log.row(n).kind is EventKind.ORDER]
        assert list(orders) == expected
        assert orders[-1] == expected[-1]


def test_the_log_is_bounded_and_positions_stay() -> None:
    records = load_records(1.0, 3)
    log = EventLog(words, max_records=2_000)
    for start in range(0, len(records), 700):
        log.append(records[start : start + 700])
        assert len(log) <= 2_000 + CHUNK_RECORDS
        assert log.end == min(len(records), start + 700)
    assert log.first > 0
    for position in (log.first, log.end - 1, (log.first + log.end) // 2):
        assert log.record(position) == records[position]
    with pytest.raises(IndexError):
        log.record(log.first - 1)
    with pytest.raises(IndexError):
        log.row(log.end)


def test_what_is_dropped_is_let_go_bit_by_bit() -> None:
    """A thousand records freed at once would be felt in a frame."""
    gone = 0

    class Body(bytes):
        def __del__(self) -> None:
            nonlocal gone
            gone += 1

    log, most = EventLog(words, max_records=2_000), 0
    for start in range(0, 20_000, 50):
        before = gone
        log.append([Record(start + n, Tap.TO_PASSED, 2, 0, Body(b"order")) for n in range(50)])
        most = max(most, gone - before)
    assert most == 100
    assert start + 50 - gone <= 2_000 + 2 * CHUNK_RECORDS

    log.append([Record(n, Tap.TO_PASSED, 2, 0, Body(b"order")) for n in range(50_000)])
    assert start + 50 + 50_000 - gone <= 2_000 + 3 * CHUNK_RECORDS


def test_the_log_is_bounded_in_bytes() -> None:
    records = load_records(1.0, 3)
    log = EventLog(words, max_bytes=1 << 20)
    log.append(records)
    assert sum(len(log.record(n).body) for n in range(log.first, log.end)) <= 2 << 20
    assert log.record(log.end - 1) == records[-1]


def test_a_time_leads_to_its_row() -> None:
    records = load_records(0.5, 3)
    log = EventLog(words)
    log.append(records)
    middle = records[len(records) // 2].time_ns
    position = log.position_at(middle)
    assert records[position].time_ns == middle
    assert records[position - 1].time_ns < middle
    assert log.position_at(0) == 0
    assert log.position_at(1 << 62) == log.end
    assert log.start_ns == records[0].time_ns


@settings(max_examples=300, deadline=None)
@given(st.integers(-1, 12), st.integers(0, 1 << 33), st.integers(0, 3), st.binary(max_size=60))
def test_no_bytes_break_a_row(tap: int, links: int, token: int, body: bytes) -> None:
    log = EventLog(words)
    log.append([Record(1, tap, links, token, body)])
    assert log.row(0).time_ns == 1
    found(log, EventFilter(nodes=frozenset({"R1"}), seq=3, text="x"))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_mutation_breaks_a_row(data: st.DataObject) -> None:
    talk = Dialogue().call(POST).order(1, POST).result(1, 1).answer(1, (1, 1, 1, "ok")).pong(1, 2, 3, 4)
    record = data.draw(st.sampled_from(talk.records))
    body = bytearray(record.body)
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    log = EventLog(words)
    log.append([record._replace(body=bytes(body))])
    log.row(0)
    found(log, EventFilter(nodes=frozenset({"R1"}), seq=3, text="x"))
