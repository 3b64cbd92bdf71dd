"""Replicas that come while the cluster runs: revived, or added. The processes are here, the rest is the front
end's (`core.group.state_transfer`)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, assert_never

from core.effects import CatchingUp, NewMember, RefusedDonor
from core.errors import LockstepError, UsageError
from core.facts import CaughtUp, DonorRefused, Joined, Reviving, Said, SnapshotSent
from core.ids import replica_name
from core.limits import MAX_REPLICAS
from core.policies import FailurePolicy

if TYPE_CHECKING:
    from core.runtime.engine import Engine

ATTEMPTS = 5
"""How often in a row a replica is started that does not join."""
FIRST_PAUSE_S = 0.1
ENDED_WITHIN_S = 5.0


class Revival:
    """Starts processes for replicas that are to come, and tells how they catch up."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._wanted: set[int] = set()  # somebody asked for them by name
        self._failed: dict[int, int] = {}  # attempts since it was last a member
        self._started_ns: dict[int, int] = {}
        self._donors: dict[int, int] = {}

    def revive(self, replica: int) -> None:
        """Bring a replica back that went down, or is about to: its death may show before its link is down.
        Raises UsageError when it is alive, or never was."""
        members = self._engine.members
        if replica not in members.status:
            raise UsageError(f"There is no {replica_name(replica)}.", "To have one more: add.")
        if replica in self._tasks or (replica in members.links and not members.ends(replica)):
            raise UsageError(f"{replica_name(replica)} is alive.", "Only who went down can come back.")
        self._begin(replica)

    def add(self) -> None:
        """Have one replica more. Raises UsageError when there are as many as can be."""
        known = self._engine.members.status
        taken = known.keys() | self._tasks
        free = [replica for replica in range(1, MAX_REPLICAS + 1) if replica not in taken]
        gone = [replica for replica in sorted(known) if replica not in self._engine.links | self._tasks]
        if not free + gone:
            raise UsageError(f"There are {MAX_REPLICAS} replicas already, as many as can be.")
        self._begin((free + gone)[0])

    def lost(self, replica: int) -> None:
        """A replica went down: by the failure policy it comes back."""
        revives = self._engine.policies.failure is FailurePolicy.REVIVE or replica in self._wanted
        if revives and replica not in self._tasks and replica not in self._engine.members.removed:
            self._start(replica)

    def stop(self) -> None:
        """Bring nobody in any more."""
        for task in self._tasks.values():
            task.cancel()

    def perform(self, effect: CatchingUp | NewMember | RefusedDonor, now: int) -> None:
        """Tell how a newcomer gets on."""
        engine = self._engine
        match effect:
            case CatchingUp(replica, donor, seq, offset, length):
                if self._donors.get(replica) != donor:
                    self._donors[replica] = donor
                    engine.tell(Reviving(replica, engine.links[replica].incarnation, donor))
                if length:
                    engine.tell(SnapshotSent(replica, donor, seq, offset, length))
            case NewMember(replica, incarnation, seq):
                self._joined(replica, incarnation, seq, now)
            case RefusedDonor(replica, donor, reason):
                engine.tell(DonorRefused(replica, donor, reason))
                sentence = f"The state of {replica_name(donor)} does not hold: {reason}."
                engine.tell(Said("warning", sentence))
                engine.operator.trouble(sentence)
            case _:
                assert_never(effect)

    def _joined(self, replica: int, incarnation: int, seq: int, now: int) -> None:
        engine = self._engine
        self._failed.pop(replica, None)
        self._wanted.discard(replica)
        engine.members.status[replica].state = "running"
        engine.members.diverged.discard(replica)
        engine.failures.honest_again(replica)
        engine.witness.note(engine.witness.checks.joined, replica)
        engine.tell(Joined(replica, incarnation, engine.members.status[replica].port, seq + 1))
        engine.tell(CaughtUp(replica, incarnation, seq, now - self._started_ns[replica]))
        engine.order(now)  # perhaps it is the one that was missing
        engine.changed.set()

    def _begin(self, replica: int) -> None:
        if not self._engine.front_end.somebody_left:
            raise UsageError("No replica is left that could give its state.", "Start a new session.")
        self._engine.members.removed.discard(replica)
        self._wanted.add(replica)
        self._failed.pop(replica, None)
        if replica not in self._engine.links:  # otherwise its end is told in a moment: `lost`
            self._start(replica)

    def _start(self, replica: int) -> None:
        attempts = self._failed[replica] = self._failed.get(replica, 0) + 1
        if attempts > ATTEMPTS:
            self._give_up(replica, f"it did not join in {ATTEMPTS} attempts")
            return
        task = asyncio.get_running_loop().create_task(self._bring(replica, attempts))
        self._tasks[replica] = task
        task.add_done_callback(lambda done: self._done(replica, done))

    def _give_up(self, replica: int, why: str) -> None:
        self._wanted.discard(replica)
        sentence = f"{replica_name(replica)} stays down: {why}."
        self._engine.tell(Said("error", sentence))
        self._engine.operator.trouble(sentence)

    def _done(self, replica: int, task: asyncio.Task[None]) -> None:
        if self._tasks.get(replica) is task:
            del self._tasks[replica]
        if task.cancelled() or self._engine.stopping:
            return
        error = task.exception()
        if isinstance(error, LockstepError | OSError):
            self._engine.tell(Said("warning", f"{replica_name(replica)} did not come back: {error}"))
            self.lost(replica)
        elif error is not None:
            raise error
        elif replica not in self._engine.links:
            self.lost(replica)  # it went down again before anybody looked

    async def _bring(self, replica: int, attempt: int) -> None:
        """A new process, up to where the front end lets it in. Raises StartError, RemoteProtocolError."""
        engine, members = self._engine, self._engine.members
        if attempt > 1:
            await asyncio.sleep(FIRST_PAUSE_S * 2**attempt)
        last = members.supervisor.processes.get(replica)
        if last is not None:
            last.kill()
            await asyncio.wait([last.ended], timeout=ENDED_WITHIN_S)
            last.close()
        self._started_ns[replica] = engine.now()
        self._donors.pop(replica, None)
        incarnation = last.incarnation + 1 if last is not None else 1
        await members.launch(replica, incarnation)
        members.status[replica].state = "catching up"
        while engine.front_end.recovering:
            await asyncio.sleep(0.01)
        if replica not in engine.links:
            return
        if not engine.front_end.view.members:
            engine.down(replica, "no replica is left that could give its state")
            self._give_up(replica, "no replica is left that could give its state")
            return
        now, distrusted = engine.now(), frozenset(members.diverged)
        for effect in engine.front_end.welcome(replica, incarnation, now, distrusted):
            engine.perform(effect, now)
