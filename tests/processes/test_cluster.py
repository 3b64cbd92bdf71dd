"""The engine with real daemons: they come up, agree, are killed, stopped and go on."""

from __future__ import annotations

import os
import signal

import pytest

from core.commands import Deliver, Kill, Look, SetClients, SetPace
from core.errors import UsageError
from core.facts import (
    Answered,
    ClientClosed,
    Dropped,
    Exited,
    Joined,
    KillOrdered,
    Pace,
    Returned,
    RunEnded,
    RunStarted,
    Said,
    Spawned,
    Suspected,
    Trusted,
    Violated,
)
from core.limits import HEARTBEAT_NS
from core.trace.wire_log import Tap, decode_fact
from tests.support.cluster import Cluster, play
from tests.support.daemons import ended_within
from tests.support.group import SECOND, put
from tests.support.liar import lying

pytestmark = pytest.mark.processes


def assert_agreed(cluster: Cluster, *replicas: int) -> None:
    """These replicas stand at the same number with the same digest, and nobody was ever found wrong."""
    assert cluster.facts(Violated) == []
    first = cluster.digests()[replicas[0]]
    assert cluster.digests() | dict.fromkeys(replicas, first) == cluster.digests()


def test_five_daemons_come_up_and_agree(capfd: pytest.CaptureFixture[str]) -> None:
    async def script(cluster: Cluster) -> None:
        await cluster.serve(2_000)
        assert_agreed(cluster, 1, 2, 3, 4, 5)
        assert cluster.digests()[1][0] > 2_000

    cluster = play(script, replicas=5, clients=8)
    assert [fact.replica for fact in cluster.facts(Joined)] != []
    assert {fact.replica for fact in cluster.facts(Spawned)} == {1, 2, 3, 4, 5}
    assert len({fact.port for fact in cluster.facts(Joined)}) == 5
    assert len(cluster.facts(RunStarted)) == len(cluster.facts(RunEnded)) == 1
    assert cluster.facts(Dropped) == []
    assert [process.status for process in cluster.engine.members.supervisor.processes.values()] == [0] * 5
    assert capfd.readouterr() == ("", "")


def test_a_killed_replica_is_dropped_for_good() -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.serve(500)
        engine.set_load(True, False)
        engine.operator.do(Kill(2))
        await cluster.until(lambda: 2 not in engine.front_end.view.members, "dropped")
        await cluster.until(lambda: cluster.facts(Exited), "reaped")
        await cluster.serve(500)
        assert_agreed(cluster, 1, 3)
        assert engine.front_end.view.replicas == (1, 3)
        with pytest.raises(UsageError, match=r"R2 is not alive. Alive: R1, R3"):
            engine.operator.do(Kill(2))
        with pytest.raises(UsageError, match="R2 is not alive"):
            engine.operator.do(Look(2, ""))

    cluster = play(script)
    assert cluster.facts(KillOrdered) == [KillOrdered(2, "user")]
    [exited] = cluster.facts(Exited)
    assert (exited.replica, exited.status) == (2, -signal.SIGKILL)
    [dropped] = cluster.facts(Dropped)
    assert dropped.replica == 2
    assert [fact.replica for fact in cluster.facts(Spawned)].count(2) == 1, "it never comes back"
    assert cluster.engine.members.status[2].state == "dead"


def test_a_stopped_replica_is_suspected_then_fenced(capfd: pytest.CaptureFixture[str]) -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.serve(200)
        engine.set_load(True, False)
        os.kill(cluster.pid(3), signal.SIGSTOP)
        await cluster.until(lambda: cluster.facts(Suspected), "suspected")
        answered = engine.answered
        await cluster.until(lambda: engine.answered > answered + 200, "the others go on")
        await cluster.until(lambda: cluster.facts(Dropped), "dropped")
        await cluster.until(lambda: ended_within(cluster.pid(3), 0), "fenced: its process is gone")
        await cluster.serve(200)
        assert_agreed(cluster, 1, 2)

    cluster = play(script)
    [suspected], [dropped] = cluster.facts(Suspected), cluster.facts(Dropped)
    assert suspected.replica == dropped.replica == 3
    assert SECOND // 2 <= suspected.silent_ns < SECOND
    assert dropped.reason in ("silent for 2.0 s", "silent for 2.1 s", "silent for 2.2 s")
    assert cluster.facts(Trusted) == []
    assert cluster.engine.unknown == 0
    assert capfd.readouterr() == ("", "")


def test_a_replica_that_goes_on_in_time_is_trusted_and_catches_up() -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        engine.set_load(True, False)
        os.kill(cluster.pid(1), signal.SIGSTOP)
        await cluster.until(lambda: cluster.facts(Suspected), "suspected")
        os.kill(cluster.pid(1), signal.SIGCONT)
        await cluster.until(lambda: cluster.facts(Trusted), "trusted")
        await cluster.serve(200)
        assert_agreed(cluster, 1, 2, 3)

    cluster = play(script)
    assert [fact.replica for fact in cluster.facts(Trusted)] == [1]
    assert cluster.facts(Dropped) == []


