"""Where the time of one request goes, without sockets: `python -m bench.parts`.

The engine and three replica managers run in one process, with links that keep what is written. Each part is
timed by itself, per request, with one client (batches of one) and with 64; the least of many rounds is shown,
for that is the part without its neighbours. What `bench` measures beyond the sum is the operating system:
system calls, waking processes up, and waiting for a core.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from typing import Any, cast

from core.protocol.codec import decode_from_front_end
from core.protocol.framing import Deframer
from core.replica.replica_manager import ReplicaManager
from core.runtime.engine import Engine
from core.runtime.members import ReplicaStatus
from core.services.registry import load_service
from core.workload.clients import WorkloadSettings, make_workload

REPLICAS = (1, 2, 3)
ROUNDS = 25
PARTS = (
    "front end: answer, number, send",
    "front end: match and compare the others",
    "witness: log and checks",
    "one replica: decode, execute, respond",
)


class KeptLink:
    """A link that keeps what is written to it."""

    def __init__(self) -> None:
        self.frames_written: list[bytes] = []
        self.frames = self.sent_bytes = self.received_bytes = 0

    def write(self, frame: bytes) -> None:
        """Keep a frame."""
        self.frames_written.append(frame)


async def measure_parts(clients: int, turns: int) -> list[float]:
    """µs per request of each of PARTS."""
    workload = make_workload(load_service("social"), WorkloadSettings(), clients)
    engine = Engine("social", workload, None, lambda records: None)
    managers = {r: ReplicaManager(load_service("social"), 1, time.monotonic_ns) for r in REPLICAS}
    links = {replica: KeptLink() for replica in REPLICAS}
    for replica in REPLICAS:
        cast(dict[int, Any], engine.links)[replica] = links[replica]
        engine.members.status[replica] = ReplicaStatus(0)
        engine.front_end.joined(replica, 1, 1, 0)
    gc.freeze()
    gc.disable()
    engine.set_clients(clients)
    spent = [0.0] * len(PARTS)
    _turn(engine, managers, links, spent)
    engine.set_load(True, False)
    for _ in range(1_100):  # past the part of the workload in which its requests are made
        _turn(engine, managers, links, spent)
    best = [float("inf")] * len(PARTS)
    for _ in range(ROUNDS):
        spent, answered = [0.0] * len(PARTS), engine.answered
        for _ in range(turns):
            _turn(engine, managers, links, spent)
        requests = engine.answered - answered
        best = [min(one, part / requests * 1e6) for one, part in zip(best, spent, strict=True)]
    best[3] /= len(REPLICAS)
    await engine.bystander.stop()
    if engine.witness.checks.violations:
        raise SystemExit("A check failed: the figures would mean nothing.")
    return best


def _turn(
    engine: Engine, managers: dict[int, ReplicaManager], links: dict[int, KeptLink], spent: list[float]
) -> None:
    """What is on the links is executed and answered once."""
    clock = time.perf_counter
    start = clock()
    answers: dict[int, list[bytes]] = {}
    for replica, manager in managers.items():
        frames, links[replica].frames_written = links[replica].frames_written, []
        answers[replica] = [
            effect.payload  # type: ignore[attr-defined]
            for payload in Deframer().feed(b"".join(frames))
            for effect in manager.step(decode_from_front_end(payload), payload, 0)
        ]
    executed = clock()
    first, *others = REPLICAS
    engine.link_received(first, answers[first])
    answered = clock()
    for replica in others:
        engine.link_received(replica, answers[replica])
    compared = clock()
    engine.witness.settle()
    judged = clock()
    for part, seconds in enumerate(
        (answered - executed, compared - answered, judged - compared, executed - start)
    ):
        spent[part] += seconds


def main() -> None:
    """Print the table."""
    columns = [asyncio.run(measure_parts(1, 400)), asyncio.run(measure_parts(64, 20))]
    sys.stdout.write(f"{'µs a request':44}{'1 client':>10}{'64 clients':>12}\n")
    for part, name in enumerate(PARTS):
        sys.stdout.write(f"{name:44}{columns[0][part]:>10.1f}{columns[1][part]:>12.2f}\n")


if __name__ == "__main__":
    main()
