"""The same requests give the same digests in every process, whatever its hash seed, and after a restart."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from core.protocol.messages import OPEN_SESSION, Order, pack_u32
from core.protocol.codec import encode
from core.replica.replica_manager import ReplicaManager
from core.services.registry import load_service
from core.workload.clients import WorkloadSettings, make_workload

service = load_service(sys.argv[1])
workload = make_workload(service, WorkloadSettings(seed=7), 5)
manager = ReplicaManager(service, 1, lambda: 0)
for seq in range(1, 3_001):
    client, number = (seq - 1) % 5 + 1, (seq - 1) // 5 + 1
    raw = OPEN_SESSION if number == 1 else workload.next(client)
    order = Order(1, seq, 1, seq * 1_000, pack_u32([client, number]), [raw])
    manager.step(order, encode(order), 0)
sys.stdout.write(f"{manager.expected} {manager.digest:016x} {hash('a')}")
"""


def digest_in_a_process(service: str, hash_seed: str) -> list[str]:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, service],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.split()


@pytest.mark.parametrize("service", ["social", "kv"])
def test_no_hash_seed_changes_a_digest(service: str) -> None:
    runs = [digest_in_a_process(service, seed) for seed in ("0", "1", "4294967295")]
    assert len({hashed for _, _, hashed in runs}) == 3, "the processes do hash differently"
    assert [run[:2] for run in runs] == [runs[0][:2]] * 3
    assert runs[0][0] == "3001"


def test_a_digest_that_depends_on_the_hash_seed_would_be_seen() -> None:
    runs = [digest_in_a_process("tests.support.services:Hashing", seed) for seed in ("0", "1")]
    assert runs[0][1] != runs[1][1]
