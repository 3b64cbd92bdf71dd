"""Real daemons that come back, come new, leave; donors that are no good."""

from __future__ import annotations

import os
import signal

import pytest

from core.commands import AddReplica, Kill, RemoveReplica, Revive, SetPolicies
from core.errors import UsageError
from core.facts import CaughtUp, Dropped, Joined, Reviving, Said, SnapshotSent, Violated
from core.policies import FailurePolicy, Policies, ReplyPolicy
from tests.processes.test_cluster import assert_agreed
from tests.support.cluster import Cluster, play

pytestmark = pytest.mark.processes
REVIVE = Policies(failure=FailurePolicy.REVIVE)


def test_a_killed_replica_comes_back_under_load() -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.serve(300)
        engine.set_load(True, False)
        for life in (2, 3):
            engine.operator.do(Kill(2))
            await cluster.until(lambda life=life: len(cluster.facts(CaughtUp)) == life - 1, "joined again")  # type: ignore[misc]
        await cluster.serve(500)
        assert engine.front_end.view.replicas == (1, 2, 3)
        assert_agreed(cluster, 1, 2, 3)
        assert engine.members.status[2].state == "running"

    cluster = play(script, policies=REVIVE)
    assert [(fact.replica, fact.incarnation) for fact in cluster.facts(CaughtUp)] == [(2, 2), (2, 3)]
    assert [fact.incarnation for fact in cluster.facts(Joined) if fact.replica == 2] == [1, 2, 3]
    assert {fact.donor for fact in cluster.facts(Reviving)} <= {1, 3}
    last = cluster.facts(SnapshotSent)[-1]
    assert last.sent == last.total > 0


def test_who_was_just_killed_can_be_called_back_at_once() -> None:
    """The picture shows a killed replica as dead before its process has ended: a click then is no mistake."""

    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.serve(100)
        engine.operator.do(Kill(2))
        assert 2 in engine.links
        engine.operator.do(Revive(2))
        await cluster.until(lambda: cluster.facts(CaughtUp), "joined again")
        await cluster.serve(100)
        assert_agreed(cluster, 1, 2, 3)

    cluster = play(script)
    assert [(fact.replica, fact.incarnation) for fact in cluster.facts(CaughtUp)] == [(2, 2)]


def test_who_hangs_is_fenced_and_comes_back() -> None:
    async def script(cluster: Cluster) -> None:
        await cluster.serve(100)
        cluster.engine.set_load(True, False)
        os.kill(cluster.pid(1), signal.SIGSTOP)
        await cluster.until(lambda: cluster.facts(CaughtUp), "fenced, and joined again")
        await cluster.serve(100)
        assert_agreed(cluster, 1, 2, 3)

    play(script, policies=REVIVE)


def test_replicas_come_and_go_by_hand() -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.serve(100)
        engine.set_load(True, False)
        engine.operator.do(AddReplica())
        await cluster.until(lambda: engine.front_end.view.replicas == (1, 2, 3, 4), "R4 joined")
        engine.operator.do(RemoveReplica(1))
        assert engine.front_end.view.replicas == (2, 3, 4)
        await cluster.until(lambda: engine.members.supervisor.processes[1].status is not None, "R1 left")
        with pytest.raises(UsageError, match="R1 is not alive"):
            engine.operator.do(RemoveReplica(1))
        with pytest.raises(UsageError, match="R2 is alive"):
            engine.operator.do(Revive(2))
        with pytest.raises(UsageError, match="There is no R7"):
            engine.operator.do(Revive(7))
        engine.operator.do(Revive(1))
        await cluster.until(lambda: engine.front_end.view.replicas == (1, 2, 3, 4), "R1 is back")
        await cluster.serve(100)
        assert_agreed(cluster, 1, 2, 3, 4)

    cluster = play(script)
    assert [(fact.replica, fact.incarnation) for fact in cluster.facts(CaughtUp)] == [(4, 1), (1, 2)]
    assert [fact.reason for fact in cluster.facts(Dropped)] == ["it was asked to leave"]


def test_several_are_added_at_once() -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        engine.set_load(True, False)
        for _ in range(3):
            engine.operator.do(AddReplica())
        await cluster.until(lambda: engine.front_end.view.replicas == (1, 2, 3, 4), "all joined")
        await cluster.serve(100)
        assert_agreed(cluster, 1, 2, 3, 4)

    assert {fact.replica for fact in play(script, replicas=1).facts(CaughtUp)} == {2, 3, 4}


def test_the_last_replica_cannot_leave() -> None:
    async def script(cluster: Cluster) -> None:
        with pytest.raises(UsageError, match="R1 cannot leave now"):
            cluster.engine.operator.do(RemoveReplica(1))

    play(script, replicas=1)


def test_two_acks_wait_for_the_second_replica_to_come_back() -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.serve(100)
        engine.set_load(True, False)
        engine.operator.do(Kill(2))
        await cluster.until(lambda: engine.front_end.view.replicas == (1,), "dropped")
        await cluster.until(lambda: cluster.facts(Said), "said")
        answered = engine.answered
        engine.operator.do(Revive(2))
        await cluster.until(lambda: engine.answered > answered + 100, "it goes on with both")
        await cluster.serve(50)
        assert_agreed(cluster, 1, 2)

    cluster = play(script, replicas=2, policies=Policies(ReplyPolicy("acks", 2)))
    assert cluster.engine.unknown == 0
    [said] = cluster.facts(Said)
    assert said.text.startswith("2 replicas must respond alike, and only 1 can: nobody is answered")


def test_the_policy_can_be_lowered_when_nobody_can_answer() -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.serve(50)
        engine.set_load(True, False)
        engine.operator.do(Kill(2))
        await cluster.until(lambda: engine.front_end.view.replicas == (1,), "dropped")
        engine.operator.do(SetPolicies(reply=ReplyPolicy()))
        await cluster.serve(50)
        assert cluster.facts(Violated) == []

    play(script, replicas=2, policies=Policies(ReplyPolicy("acks", 2)))
