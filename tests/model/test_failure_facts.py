"""The facts of policies, revival and a front end's death, as the cards show them."""

from __future__ import annotations

import pytest

from core import facts
from core.facts import Fact
from core.model.cluster_view import ClusterView, ReplicaState
from core.model.fold import Fold
from core.trace.rows import row_of
from core.trace.wire_log import Record, Tap, encode_fact

START = (
    facts.RunStarted("1", "kv", 1, 3, 2, 1, "acks:2", "revive", 0),
    *(facts.Spawned(replica, 1, 100 + replica) for replica in (1, 2, 3)),
    *(facts.Joined(replica, 1, 5000 + replica, 1) for replica in (1, 2, 3)),
    facts.EpochStarted(1, 1),
)


def view(*told: Fact) -> ClusterView:
    fold = Fold(lambda operation: "?")
    records = [
        Record(1_000_000 * at, Tap.FACT, 0, 0, encode_fact(fact))
        for at, fact in enumerate((*START, *told), 1)
    ]
    fold.apply(records)
    assert fold.unreadable == 0
    assert all("cannot be read" not in row_of(record, lambda operation: "?").text for record in records)
    return fold.view(1_000_000 * (len(records) + 1))


def test_policies_are_on_the_front_ends_card() -> None:
    card = view().front_end
    assert (card.reply_policy, card.failure_policy, card.expel_liars) == ("acks:2", "revive", False)
    assert "survives the front end and 1 replica" in card.durability
    shown = view(facts.PolicySet("majority", "drop forever", True))
    card = shown.front_end
    assert (card.reply_policy, card.failure_policy, card.expel_liars) == ("majority", "drop forever", True)
    assert "majority vote" in shown.headline


def test_a_replica_catches_up_then_runs() -> None:
    died = (facts.Exited(2, -9, ""), facts.Dropped(2, "its process ended (SIGKILL)"))
    assert view(*died).replicas[1].state is ReplicaState.DEAD
    coming = (*died, facts.Spawned(2, 2, 202), facts.Reviving(2, 2, 3))
    card = view(*coming).replicas[1]
    assert (card.state, card.incarnation, card.detail) == (ReplicaState.CATCHING_UP, 2, "from R3")
    half = (*coming, facts.SnapshotSent(2, 3, 40, 512, 1024))
    assert view(*half).replicas[1].detail == "50 % from R3"
    there = (*half, facts.Joined(2, 2, 5022, 44), facts.CaughtUp(2, 2, 43, 1_500_000_000))
    card = view(*there).replicas[1]
    assert (card.state, card.incarnation, card.port) == (ReplicaState.RUNNING, 2, 5022)


def test_a_front_end_that_died_recovers() -> None:
    crashed = view(facts.FrontEndCrashed(1))
    assert crashed.front_end.recovering
    after = view(facts.FrontEndCrashed(1), facts.EpochStarted(2, 9, "it died"), facts.AnswerLost(8, 1, 5))
    assert (after.front_end.recovering, after.front_end.epoch) == (False, 2)
    assert after.front_end.answers_lost == ((8, "C1.5"),)


@pytest.mark.parametrize(
    "fact", [facts.Lied(2, 7, "666", "1"), facts.DonorRefused(2, 1, "its data do not have the hash")]
)
def test_what_is_only_said_changes_no_card(fact: Fact) -> None:
    assert view(fact).replicas == view().replicas
