"""`history` and `jepsen`, read back by readers of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import UsageError
from core.services.calls import encode_outcome
from core.services.kv import KeyValue
from core.services.registry import load_service
from core.session.check import check
from core.session.exports.formats import write_export
from core.session.exports.jepsen import edn
from core.session.exports.job import Job, Span, parse_moment
from core.session.history import Fate, requests
from core.session.reader import Recording, read
from core.trace.wire_log import Tap
from tests.support.edn import Word, read_edn
from tests.support.made_run import Tamper, header, made_run, save

WHOLE = Span()


def recorded(tmp_path: Path, count: int = 120, service: str = "kv", cut: bool = False) -> Recording:
    records = made_run(count, clients=3, service=service)
    if cut:  # in the middle: requests stay open
        last = max(place for place, record in enumerate(records) if record.tap == Tap.RETURN_DELIVERED)
        records = records[:last]
    return read(save(tmp_path / "run.lockstep", records, header(service)))


def history(recording: Recording, out: Path, span: Span = WHOLE, service: str = "kv") -> list[dict[str, Any]]:
    write_export(Job(recording, span, load_service(service)), "history", out)
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def jepsen(recording: Recording, out: Path) -> list[dict[str, Any]]:
    write_export(Job(recording, service=KeyValue()), "jepsen", out)
    return [read_edn(line) for line in out.read_text("utf-8").splitlines()]


def test_every_request_is_a_line_with_all_that_was_promised(tmp_path: Path) -> None:
    recording = recorded(tmp_path)
    lines = history(recording, tmp_path / "h.jsonl")
    known = [one for one in requests(recording.records()) if not one.of_a_session]
    assert len(lines) == len(known) == 120
    for line, one in zip(lines, known, strict=True):
        assert set(line) == {
            "client", "number", "op", "args", "call_ns", "return_ns", "outcome", "result"
        }  # fmt: skip
        assert (line["client"], line["number"]) == (one.client, one.number)
        assert (line["call_ns"], line["return_ns"]) == (one.call_ns, one.return_ns)
        assert line["outcome"] == one.fate.value
        assert isinstance(line["args"], dict)


class Plain:
    """The kv service as its documentation tells it, written for this test alone."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}

    def answer(self, op: str, a: dict[str, Any]) -> Any:
        key, data = a["key"], self.data
        if op == "get":
            return data.get(key)
        if op == "put":
            data[key] = a["value"]
            return None
        if op == "delete":
            return data.pop(key, None) is not None
        if op == "increment":
            if not isinstance(data.get(key, 0), int):
                return "not_an_integer"
            data[key] = data.get(key, 0) + a["by"]
            return data[key]
        if op == "append":
            if not isinstance(data.get(key, ""), str):
                return "not_a_string"
            data[key] = data.get(key, "") + a["value"]
            return len(data[key])
        assert op == "compare_and_set", op
        if data.get(key) != a["expected"]:
            return False
        data[key] = a["value"]
        return True


def test_a_history_without_overlap_is_what_one_plain_machine_answers(tmp_path: Path) -> None:
    """One client: calls and returns leave one order only."""
    recording = read(save(tmp_path / "run.lockstep", made_run(300, clients=1, seed=5)))
    machine, seen = Plain(), set()
    for line in history(recording, tmp_path / "h.jsonl"):
        assert line["result"] == machine.answer(line["op"], line["args"]), line
        seen.add(line["op"])
    assert len(seen) >= 4


def linearizable(lines: list[dict[str, Any]]) -> bool:
    """Whether some order explains the history: a plain search through all orders that real time allows, key
    by key, which knows the lines of the export and nothing else."""
    keys = {line["args"]["key"] for line in lines}
    return all(_explained([line for line in lines if line["args"]["key"] == key]) for key in keys)


def _explained(lines: list[dict[str, Any]]) -> bool:
    key = lines[0]["args"]["key"]
    never = float("inf")
    returns = [line["return_ns"] if line["return_ns"] is not None else never for line in lines]
    everybody = frozenset(place for place, at in enumerate(returns) if at < never)
    found, seen = [(frozenset[int](), "null")], set[tuple[frozenset[int], str]]()
    while found:
        done, state = found.pop()
        if everybody <= done:
            return True
        if (done, state) in seen:
            continue
        seen.add((done, state))
        left = [place for place in range(len(lines)) if place not in done]
        first_ns = min(returns[place] for place in left)
        for place in left:
            line = lines[place]
            if line["call_ns"] > first_ns:
                continue  # somebody else had his answer before this was asked
            machine, value = Plain(), json.loads(state)
            machine.data = {} if value is None else {key: value}
            answer = machine.answer(line["op"], line["args"])
            if line["outcome"] == "unknown" or answer == line["result"]:
                found.append((done | {place}, json.dumps(machine.data.get(key))))
    return False


def wrong_read(replica: int, first_seq: int, outcomes: list[bytes], digests: list[int]) -> None:
    """Every replica answers reads with what nobody wrote, now and then."""
    for place, outcome in enumerate(outcomes):
        if (first_seq + place) % 17 == 0 and outcome != encode_outcome(None):
            outcomes[place] = encode_outcome("a value that nobody wrote")


