"""`check`: what the live checks would have said, said of a recording."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.checks.live import NAMES
from core.errors import UsageError
from core.facts import Violated
from core.runtime.command_line import make
from core.services.calls import encode_outcome
from core.services.kv import KeyValue
from core.services.registry import load_service
from core.session.check import CheckReport, Verdict, check
from core.session.history import requests
from core.session.reader import read
from core.session.service import service_for
from core.simulation.recording import record
from core.simulation.schedule import draw
from core.trace.wire_log import Record, Tap, encode_fact
from tests.support.made_run import header, made_run, save
from tests.support.services import Opaque


def judged(tmp_path: Path, records: list[Record]) -> CheckReport:
    return check(read(save(tmp_path / "run.lockstep", records)), KeyValue())


def lie(replica: int, first_seq: int, outcomes: list[bytes], digests: list[int]) -> None:
    """R2 answers #30 wrongly."""
    if replica == 2 and first_seq <= 30 < first_seq + len(outcomes):
        outcomes[30 - first_seq] = encode_outcome(4711)


def drift(replica: int, first_seq: int, outcomes: list[bytes], digests: list[int]) -> None:
    """R3 is another machine from #20 on."""
    if replica == 3:
        for place in range(len(digests)):
            if first_seq + place >= 20:
                digests[place] ^= 1


def stale(replica: int, first_seq: int, outcomes: list[bytes], digests: list[int]) -> None:
    """All replicas answer the first read after #40 with what nobody wrote."""
    for place, outcome in enumerate(outcomes):
        if first_seq + place == READ_AT:
            assert outcome
            outcomes[place] = encode_outcome("a value that nobody wrote")


def first_read(after: int) -> int:
    """The number of the first get after this one."""
    found = requests(made_run(120, clients=2))
    return min(one.seq for one in found if one.seq > after and one.operation[1:5] == b"\xa3get")


READ_AT = first_read(40)


def test_a_sound_run_is_valid_and_every_request_was_looked_at(tmp_path: Path) -> None:
    report = judged(tmp_path, made_run(200, replicas=3, clients=4))
    assert (report.verdict, report.reason) == (Verdict.VALID, "Every check holds.")
    assert (report.requests, report.sessions, report.unreadable, report.note) == (200, 4, 0, "")
    counted = {count.name: count.checked for count in report.checks}
    assert counted == {
        name: 3 * 204 if name in ("digest", "reply", "at_most_once") else 204 for name in NAMES
    }


def test_a_wrong_answer_is_named_with_both_sides(tmp_path: Path) -> None:
    report = judged(tmp_path, made_run(100, tamper=lie))
    assert report.verdict is Verdict.INVALID
    [violation] = report.violations
    assert (violation.check, violation.seq, violation.replica, violation.found) == ("reply", 30, 2, "4711")
    assert "reply violated at #30 by R2" in report.reason


def test_a_replica_that_drifts_is_named_at_its_first_number(tmp_path: Path) -> None:
    report = judged(tmp_path, made_run(100, tamper=drift))
    [violation] = report.violations
    assert (violation.check, violation.seq, violation.replica) == ("digest", 20, 3)


def test_an_answer_before_its_call_breaks_real_time(tmp_path: Path) -> None:
    records = made_run(40, clients=2)
    place = [place for place, record in enumerate(records) if record.tap == Tap.RETURN_DELIVERED][10]
    records[place] = records[place]._replace(time_ns=records[0].time_ns)
    report = judged(tmp_path, records)
    assert [violation.check for violation in report.violations] == ["real_time"]


def test_a_stale_read_is_found_by_calls_and_returns_alone_and_shown_as_the_smallest_set(
    tmp_path: Path,
) -> None:
    """Every replica tells the same wrong answer to a read: no digest and no reply differs between them."""
    records = made_run(120, clients=2, tamper=stale)
    report = judged(tmp_path, records)
    assert report.search is not None and report.search.violations == 1
    [conflict] = report.search.conflicts
    assert len(conflict["requests"]) <= 3 and conflict["minimal"]  # type: ignore[arg-type]
    assert any(call["result"] == '"a value that nobody wrote"' for call in conflict["requests"])  # type: ignore[attr-defined]


