"""The judge of the history beside an engine: it judges, it is shown less when it cannot follow, it leaves."""

from __future__ import annotations

import json

import pytest

from core.checks.samples import Gap, Over, Standing
from core.facts import CheckCount, Violated
from core.runtime import bystander
from core.runtime.bystander import Bystander
from core.runtime.headless import run_loop
from core.runtime.history_judge import HistoryJudge
from core.trace.wire_log import Record
from tests.support.cluster import Cluster, play
from tests.support.daemons import lockstep
from tests.support.group import get, put
from tests.support.seen import called, ok, result, returned

pytestmark = pytest.mark.processes

STALE = [
    called(10, (1, 2, put("a", 1))),
    result(11, 1, {(1, 2): ok()}),
    returned(12, 1, (1, 2), seq=3),
    called(20, (2, 2, get("a"))),
    result(21, 2, {(2, 2): ok()}),
    returned(22, 2, (2, 2), seq=4),
]
"""A write that had returned, and a read that missed it."""


def judged(
    service: str, records: list[Record]
) -> tuple[tuple[CheckCount, ...], list[Violated], list[Record]]:
    """What the check says of these records, what it found, and what was written."""
    found: list[Violated] = []
    written: list[Record] = []

    async def main() -> tuple[CheckCount, ...]:
        beside = Bystander(service, written.extend, found.append)
        for record in records:
            beside.write([record])
        await beside.finish()
        await beside.stop()
        return beside.counts()

    return run_loop(main()), found, written


@pytest.mark.parametrize("service", ["kv", "social"])
def test_every_request_of_a_small_run_is_judged(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bystander, "FINISH_S", 60.0)

    async def script(cluster: Cluster) -> None:
        await cluster.serve(500)
        await cluster.engine.bystander.finish()

    [count] = play(script, service=service).engine.bystander.counts()
    assert (count.name, count.violations, count.unjudged) == ("linearizability", 0, 0)
    assert count.checked >= 500


def test_what_a_run_had_no_time_to_judge_is_counted() -> None:
    done = lockstep("run", "--headless", "--service", "kv", "--requests", "500", "--json")
    assert done.returncode == 0, done.stderr
    check = json.loads(done.stdout)["checks"]["linearizability"]
    assert (check["violations"], check["checked"] + check["unjudged"]) == (0, 500)


def test_a_stale_read_is_found_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bystander, "FINISH_S", 60.0)
    counts, found, written = judged("kv", STALE)
    assert counts == (CheckCount("linearizability", 2, 1, 0),)
    [violation] = found
    assert (violation.check, violation.seq, violation.replica) == ("linearizability", 4, 0)
    assert violation.found == "C1.2 put a 1 → ok; C2.2 get a → ok"
    assert written == STALE


def test_what_it_cannot_follow_is_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bystander, "FINISH_S", 60.0)
    monkeypatch.setattr(bystander, "AHEAD_BYTES", -1)
    counts, found, written = judged("kv", STALE)
    assert counts == (CheckCount("linearizability", 0, 0, 2),)
    assert found == []
    assert written == STALE


def test_what_it_has_no_time_for_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bystander, "FINISH_S", 0.0)
    counts, found, _ = judged("kv", STALE)
    assert counts == (CheckCount("linearizability", 0, 0, 2),)
    assert found == []


def test_a_service_that_cannot_be_judged_has_no_such_check() -> None:
    assert judged("tests.support.services:Opaque", STALE) == ((), [], STALE)


def test_after_a_gap_the_social_network_is_judged_no_further_and_shown_no_more() -> None:
    assert not HistoryJudge("kv").take(Gap(20, 3, [], [])).gave_up
    assert HistoryJudge("social").take(Gap(20, 3, [], [])).gave_up

    async def main() -> tuple[list[object], tuple[CheckCount, ...]]:
        beside = Bystander("social", lambda records: None, lambda violated: None)
        beside._standing = Standing(0, 3, 0, [], gave_up=True)
        sent: list[object] = []
        beside._send = sent.append  # type: ignore[method-assign]
        beside.write(STALE)
        await beside.finish()
        await beside.stop()
        return sent, beside.counts()

    sent, counts = run_loop(main())
    assert [type(message) for message in sent] == [Over]
    assert counts == (CheckCount("linearizability", 0, 0, 3),)
