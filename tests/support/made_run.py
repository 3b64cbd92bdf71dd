"""A whole run made in memory: real clients, a real sequencer, real replica managers, a clock of its own.

records = made_run(requests=100)                        # as the engine would have logged it
save(tmp_path / "run.lockstep", records)

Every batch is answered first by another replica; the others respond afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

from core import facts
from core.effects import Send
from core.facts import Called, Fact, Returned
from core.group.sequencer import Requests, Sequencer
from core.protocol.codec import decode_body, decode_from_replica, encode
from core.protocol.messages import Message, Result, pack_u32, pack_u64, unpack_u32, unpack_u64
from core.replica.replica_manager import ReplicaManager
from core.services.registry import load_service
from core.session.recorder import Recorder
from core.session.recording_format import RecordingHeader
from core.trace.wire_log import Record, Tap, encode_fact
from core.workload.clients import WorkloadSettings, make_workload
from core.workload.closed_loop import ClientPool

START_NS = 5_000_000_000
STEP_NS = 1_000
BASE_WALL_NS = 1_700_000_000_000_000_000

Tamper = Callable[[int, int, list[bytes], list[int]], None]
"""Changes (replica, first number, outcomes, digests) of a result in place."""


class MadeRun:
    """The nodes of the run, and what was logged."""

    def __init__(
        self, requests: int, replicas: int, clients: int, service: str, seed: int, tamper: Tamper | None
    ) -> None:
        self.records: list[Record] = []
        self._ticks = count(START_NS, STEP_NS)
        self._rounds = count()
        workload = make_workload(load_service(service), WorkloadSettings(seed=seed), clients)
        self._pool = ClientPool(workload, requests)
        self._sequencer = Sequencer(1)
        self._replicas = {
            replica: ReplicaManager(load_service(service), 1, lambda: next(self._ticks))
            for replica in range(1, replicas + 1)
        }
        self._tamper = tamper
        loaded = load_service(service)
        self.tell(
            facts.RunStarted(
                "1.0", loaded.name, loaded.version, replicas, clients, seed, "first", "drop forever", 0
            )
        )
        for replica in self._replicas:
            self.tell(facts.Spawned(replica, 1, 1_000 + replica))
            self.tell(facts.Joined(replica, 1, 40_000 + replica, 1))
        self.tell(facts.EpochStarted(1, 1))
        for client in range(1, clients + 1):
            self.tell(facts.ClientOpened(client))
            self.issue(self._pool.open(client, self.now()))
        self.issue(self._pool.set_running(True, False, self.now()))
        self.tell(facts.RunEnded())

    def now(self) -> int:
        return next(self._ticks)

    def saw(self, tap: Tap, links: int, body: bytes, at: int = 0) -> None:
        self.records.append(Record(at or self.now(), tap, links, 0, body))

    def tell(self, fact: Fact) -> None:
        self.saw(Tap.FACT, 0, encode_fact(fact))

    def issue(self, requests: Requests) -> None:
        """Requests from call to answer, and those that the answers lead to."""
        while requests:
            self.saw(Tap.CALL_DELIVERED, 0, encode_fact(Called(pack_u32(requests.ids), requests.operations)))
            requests = self._round(requests)

    def _round(self, requests: Requests) -> Requests:
        order = self._sequencer.order(requests, BASE_WALL_NS + self.now())
        payload = encode(order)
        self.saw(Tap.TO_PASSED, sum(1 << replica for replica in self._replicas), payload)
        first = 1 + next(self._rounds) % len(self._replicas)
        turn = [first, *(replica for replica in self._replicas if replica != first)]
        following = Requests()
        for replica in turn:
            for effect in self._replicas[replica].step(order, payload, self.now()):
                assert isinstance(effect, Send)
                result = self._tampered(replica, decode_from_replica(effect.payload))
                at = self.now()
                self.saw(Tap.FROM_PASSED, 1 << replica, encode(result), at)
                if replica == first:
                    following = self._answer(replica, result, at)
        return following

    def _answer(self, replica: int, result: Result, at: int) -> Requests:
        ids, outcomes = unpack_u32(result_requests(result)), decode_body(result.body).outcomes
        following = self._pool.answered(ids, result.first_seq, outcomes, at)
        seqs = pack_u64(range(result.first_seq, result.first_seq + result.count))
        codes = bytes(outcome[1] for outcome in outcomes)
        returned = Returned(replica, result_requests(result), seqs, codes)
        self.saw(Tap.RETURN_DELIVERED, 0, encode_fact(returned), at)
        return following

    def _tampered(self, replica: int, message: Message) -> Result:
        assert isinstance(message, Result)
        if self._tamper is None:
            return message
        body = decode_body(message.body)
        outcomes, digests = list(body.outcomes), list(unpack_u64(body.digests))
        self._tamper(replica, message.first_seq, outcomes, digests)
        told = encode(type(body)(body.requests, pack_u64(digests), outcomes))
        return Result(1, 1, message.first_seq, message.count, message.received_ns, message.started_ns,
                      message.finished_ns, digests[-1], told)  # fmt: skip


def result_requests(result: Result) -> bytes:
    """The request ids of a result."""
    return decode_body(result.body).requests


def made_run(
    requests: int = 60,
    *,
    replicas: int = 3,
    clients: int = 4,
    service: str = "kv",
    seed: int = 1,
    tamper: Tamper | None = None,
) -> list[Record]:
    """The records of a run."""
    return MadeRun(requests, replicas, clients, service, seed, tamper).records


def header(service: str = "kv", replicas: int = 3, clients: int = 4, seed: int = 1) -> RecordingHeader:
    return RecordingHeader(
        app_version="1.0", service=service, service_version=1, seed=seed, replicas=replicas, clients=clients
    )


def save(path: Path, records: list[Record], head: RecordingHeader | None = None) -> Path:
    """Write records as a recording."""
    recorder = Recorder(path, head or header())
    recorder.append_many(records)
    recorder.close()
    return path
