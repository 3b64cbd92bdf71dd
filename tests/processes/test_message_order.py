"""A person decides in which order messages arrive: at real replicas, in the log, and when it is replayed."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.commands import Command, Delay, Deliver, SetPace
from core.errors import UsageError
from core.facts import Delayed, Pace
from core.model.cluster_view import ClusterView, ReplicaCard
from core.model.fold import Fold
from core.runtime.engine import Engine
from core.session.reader import read
from core.trace.wire_log import Record
from tests.support.cluster import Cluster, play
from tests.support.dialogue import words
from tests.support.group import put
from tests.support.made_run import header, save

pytestmark = pytest.mark.processes


def in_hand(engine: Engine) -> list[int]:
    """The messages that the pacer carries, in the order of their delivery."""
    return list(engine.pacer._held)


def shown(records: list[Record]) -> ClusterView:
    """What a window shows of these records."""
    fold = Fold(words)
    fold.apply(records)
    return fold.view(records[-1].time_ns)


def order_shown(records: list[Record]) -> list[int]:
    return [token.token for token in shown(records).tokens if token.token > 0]


async def two_orders(cluster: Cluster) -> dict[str, int]:
    """Under step two requests, a and b, are on their way to three replicas: messages by "a R1" … "b R3"."""
    engine = cluster.engine
    await cluster.until(
        lambda: not (engine.pool.open_requests or engine.front_end.responses.pending),
        "sessions are open, and every replica has said so",
    )
    engine.operator.do(SetPace(Pace.STEP))
    for client in (1, 2):
        engine.submit(client, put("key", client), "put key")
        engine.operator.do(Deliver(in_hand(engine)[-1]))
        await cluster.until(lambda sent=3 * client: len(in_hand(engine)) == sent, "its orders are sent")  # type: ignore[misc]
    return dict(zip(("a R1", "a R2", "a R3", "b R1", "b R2", "b R3"), in_hand(engine), strict=True))


def test_an_order_put_behind_the_next_is_waited_for_by_its_replica_and_replayed_so(tmp_path: Path) -> None:
    looks: list[tuple[int, list[int]]] = []

    async def script(cluster: Cluster) -> None:
        engine, named = cluster.engine, await two_orders(cluster)

        def do(*commands: Command) -> list[str]:
            for command in commands:
                engine.operator.do(command)  # type: ignore[arg-type]
            engine.witness.settle()
            looks.append((len(cluster.records), in_hand(engine)))
            return [name for token in in_hand(engine) for name in named if named[name] == token]

        assert do() == ["a R1", "a R2", "a R3", "b R1", "b R2", "b R3"]
        assert do(Delay(named["a R2"], named["b R2"])) == ["a R1", "a R3", "b R1", "b R2", "a R2", "b R3"]
        assert do(Delay(named["a R1"])) == ["a R3", "b R1", "b R2", "a R2", "b R3", "a R1"]
        expected = second(cluster).expected
        assert do(Deliver(), Deliver(), Deliver()) == ["a R2", "b R3", "a R1"]
        await cluster.until(lambda: second(cluster).held_count, "R2 says that it holds b back")
        assert second(cluster).expected == expected, "a comes first"
        do(Deliver())
        await cluster.until(lambda: second(cluster).expected == expected + 2, "a, then b")
        do()
        engine.operator.do(SetPace(Pace.REAL_TIME))
        assert await engine.drain(20)
        await cluster.until(lambda: len(set(cluster.digests().values())) == 1, "they are equal")
        assert engine.transport.retransmissions == 0, "what is put off is not lost"

    cluster = play(script)
    replayed = list(read(save(tmp_path / "run.lockstep", cluster.records, header())).records())
    for length, order in looks:
        assert order_shown(cluster.records[:length]) == order
        assert order_shown(replayed[:length]) == order
    assert len(cluster.facts(Delayed)) == 2


def second(cluster: Cluster) -> ReplicaCard:
    """R2, as it is shown now."""
    cluster.engine.witness.settle()
    return shown(cluster.records).replicas[1]


def test_what_cannot_be_put_off_is_refused_in_a_sentence() -> None:
    refused: list[str] = []

    async def script(cluster: Cluster) -> None:
        engine, named = cluster.engine, await two_orders(cluster)
        one, other = named["a R1"], named["b R1"]
        before = in_hand(engine)
        engine.operator.do(Deliver(one))
        for command in (Delay(one), Delay(other, one), Delay(other, other), Delay(99_999)):
            refused.append(refusal(engine, command))
        engine.operator.do(SetPace(Pace.SLOW, 60_000_000_000))
        refused.append(refusal(engine, Delay(other, named["b R2"])))
        assert in_hand(engine)[: len(before) - 1] == before[1:], "nothing moved"
        engine.operator.do(SetPace(Pace.REAL_TIME))
        refused.append(refusal(engine, Delay(other)))
        assert await engine.drain(20)

    cluster = play(script)
    gone = ["No message" in text for text in refused]
    assert gone == [True, True, False, True, False, True]
    assert "behind itself" in refused[2] and "pace step" in refused[4]
    assert cluster.facts(Delayed) == []


def refusal(engine: Engine, command: Delay) -> str:
    with pytest.raises(UsageError) as raised:
        engine.operator.do(command)
    return str(raised.value)
