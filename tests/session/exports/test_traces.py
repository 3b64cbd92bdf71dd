"""`shiviz`, `chrome` and `csv`, held against the rules of the programs that read them."""

from __future__ import annotations

import csv
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bench.synthetic import load_records, words
from core.services.kv import KeyValue
from core.session.annotations import Note, write_notes
from core.session.exports.causality import Causality, Kind, NodeEvent
from core.session.exports.formats import write_export
from core.session.exports.job import Job, Span, plain_words
from core.session.reader import Recording, read
from core.trace.rows import row_of
from core.trace.wire_log import Record, Tap
from tests.support.dialogue import Dialogue
from tests.support.made_run import made_run, save

WHOLE = Span()


def recorded(tmp_path: Path, records: list[Record]) -> Recording:
    return read(save(tmp_path / "run.lockstep", records))


def paced() -> list[Record]:
    """A request whose messages were seen to leave and to arrive."""
    talk = Dialogue(replicas=2)
    talk.at(1.0).call((1, 1, "put x")).at(1.1).order(1, (1, 1, "put x"))
    talk.at(1.2).result(1, 1).result(2, 1).at(1.3).answer(1, (1, 1, 1, "ok"))
    renamed = {Tap.CALL_DELIVERED: Tap.CALL_SENT, Tap.TO_PASSED: Tap.TO_SENT, Tap.FROM_PASSED: Tap.FROM_SENT,
               Tap.RETURN_DELIVERED: Tap.RETURN_SENT}  # fmt: skip
    records: list[Record] = []
    for token, record in enumerate(talk.records, start=1):
        if record.tap not in renamed:
            records.append(record)
            continue
        sent = record._replace(tap=renamed[Tap(record.tap)], token=token)
        records += (sent, sent._replace(tap=sent.tap + 1, time_ns=sent.time_ns + 1_000))
    return records


# --- ShiViz -----------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """An event as a reader of the log sees it."""

    host: str
    clock: dict[str, int]
    event: str


def shiviz(recording: Recording, out: Path) -> list[Line]:
    """Read as ShiViz does: the first line is the expression, which is applied again and again."""
    write_export(Job(recording, service=KeyValue()), "shiviz", out, overwrite=True)
    text = out.read_text("utf-8")
    expression, delimiter, log = text.split("\n", 2)
    assert delimiter == ""
    pattern = re.compile(expression.replace("(?<", "(?P<"), re.MULTILINE)
    assert not pattern.search(expression + "\n\n"), "the head of the file is no event"
    found = [Line(m["host"], json.loads(m["clock"]), m["event"]) for m in pattern.finditer(log)]
    assert pattern.sub("", log).strip() == "", "the expression takes every line"
    assert [m["event"] for m in pattern.finditer(text)] == [line.event for line in found]
    return found


def before(one: Line, other: Line) -> bool:
    """Happened before, by their clocks."""
    return all(other.clock.get(host, 0) >= count for host, count in one.clock.items()) and one != other


def test_shiviz_takes_the_log_and_its_clocks_are_sound(tmp_path: Path) -> None:
    recording = recorded(tmp_path, made_run(120, clients=3))
    lines = shiviz(recording, tmp_path / "x.log")
    own: dict[str, list[Line]] = {}
    for line in lines:
        assert line.host in line.clock and line.event.strip()
        own.setdefault(line.host, []).append(line)
    assert set(own) == {"FE", "C1", "C2", "C3", "R1", "R2", "R3"}
    for host, events in own.items():
        assert [line.clock[host] for line in events] == list(range(1, len(events) + 1)), "counted from 1"
        for earlier, later in pairwise(events):
            assert all(later.clock.get(node, 0) >= count for node, count in earlier.clock.items())
    for line in lines:
        assert all(count <= len(own[host]) for host, count in line.clock.items()), "of events that exist"


def test_shiviz_has_as_many_events_as_the_run_and_the_same_causal_order(tmp_path: Path) -> None:
    recording = recorded(tmp_path, made_run(40, clients=2))
    lines = shiviz(recording, tmp_path / "x.log")
    events = list(Causality(words, recording.base_ns).events(recording.records()))
    assert len(lines) == len(events)
    records = list(recording.records())
    results = sum(record.tap == Tap.FROM_PASSED for record in records)
    assert sum("executes" in line.event for line in lines) == results
    assert sum(" calls " in line.event for line in lines) == 42
    reached: dict[int, set[int]] = {}  # the causal order, computed once more from the events themselves
    last: dict[str, NodeEvent] = {}
    place = {id(event): index for index, event in enumerate(events)}
    for index, event in enumerate(events):
        direct = [*event.causes, *([last[event.node]] if event.node in last else [])]
        reached[index] = {place[id(cause)] for cause in direct}.union(
            *(reached[place[id(cause)]] for cause in direct)
        )
        last[event.node] = event
    for index in range(len(events)):
        told = {other for other in range(len(events)) if before(lines[other], lines[index])}
        assert told == reached[index], lines[index]


