"""A liar under a majority vote: no wrong answer reaches a client, and it is named at its first lie."""

from __future__ import annotations

import pytest

from core.commands import SetPolicies
from core.facts import Dropped, Lied, PolicySet, RunStarted
from core.policies import MAJORITY, Policies
from core.services.calls import encode_outcome
from tests.support.cluster import Cluster, play
from tests.support.group import increment
from tests.support.liar import lying

pytestmark = pytest.mark.processes
LIE = encode_outcome(666)


@pytest.mark.parametrize("expel", [False, True])
def test_it_is_outvoted_named_and_expelled_if_the_user_says_so(expel: bool) -> None:
    heard: list[bytes] = []

    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.serve(100)
        answered = engine.pool.answered
        engine.pool.answered = lambda ids, seq, outcomes, now: (
            heard.extend(outcomes)
            or answered(  # type: ignore[method-assign]
                ids, seq, outcomes, now
            )
        )
        with lying(engine, 1, lambda seq, outcome: LIE):
            engine.submit(1, increment("n"), "increment n")
            await cluster.until(lambda: cluster.facts(Lied), "named")
            await cluster.serve(1_000)
        await cluster.until(lambda: (1 in engine.links) != expel, "expelled")

    cluster = play(script, policies=Policies(MAJORITY, expel_liars=expel))
    assert len(heard) > 1_000
    assert LIE not in heard
    [lied] = cluster.facts(Lied)
    assert (lied.replica, lied.told, lied.majority) == (1, "666", "1")
    dropped = [fact.reason for fact in cluster.facts(Dropped)]
    assert dropped == ([f"outvoted at #{lied.seq}"] if expel else [])
    assert cluster.facts(RunStarted)[0].reply_policy == "majority"


def test_the_policy_changes_while_it_runs() -> None:
    async def script(cluster: Cluster) -> None:
        engine = cluster.engine
        await cluster.serve(50)
        engine.set_load(True, False)
        engine.operator.do(SetPolicies(reply=MAJORITY, expel_liars=True))
        await cluster.serve(50)
        assert engine.front_end.responses.policy == MAJORITY

    assert play(script).facts(PolicySet) == [PolicySet("majority", "drop forever", True)]