@pytest.mark.parametrize("seed", range(1, 7))
@pytest.mark.parametrize("tamper", [None, wrong_read], ids=["sound", "tampered"])
def test_an_independent_checker_gives_the_same_verdict(
    tmp_path: Path, seed: int, tamper: Tamper | None
) -> None:
    """It reads the exported lines alone; `check` reads the recording."""
    records = made_run(150, clients=5, seed=seed, tamper=tamper)
    if seed % 2:  # some stay without an answer
        records = records[: len(records) * 2 // 3]
    recording = read(save(tmp_path / "run.lockstep", records))
    searched = check(recording, KeyValue()).search
    assert searched is not None and searched.unjudged == 0
    lines = history(recording, tmp_path / "h.jsonl")
    assert any(
        one is not other and one["call_ns"] <= other["call_ns"] < (one["return_ns"] or 0)
        for one in lines
        for other in lines
    ), "some overlap"
    assert linearizable(lines) == (searched.violations == 0) == (tamper is None)


def test_what_nobody_answered_has_no_return_and_no_result(tmp_path: Path) -> None:
    lines = history(recorded(tmp_path, cut=True), tmp_path / "h.jsonl")
    unknown = [line for line in lines if line["outcome"] == "unknown"]
    assert unknown and lines[-len(unknown) :] == unknown
    assert all(line["return_ns"] is None and line["result"] is None for line in unknown)


def test_a_span_has_the_requests_that_were_called_in_it(tmp_path: Path) -> None:
    recording = recorded(tmp_path)
    whole = history(recording, tmp_path / "whole.jsonl")
    middle = whole[40]["call_ns"], whole[80]["call_ns"]
    part = history(recording, tmp_path / "part.jsonl", Span(*middle))
    assert part == [line for line in whole if middle[0] <= line["call_ns"] <= middle[1]]
    assert 30 < len(part) < 60


def test_a_history_needs_the_service_for_the_names_of_arguments(tmp_path: Path) -> None:
    recording = read(save(tmp_path / "x.lockstep", made_run(5), header("os:system")))
    with pytest.raises(UsageError, match="never makes code load"):
        write_export(Job(recording), "history", tmp_path / "h.jsonl")
    assert not list(tmp_path.glob("*h.jsonl*")), "nothing half-made stays behind"


def test_jepsen_alternates_within_a_process_and_never_goes_back_in_time(tmp_path: Path) -> None:
    recording = recorded(tmp_path, cut=True)
    lines = jepsen(recording, tmp_path / "h.edn")
    assert [line["index"] for line in lines] == list(range(len(lines)))
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)
    known = [one for one in requests(recording.records()) if not one.of_a_session]
    types = [line["type"] for line in lines]
    fates = [one.fate for one in known]
    assert types.count("invoke") == len(known)
    for word, fate in (("ok", Fate.OK), ("fail", Fate.REFUSED), ("info", Fate.UNKNOWN)):
        assert types.count(word) == fates.count(fate), word
    assert fates.count(Fate.UNKNOWN) > 0
    under_way: dict[int, dict[str, Any]] = {}
    for line in lines:
        assert isinstance(line["type"], Word) and isinstance(line["f"], Word)
        if line["type"] == "invoke":
            assert under_way.get(line["process"]) is None, "one operation at a time, none after an :info"
            under_way[line["process"]] = line
            continue
        begun = under_way[line["process"]]
        assert begun["f"] == line["f"]
        if line["type"] != "info":
            under_way[line["process"]] = None  # type: ignore[assignment]
        if line["type"] == "fail":
            assert isinstance(line["error"], Word) and line["value"] == begun["value"]


def test_jepsen_and_history_say_the_same(tmp_path: Path) -> None:
    recording = recorded(tmp_path)
    results = sorted(
        (line["time"], json.dumps(line["value"])) for line in jepsen(recording, tmp_path / "h.edn")
        if line["type"] == "ok"
    )  # fmt: skip
    told = sorted(
        (line["return_ns"], json.dumps(line["result"]))
        for line in history(recording, tmp_path / "h.jsonl")
        if line["outcome"] == "ok"
    )
    assert results == told


@pytest.mark.parametrize(
    "value", [None, True, -5, 'say "hi"\\', "a\nb\tc", [1, [2, "x y"]], {"a_b": 1, "not a name": [None]}, ""]
)
def test_edn_comes_back(value: Any) -> None:
    assert read_edn(edn(value)) == value


@pytest.mark.parametrize(
    ("text", "ns"), [("12.4s", 12_400_000_000), ("3", 3 * 10**9), ("350ms", 350_000_000), ("2m", 120 * 10**9)]
)
def test_moments(text: str, ns: int) -> None:
    assert parse_moment(text) == ns


@pytest.mark.parametrize("text", ["", "soon", "-1s", "1e9", "nan", "1h", "9999999999s"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_moment(text)
    with pytest.raises(UsageError, match="before its beginning"):
        Span(5, 4)
