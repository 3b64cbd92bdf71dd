"""The engine: the front end, its clients, its links and its daemons on one event loop.

Nothing is decided here. Every step is made by the pure machines (`core.group`, `core.workload`), every frame
is written to the wire log as it passes, and the effects are performed. One request reads from top to bottom
like the textbook's five steps: `_issue` (request), `_order` (coordination), the daemon (execution),
`_responded` (agreement), `_answer` (response).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from core import __version__
from core.checks.live import LiveChecks
from core.commands import CommandUnion
from core.effects import (
    Close,
    Differ,
    Effect,
    Fence,
    Multicast,
    Retransmit,
    Return,
    ReturnUnknown,
    Suspect,
    Trust,
)
from core.errors import LockstepError, RemoteProtocolError, StartError
from core.facts import (
    Called,
    ClientOpened,
    Dropped,
    EpochStarted,
    Exited,
    Fact,
    Joined,
    Returned,
    RunStarted,
    Said,
    Spawned,
    Suspected,
    Trusted,
    Violated,
)
from core.group.front_end import FrontEnd
from core.group.sequencer import Request
from core.limits import BATCH_REQUESTS, HEARTBEAT_NS
from core.protocol.codec import decode_from_replica, encode
from core.protocol.framing import pack
from core.protocol.messages import Bye, FromReplica, Nack, Result, pack_u32, pack_u64, unpack_u32
from core.runtime.links import ReplicaLink, connect
from core.runtime.operator import Operator
from core.runtime.pacer import Hop, Pacer
from core.runtime.supervisor import ReplicaProcess, Supervisor, exit_words
from core.runtime.witness import Witness
from core.services.registry import load_service
from core.trace.wire_log import Record, Tap, encode_fact
from core.workload.closed_loop import ClientPool, Workload

WriteRecord = Callable[[Record], None]


@dataclass(slots=True)
class ReplicaStatus:
    """How a replica stands, as the engine last heard."""

    pid: int
    state: str = "starting"
    expected: int = 1
    digest: int = 0


class Engine:
    """One cluster. Made, started and stopped on the event loop that it lives on."""

    def __init__(self, service: str, workload: Workload, budget: int | None, write: WriteRecord) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._write_record = write
        self._clock = time.monotonic_ns
        self._cluster = os.urandom(16)
        self.front_end = FrontEnd(1, time.time_ns() - time.monotonic_ns())
        self.pool = ClientPool(workload, budget)
        self.pacer = Pacer(loop, self._write)
        self.service = load_service(service)
        self.workload = workload
        self.witness = Witness(loop, LiveChecks(self.service), self._violated)
        self.supervisor = Supervisor(self._cluster, service, self._exited)
        self.links: dict[int, ReplicaLink] = {}
        self.status: dict[int, ReplicaStatus] = {}
        self.answered = self.refused = self.unknown = self.messages = 0
        self.changed = asyncio.Event()
        """Set whenever the run may have come to its end: somebody who waits for that looks then."""
        self.operator = Operator(self)
        self._waiting: list[Request] = []  # arrived at the front end, not ordered yet
        self._stopping = False
        self._ticker: asyncio.TimerHandle | None = None
        self._thinker: asyncio.TimerHandle | None = None

    def tell_start(self, replicas: int, clients: int, seed: int) -> None:
        """Write the first fact of the run."""
        machine = self.service
        self.tell(
            RunStarted(
                __version__,
                machine.name,
                machine.version,
                replicas,
                clients,
                seed,
                "first",
                "drop forever",
                time.time_ns(),
            )
        )

    # --- start and stop -----------------------------------------------------------------------------------

    async def start(self, replicas: int, clients: int) -> None:
        """Start the daemons, all at once, then the clients. Raises StartError when a daemon does not come
        up; nothing is left running then."""
        try:
            await asyncio.gather(*(self._start_replica(replica) for replica in range(1, replicas + 1)))
        except (StartError, RemoteProtocolError, OSError) as error:
            await self.stop()
            if isinstance(error, StartError):
                raise
            raise StartError(
                f"The cluster did not start: {error}", "Try again; `doctor` looks for causes."
            ) from error
        self.tell(EpochStarted(self.front_end.sequencer.epoch, self.front_end.sequencer.next_seq))
        self._tick()
        self.set_clients(clients)

    async def _start_replica(self, replica: int) -> None:
        process = await self.supervisor.start(replica, incarnation=1)
        self.status[replica] = ReplicaStatus(process.pid)
        self.tell(Spawned(replica, process.incarnation, process.pid))
        port = await self.supervisor.port(process)
        link, welcome = await connect(self, port, self._cluster, process.key, replica, process.incarnation)
        self.links[replica] = link
        self.front_end.joined(replica, process.incarnation, welcome.expected, self._clock())
        self.status[replica].state = "running"
        self.tell(Joined(replica, process.incarnation, port, welcome.expected))

    async def stop(self) -> None:
        """End every daemon and wait until it is gone."""
        self._stopping = True
        for timer in (self._ticker, self._thinker):
            if timer is not None:
                timer.cancel()
        self.witness.judge()
        farewell = pack(encode(Bye()))
        for link in self.links.values():
            link.write(farewell)
        await self.supervisor.stop_all(patience_s=1.0)
        for link in self.links.values():
            link.close()

    async def drain(self, timeout_s: float) -> bool:
        """Let nobody ask anything new, and wait until every answer and every live replica's response is
        there. False when that took longer than `timeout_s`."""
        self._issue(self.pool.set_running(False, False, self._clock()))
        deadline = self._loop.time() + timeout_s
        while self.pool.open_requests or self.front_end.responses.pending:
            if not self.front_end.view.members or self._loop.time() > deadline:
                break
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), 0.05)
            except TimeoutError:
                continue
        self.witness.judge()
        return not self.pool.open_requests and not self.front_end.responses.pending

    # --- 1 request ----------------------------------------------------------------------------------------

    def set_clients(self, clients: int) -> None:
        """Have clients 1…n, and no others."""
        now = self._clock()
        requests: list[Request] = []
        for client in range(1, clients + 1):
            if client not in self.pool.clients:
                self.tell(ClientOpened(client))
            requests += self.pool.open(client, now)
        for client in sorted(self.pool.clients):
            if client > clients:
                requests += self.pool.close(client, now)
        self._issue(requests)

    def set_load(self, running: bool, thinks: bool) -> None:
        """Let the clients' own workload run or rest."""
        self._issue(self.pool.set_running(running, thinks, self._clock()))

    def submit(self, client: int, operation: bytes, call: str) -> None:
        """A query by hand. Raises UsageError when the client cannot take it."""
        self._issue(self.pool.submit(client, operation, call, self._clock()))

    def _issue(self, requests: list[Request]) -> None:
        """Requests leave their clients."""
        if requests and self.pacer.untouched:
            self._write(Tap.CALL_DELIVERED, 0, 0, _called(requests))
            self._waiting += requests
        else:
            for request in requests:
                self.pacer.carry(Hop.CALL, 0, _called([request]), lambda r=request: self._arrived(r))  # type: ignore[misc]
        self._order()
        if self.pool.next_due() is not None:
            self._think()

    def _arrived(self, request: Request) -> None:
        self._waiting.append(request)
        self._order()

    def _think(self) -> None:
        if self._thinker is not None:
            self._thinker.cancel()
        due = self.pool.next_due()
        if due is not None and not self._stopping:
            delay_s = max(0, due - self._clock()) / 1e9
            self._thinker = self._loop.call_later(delay_s, self._thought)

    def _thought(self) -> None:
        self._thinker = None
        self._issue(self.pool.due(self._clock()))
        self._think()

    # --- 2 coordination -----------------------------------------------------------------------------------

    def _order(self) -> None:
        """Number what has arrived and multicast it, in batches, as far as there is room."""
        waiting, front_end = self._waiting, self.front_end
        while waiting:
            size = min(BATCH_REQUESTS if self.pacer.untouched else 1, front_end.room())
            if size <= 0:
                return
            batch, waiting = waiting[:size], waiting[size:]
            self._waiting = waiting
            order, multicast = front_end.request(batch, self._clock())
            self.witness.note(self.witness.checks.ordered, order, front_end.view.replicas)
            self.messages += order.count * len(multicast.replicas)
            self._multicast(multicast.replicas, multicast.payload)

    def _multicast(self, replicas: Sequence[int], payload: bytes) -> None:
        frame = pack(payload)
        if self.pacer.untouched:
            links = 0
            for replica in replicas:
                links |= 1 << replica
                self.links[replica].write(frame)
            self._write(Tap.TO_PASSED, links, 0, payload)
        else:
            for replica in replicas:
                link = self.links[replica]
                self.pacer.carry(Hop.TO, replica, payload, lambda link=link: link.write(frame))  # type: ignore[misc]

    def send_past_the_pace(self, replicas: Sequence[int], payload: bytes) -> None:
        """Send signs of life and looks at the data: never paced."""
        frame = pack(payload)
        links = 0
        for replica in replicas:
            links |= 1 << replica
            self.links[replica].write(frame)
        self.messages += len(replicas)
        self._write(Tap.TO_PASSED, links, 0, payload)

    # --- 4 agreement --------------------------------------------------------------------------------------

    def link_received(self, replica: int, payloads: list[bytes]) -> None:
        """Frames of a replica came in together."""
        untouched, link = self.pacer.untouched, 1 << replica
        for payload in payloads:
            try:
                message = decode_from_replica(payload)
            except RemoteProtocolError as error:
                self._down(replica, str(error))
                return
            if untouched or type(message) is not Result:
                self._write(Tap.FROM_PASSED, link, 0, payload)
                self._responded(replica, message)
            else:
                self.pacer.carry(
                    Hop.FROM,
                    replica,
                    payload,
                    lambda m=message: self._responded(replica, m),  # type: ignore[misc]
                )
                self.operator.look(replica)
        self._order()

    def _responded(self, replica: int, message: FromReplica) -> None:
        if isinstance(message, Result):
            status = self.status[replica]
            status.expected, status.digest = message.first_seq + message.count, message.last_digest
            self.messages += message.count
            self.witness.note(self.witness.checks.responded, replica, message)
        elif isinstance(message, Nack) and self.pacer.holds(Hop.TO, replica):
            return  # not lost: the pace holds it
        try:
            effects = self.front_end.received(replica, message, self._clock())
        except RemoteProtocolError as error:
            self._down(replica, str(error))
            return
        for effect in effects:
            self._perform(effect)

    # --- 5 response ---------------------------------------------------------------------------------------

    def _answer(self, effect: Return) -> None:
        """The first response answers its clients."""
        count = len(effect.outcomes)
        seqs = pack_u64(range(effect.first_seq, effect.first_seq + count))
        codes = bytes([outcome[1] for outcome in effect.outcomes])  # 0 ok, 1 refused
        body = encode_fact(Returned(effect.replica, effect.requests, seqs, codes))
        if self.pacer.untouched:
            self._write(Tap.RETURN_DELIVERED, 0, 0, body)
            self._returned(effect, codes)
        else:
            self.pacer.carry(Hop.RETURN, 0, body, lambda: self._returned(effect, codes))

    def _returned(self, effect: Return, codes: bytes) -> None:
        now = self._clock()
        ids = unpack_u32(effect.requests)
        latest_call = self.pool.latest_call(ids[::2])
        self.witness.note(self.witness.checks.returned, effect.first_seq, len(codes), latest_call, now)
        refused = codes.count(1)
        self.refused += refused
        self.answered += len(codes)
        self._issue(self.pool.answered(ids, effect.first_seq, effect.outcomes, now))
        if self.pool.hand_answers:
            self.operator.hand_answers(effect.replica)
        if self.pool.spent:
            self.changed.set()

    # --- effects, failures --------------------------------------------------------------------------------

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Return():
                self._answer(effect)
            case Multicast(replicas, payload):
                self._multicast(replicas, payload)
            case Retransmit(replica, payload):
                self._multicast((replica,), payload)
            case ReturnUnknown(requests):
                self._nobody_left(requests)
            case Suspect(replica, silent_ns):
                self.status[replica].state = "suspected"
                self.tell(Suspected(replica, silent_ns))
            case Trust(replica):
                self.status[replica].state = "running"
                self.tell(Trusted(replica))
            case Fence(replica, reason) | Close(replica, reason):
                self._down(replica, reason)
            case Differ():
                pass  # the live checks name it, with both sides
            case _:
                assert_never(effect)  # type: ignore[arg-type]

    def link_full(self, replica: int) -> None:
        self.front_end.link_full(replica)

    def link_drained(self, replica: int) -> None:
        for effect in self.front_end.link_drained(replica):
            self._perform(effect)

    def link_lost(self, replica: int, reason: str) -> None:
        self._down(replica, reason)

    def _exited(self, process: ReplicaProcess) -> None:
        status = process.status or 0
        if not self._stopping:
            self.tell(Exited(process.replica, status, process.stderr))
            self._down(process.replica, f"its process ended ({exit_words(status)})")

    def _down(self, replica: int, reason: str) -> None:
        """Drop a replica for good, fenced: its process is killed, whatever it was doing."""
        link = self.links.pop(replica, None)
        if link is None or self._stopping:
            return
        link.close()
        self.operator.link_gone(link.messages, link.sent_bytes, link.received_bytes)
        self.supervisor.processes[replica].kill()
        self.status[replica].state = "dead"
        self.pacer.forget(replica)
        self.tell(Dropped(replica, reason))
        self.witness.note(self.witness.checks.lost, replica)
        for effect in self.front_end.lost(replica):
            self._perform(effect)
        self._order()
        self.changed.set()

    def _nobody_left(self, requests: tuple[tuple[int, int, int], ...]) -> None:
        never_ordered = tuple((client, number, 0) for client, number, _ in self._waiting)
        self._waiting = []
        requests += never_ordered
        self.unknown += len(requests)
        ids = pack_u32([part for client, number, _ in requests for part in (client, number)])
        fact = Returned(0, ids, pack_u64([seq for _, _, seq in requests]), b"\x02" * len(requests))
        self._write(Tap.RETURN_DELIVERED, 0, 0, encode_fact(fact))
        self.witness.note(self.witness.checks.unknown, requests)
        self.pool.unknown(requests)
        self.tell(
            Said("error", "No replica is left. Open requests end as unknown; nothing can be asked any more.")
        )

    # --- the wire log, the clock tick ---------------------------------------------------------------------

    def _write(self, tap: Tap, links: int, token: int, body: bytes) -> None:
        self._write_record(Record(self._clock(), tap, links, token, body))

    def tell(self, fact: Fact) -> None:
        """Write a fact into the wire log."""
        self._write(Tap.FACT, 0, 0, encode_fact(fact))

    def _violated(self, violation: Violated) -> None:
        self.tell(violation)
        self.changed.set()

    def _tick(self) -> None:
        self._ticker = self._loop.call_later(HEARTBEAT_NS / 1e9, self._tick)
        effects = self.front_end.tick(self._clock())
        for effect in effects:
            if isinstance(effect, Multicast):
                self.send_past_the_pace(effect.replicas, effect.payload)
            else:
                self._perform(effect)
        self._order()
        self.operator.tick()

    def command(self, command: CommandUnion) -> None:
        """Do what a person asked for; what is wrong with it is said in a fact."""
        try:
            self.operator.do(command)
        except LockstepError as error:
            self.tell(Said("error", str(error)))


def _called(requests: Sequence[Request]) -> bytes:
    ids = pack_u32([part for client, number, _ in requests for part in (client, number)])
    return encode_fact(Called(ids, [operation for _, _, operation in requests]))
