"""Re-executes a recording on fresh daemons: the recorded batches in order, as the very bytes that were sent.

No client and no front end takes part: the recording has decided what is executed and in which order. At most
`WINDOW_REQUESTS` go ahead of the slowest daemon.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from core import __version__, facts
from core.errors import RemoteProtocolError, StartError
from core.facts import Called, Fact, Returned
from core.ids import replica_name
from core.limits import MAX_REPLICAS, MIN_REPLICAS
from core.protocol.codec import decode_body, decode_from_replica, encode
from core.protocol.framing import pack
from core.protocol.messages import Bye, Failure, Order, Result, pack_u64
from core.runtime.headless import run_loop
from core.runtime.links import ReplicaLink, connect
from core.runtime.supervisor import ReplicaProcess, Supervisor, exit_words
from core.services.face import Face
from core.services.registry import load_service
from core.session.check import Progress, no_progress
from core.session.orders import OrderedBatches, epochs_of, result_of
from core.session.reader import Recording
from core.session.recorder import Recorder
from core.session.rerun import RerunReport, ResultComparison
from core.trace.wire_log import UNREADABLE, Record, Tap, encode_fact

WINDOW_REQUESTS = 4_096
LEAVE_PATIENCE_S = 1.0
SILENCE_S = 30.0
"""How long nothing may come from a daemon that has work."""


class Reexecution:
    """Daemons, their links, and the comparison that their results go to."""

    def __init__(self, recording: Recording, service: str, replicas: int, recorder: Recorder | None) -> None:
        self._recording = recording
        self._service = load_service(service)
        self._cluster = os.urandom(16)
        self._supervisor = Supervisor(self._cluster, service, self._exited)
        self._links: dict[int, ReplicaLink] = {}
        self._done = dict.fromkeys(range(1, replicas + 1), 0)  # replica → last number it has executed
        self._sent = 0  # last number that was sent
        self._orders: dict[int, Order] = {}  # sent and not answered, for the re-run's own recording
        self._moved = asyncio.Event()
        self._leaving = False
        self._recorder = recorder
        self.trouble = ""
        self.comparison = ResultComparison(Face(self._service).words)

    # --- what happens on links ----------------------------------------------------------------------------

    def link_received(self, replica: int, payloads: list[bytes]) -> None:
        """Results."""
        for payload in payloads:
            message = decode_from_replica(payload)
            if isinstance(message, Result):
                self._log(Tap.FROM_PASSED, 1 << replica, payload)
                self.comparison.came_out(replica, message)
                self._done[replica] = message.first_seq + message.count - 1
                self._answer(replica, message)
            elif isinstance(message, Failure):
                self._fail(f"{replica_name(replica)} of the re-run stopped: {message.text}")
        self._moved.set()

    def link_full(self, replica: int) -> None:
        """The window is far smaller than a link's backlog."""

    def link_drained(self, replica: int) -> None:
        """See `link_full`."""

    def link_lost(self, replica: int, reason: str) -> None:
        """A daemon is gone."""
        self._fail(f"{replica_name(replica)} of the re-run was lost: {reason}.")

    def _exited(self, process: ReplicaProcess) -> None:
        status = exit_words(process.status or 0)
        self._fail(f"{replica_name(process.replica)} of the re-run ended ({status}).")

    def _fail(self, sentence: str) -> None:
        if not self._leaving and not self.trouble:
            self.trouble = sentence
        self._moved.set()

    # --- the run ------------------------------------------------------------------------------------------

    async def run(self, progress: Progress) -> None:
        """Execute everything. Raises StartError, RecordingError."""
        header, replicas = self._recording.header, len(self._done)
        service = self._service
        self._tell(
            facts.RunStarted(
                __version__, service.name, service.version, replicas, header.clients, header.seed,
                "first", "drop forever", time.time_ns(),
            )
        )  # fmt: skip
        try:
            await asyncio.gather(*map(self._start, self._done))
            self._tell(facts.EpochStarted(1, 1))
            await self._execute(progress)
            await self._until(lambda: self._behind() == 0)
        finally:
            self._leaving = True
            self._tell(facts.RunEnded())
            farewell = pack(encode(Bye()))
            for link in self._links.values():
                link.write(farewell)
            await self._supervisor.stop_all(LEAVE_PATIENCE_S)
            for link in self._links.values():
                link.close()

    async def _start(self, replica: int) -> None:
        process = await self._supervisor.start(replica, incarnation=1)
        self._tell(facts.Spawned(replica, 1, process.pid))
        port = await self._supervisor.port(process)
        try:
            link, _ = await connect(self, port, self._cluster, process.key, replica, 1)
        except (RemoteProtocolError, OSError) as error:
            raise StartError(f"The daemons did not start: {error}") from error
        self._links[replica] = link
        self._tell(facts.Joined(replica, 1, port, 1))

    def _behind(self) -> int:
        """How far the slowest daemon is behind what was sent."""
        return self._sent - min(self._done.values())

    async def _execute(self, progress: Progress) -> None:
        recording = self._recording
        batches = OrderedBatches(epochs_of(recording.records()))
        for block in range(len(recording.blocks)):
            for record in recording.load(block):
                try:
                    for order, payload in batches.take(record):
                        if self.comparison.difference is None:  # an earlier one may still be found
                            self._send(order, payload)
                    result = result_of(record)
                except UNREADABLE:
                    continue
                if result is not None:
                    self.comparison.recorded(record.links.bit_length() - 1, result)
                if self._behind() > WINDOW_REQUESTS:
                    await self._until(lambda: self._behind() <= WINDOW_REQUESTS // 2)
                if self.trouble:
                    return
            await asyncio.sleep(0)
            progress(block + 1, len(recording.blocks))

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition() and not self.trouble:
            self._moved.clear()
            try:
                await asyncio.wait_for(self._moved.wait(), SILENCE_S)
            except TimeoutError:
                self._fail(f"The daemons have been silent for {SILENCE_S:.0f} s.")

    def _send(self, order: Order, payload: bytes) -> None:
        self.comparison.ordered(order)
        self._sent = order.first_seq + order.count - 1
        mask, frame = 0, pack(payload)
        if self._recorder is not None:
            self._orders[order.first_seq] = order
            self._log(Tap.CALL_DELIVERED, 0, encode_fact(Called(order.requests, order.operations)))
        for replica, link in self._links.items():
            link.write(frame)
            mask |= 1 << replica
        self._log(Tap.TO_PASSED, mask, payload)

    # --- its own recording --------------------------------------------------------------------------------

    def _answer(self, replica: int, result: Result) -> None:
        """The first result answers, in the re-run's own recording."""
        order = self._orders.pop(result.first_seq, None)
        if order is not None:
            seqs = pack_u64(range(result.first_seq, result.first_seq + result.count))
            codes = bytes(outcome[1] for outcome in decode_body(result.body).outcomes)
            returned = Returned(replica, order.requests, seqs, codes)
            self._log(Tap.RETURN_DELIVERED, 0, encode_fact(returned))

    def _tell(self, fact: Fact) -> None:
        self._log(Tap.FACT, 0, encode_fact(fact))

    def _log(self, tap: Tap, links: int, body: bytes) -> None:
        if self._recorder is not None:
            self._recorder.append_many([Record(time.monotonic_ns(), tap, links, 0, body)])


def reexecute(
    recording: Recording,
    service: str,
    record: Path | None = None,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> RerunReport:
    """Execute a recording once more. Raises LockstepError when that cannot begin or the file is damaged."""
    header = recording.header
    replicas = min(max(header.replicas, MIN_REPLICAS), MAX_REPLICAS)
    recorder = None
    if record is not None:
        head = msgspec.structs.replace(
            header,
            app_version=__version__,
            service=service,
            replicas=replicas,
            started_wall_ns=time.time_ns(),
        )
        recorder = Recorder(record, head, overwrite=overwrite)

    async def main() -> Reexecution:
        execution = Reexecution(recording, service, replicas, recorder)
        await execution.run(progress)
        return execution

    try:
        done = run_loop(main())
    finally:
        if recorder is not None:
            recorder.close()
    comparison = done.comparison
    return RerunReport(
        replicas,
        comparison.requests,
        comparison.compared,
        comparison.difference,
        done.trouble,
        recording.note,
    )
