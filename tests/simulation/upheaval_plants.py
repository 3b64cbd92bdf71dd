"""Planted bugs of replicas that come back and front ends that die: transfer, epochs, sessions, votes."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from core.effects import Effect
from core.group.recovery import Recovery
from core.group.responses import ResponseCollector
from core.group.sequencer import Requests, Sequencer
from core.group.state_transfer import StateTransfer
from core.protocol.messages import OPEN_SESSION, Order, unpack_u32
from core.replica.donor import Donor
from core.replica.hold_back_queue import HoldBackQueue
from core.replica.replica_manager import ReplicaManager
from core.services.calls import decode_outcome, encode_outcome
from core.services.kv import KeyValue
from core.services.machine import Context, Refused
from core.workload.closed_loop import ClientPool
from tests.simulation.plants import Swap, plant


@plant("no session table: a request that comes again is executed again")
def no_session_table(swap: Swap) -> None:
    without = ReplicaManager._without_execution

    def executes_again(self: Any, client: int, number: int, raw: bytes) -> bytes:
        if not client or raw == OPEN_SESSION or client not in self.sessions.last:
            return without(self, client, number, raw)
        return encode_outcome(self.service.apply(self._decode(raw), Context(self.expected, self.timestamp)))

    swap(ReplicaManager, "_without_execution", executes_again)


@plant("the outcome of a refused request is not kept")
def refusals_are_not_kept(swap: Swap) -> None:
    execute = ReplicaManager._execute_each

    def forgets(self: Any, order: Order) -> bytes:
        body = execute(self, order)
        for client in unpack_u32(order.requests)[::2]:
            number, outcome = self.sessions.last.get(client, (0, b""))
            if outcome and isinstance(decode_outcome(outcome), Refused):
                self.sessions.last[client] = (number - 1, outcome)
        return body

    swap(ReplicaManager, "_execute_each", forgets)


@plant("the session table is not part of the snapshot")
def snapshot_without_sessions(swap: Swap) -> None:
    image = ReplicaManager.image
    swap(ReplicaManager, "image", lambda self: replace(image(self), sessions=[]))


@plant("the snapshot at S is taken for one at S - 1")
def snapshot_off_by_one(swap: Swap) -> None:
    become = ReplicaManager._become

    def one_early(self: Any, seq: int, image: Any) -> None:
        become(self, seq, image)
        self.expected -= 1

    swap(ReplicaManager, "_become", one_early)


@plant("the snapshot is older than it says: a number after it was executed meanwhile")
def snapshot_claims_more(swap: Swap) -> None:
    asked = Donor.asked
    swap(Donor, "asked", lambda self, request, expected, image: asked(self, request, expected + 1, image))


@plant("a snapshot lacks the last record")
def snapshot_lacks_a_record(swap: Swap) -> None:
    snapshot = KeyValue.snapshot
    swap(KeyValue, "snapshot", lambda self: snapshot(self)[:-1])  # type: ignore[index]


@plant("a newcomer joins before it was compared, at whatever number it is")
def joins_unseen(swap: Swap) -> None:
    def at_once(self: Any, newcomer: Any, now: int) -> tuple[Effect, ...]:
        newcomer.joins_at = newcomer.member.executed
        effects: tuple[Effect, ...] = self._join(newcomer)
        return effects

    def too_far(self: Any) -> int:
        return 1 << 40

    swap(StateTransfer, "_judge", at_once)
    swap(StateTransfer, "log_floor", too_far)


@plant("no fencing: a replica goes on with the old front end's orders")
def no_fencing(swap: Swap) -> None:
    ordered, fenced = ReplicaManager._ordered, ReplicaManager._fenced

    def any_epoch(self: Any, order: Order, payload: bytes, now: int) -> Any:
        self._epoch, epoch = 0, self._epoch
        effects = ordered(self, order, payload, now)
        self._epoch = max(epoch, order.epoch)
        return effects

    def goes_on(self: Any, epoch: int) -> Any:
        held, nack_at, announced = self.held, self.nack_at, self._announced
        effects = fenced(self, epoch)
        self.held, self.nack_at, self._announced = held, nack_at, announced
        return effects

    swap(ReplicaManager, "_ordered", any_epoch)
    swap(ReplicaManager, "_fenced", goes_on)


@plant("an order's epoch is not looked at")
def epoch_not_checked(swap: Swap) -> None:
    ordered = ReplicaManager._ordered

    def any_epoch(self: Any, order: Order, payload: bytes, now: int) -> Any:
        self._epoch, epoch = 0, self._epoch
        effects = ordered(self, order, payload, now)
        self._epoch = max(epoch, order.epoch)
        return effects

    swap(ReplicaManager, "_ordered", any_epoch)


@plant("what was held back of the old epoch is kept")
def keeps_what_it_held(swap: Swap) -> None:
    fenced = ReplicaManager._fenced

    def keeps(self: Any, epoch: int) -> Any:
        held: HoldBackQueue = self.held
        effects = fenced(self, epoch)
        self.held = held
        return effects

    swap(ReplicaManager, "_fenced", keeps)


@plant("a successor goes by the first tail that it hears of")
def does_not_wait_for_tails(swap: Swap) -> None:
    compare = Recovery._compare

    def hasty(self: Any) -> Any:
        self._silent.clear()
        return compare(self)

    swap(Recovery, "_compare", hasty)


@plant("a successor gives the last number once more")
def successor_repeats_a_number(swap: Swap) -> None:
    resume = Sequencer.resume
    swap(Sequencer, "resume", lambda self, next_seq, timestamp: resume(self, max(1, next_seq - 1), timestamp))


@plant("a successor stamps by its own clock alone")
def successor_trusts_its_clock(swap: Swap) -> None:
    resume = Sequencer.resume
    swap(Sequencer, "resume", lambda self, next_seq, timestamp: resume(self, next_seq, 0))


@plant("a client repeats its request under a new number")
def repeats_under_a_new_number(swap: Swap) -> None:
    repeated = ClientPool.repeated

    def renumbered(self: Any) -> Requests:
        issued = repeated(self)
        for place in range(1, len(issued.ids), 2):
            issued.ids[place] += 1
            self._number[issued.ids[place - 1]] += 1
        return issued

    swap(ClientPool, "repeated", renumbered)


@plant("one answer is enough, whatever the reply policy asks")
def one_answer_is_enough(swap: Swap) -> None:
    expect = ResponseCollector.expect

    def lax(self: Any, order: Order, replicas: int) -> None:
        expect(self, order, replicas)
        self._pending[order.first_seq].needed = 1

    swap(ResponseCollector, "expect", lax)
