"""A replica's process as the simulator has it: the shipped replica manager, without a process around it.

It is the same shell as the daemon's: bytes come in, the machine steps, effects are performed. It can stand
still (what arrives then waits, as in a socket's buffer) and it can die.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from core.effects import Effect, Halt, Send
from core.errors import RemoteProtocolError
from core.link_faults import links_of
from core.protocol.codec import decode_from_front_end, encode
from core.protocol.messages import Failure
from core.replica.replica_manager import ReplicaManager
from core.services.machine import Service
from core.simulation.network import Clock

FULL_AT_FRAMES = 12
"""What a process that stands still has not taken before its link counts as full."""

_read = lru_cache(8)(decode_from_front_end)
"""The replicas of a multicast share its message: it is frozen."""


class Owner(Protocol):
    """Who is told what a process does."""

    def said(self, process: SimulatedProcess, payload: bytes) -> None:
        """It sent a frame to the front end."""

    def ended(self, process: SimulatedProcess, status: int) -> None:
        """It exited."""

    def full(self, process: SimulatedProcess) -> None:
        """It does not take what it is sent."""

    def drained(self, process: SimulatedProcess) -> None:
        """It took everything."""


class SimulatedProcess:
    """One incarnation of one replica."""

    __slots__ = (
        "_armed_ns", "_clock", "_inbox", "_owner", "alive", "incarnation", "inward", "manager",
        "outward", "pauses", "replica",
    )  # fmt: skip

    def __init__(self, replica: int, incarnation: int, service: Service, clock: Clock, owner: Owner) -> None:
        self.replica = replica
        self.incarnation = incarnation
        self.manager = ReplicaManager(service, incarnation, clock.read)
        self.alive = True
        self.pauses = 0
        self.inward, self.outward = links_of(replica)
        self._clock = clock
        self._owner = owner
        self._inbox: list[bytes] = []
        self._armed_ns = 0

    def arrived(self, payload: bytes) -> None:
        """A frame of the front end is there."""
        if self.pauses or not self.alive:
            self._kept_waiting(payload)
            return
        try:
            effects = self.manager.step(_read(payload), payload, self._clock.now)
        except RemoteProtocolError as error:
            self._owner.said(self, encode(Failure(True, str(error))))
            self._end(76)
            return
        self._perform(effects)

    def _kept_waiting(self, payload: bytes) -> None:
        if self.alive:
            self._inbox.append(payload)
            if len(self._inbox) == FULL_AT_FRAMES:
                self._owner.full(self)

    def pause(self) -> None:
        """Stand still (SIGSTOP)."""
        self.pauses += 1

    def go_on(self) -> None:
        """Go on (SIGCONT) with what has arrived meanwhile."""
        self.pauses = max(0, self.pauses - 1)
        if self.pauses or not self.alive:
            return
        inbox, self._inbox = self._inbox, []
        for payload in inbox:
            self.arrived(payload)
        if self.manager.nack_at is not None:
            self._arm(self.manager.nack_at)
        if len(inbox) >= FULL_AT_FRAMES and self.alive:
            self._owner.drained(self)

    def kill(self) -> None:
        """Die at once (SIGKILL)."""
        self._end(-9)

    def _end(self, status: int) -> None:
        if self.alive:
            self.alive = False
            self._inbox.clear()
            self._owner.ended(self, status)

    def _perform(self, effects: tuple[Effect, ...]) -> None:
        said = self._owner.said
        for effect in effects:
            if type(effect) is Send:
                said(self, effect.payload)
            elif type(effect) is Halt:
                self._end(70)
                return
        if self.manager.nack_at is not None:
            self._arm(self.manager.nack_at)

    def _arm(self, due: int) -> None:
        """See to it that the machine is called when it wants to be."""
        if due != self._armed_ns:
            self._armed_ns = due
            self._clock.at(max(due, self._clock.now), self._due)

    def _due(self) -> None:
        self._armed_ns = 0
        if self.alive and not self.pauses:
            self._perform(self.manager.tick(self._clock.now))
