"""Memory that changed by itself is looked for, and shown.

`state_hash` follows the operations, so it says what memory should hold. About once a second the hash is made
anew from what memory does hold. When they differ, the replica's digest takes the difference in: from then on
it is unlike the others', in every result and every sign of life, and the live checks name it.

A look costs some 0.2 µs a record, at most a hundredth of the replica's time: a large state is looked at less
often. The replicas look at different moments, so they never pause together.
"""

from __future__ import annotations

from collections.abc import Callable

from core.replica.replica_manager import ReplicaManager
from core.services.machine import Service

EVERY_NS = 1_000_000_000
SHARE = 100
"""A look may take one part in so many of the time."""
APART_NS = 140_000_000
"""Between the looks of two replicas."""


class MemoryWatch:
    """Looks at the memory of one replica."""

    def __init__(self, manager: ReplicaManager, replica: int, clock: Callable[[], int]) -> None:
        self._manager = manager
        self._clock = clock
        self._due = clock() + replica * APART_NS % EVERY_NS

    def pinged(self, now: int) -> None:
        """The front end asks for a sign of life: a good moment, when it is time."""
        if now >= self._due:
            self.look()
            self._due = now + max(EVERY_NS, SHARE * (self._clock() - now))

    def look(self) -> None:
        """Compare what memory holds with what it should."""
        manager, service = self._manager, self._manager.service
        found = hash_of_memory(service)
        if found is None:
            found = service.state_hash ^ 1
        if found != service.state_hash:
            manager.digest ^= found ^ service.state_hash
            service.state_hash = found


def hash_of_memory(service: Service) -> int | None:
    """The hash of the state as it lies in memory: the service's own `recompute_hash`, otherwise that of a
    copy made from its snapshot. None when what lies there is no state at all."""
    try:
        recompute = getattr(service, "recompute_hash", None)
        if recompute is not None:
            return int(recompute())
        copy = type(service)()
        copy.restore(service.snapshot())
    except Exception:  # the code is right: it ran before; the data are not what any operation made of them
        return None
    return copy.state_hash
