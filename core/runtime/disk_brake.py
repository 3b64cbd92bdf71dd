"""A disk that is slower than the clients: they rest until all is recorded, for the log skips nothing."""

from __future__ import annotations

import asyncio

from core.commands import SetLoad
from core.facts import Said
from core.runtime.engine import Engine
from core.session.recorder import Recorder

BACKLOG_BYTES = 48 << 20
"""Not written yet: with more, the clients rest. The recording would end at `MAX_BACKLOG_BYTES`."""
LOOK_S = 0.05


class DiskBrake:
    """Looks how much of an engine's log its recorder has not taken yet, and brakes its clients."""

    def __init__(self, engine: Engine, recorder: Recorder, backlog_bytes: int | None = None) -> None:
        self._engine = engine
        self._recorder = recorder
        self._limit_bytes = BACKLOG_BYTES if backlog_bytes is None else backlog_bytes
        self._resting = False

    def look(self) -> None:
        """Let the clients rest, or go on, as the disk is. Clients whom somebody let rest stay so."""
        backlog_bytes = self._recorder.backlog_bytes()
        if backlog_bytes > self._limit_bytes and self._engine.pool.running:
            self._resting = True
            self._engine.operator.do(SetLoad(False))
            self._engine.tell(
                Said("warning", "The disk is slower than this load: the clients rest until all is recorded.")
            )
        elif self._resting and (not backlog_bytes or self._recorder.error is not None):
            self._resting = False
            self._engine.operator.do(SetLoad(True))

    def watch(self) -> asyncio.Task[None]:
        """Look all the time, until the task is cancelled. To be called on the engine's event loop."""
        return asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()