def test_the_search_covers_every_request_of_a_sound_run(tmp_path: Path) -> None:
    report = judged(tmp_path, made_run(200, clients=4))
    assert report.search is not None
    assert (report.search.verdict, report.search.unjudged) == ("valid", 0)
    assert report.search.checked == 200


def test_a_service_without_parts_is_judged_by_the_live_checks_alone(tmp_path: Path) -> None:
    path = save(tmp_path / "run.lockstep", made_run(60, service="social"), header("social"))
    report = check(read(path), Opaque())
    assert (report.verdict, report.search) == (Verdict.VALID, None)
    assert report.as_json()["linearizability"] == {"verdict": "not searched"}


def test_the_social_network_is_searched_as_well(tmp_path: Path) -> None:
    path = save(tmp_path / "run.lockstep", made_run(2_000, clients=16, service="social"), header("social"))
    report = check(read(path), load_service("social"))
    assert report.search is not None
    assert (report.search.verdict, report.search.checked) == ("valid", 2_000)


def test_what_the_run_itself_noticed_counts(tmp_path: Path) -> None:
    told = Violated("digest", 9, 1, "one", "another")
    records = made_run(10)
    records.append(Record(records[-1].time_ns, Tap.FACT, 0, 0, encode_fact(told)))
    report = judged(tmp_path, records)
    assert (report.verdict, report.told) == (Verdict.INVALID, [told])
    assert report.reason.startswith("The run itself had noticed")


def test_a_dropped_replica_is_not_waited_for_and_open_requests_are_unknown(tmp_path: Path) -> None:
    records = made_run(60)
    report = judged(tmp_path, records[: len(records) // 2])
    assert report.verdict is Verdict.VALID
    assert report.as_json()["unknown"] == report.requests - report.as_json()["answered"]  # type: ignore[operator]


def test_nothing_to_judge_is_unknown_and_so_is_what_cannot_be_read(tmp_path: Path) -> None:
    assert judged(tmp_path, made_run(10)[:3]).verdict is Verdict.UNKNOWN
    (tmp_path / "run.lockstep").unlink()
    records = made_run(10)
    records.append(Record(records[-1].time_ns, Tap.FROM_PASSED, 2, 0, b"\x9a\xa6result"))
    report = judged(tmp_path, records)
    assert (report.verdict, report.unreadable) == (Verdict.UNKNOWN, 1)


def test_a_service_that_is_not_built_in_has_to_be_named() -> None:
    with pytest.raises(UsageError, match=r"never makes code load.*--service"):
        service_for(header(service="tests.support.services:Failing"))
    assert service_for(header(service="x:Y"), "tests.support.services:Failing").name == "failing"


# --- the command ------------------------------------------------------------------------------------------


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        make(lambda *_: 9, lambda *_: 9, lambda *_: 9, lambda *_: 9, lambda: False)(list(arguments))
    assert isinstance(end.value.code, int)
    return end.value.code


def test_exit_codes_and_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound = save(tmp_path / "sound.lockstep", made_run(40))
    bad = save(tmp_path / "bad.lockstep", made_run(60, tamper=lie))
    empty = save(tmp_path / "empty.lockstep", [])
    noise = tmp_path / "noise.lockstep"
    noise.write_bytes(b"hello")
    own = save(tmp_path / "own.lockstep", made_run(9), header(service="os:system"))
    for path, code in ((sound, 0), (bad, 1), (empty, 3), (noise, 2), (own, 2), (tmp_path / "none", 2)):
        assert run("check", str(path)) == code, path
    capsys.readouterr()
    assert run("check", str(bad), "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], told["violations"][0]["seq"]) == ("invalid", 30)
    assert run("check", str(own), "--service", "kv") == 0


def test_runs_with_every_fault_are_valid(tmp_path: Path) -> None:
    """Lost, late, doubled and overtaking messages, pauses and crashes, from seeds."""
    path = tmp_path / "run.lockstep"
    for seed in range(1, 25):
        record(draw(seed), path)
        recording = read(path)
        report = check(recording, service_for(recording.header))
        assert report.verdict is Verdict.VALID, (seed, report.reason)
