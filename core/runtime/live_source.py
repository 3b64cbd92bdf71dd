"""A live cluster as a source: the engine on a thread of its own, its records in a bounded hand-over.

The picture drains what happened since it last looked; it may be slower than the cluster, the wire log may
not. Commands go the other way by `call_soon_threadsafe`, and nothing else crosses between the threads. The
engine is imported on its own thread: a window is up that much earlier, and a recording does without.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.commands import Command, SetLoad, SetPace
from core.errors import LockstepError
from core.facts import Pace, Said
from core.runtime.record_buffer import RecordBuffer, open_recorder
from core.runtime.run_settings import RunSettings
from core.session.annotations import Note, encode_notes
from core.session.gate import Gate
from core.session.recorder import Recorder
from core.session.scene import Scene
from core.session.source import Capabilities
from core.trace.wire_log import Record, Tap, encode_fact

if TYPE_CHECKING:
    import asyncio

    from core.runtime.disk_brake import DiskBrake
    from core.runtime.engine import Engine

KEPT_RECORDS = 20_000
"""How far the picture may fall behind before it misses traffic (never facts)."""
FLUSH_S = 0.1


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """How a live cluster begins: the run itself, its pace, and whether the clients' workload runs at once."""

    run: RunSettings
    pace: Pace = Pace.SLOW
    delay_ns: int = 600_000_000
    load: bool = False
    record: Path | None = None


class LiveSource:
    """The cluster behind the window. `start` begins it; `closed` is true when no process is left."""

    capabilities = Capabilities(control=True, seek=False, speed=False)
    travel = None
    title = "live"

    def __init__(self, settings: LiveSettings) -> None:
        """Raises RecordingError when the recording cannot be written."""
        self._settings = settings
        self.gate = Gate()
        self._handed: deque[Record] = deque()
        self._recorder: Recorder | None = None
        self._buffer: RecordBuffer | None = None
        if settings.record is not None:
            self._recorder = open_recorder(settings.run, settings.record)
            self._buffer = RecordBuffer(self._recorder)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._engine: Engine | None = None
        self._leave: asyncio.Event | None = None
        self._brake: DiskBrake | None = None
        self._early: list[Command] = []
        self._closing = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Start the cluster in its thread; returns at once. What goes wrong is said in a fact.

        Nothing happens when it was started or closed before.
        """
        if self._thread.ident is None and not self._closing:
            self._thread.start()

    # --- the picture's side -------------------------------------------------------------------------------

    def turn(self, scene: Scene) -> Scene:
        """One scene from beginning to end."""
        return scene

    def drain(self) -> Sequence[Record]:
        """The records since the last call, oldest first."""
        handed = self._handed
        return [handed.popleft() for _ in range(len(handed))]

    def now_ns(self) -> int:
        """The moment to draw."""
        return time.monotonic_ns()

    def send(self, command: Command) -> None:
        """Ask for something; what comes of it is seen in later records."""
        with self._lock:
            if self._engine is None or self._loop is None:
                self._early.append(command)
                return
            loop = self._loop
        with contextlib.suppress(RuntimeError):  # the loop has just ended: so has the cluster
            loop.call_soon_threadsafe(self._do, command)

    def annotate(self, notes: Sequence[Note]) -> None:
        """Keep a person's bookmarks and captions in the recording."""
        if self._recorder is not None:
            self._recorder.annotate(encode_notes(notes))

    def close(self) -> None:
        """End the cluster. Returns at once."""
        with self._lock:
            self._closing = True
            loop, leave = self._loop, self._leave
        if self._thread.ident is None and self._recorder is not None:
            self._recorder.close()
        if loop is not None and leave is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(leave.set)

    @property
    def closed(self) -> bool:
        """Everything is down and no process is left."""
        return not self._thread.is_alive()

    @property
    def recorded_bytes(self) -> int:
        """Length of the recording so far."""
        return self._recorder.file_bytes if self._recorder is not None else 0

    # --- the engine's side --------------------------------------------------------------------------------

    def _run(self) -> None:
        from core.runtime.headless import run_loop

        try:
            run_loop(self._live())
        finally:
            if self._recorder is not None and self._buffer is not None:
                self._buffer.flush()
                with contextlib.suppress(LockstepError):  # said while it ran
                    self._recorder.close()

    async def _live(self) -> None:
        import asyncio

        from core.runtime.broken_run import bring_to_light
        from core.runtime.headless import make_engine

        settings, leave = self._settings, asyncio.Event()
        try:
            engine = make_engine(settings.run, self._write)
            engine.gate = self.gate
            await engine.start(settings.run.replicas, settings.run.clients, settings.run.seed)
        except LockstepError as error:
            self._say("error", str(error))
        else:
            engine.operator.freezes = bool(engine.broken)
            bring_to_light(engine)
            await self._begin(engine)
        with self._lock:
            self._loop, self._leave = asyncio.get_running_loop(), leave
            early, self._early = self._early, []
            if self._closing:
                leave.set()
        for command in early:
            self._do(command)
        self._keep_recording(self._loop)
        await leave.wait()
        if self._engine is not None:
            await self._engine.stop()

    async def _begin(self, engine: Engine) -> None:
        """Open the sessions in real time, then take the pace that was asked for."""
        import asyncio

        from core.runtime.disk_brake import DiskBrake

        settings = self._settings
        while engine.pool.open_requests and engine.front_end.somebody_left:
            await asyncio.sleep(0.001)
        engine.operator.do(SetPace(settings.pace, settings.delay_ns))
        if settings.load:
            engine.operator.do(SetLoad(True))
        if self._recorder is not None:
            self._brake = DiskBrake(engine, self._recorder)
        self._engine = engine

    def _do(self, command: Command) -> None:
        if self._engine is not None:
            self._engine.operator.obey(command)

    def _write(self, records: list[Record]) -> None:
        if len(self._handed) < KEPT_RECORDS:
            self._handed.extend(records)
        else:
            self._handed.extend(record for record in records if record.tap == Tap.FACT)
        if self._buffer is not None:
            self._buffer.write(records)

    def _keep_recording(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand over what is kept, again and again; say it once when the file cannot be written any more."""
        loop.call_later(FLUSH_S, self._keep_recording, loop)
        if self._buffer is None or self._recorder is None:
            return
        self._buffer.flush()
        if self._brake is not None:
            self._brake.look()
        if self._recorder.error is not None:
            self._buffer = None
            self._say("error", str(self._recorder.error))

    def _say(self, level: str, text: str) -> None:
        self._write([Record(time.monotonic_ns(), Tap.FACT, 0, 0, encode_fact(Said(level, text)))])
