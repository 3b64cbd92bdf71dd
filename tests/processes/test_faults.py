"""Faults on real processes and real links: broken on purpose, seen, handled, healed."""

from __future__ import annotations

import pytest

from core.commands import Continue, Heal, Partition, Pause, SetFault
from core.errors import UsageError
from core.facts import Dropped, LinkFaulted, Paused, Trusted, Violated
from core.link_faults import Way
from core.trace.wire_log import Tap
from tests.support.cluster import Cluster, play

pytestmark = pytest.mark.processes


async def suspected(cluster: Cluster, replica: int) -> None:
    """Wait until it is."""
    members = cluster.engine.front_end.view.members
    await cluster.until(lambda: members[replica].suspected, "the suspicion")


def test_a_replica_paused_by_hand_is_suspected_then_fenced_for_its_silence() -> None:
    async def script(cluster: Cluster) -> None:
        cluster.engine.set_load(True, False)
        cluster.engine.operator.do(Pause(2))
        await suspected(cluster, 2)
        answered = cluster.engine.answered
        await cluster.until(lambda: 2 not in cluster.engine.front_end.view.members, "the fence")
        assert cluster.engine.answered > answered + 1_000, "clients go on meanwhile"
        await cluster.serve(100)

    cluster = play(script)
    assert [fact.replica for fact in cluster.facts(Paused)] == [2]
    assert cluster.facts(Dropped)[0].reason.startswith("silent for 2.")
    assert cluster.facts(Violated) == []


def test_a_replica_that_goes_on_in_time_is_a_member_again() -> None:
    async def script(cluster: Cluster) -> None:
        cluster.engine.operator.do(Pause(2))
        await suspected(cluster, 2)
        cluster.engine.operator.do(Continue(2))
        await cluster.until(lambda: cluster.facts(Trusted), "trust")
        await cluster.serve(200)
        assert len(set(cluster.digests().values())) == 1

    assert play(script).facts(Dropped) == []


def test_a_replica_that_is_cut_off_is_suspected_and_taken_back_when_the_link_heals() -> None:
    async def script(cluster: Cluster) -> None:
        cluster.engine.operator.do(Partition((3,)))
        await suspected(cluster, 3)
        cluster.engine.operator.do(Heal())
        await cluster.until(lambda: cluster.facts(Trusted), "trust")

    cluster = play(script)
    assert [(fact.replica, fact.way, fact.faults.cut) for fact in cluster.facts(LinkFaulted)] == [
        (3, Way.TO, True),
        (3, Way.FROM, True),
        (3, Way.TO, False),
        (3, Way.FROM, False),
    ]
    taps = {record.tap for record in cluster.records if record.links == 1 << 3}
    assert Tap.TO_LOST in taps and cluster.facts(Dropped) == []


def test_late_doubled_and_overtaken_messages_are_put_right_by_the_replica() -> None:
    async def script(cluster: Cluster) -> None:
        command = SetFault(2, delay_ns=2_000_000, jitter_ns=3_000_000, duplicate=0.3, reorder=0.3)
        cluster.engine.operator.do(command)
        await cluster.serve(2_000)
        await cluster.until(lambda: len(set(cluster.digests().values())) == 1, "equal digests")

    cluster = play(script)
    assert cluster.facts(Violated) == [] and cluster.facts(Dropped) == []
    assert {Tap.TO_DOUBLED, Tap.FROM_DOUBLED} <= {record.tap for record in cluster.records}


def test_faults_that_make_no_sense_are_refused_in_words() -> None:
    async def script(cluster: Cluster) -> None:
        for command in (SetFault(9, cut=True), Heal(9), Partition((1, 9)), Pause(9), Continue(9)):
            with pytest.raises(UsageError, match="R9"):
                cluster.engine.operator.do(command)
        with pytest.raises(UsageError, match="probability"):
            cluster.engine.operator.do(SetFault(1, loss=1.5))
        assert cluster.engine.transport.untouched

    play(script)
