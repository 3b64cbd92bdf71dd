"""Bugs planted in what keeps a group together through failures: each is noticed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from core.group.front_end import FrontEnd
from core.group.recovery import Recovery
from core.group.state_transfer import StateTransfer
from core.policies import ALL_LIVE, ReplyPolicy
from core.protocol.handing_over import Image, Tail
from core.replica.replica_manager import ReplicaManager
from core.services.calls import encode_outcome
from core.services.machine import Context
from tests.group.test_recovery import agree, executed_once_each
from tests.support.lossy import LossyNet

Plant = Callable[[pytest.MonkeyPatch], None]
Run = Callable[[int], LossyNet]


def crashing(seed: int, policy: ReplyPolicy = ALL_LIVE) -> LossyNet:
    """The front end dies three times under load, each time with one replica, which comes back."""
    net = LossyNet(seed, replicas=4, loss=0.2, policy=policy)

    def both(replica: int) -> None:
        net.kill(replica)
        net.crash()

    def back(replica: int) -> None:
        if not net.front_end.recovering and replica not in net.replicas:
            net.revive(replica)

    net.at_request = {
        25: lambda: both(1),
        45: lambda: back(1),
        70: lambda: both(2),
        95: lambda: back(2),
        120: lambda: both(3),
    }
    net.run(requests=150)
    return net


def reviving(seed: int) -> LossyNet:
    """A replica dies and comes back under load; when it has, all the others die but it."""
    net = LossyNet(seed, loss=0.2)
    net.at_request = {20: lambda: net.kill(2), 30: lambda: net.revive(2)}
    net.run(requests=80)
    assert net.front_end.view.replicas == (1, 2, 3)
    net.kill(1)
    net.kill(3)
    net.loss = 0.4
    net.run(requests=40)
    return net


def judge(net: LossyNet) -> None:
    assert net.lost_answers == []
    executed_once_each(net)
    agree(net)


@pytest.mark.parametrize("run", [crashing, reviving])
@pytest.mark.parametrize("seed", range(4))
def test_without_a_bug_all_is_well(run: Run, seed: int) -> None:
    judge(run(seed))


def no_fence(patch: pytest.MonkeyPatch) -> None:
    """A replica tells its tail, and still obeys what the dead front end sent."""

    def ordered(self: ReplicaManager, order: Any, payload: bytes, now: int) -> Any:
        order = msgspec.structs.replace(order, epoch=max(order.epoch, self._epoch))
        return honest(self, order, payload, now)

    honest = ReplicaManager._ordered
    patch.setattr(ReplicaManager, "_ordered", ordered)


def held_back_survives(patch: pytest.MonkeyPatch) -> None:
    """What an old epoch ordered stays in the hold-back queue of the new one."""

    def fenced(self: ReplicaManager, epoch: int) -> Any:
        held, announced = self.held, self._announced
        tail = honest(self, epoch)
        self.held, self._announced = held, announced
        return tail

    honest = ReplicaManager._fenced
    patch.setattr(ReplicaManager, "_fenced", fenced)


def shortest_tail(patch: pytest.MonkeyPatch) -> None:
    """The tail that wins is the shortest."""

    def compare(self: Recovery) -> Any:
        if not self._silent and self._tails:
            shortest = min(tail.last_seq for tail in self._tails.values())
            kept = {r: tail for r, tail in self._tails.items() if tail.last_seq == shortest}
            self._tails = kept
        return honest(self)

    honest = Recovery._compare
    patch.setattr(Recovery, "_compare", compare)


def first_tail(patch: pytest.MonkeyPatch) -> None:
    """The successor does not wait for every tail."""

    def received(self: Recovery, replica: int, message: Any) -> Any:
        if isinstance(message, Tail):
            self._silent = {replica} & self._silent
        return honest(self, replica, message)

    honest = Recovery.received
    patch.setattr(Recovery, "received", received)


def nobody_is_filled(patch: pytest.MonkeyPatch) -> None:
    """Laggards are taken for being as far as the longest."""

    def recovering(self: FrontEnd, effects: Any, now: int) -> Any:
        outcome = self._recovery.outcome if self._recovery is not None else None
        if outcome is not None:
            assert self._recovery is not None
            last = outcome.next_seq - 1
            tails = {r: msgspec.structs.replace(tail, last_seq=last) for r, tail in outcome.tails.items()}
            self._recovery.outcome = type(outcome)(outcome.next_seq, outcome.timestamp, tails, ())
        return honest(self, effects, now)

    honest = FrontEnd._recovering
    patch.setattr(FrontEnd, "_recovering", recovering)


def retries_execute_again(patch: pytest.MonkeyPatch) -> None:
    """The session table forgets what it answered last."""

    def without(self: ReplicaManager, client: int, number: int, raw: bytes) -> bytes:
        if self.sessions.last.get(client, (0, b""))[0] >= number > 1:
            self.sessions.last[client] = (number - 1, b"")
            return again(self, client, number, raw)
        return honest(self, client, number, raw)

    def again(self: ReplicaManager, client: int, number: int, raw: bytes) -> bytes:
        outcome = encode_outcome(self.service.apply(self._decode(raw), Context(self.expected, 0)))
        self.sessions.record(client, number, outcome)
        return outcome

    honest = ReplicaManager._without_execution
    patch.setattr(ReplicaManager, "_without_execution", without)


@pytest.mark.parametrize(
    "plant",
    [no_fence, held_back_survives, shortest_tail, first_tail, nobody_is_filled, retries_execute_again],
)
def test_a_bug_of_recovery_is_noticed(plant: Plant) -> None:
    assert noticed(plant, crashing), f"{plant.__name__} went unnoticed"


def no_log_after_the_snapshot(patch: pytest.MonkeyPatch) -> None:
    """The newcomer joins as of its snapshot, whatever was ordered since."""

    def judge_now(self: StateTransfer, newcomer: Any, now: int) -> Any:
        return self._join(newcomer) if newcomer.restored else ()

    patch.setattr(StateTransfer, "_judge", judge_now)
    patch.setattr(StateTransfer, "_restored", _restored_without_log)


def _restored_without_log(self: StateTransfer, newcomer: Any, seq: int, digest: int, now: int) -> Any:
    newcomer.restored = True
    newcomer.joins_at = newcomer.member.executed = self._log.last_seq
    self._view.coming_in(newcomer.member.replica)
    return self._judge(newcomer, now)


def snapshot_without_sessions(patch: pytest.MonkeyPatch) -> None:
    """A donor leaves the session table out."""

    def image(self: ReplicaManager) -> Image:
        return msgspec.structs.replace(honest(self), sessions=[])

    honest = ReplicaManager.image
    patch.setattr(ReplicaManager, "image", image)


@pytest.mark.parametrize("plant", [no_log_after_the_snapshot, snapshot_without_sessions])
def test_a_bug_of_the_transfer_is_noticed(plant: Plant) -> None:
    assert noticed(plant, reviving), f"{plant.__name__} went unnoticed"


def noticed(plant: Plant, run: Run) -> bool:
    """Whether one of some seeds does not end as it should with this bug in place."""
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        for seed in range(12):
            try:
                judge(run(seed))
            except Exception:  # a failed check, or a machine that cannot go on
                return True
    return False
