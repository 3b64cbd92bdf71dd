"""`rerun` on real daemons: the same results, or the first difference by name."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from core.runtime.recording_commands import rerun_file
from core.runtime.reexecution import reexecute
from core.services.calls import encode_outcome
from core.services.kv import KeyValue
from core.session.check import Verdict, check
from core.session.reader import read
from core.session.rerun import Agreement
from tests.support.daemons import children, lockstep, until
from tests.support.made_run import header, made_run, save

pytestmark = pytest.mark.processes


def lie(replica: int, first_seq: int, outcomes: list[bytes], digests: list[int]) -> None:
    if replica == 2 and first_seq <= 30 < first_seq + len(outcomes):
        outcomes[30 - first_seq] = encode_outcome(4711)


def test_a_run_comes_out_the_same_and_its_own_recording_too(tmp_path: Path) -> None:
    first = read(save(tmp_path / "first.lockstep", made_run(2_000)))
    report = reexecute(first, "kv", tmp_path / "second.lockstep")
    assert report.agreement is Agreement.EQUAL, report.reason
    assert (report.requests, report.compared, report.replicas) == (2_004, 5 * 2_004, 3)
    second = read(tmp_path / "second.lockstep")
    judged = check(second, KeyValue())
    assert (judged.verdict, judged.requests) == (Verdict.VALID, 2_000), judged.reason
    assert reexecute(second, "kv").agreement is Agreement.EQUAL
    until(lambda: not children(os.getpid()), "every daemon is gone")


def test_a_wrong_answer_in_the_recording_is_the_first_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save(tmp_path / "x.lockstep", made_run(100, tamper=lie))
    assert rerun_file(path, "", None, False, True) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "different"
    assert told["difference"]["seq"] == 30
    assert "4711" in (told["difference"]["left"]["result"], told["difference"]["right"]["result"])


def test_a_service_that_is_not_deterministic_is_found_out(tmp_path: Path) -> None:
    """Its answer is a hash that differs from process to process; it has to be named to be loaded at all."""
    name = "tests.support.services:Hashing"
    path = save(tmp_path / "x.lockstep", made_run(30, service=name), header(service=name))
    refused = lockstep("rerun", str(path))
    assert refused.returncode == 2
    assert "never makes code load" in refused.stderr
    done = lockstep("rerun", str(path), "--service", name)
    assert done.returncode == 1, done.stderr
    assert "First difference at #" in done.stdout


def test_a_service_that_fails_leaves_the_verdict_open(tmp_path: Path) -> None:
    name = "tests.support.services:FailsLate"
    path = save(tmp_path / "x.lockstep", made_run(60), header())
    report = reexecute(read(path), name)
    assert report.agreement is Agreement.UNKNOWN
    assert "stopped: The service failed" in report.reason or "ended" in report.reason
