"""Records as a fully loaded cluster writes them, made up: for measuring what has to keep up with them."""

from __future__ import annotations

import random
from collections.abc import Iterator

from core.facts import (
    Called,
    ClientOpened,
    Counted,
    EpochStarted,
    Fact,
    Joined,
    LoadSet,
    Returned,
    RunStarted,
    Spawned,
)
from core.protocol.codec import encode
from core.protocol.messages import Order, Pong, Result, ResultBody, pack_u32, pack_u64
from core.trace.wire_log import Record, Tap, encode_fact

START_NS = 5_000_000_000_000
BATCH_REQUESTS = 40
BATCHES_PER_S = 1_500
CLIENTS = 64
_WORDS = ["tide", "turns", "majority", "quorum", "alice", "bob", "carol", "epoch", "digest", "order", "late"]


def words(operation: bytes) -> str:
    """A synthetic operation in words."""
    return operation[2:].decode("utf-8", "replace")


def load_records(
    seconds: float, replicas: int, seed: int = 1, batches_per_s: int = BATCHES_PER_S
) -> list[Record]:
    """A run under full load: 60,000 requests a second in batches of 40."""
    chance = random.Random(seed)
    records = list(_beginning(replicas))
    numbers = [0] * (CLIENTS + 1)
    links = sum(1 << replica for replica in range(1, replicas + 1))
    for batch in range(int(seconds * batches_per_s)):
        time_ns = START_NS + 1_000 + batch * (1_000_000_000 // batches_per_s)
        records += _batch(chance, time_ns, batch * BATCH_REQUESTS + 1, numbers, links, replicas)
        if batch % (batches_per_s // 10) == 0:
            records += _signs_of_life(time_ns, batch, replicas)
    records.sort(key=lambda record: record.time_ns)
    return records


def _fact(time_ns: int, fact: Fact) -> Record:
    return Record(time_ns, Tap.FACT, 0, 0, encode_fact(fact))


def _beginning(replicas: int) -> Iterator[Record]:
    started = RunStarted("0", "social", 1, replicas, CLIENTS, 1, "first", "drop forever", 0)
    yield _fact(START_NS, started)
    for replica in range(1, replicas + 1):
        yield _fact(START_NS, Spawned(replica, 1, 40_000 + replica))
        yield _fact(START_NS, Joined(replica, 1, 50_000 + replica, 1))
    yield _fact(START_NS, EpochStarted(1, 1))
    for client in range(1, CLIENTS + 1):
        yield _fact(START_NS, ClientOpened(client))
    yield _fact(START_NS, LoadSet(True))


def _batch(
    chance: random.Random, time_ns: int, first: int, numbers: list[int], links: int, replicas: int
) -> Iterator[Record]:
    """One batch from its calls to its answers."""
    ids: list[int] = []
    operations: list[bytes] = []
    for client in chance.sample(range(1, CLIENTS + 1), BATCH_REQUESTS):
        numbers[client] += 1
        ids += (client, numbers[client])
        line = f"post user{chance.randrange(200)} {' '.join(chance.choices(_WORDS, k=3))}"
        operations.append(bytes((0x91, 0xA0 + 4)) + line.encode())
    requests = pack_u32(ids)
    yield Record(time_ns, Tap.CALL_DELIVERED, 0, 0, encode_fact(Called(requests, operations)))
    order = Order(1, first, BATCH_REQUESTS, 1_700_000_000_000_000_000 + time_ns, requests, operations)
    yield Record(time_ns + 20_000, Tap.TO_PASSED, links, 0, encode(order))
    digests = [chance.getrandbits(64) for _ in range(BATCH_REQUESTS)]
    outcomes = [b"\x92\x00\xce" + (first + i).to_bytes(4, "big") for i in range(BATCH_REQUESTS)]
    body = encode(ResultBody(requests, pack_u64(digests), outcomes))
    order_of_answers = list(range(1, replicas + 1))
    chance.shuffle(order_of_answers)
    for place, replica in enumerate(order_of_answers):
        at_ns = time_ns + 250_000 + place * 40_000
        result = Result(
            1, 1, first, BATCH_REQUESTS, at_ns - 90_000, at_ns - 80_000, at_ns - 9_000, digests[-1], body
        )
        yield Record(at_ns, Tap.FROM_PASSED, 1 << replica, 0, encode(result))
        if place == 0:
            seqs = pack_u64(range(first, first + BATCH_REQUESTS))
            codes = bytes(int(chance.random() < 0.03) for _ in range(BATCH_REQUESTS))
            returned = Returned(replica, requests, seqs, codes)
            yield Record(at_ns + 10_000, Tap.RETURN_DELIVERED, 0, 0, encode_fact(returned))


def _signs_of_life(time_ns: int, batch: int, replicas: int) -> Iterator[Record]:
    expected = batch * BATCH_REQUESTS + 1
    for replica in range(1, replicas + 1):
        yield Record(time_ns, Tap.FROM_PASSED, 1 << replica, 0, encode(Pong(batch, expected, (), 0)))
    counted = Counted(
        expected * 2 * replicas, batch * 2 * replicas, expected * 90, expected * 60, 0, expected, expected
    )
    yield _fact(time_ns, counted)
