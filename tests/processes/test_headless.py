"""`lockstep run --headless` from outside: its report, its exit code, and what becomes of it under fire."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from core.facts import Called, Returned
from core.protocol.messages import unpack_u32
from core.runtime.headless import under_load
from core.runtime.run_settings import RunSettings
from core.session.reader import read
from core.trace.wire_log import Tap, decode_fact
from tests.support.cluster import Cluster, play
from tests.support.daemons import PATIENCE_S, children, ended_within, lockstep, start_lockstep, until

pytestmark = pytest.mark.processes

KEYS = {
    "requests",
    "answered",
    "refused",
    "unknown",
    "violations",
    "throughput_per_s",
    "latency_us",
    "messages_per_request",
    "bytes_per_request",
    "checks",
    "replicas",
    "seed",
}
CHECKS = {"digest", "real_time", "reply", "at_most_once", "fifo", "linearizability"}
LONG = ("run", "--headless", "--replicas", "5", "--clients", "8", "--json")


def test_the_report_has_every_key_with_its_meaning(tmp_path: Path) -> None:
    path = tmp_path / "run.lockstep"
    size = ("--replicas", "5", "--clients", "8", "--requests", "3000", "--seed", "4")
    done = lockstep("run", "--headless", "--json", *size, "--record", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    [line] = done.stdout.splitlines()
    report = json.loads(line)
    assert set(report) >= KEYS
    assert report["requests"] == report["answered"] == 3_000
    assert (report["unknown"], report["violations"], report["seed"]) == (0, 0, 4)
    assert 0 < report["refused"] < 3_000
    assert report["throughput_per_s"] > 0
    latency = report["latency_us"]
    assert 0 < latency["p50"] <= latency["p99"] <= latency["max"]
    assert 10 <= report["messages_per_request"] < 12, "one order and one result for each of five replicas"
    assert report["bytes_per_request"] > 100
    assert set(report["checks"]) == CHECKS
    sequenced = 3_000 + 8  # each client opens its session
    searched = report["checks"].pop("linearizability")
    assert (searched["violations"], searched["checked"] + searched["unjudged"]) == (0, 3_000)
    for name, check in report["checks"].items():
        compared = name in ("digest", "reply", "at_most_once")
        checked = 5 * sequenced if compared else sequenced
        assert check == {"checked": checked, "violations": 0, "unjudged": 0}, name
    assert [replica["id"] for replica in report["replicas"]] == [1, 2, 3, 4, 5]
    assert {replica["state"] for replica in report["replicas"]} == {"running"}
    assert {replica["expected"] for replica in report["replicas"]} == {sequenced + 1}
    assert len({replica["digest"] for replica in report["replicas"]}) == 1
    assert len({replica["pid"] for replica in report["replicas"]}) == 5
    assert_recorded(path, 3_000 + 8)


def assert_recorded(path: Path, answered: int) -> None:
    """The recording holds every call and every return, each once."""
    recording = read(path)
    assert recording.note == ""
    assert (recording.header.replicas, recording.header.clients, recording.header.seed) == (5, 8, 4)
    called: list[tuple[int, int]] = []
    returned: list[tuple[int, int]] = []
    for record in recording.records():
        if record.tap not in (Tap.CALL_DELIVERED, Tap.RETURN_DELIVERED):
            continue
        fact = decode_fact(record.body)
        assert isinstance(fact, Called | Returned)
        ids = unpack_u32(fact.requests)
        (called if isinstance(fact, Called) else returned).extend(zip(ids[::2], ids[1::2], strict=True))
    assert len(set(returned)) == len(returned) == answered
    assert set(called) == set(returned)


def test_a_report_for_a_person() -> None:
    done = lockstep("run", "--headless", "--requests", "50")
    assert (done.returncode, done.stderr) == (0, "")
    assert "50 of 50 requests of 3 clients answered by 3 replicas" in done.stdout
    assert "Every check holds." in done.stdout


def test_a_run_may_end_after_some_time() -> None:
    done = lockstep("run", "--headless", "--seconds", "0.3", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert report["requests"] == report["answered"] > 0


@pytest.mark.parametrize("requests", [1, 2])
def test_the_smallest_run(requests: int) -> None:
    done = lockstep("run", "--headless", "--requests", str(requests), "--replicas", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["answered"] == requests


class Fire:
    """A long run that is shot at from outside, in its middle."""

    def __init__(self, tmp_path: Path, requests: int) -> None:
        self.record = tmp_path / "fire.lockstep"
        options = ("--requests", str(requests), "--record", str(self.record))
        self.app = start_lockstep((*LONG, *options))
        self.daemons: list[int] = []

    def in_the_middle(self) -> None:
        """Wait until the wire log shows that requests are being answered."""
        until(lambda: self.record.exists() and self.record.stat().st_size > 50_000, "the run is under way")
        self.daemons = children(self.app.pid)
        assert len(self.daemons) == 5

    def ended(self) -> tuple[dict[str, Any], str, int]:
        try:
            out, err = self.app.communicate(timeout=45)
        finally:
            self.app.kill()
        for pid in self.daemons:
            assert ended_within(pid, 1.0)
        return json.loads(out), err, self.app.returncode


def test_two_of_five_killed_in_the_middle(tmp_path: Path) -> None:
    fire = Fire(tmp_path, 30_000)
    fire.in_the_middle()
    for pid in fire.daemons[:2]:
        os.kill(pid, signal.SIGKILL)
    report, said, code = fire.ended()
    assert (code, said) == (0, "")
    assert report["requests"] == report["answered"] == 30_000
    assert (report["unknown"], report["violations"]) == (0, 0)
    states = {replica["pid"]: replica for replica in report["replicas"]}
    dead, alive = fire.daemons[:2], fire.daemons[2:]
    assert {states[pid]["state"] for pid in dead} == {"dead"}
    assert {states[pid]["state"] for pid in alive} == {"running"}
    assert all(1 < states[pid]["expected"] < 30_009 for pid in dead), "they died in the middle"
    assert {states[pid]["expected"] for pid in alive} == {30_009}
    assert len({states[pid]["digest"] for pid in alive}) == 1


def test_all_killed_in_the_middle(tmp_path: Path) -> None:
    fire = Fire(tmp_path, 1_000_000)
    fire.in_the_middle()
    for pid in fire.daemons:
        os.kill(pid, signal.SIGKILL)
    report, said, code = fire.ended()
    assert (code, said) == (1, "")
    assert report["unknown"] > 0
    assert report["answered"] + report["unknown"] == report["requests"] < 1_000_000
    assert report["violations"] == 0
    assert {replica["state"] for replica in report["replicas"]} == {"dead"}


def test_all_dead_before_the_load_begins() -> None:
    async def script(cluster: Cluster) -> None:
        for replica in (1, 2, 3):
            os.kill(cluster.pid(replica), signal.SIGKILL)
        await cluster.until(lambda: not cluster.engine.front_end.view.members, "everybody dropped")
        report = await under_load(cluster.engine, RunSettings(requests=10))
        assert not report.holds
        assert report.answered == 0

    play(script)


def test_a_person_is_told_that_requests_have_no_answer() -> None:
    app = start_lockstep(("run", "--headless", "--requests", "1000000"))
    until(lambda: len(children(app.pid)) == 3, "three daemons")
    daemons = children(app.pid)
    until(lambda: all(cpu_ticks(pid) > 30 for pid in daemons), "they execute")
    for pid in daemons:
        os.kill(pid, signal.SIGKILL)
    out, err = app.communicate(timeout=PATIENCE_S)
    assert (app.returncode, err) == (1, "")
    assert "nobody knows the fate of" in out


def cpu_ticks(pid: int) -> int:
    """How much a process has worked."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return int(fields[11]) + int(fields[12])
