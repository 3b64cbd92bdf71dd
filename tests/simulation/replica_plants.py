"""Planted bugs of the replica's side."""

from __future__ import annotations

from typing import Any

from core.effects import Send
from core.protocol.codec import decode_from_replica, encode
from core.protocol.messages import Nack, Order, Ping, Pong, Result
from core.replica.executed_tail import ExecutedTail
from core.replica.hold_back_queue import HoldBackQueue
from core.replica.replica_manager import ReplicaManager
from core.replica.session_table import SessionTable
from tests.simulation.plants import Swap, plant


@plant("no hold-back: an order is executed when it arrives, whatever its number")
def no_hold_back(swap: Swap) -> None:
    ordered = ReplicaManager._ordered

    def executes_at_once(self: Any, order: Order, payload: bytes, now: int) -> Any:
        self.expected = max(self.expected, order.first_seq)
        return ordered(self, order, payload, now)

    swap(ReplicaManager, "_ordered", executes_at_once)


@plant("an order that arrives twice is executed twice")
def executes_twice(swap: Swap) -> None:
    swap(ReplicaManager, "_repeated", lambda self, order: self._execute(order, 0))


@plant("what was held back is executed last in, first out")
def held_back_as_a_stack(swap: Swap) -> None:
    def take(self: Any, seq: int) -> Order | None:
        if not self.batches:
            return None
        order: Order
        order, payload = self.batches.pop(max(self.batches))
        self._bytes -= len(payload)
        return order

    swap(HoldBackQueue, "take", take)


def _asks(swap: Swap, first: int, last: int) -> None:
    """Nacks whose range is off by so much at either end."""
    tick = ReplicaManager.tick

    def asks_for_others(self: Any, now: int) -> Any:
        effects = []
        for effect in tick(self, now):
            assert isinstance(effect, Send)
            nack = decode_from_replica(effect.payload)
            assert isinstance(nack, Nack)
            effects.append(Send(encode(Nack(nack.first_seq + first, nack.last_seq + last))))
        return tuple(effects)

    swap(ReplicaManager, "tick", asks_for_others)


@plant("a Nack begins one number late")
def nack_begins_late(swap: Swap) -> None:
    _asks(swap, 1, 0)


@plant("a Nack ends one number early")
def nack_ends_early(swap: Swap) -> None:
    _asks(swap, 0, -1)


@plant("a gap is never asked for")
def never_asks(swap: Swap) -> None:
    swap(ReplicaManager, "tick", lambda self, now: ())


@plant("a gap is asked for once: when the Nack is lost, nobody asks again")
def asks_only_once(swap: Swap) -> None:
    tick = ReplicaManager.tick

    def once(self: Any, now: int) -> Any:
        effects = tick(self, now)
        if effects:
            self.nack_at = now + 10**15
        return effects

    swap(ReplicaManager, "tick", once)


@plant("a Ping's news of what was ordered is not heeded")
def ignores_what_was_ordered(swap: Swap) -> None:
    step = ReplicaManager.step

    def deaf(self: Any, message: Any, payload: bytes, now: int) -> Any:
        if type(message) is Ping:
            message = Ping(message.nonce, 0, message.stable)
        return step(self, message, payload, now)

    swap(ReplicaManager, "step", deaf)


@plant("a Pong counts what is held back as executed")
def claims_what_is_held(swap: Swap) -> None:
    step = ReplicaManager.step

    def boasts(self: Any, message: Any, payload: bytes, now: int) -> Any:
        effects = step(self, message, payload, now)
        if type(message) is Ping and self.held:
            ranges = self.held.ranges()
            return (Send(encode(Pong(message.nonce, ranges[-1] + 2, ranges, self.digest))),)
        return effects

    swap(ReplicaManager, "step", boasts)


@plant("answers are forgotten as soon as they were sent")
def forgets_its_answers(swap: Swap) -> None:
    swap(ExecutedTail, "remember", lambda self, order, payload: None)


@plant("a repeated order is answered with the latest answer")
def repeats_the_latest_answer(swap: Swap) -> None:
    def latest(self: Any, order: Order) -> bytes | None:
        return next((kept[1] for kept in reversed(self._kept.values())), None)

    swap(ExecutedTail, "answer_to", latest)


@plant("the last request of a long batch is not executed")
def half_executed_batch(swap: Swap) -> None:
    execute = ReplicaManager._execute_each

    def first_part(self: Any, order: Order) -> bytes:
        if order.count < 3:
            return execute(self, order)
        count = order.count - 1
        return execute(
            self,
            Order(
                order.epoch, order.first_seq, count, order.timestamp, order.requests[: 8 * count],
                order.operations[:count],
            ),
        )  # fmt: skip

    swap(ReplicaManager, "_execute_each", first_part)


@plant("a batch is counted as one number")
def counts_a_batch_as_one(swap: Swap) -> None:
    execute = ReplicaManager._execute

    def counts_wrong(self: Any, order: Order, received_ns: int) -> Any:
        before = self.expected
        effects = execute(self, order, received_ns)
        self.expected = before + (order.count if order.count < 4 else 1)
        return effects

    swap(ReplicaManager, "_execute", counts_wrong)


@plant("a session is evicted by a replica on its own, without a sequenced operation")
def evicts_on_its_own(swap: Swap) -> None:
    step = ReplicaManager.step

    def evicts(self: Any, message: Any, payload: bytes, now: int) -> Any:
        if type(message) is Ping and message.nonce % 3 == 2 and self.sessions.last:
            self.sessions.last.pop(next(iter(self.sessions.last)))
        return step(self, message, payload, now)

    swap(ReplicaManager, "step", evicts)


@plant("a closed session stays open")
def sessions_stay_open(swap: Swap) -> None:
    swap(SessionTable, "close", lambda self, client: None)


@plant("a session that is closed takes the others with it")
def closes_every_session(swap: Swap) -> None:
    swap(SessionTable, "close", lambda self, client: self.last.clear())


@plant("the digest that is told is that before the last operation of the batch")
def stale_digest(swap: Swap) -> None:
    execute = ReplicaManager._execute_each

    def stale(self: Any, order: Order) -> bytes:
        before = self.digest
        body = execute(self, order)
        if order.first_seq % 16 == 0:
            self.digest = before
        return body

    swap(ReplicaManager, "_execute_each", stale)


@plant("an answer carries the number of the batch before it")
def answers_under_another_number(swap: Swap) -> None:
    execute = ReplicaManager._execute

    def misnumbers(self: Any, order: Order, received_ns: int) -> Any:
        effects = execute(self, order, received_ns)
        if order.first_seq % 8 != 0:
            return effects
        sent = effects[0]
        assert isinstance(sent, Send)
        result = decode_from_replica(sent.payload)
        assert isinstance(result, Result)
        moved = Result(
            result.epoch, result.incarnation, result.first_seq - 1, result.count, result.received_ns,
            result.started_ns, result.finished_ns, result.last_digest, result.body,
        )  # fmt: skip
        return (Send(encode(moved)),)

    swap(ReplicaManager, "_execute", misnumbers)