def test_an_answer_follows_from_its_call_its_order_and_an_execution(tmp_path: Path) -> None:
    for name, records in (("real time", made_run(1, clients=1)), ("paced", paced())):
        lines = shiviz(read(save(tmp_path / f"{name}.lockstep", records)), tmp_path / "x.log")
        [call, *_] = [line for line in lines if " calls " in line.event][-1:]
        [answer, *_] = [line for line in lines if line.host == "C1" and "ok" in line.event][-1:]
        order = [line for line in lines if " orders " in line.event][-1]
        first = [line for line in lines if "executes" in line.event and before(line, answer)]
        assert before(call, order) and before(order, answer) and first, name


def test_a_retransmission_that_came_too_late_is_no_cause(tmp_path: Path) -> None:
    talk = Dialogue(replicas=1)
    talk.at(1.0).call((1, 1, "put x")).at(1.1).order(1, (1, 1, "put x")).at(1.2).result(1, 1)
    order = next(record for record in talk.records if record.tap == Tap.TO_PASSED)
    *others, result = talk.records
    again = order._replace(time_ns=result.time_ns + 1_000)  # after the replica had it, before it was heard
    records = [*others, again, result._replace(time_ns=result.time_ns + 2_000)]
    lines = shiviz(recorded(tmp_path, records), tmp_path / "x.log")
    sends = [line for line in lines if " sends " in line.event]
    executions = [line for line in lines if "executes" in line.event]
    assert len(sends) == len(executions) == 1
    assert not before(sends[0], executions[0])


def test_a_span_counts_from_one(tmp_path: Path) -> None:
    recording = recorded(tmp_path, made_run(100, clients=3))
    out = tmp_path / "x.log"
    middle = recording.duration_ns // 2
    write_export(Job(recording, Span(middle), KeyValue()), "shiviz", out)
    first: dict[str, int] = {}
    for host, clock in re.findall(r"^(\S+) ({.*})$", out.read_text(), re.MULTILINE):
        first.setdefault(host, json.loads(clock)[host])
    assert set(first.values()) == {1}


# --- Chrome -----------------------------------------------------------------------------------------------


def chrome(recording: Recording, out: Path, span: Span = WHOLE) -> list[dict[str, Any]]:
    write_export(Job(recording, span, KeyValue()), "chrome", out, overwrite=True)
    trace = json.loads(out.read_text("utf-8"))
    assert set(trace) == {"displayTimeUnit", "otherData", "traceEvents"}
    return list(trace["traceEvents"])


def obeys_the_format(events: list[dict[str, Any]]) -> None:
    """What Perfetto's importer asks for: known phases, times, nested slices, flows that hit slices."""
    slices: dict[tuple[int, int], list[tuple[float, float]]] = {}
    flows: dict[int, dict[str, dict[str, Any]]] = {}
    for event in events:
        assert event["ph"] in {"M", "X", "i", "s", "f"} and isinstance(event["pid"], int)
        if event["ph"] == "M":
            assert event["args"]
            continue
        assert isinstance(event["tid"], int) and event["ts"] >= 0 and event["name"] and event["cat"]
        if event["ph"] == "X":
            assert event["dur"] >= 0
            slices.setdefault((event["pid"], event["tid"]), []).append((event["ts"], event["dur"]))
        elif event["ph"] in "sf":
            assert event["ph"] not in flows.setdefault(event["id"], {}), "an id is one flow"
            flows[event["id"]][event["ph"]] = event
            assert event["ph"] == "s" or event["bp"] == "e"
    for track in slices.values():
        for (start, length), (following, _) in pairwise(sorted(track)):
            assert start + length <= following + 1e-6, "slices of a track do not overlap"
    for ends in flows.values():
        assert set(ends) == {"s", "f"} and ends["s"]["ts"] <= ends["f"]["ts"] + 1.0
        for end in ends.values():
            inside = slices[end["pid"], end["tid"]]
            assert any(s - 1e-6 <= end["ts"] <= s + d + 1e-6 for s, d in inside), f"{end} hits no slice"