def test_with_everybody_dead_requests_end_as_unknown() -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        engine.set_load(True, False)
        for replica in (1, 2, 3):
            os.kill(cluster.pid(replica), signal.SIGKILL)
        await cluster.until(lambda: not engine.front_end.view.members, "everybody dropped")
        assert not engine.pool.open_requests
        assert engine.unknown >= 1
        with pytest.raises(UsageError, match="No replica is left"):
            engine.submit(1, put("a", 1), "put a 1")

    cluster = play(script)
    assert len(cluster.facts(Dropped)) == 3
    assert any("No replica is left" in said.text for said in cluster.facts(Said))
    ended = [
        fact
        for record in cluster.records
        if record.tap == Tap.RETURN_DELIVERED and isinstance(fact := decode_fact(record.body), Returned)
    ]
    assert sum(fact.outcomes.count(2) for fact in ended) == cluster.engine.unknown


def test_clients_come_and_go_under_load() -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        engine.set_load(True, False)
        for clients in (64, 3, 10, 1, 20, 2):
            engine.operator.do(SetClients(clients))
            answered = engine.answered
            await cluster.until(lambda since=answered: engine.answered > since + 300, "load")  # type: ignore[misc]
        assert await engine.drain(10)
        assert engine.pool.clients == {1, 2}
        assert_agreed(cluster, 1, 2, 3)

    cluster = play(script)
    assert {fact.client for fact in cluster.facts(ClientClosed)} >= set(range(4, 65))
    assert no_session(cluster) == 0


def test_a_request_on_its_way_to_nobody_ends_as_unknown() -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.until(lambda: not engine.pool.open_requests, "sessions are open")
        engine.operator.do(SetPace(Pace.STEP))
        engine.submit(1, put("a", 1), "put a 1")
        for replica in (1, 2, 3):
            engine.operator.do(Kill(replica))
        await cluster.until(lambda: not engine.front_end.view.members, "everybody dropped")
        assert (engine.pool.open_requests, engine.unknown) == (1, 0), "it has not arrived yet"
        engine.operator.do(Deliver())
        assert (engine.pool.open_requests, engine.unknown) == (0, 1)

    play(script)


def test_what_the_pace_slows_down_is_not_taken_for_lost() -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.serve(50)
        engine.operator.do(SetPace(Pace.SLOW, 3 * HEARTBEAT_NS))
        for client in range(1, 5):  # several signs of life pass while orders and results are on their way
            engine.submit(client, put("a", client), "put a")
        assert await engine.drain(20)
        assert engine.transport.retransmissions == 0

    cluster = play(script)
    asked = [record for record in cluster.records if record.body[1:6] == b"\xa4nack"]
    assert asked == []


def no_session(cluster: Cluster) -> int:
    """How many requests were refused because their client had no session."""
    return sum(b"no_session" in record.body for record in cluster.records)


@pytest.mark.parametrize("garbage", [b"\xc1\xc1", b"\x92\x02\xc0", b"\x92\x07"])
def test_an_answer_that_is_no_answer_is_said_in_words(
    garbage: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """The first to answer lies beyond recognition: the client hears it in words, and the checks name it."""

    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.serve(50)
        with lying(engine, 1, lambda seq, outcome: garbage):
            engine.submit(1, put("a", 1), "put a 1")
            assert await engine.drain(10)
        engine.submit(1, put("a", 2), "put a 2")
        assert await engine.drain(10)

    cluster = play(script, replicas=1)
    answered = [(fact.outcome, fact.text) for fact in cluster.facts(Answered)]
    assert answered[0][1] == f"what is no answer: {garbage.hex()}"
    assert answered[1] == ("ok", "ok")
    [violated] = cluster.facts(Violated)
    assert (violated.check, violated.replica, violated.expected) == ("reply", 1, "ok")
    assert violated.found == f"what is no answer: {garbage.hex()}"
    assert capfd.readouterr() == ("", "")


def test_a_service_that_fails_takes_nobody_else_down(capfd: pytest.CaptureFixture[str]) -> None:
    """Every replica stops at the same request, says why, and the app goes on without a traceback."""

    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.serve(50)
        engine.submit(1, b"\x93\xa9increment\xa4boom\x01", "increment boom")
        await cluster.until(lambda: not engine.front_end.view.members, "everybody stopped")

    cluster = play(script, service="tests.support.services:Failing")
    assert cluster.engine.unknown == 1
    assert {fact.reason.rpartition("#")[0] for fact in cluster.facts(Dropped)} == {
        "The service failed in the batch at "
    }
    [violated] = cluster.facts(Violated)
    assert violated.found == "the service failed: ZeroDivisionError: boom"
    assert capfd.readouterr() == ("", "")
