"""Any order of arrival, any repetition: the same state, digest chain and answers as in order.

A virtual network hands each of three replica managers the same batches, shuffled and duplicated by
hypothesis. What the replicas ask for with Nack is sent again when a message was lost.
"""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from core.effects import Effect
from core.limits import GAP_NACK_AFTER_NS
from core.protocol.messages import Nack, Order, Ping
from core.replica.replica_manager import RENACK_AFTER_NS
from core.services.kv import KeyValue
from core.workload.clients import WorkloadSettings, make_workload
from tests.support.group import CLOSE, OPEN, Replica, Request, batch, said

CLIENTS = 3


def requests(seed: int, count: int) -> list[Request]:
    """A closed loop's requests, with retries, stale requests and sessions that end and begin."""
    random, workload = Random(seed), make_workload(KeyValue(), WorkloadSettings(seed=seed), CLIENTS)
    number = dict.fromkeys(range(1, CLIENTS + 1), 0)
    made: list[Request] = []
    while len(made) < count:
        client = random.randint(1, CLIENTS)
        dice = random.random()
        if dice < 0.15 and made:
            made.append(made[-random.randint(1, min(4, len(made)))])
            continue
        number[client] += 1
        raw = OPEN if number[client] == 1 or dice > 0.95 else CLOSE if dice > 0.9 else workload.next(client)
        made.append((client, number[client], raw))
    return made


def batches(seed: int, sizes: list[int]) -> list[Order]:
    every, orders, seq = requests(seed, sum(sizes)), [], 1
    for size in sizes:
        orders.append(batch(seq, *every[seq - 1 : seq - 1 + size], timestamp=seq * 1_000))
        seq += size
    return orders


def in_order(orders: list[Order]) -> Replica:
    replica = Replica()
    for order in orders:
        replica.order(order)
    return replica


def state(replica: Replica) -> tuple[object, ...]:
    manager = replica.manager
    return (
        manager.expected,
        manager.digest,
        manager.service.snapshot(),
        manager.service.state_hash,
        manager.sessions.last,
        replica.answers,
        replica.digests,
    )


SEEDS = st.integers(0, 10_000)
SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(SEEDS, SIZES, st.data())
def test_any_order_of_arrival_gives_the_same_state(seed: int, sizes: list[int], data: st.DataObject) -> None:
    orders = batches(seed, sizes)
    right = in_order(orders)
    for _ in range(3):
        replica = Replica()
        repeated = orders + data.draw(st.lists(st.sampled_from(orders), max_size=len(orders)))
        for order in data.draw(st.permutations(repeated)):
            replica.order(order)
        assert state(replica) == state(right)
        assert len(replica.manager.held) == 0


@settings(max_examples=150, deadline=None)
@given(SEEDS, SIZES, st.data())
def test_what_is_lost_on_the_way_is_asked_for(seed: int, sizes: list[int], data: st.DataObject) -> None:
    orders = batches(seed, sizes)
    right, replica = in_order(orders), Replica()
    now = 0
    lost = [order for order in orders if data.draw(st.booleans())]
    for order in orders:
        if order not in lost:
            replica.order(order, now)
    last = orders[-1].first_seq + orders[-1].count - 1
    replica.manager.step(Ping(1, last, 0), b"", now)
    for _ in range(len(orders) + 1):
        now += GAP_NACK_AFTER_NS + RENACK_AFTER_NS
        answer(replica, orders, replica.manager.tick(now), now)
    assert state(replica) == state(right)
    assert replica.manager.nack_at is None


def answer(replica: Replica, orders: list[Order], effects: tuple[Effect, ...], now: int) -> None:
    """The front end's part: send again what a Nack asks for."""
    for message in said(effects):
        assert isinstance(message, Nack)
        asked = [o for o in orders if message.first_seq <= o.first_seq <= message.last_seq]
        assert asked, "a Nack asks for something that exists"
        for order in asked:
            replica.order(order, now)


@settings(max_examples=60, deadline=None)
@given(SEEDS, SIZES)
def test_the_digest_tells_any_two_orders_apart(seed: int, sizes: list[int]) -> None:
    """Swapping two batches (numbered as they come) must not go unseen, unless they hold the same."""
    orders = batches(seed, sizes)
    contents = [orders[-1], *orders[1:-1], orders[0]]
    if [o for order in contents for o in order.operations] == [
        o for order in orders for o in order.operations
    ]:
        return
    swapped, seq = [], 1
    for order in contents:
        swapped.append(Order(1, seq, order.count, order.timestamp, order.requests, order.operations))
        seq += order.count
    assert in_order(swapped).digests != in_order(orders).digests
