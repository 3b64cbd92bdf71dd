"""The front end dies: its successor fences, reads the tails, fills, and goes on; nothing executes twice."""

from __future__ import annotations

import pytest

from core.effects import EpochReady, Fence
from core.group.recovery import Recovery
from core.limits import DROP_AFTER_NS, HEARTBEAT_NS
from core.policies import ReplyPolicy
from core.protocol.handing_over import Tail
from core.services.calls import decode_outcome
from tests.support.group import MS
from tests.support.lossy import LossyNet


def epochs(net: LossyNet) -> list[int]:
    return [effect.epoch for effect in net.effects if isinstance(effect, EpochReady)]


def executed_once_each(net: LossyNet) -> None:
    """Every client's counter was incremented once for each of its requests: no answer skips or repeats."""
    for client in range(1, net.clients + 1):
        numbers = sorted(number for who, number in net.answered if who == client)
        assert [decode_outcome(net.answered[client, n]) for n in numbers[1:]] == list(range(1, len(numbers)))


def agree(net: LossyNet) -> None:
    states = {(m.expected, m.digest, str(m.sessions.last)) for m in net.replicas.values()}
    assert len(states) == 1


@pytest.mark.parametrize("loss", [0.0, 0.3])
@pytest.mark.parametrize("seed", range(8))
def test_a_front_end_that_dies_under_load(seed: int, loss: float) -> None:
    net = LossyNet(seed, loss=loss)
    net.at_request = {40: net.crash, 90: net.crash}
    net.run(requests=150)
    assert epochs(net) == [2, 3]
    assert [effect for effect in net.effects if isinstance(effect, Fence)] == []
    assert net.lost_answers == []
    executed_once_each(net)
    agree(net)


@pytest.mark.parametrize("at", range(84))
def test_a_front_end_that_dies_after_each_single_send(at: int) -> None:
    """Its death at every send, in the middle of a multicast too: whatever was on its way may still arrive."""
    net = LossyNet(1, clients=2, loss=0.0)
    net.doubled = 0.0
    sends = 0
    carry = net._carry

    def counting(replica: int, arrive: object) -> None:
        nonlocal sends
        sends += 1
        if sends == at + 1:
            net._at(0, net.crash)
        if not (at + 1 <= sends <= at + 3):  # the rest of that multicast is never sent
            carry(replica, arrive)  # type: ignore[arg-type]

    net._carry = counting  # type: ignore[method-assign]
    net.run(requests=14)
    assert epochs(net) == [2]
    assert net.lost_answers == []
    executed_once_each(net)
    agree(net)


@pytest.mark.parametrize("seed", range(6))
def test_front_end_and_replicas_die_again_and_again(seed: int) -> None:
    """Under acks of all live no answered request is ever lost, whoever dies with the front end."""
    net = LossyNet(seed, replicas=4, loss=0.2, policy=ReplyPolicy("acks", 0))

    def both(replica: int) -> None:
        net.kill(replica)
        net.crash()

    def back(replica: int) -> None:
        if not net.front_end._recovery and replica not in net.replicas:
            net.revive(replica)

    net.at_request = {
        30: lambda: both(1 + seed % 4),
        60: lambda: back(1 + seed % 4),
        100: lambda: both(1 + (seed + 1) % 4),
        140: lambda: back(1 + (seed + 1) % 4),
        170: net.crash,
    }
    net.run(requests=220)
    assert net.lost_answers == []
    executed_once_each(net)
    agree(net)


def double_crash(policy: ReplyPolicy) -> LossyNet:
    """Only R1 hears of a request and answers it; then R1 and the front end die together."""
    net = LossyNet(2, clients=1, loss=0.0, policy=policy)
    net.doubled = 0.0
    carry = net._carry

    def only_the_first(replica: int, arrive: object) -> None:
        if net._asked < 10 or replica == 1 or net.front_end.sequencer.epoch == 2:
            carry(replica, arrive)  # type: ignore[arg-type]

    def die() -> None:
        net.kill(1)
        net.crash()

    net._carry = only_the_first  # type: ignore[method-assign]
    net.at_request = {10: lambda: net._at(50 * MS, die)}
    return net


def test_first_may_lose_an_answered_request_and_says_which() -> None:
    net = double_crash(ReplyPolicy("first"))
    net.begin(10)
    while not epochs(net):
        net.step()
    net.step()
    [(seq, request)] = net.lost_answers
    assert (seq, str(request)) == (10, "C1.10")
    assert (1, 10) in net.answered, "its client was told"


