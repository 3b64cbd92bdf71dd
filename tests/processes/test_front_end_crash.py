"""The front end dies over real daemons: a new epoch, and every request executed once."""

from __future__ import annotations

import pytest

from core.commands import CrashFrontEnd, Deliver, Kill, SetPace
from core.errors import UsageError
from core.facts import Answered, AnswerLost, EpochStarted, FrontEndCrashed, Pace, Returned, Said, Violated
from core.model.cluster_view import ReplicaState
from core.model.fold import Fold
from core.policies import FailurePolicy, Policies, ReplyPolicy
from core.services.registry import load_service
from core.session.orders import epochs_of
from core.session.recorded_run import RecordedRun
from core.trace.wire_log import Tap, decode_fact
from tests.processes.test_cluster import assert_agreed
from tests.support.cluster import Cluster, play
from tests.support.group import increment

pytestmark = pytest.mark.processes


def assert_replays(cluster: Cluster) -> None:
    """The recording tells the same to who reads it later: to the checks, and to the picture."""
    run = RecordedRun(load_service("kv"), epochs_of(cluster.records))
    fold = Fold(lambda operation: "?")
    for record in cluster.records:
        run.feed(record)
    assert (run.checks.take(), run.unreadable) == ([], 0)
    fold.apply(cluster.records)
    shown = fold.view(cluster.records[-1].time_ns)
    assert fold.unreadable == 0
    assert shown.front_end.epoch == cluster.engine.front_end.sequencer.epoch
    assert {card.replica for card in shown.replicas if card.state is not ReplicaState.DEAD} == set(
        cluster.engine.front_end.view.replicas
    )
    assert shown.metrics.unknown == cluster.engine.unknown


async def crash(cluster: Cluster) -> None:
    epoch = cluster.engine.front_end.sequencer.epoch
    cluster.engine.operator.do(CrashFrontEnd())
    await cluster.until(lambda: not cluster.engine.front_end.recovering, "recovered")
    assert cluster.engine.front_end.sequencer.epoch == epoch + 1


@pytest.mark.parametrize("service", ["kv", "social"])
def test_it_dies_under_load_again_and_again(service: str) -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.serve(100)
        engine.set_load(True, False)
        for _ in range(10):
            answered = engine.answered
            await cluster.until(lambda since=answered: engine.answered > since + 100, "load")  # type: ignore[misc]
            await crash(cluster)
        await cluster.serve(100)
        assert_agreed(cluster, 1, 2, 3)
        assert engine.unknown == 0

    cluster = play(script, clients=16, service=service, policies=Policies(ReplyPolicy("acks", 0)))
    assert len(cluster.facts(FrontEndCrashed)) == 10
    assert [fact.epoch for fact in cluster.facts(EpochStarted)] == list(range(1, 12))
    assert cluster.facts(AnswerLost) == []
    told = [decode_fact(r.body) for r in cluster.records if r.tap == Tap.RETURN_DELIVERED]
    assert sum(fact.outcomes.count(2) for fact in told if isinstance(fact, Returned)) > 0, "told as unknown"


def test_what_was_on_its_way_is_ordered_anew_and_executed_once() -> None:
    """Step by step: the orders of one request have left for nobody when the front end dies; of another they
    have reached R1 alone. The reference has to go back for the first."""

    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.serve(20)
        engine.operator.do(SetPace(Pace.STEP))
        engine.submit(1, increment("n"), "increment n")
        engine.operator.do(Deliver())  # it reaches the front end, its orders are on their way
        ordered = engine.front_end.sequencer.next_seq
        await crash(cluster)
        assert engine.front_end.sequencer.next_seq == ordered - 1, "nobody had it: its number is free again"
        engine.operator.do(SetPace(Pace.REAL_TIME))
        assert await engine.drain(10)
        engine.operator.do(SetPace(Pace.STEP))
        engine.submit(2, increment("n"), "increment n")
        engine.operator.do(Deliver())
        engine.operator.do(Deliver())  # R1 alone
        await cluster.until(lambda: len(engine.pacer._held) == 3, "R1 has executed it")
        await crash(cluster)
        engine.operator.do(SetPace(Pace.REAL_TIME))
        assert await engine.drain(10)
        engine.submit(3, increment("n"), "increment n")
        assert await engine.drain(10)
        assert cluster.facts(Violated) == []
        assert_agreed(cluster, 1, 2, 3)
        assert engine.pool.open_requests == 0

    cluster = play(script)
    assert_replays(cluster)
    texts = [fact.text for fact in cluster.facts(Answered)]
    assert texts == ["1", "2", "3"]


def test_first_loses_an_answer_when_its_only_replica_dies_too_and_says_so() -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.serve(20)
        engine.operator.do(SetPace(Pace.STEP))
        engine.submit(1, increment("n"), "increment n")
        for _ in range(2):
            engine.operator.do(Deliver())  # to the front end, to R1
        await cluster.until(lambda: len(engine.pacer._held) == 3, "its result came")
        engine.operator.do(Deliver(max(engine.pacer._held)))  # R1's result to the front end
        engine.operator.do(Deliver(max(engine.pacer._held)))  # the answer to its client
        assert engine.pool.open_requests == 0
        engine.operator.do(Kill(1))
        await cluster.until(lambda: 1 not in engine.links, "dropped")
        await crash(cluster)
        engine.operator.do(SetPace(Pace.REAL_TIME))
        await cluster.serve(100)
        assert_agreed(cluster, 2, 3)
        assert engine.failures.answers_lost == 1

    cluster = play(script)
    assert_replays(cluster)
    [lost] = cluster.facts(AnswerLost)
    assert lost.client == 1
    assert any(f"#{lost.seq}) is lost" in said.text for said in cluster.facts(Said))


def test_a_replica_that_was_catching_up_begins_again() -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.serve(100)
        engine.set_load(True, False)
        engine.operator.do(Kill(3))
        await cluster.until(lambda: engine.front_end.transfer.newcomers, "R3 is catching up")
        await crash(cluster)
        await cluster.until(lambda: engine.front_end.view.replicas == (1, 2, 3), "R3 is back")
        await cluster.serve(100)
        assert_agreed(cluster, 1, 2, 3)

    assert_replays(play(script, policies=Policies(failure=FailurePolicy.REVIVE)))


def test_with_nobody_left_there_is_nothing_to_recover_from() -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        engine.set_load(True, False)
        engine.operator.do(Kill(1))
        engine.operator.do(CrashFrontEnd())
        await cluster.until(lambda: not engine.front_end.somebody_left, "nobody is left")
        assert not engine.pool.open_requests
        assert engine.unknown >= 1
        with pytest.raises(UsageError, match="No replica is left to recover from"):
            engine.operator.do(CrashFrontEnd())

    play(script, replicas=1)
