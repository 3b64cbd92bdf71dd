"""A whole cluster inside a test: the engine on its loop, real daemons around it, everything written down.

async def script(cluster: Cluster) -> None:
    cluster.engine.set_load(True, False)
    await cluster.until(lambda: cluster.engine.answered > 100, "some load")

facts = play(script, replicas=3)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from core.facts import Fact
from core.policies import DEFAULTS, Policies
from core.runtime.engine import Engine
from core.runtime.headless import make_engine, run_loop
from core.runtime.run_settings import RunSettings
from core.trace.wire_log import Record, Tap, decode_fact
from tests.support.daemons import PATIENCE_S, ended_within

F = TypeVar("F", bound=Fact)


class Cluster:
    """A started engine, and the facts that it told."""

    def __init__(self, engine: Engine, records: list[Record]) -> None:
        self.engine = engine
        self.records = records

    def facts(self, kind: type[F]) -> list[F]:
        self.engine.witness.settle()
        told = [decode_fact(record.body) for record in self.records if record.tap == Tap.FACT]
        return [fact for fact in told if isinstance(fact, kind)]

    def pid(self, replica: int) -> int:
        return self.engine.members.status[replica].pid

    def digests(self) -> dict[int, tuple[int, int]]:
        """(expected, digest) of every replica."""
        return {
            replica: (status.expected, status.digest)
            for replica, status in self.engine.members.status.items()
        }

    async def until(self, condition: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> None:
        """Let the cluster run until the condition holds."""
        deadline = asyncio.get_running_loop().time() + patience_s
        while not condition():
            assert asyncio.get_running_loop().time() < deadline, f"not within {patience_s} s: {what}"
            await asyncio.sleep(0.002)

    async def serve(self, requests: int) -> None:
        """Let the clients have so many more requests answered, then rest."""
        wanted = self.engine.answered + requests
        self.engine.set_load(True, False)
        await self.until(lambda: self.engine.answered >= wanted, f"{requests} answers")
        assert await self.engine.drain(PATIENCE_S)


def play(
    script: Callable[[Cluster], Awaitable[None]],
    *,
    replicas: int = 3,
    clients: int = 4,
    service: str = "kv",
    policies: Policies = DEFAULTS,
) -> Cluster:
    """Run a script on a cluster; afterwards no process of it is left."""
    records: list[Record] = []

    async def main() -> Cluster:
        settings = RunSettings(service=service, replicas=replicas, clients=clients, policies=policies)
        engine = make_engine(settings, records.extend)
        await engine.start(replicas, clients, 1)
        cluster = Cluster(engine, records)
        try:
            await script(cluster)
        finally:
            await engine.stop()
        return cluster

    cluster = run_loop(main())
    for status in cluster.engine.members.status.values():
        assert ended_within(status.pid, 1.0), f"process {status.pid} is left over"
    return cluster