def test_two_acks_lose_nothing_when_one_replica_dies_with_the_front_end() -> None:
    net = double_crash(ReplyPolicy("acks", 2))
    net.run(requests=12)
    assert net.lost_answers == []
    executed_once_each(net)
    agree(net)


def test_a_replica_elsewhere_is_fenced_off() -> None:
    """It stands at another digest than the others at the same number: it has no part in the new epoch."""
    net = LossyNet(3, loss=0.0)
    net.run(requests=30)
    net.replicas[2].digest ^= 1
    net.crash()
    net.run(requests=30)
    assert net.front_end.view.replicas == (1, 3)
    [fence] = [effect for effect in net.effects if isinstance(effect, Fence)]
    assert fence.replica == 2
    assert "is not that of the others" in fence.reason


def test_a_laggard_that_executed_something_else_is_fenced_off() -> None:
    net = LossyNet(4, loss=0.0)
    carry = net._carry

    def without_the_third(replica: int, arrive: object) -> None:
        if replica != 3 or net._asked < 20 or net.front_end.sequencer.epoch == 2:
            carry(replica, arrive)  # type: ignore[arg-type]

    net._carry = without_the_third  # type: ignore[method-assign]

    def crash() -> None:
        net.replicas[3].digest ^= 1
        net.crash()

    net.at_request = {40: crash}
    net.run(requests=60)
    assert net.front_end.view.replicas == (1, 2)
    assert ["longest tail says" in e.reason for e in net.effects if isinstance(e, Fence)] == [True]


def test_orders_of_a_dead_front_end_are_not_obeyed_any_more() -> None:
    """An order that was on its way when the front end died comes after the fence: its number is another's."""
    net = LossyNet(5, clients=1, loss=0.0)
    net.delay_ns = 1
    late: list[tuple[int, object]] = []
    carry = net._carry

    def slow_road(replica: int, arrive: object) -> None:
        if net._asked == 10 and net.front_end.sequencer.epoch == 1:
            late.append((replica, arrive))
        else:
            carry(replica, arrive)  # type: ignore[arg-type]

    net._carry = slow_road  # type: ignore[method-assign]
    net.at_request = {10: lambda: net._at(MS, net.crash), 12: lambda: [carry(*one) for one in late]}  # type: ignore[arg-type,dict-item,func-returns-value]
    net.run(requests=20)
    assert late
    executed_once_each(net)
    agree(net)


def test_everybody_dies_with_the_front_end() -> None:
    net = LossyNet(6, loss=0.0)
    net.run(requests=20)
    net.crash()
    for replica in (1, 2, 3):
        net.kill(replica)
    for _ in range(50):
        net.step()
    assert epochs(net) == []
    assert net.front_end.room() <= 0


def test_a_machine_that_slept_takes_nobody_for_dead() -> None:
    recovery = Recovery(2, frozenset({1, 2}), 0)
    for at in (
        0,
        HEARTBEAT_NS,
        DROP_AFTER_NS + 10 * HEARTBEAT_NS,
    ):  # the last one late
        assert [effect for effect in recovery.tick(at) if isinstance(effect, Fence)] == []
    woken = DROP_AFTER_NS + 10 * HEARTBEAT_NS
    ticks = [recovery.tick(woken + step * HEARTBEAT_NS) for step in range(1, 25)]
    fenced = [effect.replica for effects in ticks for effect in effects if isinstance(effect, Fence)]
    assert set(fenced) == {1, 2}  # who then stays silent is fenced off


def test_who_is_to_tell_what_the_others_missed_and_does_not_is_fenced_off() -> None:
    recovery = Recovery(2, frozenset({1, 2}), 0)
    recovery.received(1, Tail(2, 1, 7, 70, 0))
    recovery.received(2, Tail(2, 1, 9, 90, 0))  # the longest, and not heard of again
    ticks = [recovery.tick(step * HEARTBEAT_NS) for step in range(1, DROP_AFTER_NS // HEARTBEAT_NS + 2)]
    fenced = [effect.replica for effects in ticks for effect in effects if isinstance(effect, Fence)]
    assert set(fenced) == {2}
    assert recovery.outcome is None
    recovery.lost(2)
    assert recovery.outcome is not None
    assert recovery.outcome.next_seq == 8
