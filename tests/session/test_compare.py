"""`compare`: the first number at which two recordings differ, and what is different there."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from core.runtime.recording_commands import compare_files
from core.services.calls import encode_outcome
from core.services.registry import load_service
from core.session.compare import ABSENT, CompareReport, PathDifference, compare, differences, state_after
from core.session.reader import read
from core.trace.wire_log import Record, Tap
from tests.support.made_run import header, made_run, save

KV = partial(load_service, "kv")


def words(operation: bytes) -> str:
    return "it"


def report(tmp_path: Path, left: list[Record], right: list[Record]) -> CompareReport:
    paths = save(tmp_path / "left.lockstep", left), save(tmp_path / "right.lockstep", right)
    return compare(read(paths[0]), read(paths[1]), (KV, KV))


def lie(replica: int, first_seq: int, outcomes: list[bytes], digests: list[int]) -> None:
    if first_seq <= 30 < first_seq + len(outcomes):
        outcomes[30 - first_seq] = encode_outcome(4711)


def drift(replica: int, first_seq: int, outcomes: list[bytes], digests: list[int]) -> None:
    for place in range(len(digests)):
        digests[place] ^= first_seq + place >= 25


def test_a_run_and_its_copy_do_not_differ(tmp_path: Path) -> None:
    found = report(tmp_path, made_run(100), made_run(100))
    assert (found.same, found.compared, found.digests, found.paths) == (True, 104, 104, None)


def test_another_answer_is_named_and_the_states_are_the_same(tmp_path: Path) -> None:
    found = report(tmp_path, made_run(100), made_run(100, tamper=lie))
    assert (found.seq, found.paths, found.compared) == (30, [], 29)
    assert found.right is not None and found.right.result == "4711"
    assert "First difference at #30" in found.words(words)


def test_another_digest_is_named_while_the_clocks_agree(tmp_path: Path) -> None:
    found = report(tmp_path, made_run(100), made_run(100, tamper=drift))
    assert found.seq == 25
    assert "digests" in found.words(words)


def test_without_equal_timestamps_digests_are_left_out(tmp_path: Path) -> None:
    left, right = made_run(40), made_run(40, tamper=drift)
    later = [
        record._replace(body=record.body.replace(b"\xcf\x17", b"\xcf\x18"))
        if record.tap == Tap.TO_PASSED
        else record
        for record in right
    ]
    assert later != right
    found = report(tmp_path, left, later)
    assert (found.same, found.compared, found.digests) == (True, 44, 0)
    assert "digests were compared up to #0" in found.words(words)


def test_another_request_shows_what_it_did_to_the_state(tmp_path: Path) -> None:
    found = report(tmp_path, made_run(100, seed=1), made_run(100, seed=2))
    assert found.left is not None and found.right is not None
    assert found.left.operation != found.right.operation
    assert found.paths is not None
    assert "another request" in found.words(words)


def test_the_longer_one_is_named(tmp_path: Path) -> None:
    found = report(tmp_path, made_run(100), made_run(60))
    assert (found.seq, found.right) == (65, None)
    assert found.words(words) == "They do not differ up to #64; only the first goes on."
    assert found.paths is not None


def test_a_state_is_rebuilt_up_to_a_number_within_a_batch(tmp_path: Path) -> None:
    recording = read(save(tmp_path / "x.lockstep", made_run(100, clients=5)))
    states = [state_after(recording, KV(), seq) for seq in (0, 40, 41, 105, 999)]
    assert states[0] == state_after(read(save(tmp_path / "y.lockstep", [])), KV(), 5)
    assert states[3] == states[4] != states[0]


def test_differences_have_paths() -> None:
    left = {"a": 1, "users": [{"name": "x"}, 2], "gone": None}
    right = {"a": 1, "users": [{"name": "y"}, 2, 3], "new": "n"}
    assert list(differences(left, right)) == [
        PathDifference("users[0].name", '"x"', '"y"'),
        PathDifference("users[2]", ABSENT, "3"),
        PathDifference("gone", "null", ABSENT),
        PathDifference("new", ABSENT, '"n"'),
    ]
    assert list(differences(1, 2)) == [PathDifference("the state", "1", "2")]
    assert list(differences(left, left)) == []


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = save(tmp_path / "one.lockstep", made_run(50))
    other = save(tmp_path / "other.lockstep", made_run(50, tamper=lie))
    foreign = save(tmp_path / "foreign.lockstep", made_run(5), header(service="os:system"))
    assert compare_files(one, one, "", False) == 0
    assert compare_files(one, other, "", False) == 1
    assert "lead to the same state" in capsys.readouterr().out
    assert compare_files(one, other, "", True) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["seq"], told["states"], told["right"]["result"]) == (30, [], "4711")
    with pytest.raises(Exception, match="never makes code load"):
        compare_files(one, foreign, "", False)