def test_a_track_per_node_a_slice_per_execution_a_flow_per_message(tmp_path: Path) -> None:
    records = made_run(120, clients=3)
    recording = recorded(tmp_path, records)
    events = chrome(recording, tmp_path / "x.json")
    obeys_the_format(events)
    names = {event["args"]["name"]: event["tid"] for event in events if event["name"] == "thread_name"}
    assert set(names) == {"FE", "C1", "C2", "C3", "R1", "R2", "R3"}
    assert len(set(names.values())) == len(names)
    slices = [event for event in events if event["ph"] == "X"]
    executions = [event for event in slices if event["cat"] == "execution"]
    assert len(executions) == 3 * 123, "every replica executed every number"
    assert sorted(one["args"]["seq"] for one in executions if one["tid"] == names["R2"]) == list(
        range(1, 124)
    )
    asked = [event for event in slices if event["cat"] == "request"]
    assert len(asked) == 123 and {one["args"]["outcome"] for one in asked} <= {"ok", "refused"}
    flows = [event["name"] for event in events if event["ph"] == "s"]
    frames = sum(record.tap == Tap.FROM_PASSED for record in records)
    assert flows.count("order") == flows.count("result") == frames
    assert flows.count("request") == flows.count("answer") == 123


def test_bookmarks_and_captions_are_instants_across_all_tracks(tmp_path: Path) -> None:
    path = recorded(tmp_path, made_run(30)).path
    write_notes(path, [Note(2_000, "Look here", 5_000), Note(9_000, "mine")])
    events = chrome(read(path), tmp_path / "x.json")
    obeys_the_format(events)
    told = [(event["ts"], event["cat"], event["name"]) for event in events if event.get("s") == "g"]
    assert told == [(2.0, "caption", "Look here"), (9.0, "bookmark", "mine")]
    assert not [
        event for event in chrome(read(path), tmp_path / "y.json", Span(10_000)) if event.get("s") == "g"
    ]


def test_a_paced_run_and_a_span_obey_the_format_too(tmp_path: Path) -> None:
    obeys_the_format(chrome(recorded(tmp_path, paced()), tmp_path / "x.json"))
    (tmp_path / "run.lockstep").unlink()
    recording = recorded(tmp_path, load_records(0.3, 3))
    span = Span(recording.duration_ns // 3, recording.duration_ns // 2)
    events = chrome(recording, tmp_path / "x.json", span)
    obeys_the_format(events)
    assert [event for event in events if event["ph"] == "X"]


def test_what_was_never_answered_is_a_slice_to_the_end(tmp_path: Path) -> None:
    records = made_run(30, clients=2)
    last = max(place for place, record in enumerate(records) if record.tap == Tap.RETURN_DELIVERED)
    events = chrome(recorded(tmp_path, records[:last]), tmp_path / "x.json")
    obeys_the_format(events)
    assert any(event.get("args", {}).get("outcome") == "unknown" for event in events)


# --- csv and the rest -------------------------------------------------------------------------------------


def test_csv_has_the_rows_of_the_event_log(tmp_path: Path) -> None:
    recording = recorded(tmp_path, made_run(30))
    write_export(Job(recording), "csv", tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as file:
        head, *rows = list(csv.reader(file))
    assert head == ["time_s", "node", "kind", "first_seq", "last_seq", "text"]
    expected = [row_of(record, plain_words) for record in recording.records()]
    assert [row[5] for row in rows] == [row.text for row in expected]
    assert [round(float(row[0]) * 1e9) for row in rows] == [row.time_ns for row in expected]


def test_records_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    broken = [Record(5, tap, 2, 0, b"\x96\xa5order\xc1") for tap in Tap]
    causality = Causality(words, 0)
    assert list(causality.events(broken)) == []
    assert causality.unreadable > 3


def test_kinds_are_all_met_somewhere() -> None:
    seen = {event.kind for records in (made_run(9), paced()) for event in Causality(words, 0).events(records)}
    assert seen == set(Kind) - {Kind.GAP}


@pytest.mark.parametrize(
    ("operation", "spelt"),
    [(b"\x92\xa3get\xa1k", 'get "k"'), (b"\xa4open", "open"), (b"\xc1", "?"), (b"\x05", "?")],
)
def test_operations_of_a_service_that_may_not_be_loaded(operation: bytes, spelt: str) -> None:
    assert plain_words(operation) == spelt
