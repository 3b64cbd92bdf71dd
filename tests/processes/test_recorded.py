"""What was recorded of real daemons: nothing is missing, and it is judged and executed again as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.commands import CrashFrontEnd, Kill
from core.facts import EpochStarted
from core.policies import Policies, ReplyPolicy
from core.runtime.reexecution import reexecute
from core.runtime.run_settings import RunSettings
from core.runtime.session import record_run
from core.services.registry import load_service
from core.session.check import Verdict, check
from core.session.history import Fate, requests
from core.session.reader import read
from core.session.rerun import Agreement
from tests.support.cluster import Cluster, play
from tests.support.made_run import header, save

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("service", ["social", "kv"])
def test_a_recording_at_full_load_loses_nothing(tmp_path: Path, service: str) -> None:
    path = tmp_path / "run.lockstep"
    settings = RunSettings(service=service, replicas=3, clients=64, requests=8_000)
    report = record_run(settings, path)
    assert report.holds, report.troubles
    recording = read(path)
    assert recording.note == ""
    asked = [one for one in requests(recording.records()) if not one.of_a_session]
    answered = [one for one in asked if one.fate is not Fate.UNKNOWN]
    assert len(asked) == report.requests == 8_000
    assert len(answered) == report.answered
    assert sum(one.fate is Fate.REFUSED for one in answered) == report.refused
    assert all(one.outcome is not None for one in answered), "with what was answered"
    assert len({(one.client, one.number) for one in answered}) == len(answered)
    judged = check(recording, load_service(service))
    assert (judged.verdict, judged.requests) == (Verdict.VALID, 8_000), judged.reason
    told = {count.name: count.checked for count in report.checks}
    found = {count.name: count.checked for count in judged.checks}
    assert found == {name: told[name] for name in found}, "as much was looked at as in the run"
    again = reexecute(recording, service)
    assert again.agreement is Agreement.EQUAL, again.reason


def test_a_run_with_a_kill_and_a_front_end_that_died_is_valid_and_executed_again(tmp_path: Path) -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.serve(200)
        engine.set_load(True, False)
        for replica in (None, 3, None):
            since = engine.answered
            await cluster.until(lambda since=since: engine.answered > since + 200, "load")  # type: ignore[misc]
            engine.operator.do(CrashFrontEnd() if replica is None else Kill(replica))
            await cluster.until(lambda: not engine.front_end.recovering, "recovered")
        await cluster.serve(200)

    cluster = play(script, clients=8, service="kv", policies=Policies(ReplyPolicy("acks", 0)))
    assert [fact.epoch for fact in cluster.facts(EpochStarted)] == [1, 2, 3]
    recording = read(save(tmp_path / "run.lockstep", cluster.records, header("kv", clients=8)))
    judged = check(recording, load_service("kv"))
    assert judged.verdict is Verdict.VALID, judged.reason
    again = reexecute(recording, "kv")
    assert again.agreement is Agreement.EQUAL, again.reason
    assert again.requests > 800
