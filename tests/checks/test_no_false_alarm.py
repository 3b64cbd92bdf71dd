"""Thousands of legal runs, and not one alarm: random batches, retries, sessions that end and begin, replicas
that die, answers in any order; and random lies, each of which is found."""

from __future__ import annotations

from random import Random

import pytest

from core.services.kv import KeyValue
from core.workload.clients import WorkloadSettings, make_workload
from tests.support.court import Court
from tests.support.group import CLOSE, OPEN, Request

RUNS = 3_000
CLIENTS = 3


class LegalRun:
    """One random run: closed loop clients, calls before orders, orders before returns."""

    def __init__(self, seed: int, court: Court) -> None:
        self.random = Random(seed)
        self.court = court
        self.workload = make_workload(KeyValue(), WorkloadSettings(seed=seed), CLIENTS)
        self.number = dict.fromkeys(range(1, CLIENTS + 1), 0)
        self.open: set[int] = set()
        self.now = 0

    def next(self, client: int) -> Request:
        dice = self.random.random()
        if self.number[client] and dice < 0.1:
            return client, self.number[client], self.workload.next(client)  # comes again, with its old number
        self.number[client] += 1
        if client not in self.open:
            self.open.add(client)
            return client, self.number[client], OPEN
        if dice > 0.95:
            self.open.discard(client)
            return client, self.number[client], CLOSE
        return client, self.number[client], self.workload.next(client)

    def step(self) -> None:
        """Some clients call; their requests are ordered, answered and returned."""
        court, random = self.court, self.random
        clients = random.sample(sorted(self.number), random.randint(1, CLIENTS))
        called = self.now = self.now + random.randint(0, 3)
        orders = []
        while clients:
            size = random.randint(1, len(clients))
            orders.append(court.order(*map(self.next, clients[:size])))
            del clients[:size]
        pairs = []
        for replica in court.replicas:
            pairs += [(replica, order, court.result(replica, order)) for order in orders]
        random.shuffle(pairs)
        for replica, _, result in pairs:
            court.checks.responded(replica, result)
        random.shuffle(orders)
        for order in orders:
            self.now += random.randint(0, 3)
            court.checks.returned(order.first_seq, order.count, called, self.now)
        if len(court.replicas) > 1 and random.random() < 0.05:
            court.checks.lost(court.replicas.popitem()[0])


def test_no_false_alarm() -> None:
    for seed in range(RUNS):
        court = Court(replicas=2)
        run = LegalRun(seed, court)
        for _ in range(6):
            run.step()
        assert court.verdict() == [], f"seed {seed}"
        assert court.counted()["fifo"][0] == court.counted()["real_time"][0] > 0


@pytest.mark.parametrize("what", ["outcome", "digest"])
def test_a_random_lie_is_found(what: str) -> None:
    for seed in range(300):
        court, random = Court(replicas=2), Random(seed)
        lied: list[int] = []

        def lie(
            first_seq: int,
            outcomes: list[bytes],
            digests: list[int],
            random: Random = random,
            lied: list[int] = lied,
        ) -> None:
            if lied:
                return
            at = random.randrange(len(outcomes))
            lied.append(first_seq + at)
            if what == "outcome":
                outcomes[at] = b"\x92\x00\xa7no such"
            else:
                digests[at] ^= 1 << random.randrange(64)

        run = LegalRun(seed, court)
        for _ in range(random.randint(0, 3)):
            run.step()
        assert court.verdict() == []
        liar = random.choice(sorted(court.replicas))
        court.tamper[liar] = lie
        run.step()
        [violation] = court.verdict()
        assert (violation.seq, violation.replica) == (lied[0], liar), f"seed {seed}"
