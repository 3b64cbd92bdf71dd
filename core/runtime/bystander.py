"""The bystander: shows the live history to the process that judges it, and never waits for it.

Judging costs about as much as serving, so it happens in a process of its own, at the lowest priority
(`core.runtime.history_judge`), started with the first request. What it cannot follow is left out, whole
stretches at a time, and counted: the check says how many requests it judged and how many it did not.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from typing import cast

import msgspec

from core.checks.samples import TAPS, Charter, Gap, OpenRequests, Over, Shown, Standing
from core.checks.sequential import model_of
from core.facts import CheckCount, Violated
from core.protocol.framing import pack
from core.runtime.supervisor import python_path
from core.services.registry import load_service
from core.trace.wire_log import Record, Tap

NAME = "linearizability"
FLUSH_RECORDS = 512
AHEAD_BYTES = 4 << 20
"""How far the judging process may fall behind before it is shown nothing more for a while."""
FINISH_S = 2.0
"""How long the end of a run waits for it."""

_CALLS = frozenset({Tap.CALL_SENT, Tap.CALL_DELIVERED})
_FRONT = frozenset({Tap.FROM_PASSED, Tap.FROM_DELIVERED})
_RESULT_MARK = b"\xa6result"
_encode = msgspec.msgpack.Encoder().encode


class Bystander(asyncio.SubprocessProtocol):
    """Made, fed and stopped on the engine's loop."""

    def __init__(
        self,
        service: str,
        write_records: Callable[[list[Record]], None],
        violated: Callable[[Violated], None],
    ) -> None:
        """Looks on while records are written by `write_records`. Raises ServiceError."""
        self._write_records = write_records
        self._service = service
        self._violated = violated
        self._able = model_of(load_service(service)) is not None
        self._loop = asyncio.get_running_loop()
        self._starting: asyncio.Task[None] | None = None
        self._transport: asyncio.SubprocessTransport | None = None
        self._input: asyncio.WriteTransport | None = None
        self._kept: list[Record] = []
        self._open = OpenRequests()
        self._skipping = False
        self._finished = False
        self._called_before = 0  # requests called before the gap
        self._last_ns = 0
        self._unsent: list[bytes] = [msgspec.json.encode(Charter(service)) + b"\n"]
        self._standing = Standing(0, 0, 0, [])
        self._output = b""
        self._over: asyncio.Future[None] = self._loop.create_future()  # everything is judged
        self._exited: asyncio.Future[None] = self._loop.create_future()

    # --- the engine's side --------------------------------------------------------------------------------

    def write(self, records: list[Record]) -> None:
        """Write the next records, and look on."""
        self._write_records(records)
        if not self._able:
            return
        taps = _CALLS if self._standing.gave_up else TAPS
        self._kept += [
            record
            for record in records
            if record.tap in taps and (record.tap not in _FRONT or record.body[1:8] == _RESULT_MARK)
        ]
        if len(self._kept) >= FLUSH_RECORDS:
            self.flush()

    def flush(self) -> None:
        """Show what was kept, or leave it out while the other side is far behind."""
        kept, self._kept = self._kept, []
        if not kept or self._exited.done():
            return
        ahead = self._input.get_write_buffer_size() if self._input is not None else 0
        if self._skipping and ahead < AHEAD_BYTES // 4 and not self._open.blind:
            self._skipping = False
            requests = self._open.called - self._called_before
            self._send(Gap(self._last_ns, requests, self._open.still_open(), self._open.unknown()))
        elif not self._skipping and ahead > AHEAD_BYTES:
            self._skipping = True
            self._called_before = self._open.called
            self._open.forget_ended()
        for record in kept:
            if record.tap not in _FRONT:
                self._open.follow(record)
        self._last_ns = max(self._last_ns, kept[-1].time_ns)
        if not (self._skipping or self._standing.gave_up):
            self._send(Shown(kept))
        if self._open.called and self._starting is None:
            self._starting = self._loop.create_task(self._start())

    def counts(self) -> tuple[CheckCount, ...]:
        """Where the check stands; nothing for a service whose histories nobody can judge."""
        if not self._able:
            return ()
        standing, unjudged = self._standing, self._standing.unjudged
        if self._skipping:
            unjudged += self._open.called - self._called_before
        nobody_will = standing.gave_up or (self._finished and not standing.over)
        if nobody_will:  # judge what it had not come to
            unjudged = max(unjudged, self._open.called - standing.checked)
        return (CheckCount(NAME, standing.checked, standing.violations, unjudged),)

    @property
    def violations(self) -> int:
        """Windows that no order explains."""
        return self._standing.violations

    async def finish(self) -> None:
        """At the end of the load: let it judge what it was shown, but do not wait longer than FINISH_S."""
        self.flush()
        if self._starting is not None and not self._finished:
            await self._starting
            self._send(Over())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._over), FINISH_S)
        self._finished = True

    async def stop(self) -> None:
        """End the process and see it gone."""
        if self._starting is not None:
            await self._starting
        if self._transport is not None:
            with contextlib.suppress(ProcessLookupError):
                self._transport.kill()
            await self._exited
            self._transport.close()

    def _send(self, message: Shown | Gap | Over) -> None:
        payload = pack(_encode(message))
        if self._input is not None:
            if not self._input.is_closing():  # it is, from the death of the process to the news of it
                self._input.write(payload)
        elif not self._exited.done():
            self._unsent.append(payload)

    # --- its own process ----------------------------------------------------------------------------------

    async def _start(self) -> None:
        environment = {**os.environ, "PYTHONPATH": python_path(), "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            await self._loop.subprocess_exec(lambda: self, *_command(), env=environment)
        except OSError:
            self.process_exited()  # then nothing is judged, and the count says so

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self._input = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))
        unsent, self._unsent = self._unsent, []
        self._input.write(b"".join(unsent))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd != 1:
            return  # how it failed, if it did: what it did not judge is counted
        *lines, self._output = (self._output + data).split(b"\n")
        for line in lines:
            self._standing = standing = msgspec.json.decode(line, type=Standing)
            for found in standing.found:
                self._violated(Violated(NAME, found.seq, 0, found.expected, found.found, found.calls))
            if standing.over and not self._over.done():
                self._over.set_result(None)

    def process_exited(self) -> None:
        for done in (self._over, self._exited):
            if not done.done():
                done.set_result(None)
        self._input = None


def _command() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, "--judge"]
    return [sys.executable, "-P", "-m", "core.runtime.history_judge"]
