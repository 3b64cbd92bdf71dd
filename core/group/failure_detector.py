"""Who is silent for too long. An eventually perfect detector by heartbeat (Chandra and Toueg, 1996).

Slow is not dead: a silent replica is first *suspected* (nobody waits for it, and it may come back), then
*fenced*, which makes the suspicion true. A front end that slept itself (a suspended laptop, a debugger)
must not take everybody for dead: time that its own clock tick lost is not held against the replicas.
"""

from __future__ import annotations

from core.effects import Effect, Fence, Suspect, Trust
from core.limits import DROP_AFTER_NS, HEARTBEAT_NS, SUSPECT_AFTER_NS


class FailureDetector:
    """Silence per replica, judged at every tick. Any message is a sign of life."""

    def __init__(self) -> None:
        self._heard: dict[int, int] = {}
        self._suspected: set[int] = set()
        self._ticked: int | None = None

    def watch(self, replica: int, now: int) -> None:
        """Begin to expect signs of life."""
        self._heard[replica] = now
        if self._ticked is None:
            self._ticked = now  # a sleep before the first tick is forgiven, too

    def forget(self, replica: int) -> None:
        """Expect nothing more of it."""
        self._heard.pop(replica, None)
        self._suspected.discard(replica)

    def heard(self, replica: int, now: int) -> tuple[Effect, ...]:
        """A sign of life of a replica that is watched, at monotonic `now`."""
        self._heard[replica] = now
        if not self._suspected or replica not in self._suspected:
            return ()
        self._suspected.discard(replica)
        return (Trust(replica),)

    def tick(self, now: int) -> tuple[Effect, ...]:
        """Judge the silence. To be called every HEARTBEAT_NS; what it is late by is forgiven."""
        late = 0 if self._ticked is None else now - self._ticked - 2 * HEARTBEAT_NS
        self._ticked = now
        if late > 0:
            self._heard = {replica: min(now, heard + late) for replica, heard in self._heard.items()}
        effects: list[Effect] = []
        for replica, heard in self._heard.items():
            silent = now - heard
            if silent >= DROP_AFTER_NS:
                effects.append(Fence(replica, f"silent for {silent / 1e9:.1f} s"))
            elif silent >= SUSPECT_AFTER_NS and replica not in self._suspected:
                self._suspected.add(replica)
                effects.append(Suspect(replica, silent))
        return tuple(effects)
