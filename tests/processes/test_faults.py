"""Faults on real processes and real links: broken on purpose, seen, handled, healed."""

from __future__ import annotations

import pytest

from core.commands import Continue, Heal, Partition, Pause, SetFault, Tamper
from core.errors import UsageError
from core.facts import Diverged, Dropped, LinkFaulted, Paused, Trusted, Violated
from core.harm import Harm
from core.link_faults import Way
from core.runtime.supervisor import STDERR_KEPT_BYTES
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
        await cluster.serve(500)
        await cluster.until(lambda: len(set(cluster.digests().values())) == 1, "equal digests")

    cluster = play(script)
    assert cluster.facts(Violated) == [] and cluster.facts(Dropped) == []
    assert {Tap.TO_DOUBLED, Tap.FROM_DOUBLED} <= {record.tap for record in cluster.records}


def test_with_a_third_of_all_messages_lost_every_request_is_answered() -> None:
    async def script(cluster: Cluster) -> None:
        cluster.engine.operator.do(SetFault(0, loss=0.3))
        await cluster.serve(200)
        await cluster.until(lambda: len(set(cluster.digests().values())) == 1, "equal digests")

    cluster = play(script)
    assert cluster.engine.unknown == 0
    assert cluster.facts(Violated) == [] and cluster.facts(Dropped) == []
    assert {Tap.TO_LOST, Tap.FROM_LOST} <= {record.tap for record in cluster.records}
    assert cluster.engine.transport.retransmissions > 100


def test_a_slow_replica_is_not_a_dead_one() -> None:
    async def script(cluster: Cluster) -> None:
        cluster.engine.operator.do(Tamper(2, Harm.SLOW, 5_000_000))
        cluster.engine.set_load(True, False)
        await cluster.until(lambda: behind(cluster, 2) > 500, "the slow one to fall behind")
        cluster.engine.operator.do(Tamper(2, Harm.SLOW, 0))
        await cluster.serve(100)
        await cluster.until(lambda: len(set(cluster.digests().values())) == 1, "equal digests")

    cluster = play(script)
    assert cluster.facts(Dropped) == [] and cluster.facts(Violated) == []


def behind(cluster: Cluster, replica: int) -> int:
    """By how many numbers it is behind the furthest."""
    return max(expected for expected, _ in cluster.digests().values()) - cluster.digests()[replica][0]


def test_a_liar_is_named_at_its_first_lie() -> None:
    async def script(cluster: Cluster) -> None:
        cluster.engine.operator.do(Tamper(2, Harm.LIE, 1))
        await cluster.serve(200)

    violations = play(script).facts(Violated)
    assert violations and {(fact.check, fact.replica) for fact in violations} == {("reply", 2)}


def test_corrupted_memory_is_found_though_nobody_asks_for_it() -> None:
    async def script(cluster: Cluster) -> None:
        await cluster.serve(200)
        cluster.engine.operator.do(Tamper(2, Harm.CORRUPT, 1))
        await cluster.until(lambda: cluster.engine.members.diverged, "the find")

    cluster = play(script)
    assert [fact.replica for fact in cluster.facts(Diverged)] == [2]
    assert cluster.facts(Dropped) == []


def test_a_burst_of_log_blocks_nobody() -> None:
    async def script(cluster: Cluster) -> None:
        cluster.engine.operator.do(Tamper(2, Harm.FLOOD, 10_000_000))
        await cluster.serve(1_000)
        await cluster.until(lambda: len(set(cluster.digests().values())) == 1, "equal digests")
        assert len(cluster.engine.members.supervisor.processes[2].stderr) <= STDERR_KEPT_BYTES

    cluster = play(script)
    assert cluster.facts(Dropped) == [] and cluster.facts(Violated) == []


def test_faults_that_make_no_sense_are_refused_in_words() -> None:
    async def script(cluster: Cluster) -> None:
        for command in (SetFault(9, cut=True), Heal(9), Partition((1, 9)), Pause(9), Continue(9)):
            with pytest.raises(UsageError, match="R9"):
                cluster.engine.operator.do(command)
        with pytest.raises(UsageError, match="from 0 to 64"):
            cluster.engine.operator.do(Tamper(1, Harm.CORRUPT, 65))
        with pytest.raises(UsageError, match="probability"):
            cluster.engine.operator.do(SetFault(1, loss=1.5))
        assert cluster.engine.transport.untouched

    play(script)
