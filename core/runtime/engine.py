"""The engine: the front end, its clients, its links and its daemons on one event loop.

Nothing is decided here. Every step is made by the pure machines (`core.group`, `core.workload`), every frame
is shown to the witness as it passes, and the effects are performed. One request reads from top to bottom like
the textbook's five steps: `issue` (request), `order` (coordination), the daemon (execution), `_responded`
(agreement), `_answer` (response).
"""

from __future__ import annotations

import asyncio
import os
import time
from functools import partial

from core.checks.live import LiveChecks, violation_words
from core.effects import Effect, Multicast, Retransmit, Return
from core.errors import RemoteProtocolError, UsageError
from core.facts import Called, ClientOpened, Diverged, Fact, Returned, Violated
from core.group.front_end import FrontEnd
from core.group.sequencer import Requests
from core.limits import BATCH_REQUESTS, HEARTBEAT_NS
from core.policies import DEFAULTS, Policies
from core.protocol.codec import decode_from_replica, is_order
from core.protocol.handing_over import SnapshotBegin, SnapshotChunk
from core.protocol.messages import FromReplica, Nack, Pong, Result, Snapshot, pack_u32, pack_u64, unpack_u32
from core.rules import Rule
from core.runtime.bystander import Bystander
from core.runtime.failures import Failures
from core.runtime.members import Members
from core.runtime.operator import Operator
from core.runtime.pacer import Hop
from core.runtime.revival import Revival
from core.runtime.transport import Transport
from core.runtime.witness import Witness, WriteRecords
from core.services.registry import load_service
from core.session.gate import Gate
from core.trace.wire_log import Tap
from core.workload.clients import SeededWorkload
from core.workload.closed_loop import ClientPool


class Engine:
    """One cluster. Made, started and stopped on the event loop that it lives on."""

    def __init__(
        self,
        service: str,
        workload: SeededWorkload,
        budget: int | None,
        write_records: WriteRecords,
        policies: Policies = DEFAULTS,
    ) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._clock = time.monotonic_ns
        self.service = load_service(service)
        self.workload = workload
        self.policies = policies
        self.wall_minus_monotonic_ns = time.time_ns() - time.monotonic_ns()
        self.front_end = FrontEnd(1, self.wall_minus_monotonic_ns, policies.reply)
        self.pool = ClientPool(workload, budget)
        self.bystander = Bystander(service, write_records, self._violated)
        self.witness = Witness(loop, LiveChecks(self.service), self.bystander.write, self._violated)
        self.members = Members(self, os.urandom(16), service)
        self.links = self.members.links
        self.transport = Transport(loop, self._saw, self.links, workload.settings.seed)
        self.pacer = self.transport.pacer
        self.failures = Failures(self)
        self.revival = Revival(self)
        self.operator = Operator(self)
        self.answered = self.refused = self.unknown = self.messages = 0
        self.broken: tuple[Rule, ...] = ()
        """Rules that are broken on purpose (`core.runtime.broken_run`)."""
        self.gate = Gate()
        """Closed while the picture's thread makes a frame."""
        self.changed = asyncio.Event()
        """Set whenever the run may have come to its end: somebody who waits for that looks then."""
        self._waiting = Requests()  # arrived at the front end, not ordered yet
        self._timers: list[asyncio.TimerHandle] = []
        self._thinker: asyncio.TimerHandle | None = None
        self.stopping = False

    async def start(self, replicas: int, clients: int, seed: int) -> None:
        """Start the daemons, all at once, then the clients. Raises StartError when a daemon does not come
        up; nothing is left running then."""
        self.operator.tell_start(replicas, clients, seed)
        await self.members.start(replicas)
        self._tick()
        self.set_clients(clients)

    async def stop(self) -> None:
        """End every daemon and wait until it is gone."""
        self.stopping = True
        self.revival.stop()
        for timer in self._timers:
            timer.cancel()
        if self._thinker is not None:
            self._thinker.cancel()
        self.operator.tell_end()
        self.witness.settle()
        await asyncio.gather(self.members.stop(), self.bystander.stop())

    async def drain(self, timeout_s: float) -> bool:
        """Let nobody ask anything new, and wait until every answer and every live replica's response is
        there. False when that took longer than `timeout_s`."""
        self.issue(self.pool.set_running(False, False, self._clock()))
        deadline = self._loop.time() + timeout_s
        while self.pool.open_requests or self.front_end.responses.pending or self.witness.held:
            if not self.front_end.somebody_left or self._loop.time() > deadline:
                break
            await asyncio.sleep(0.002)
        self.witness.settle()
        return not self.pool.open_requests and not self.front_end.responses.pending

    # --- 1 request ----------------------------------------------------------------------------------------

    def set_clients(self, clients: int) -> None:
        """Have clients 1…n, and no others."""
        now = self._clock()
        for client in range(1, clients + 1):
            if client not in self.pool.clients:
                self.tell(ClientOpened(client))
            self.issue(self.pool.open(client, now))
        for client in sorted(self.pool.clients):
            if client > clients:
                self.issue(self.pool.close(client, now))

    def set_load(self, running: bool, thinks: bool) -> None:
        """Let the clients' own workload run or rest."""
        self.issue(self.pool.set_running(running, thinks, self._clock()))

    def submit(self, client: int, operation: bytes, call: str) -> None:
        """A query by hand. Raises UsageError when the client cannot take it."""
        if not self.front_end.somebody_left:
            raise UsageError("No replica is left to answer.", "Start a new session.")
        self.issue(self.pool.submit(client, operation, call, self._clock()))

    def issue(self, requests: Requests) -> None:
        """Requests leave their clients, and arrive at the front end as the pace lets them."""
        if requests and not self.front_end.somebody_left:
            self.failures.nobody_left(requests, ())
        elif self.pacer.untouched:
            now = self._clock()
            if requests:
                self.witness.saw(now, Tap.CALL_DELIVERED, 0, 0, partial(_called_fact, requests))
                self._waiting = self._waiting.followed_by(requests)
            self.order(now)
        else:
            while requests:
                single, requests = requests.split(1)
                self.pacer.carry(Hop.CALL, 0, _called_fact(single), partial(self._arrived, single))
        if self.pool.thinking:
            self._think()

    def _arrived(self, requests: Requests) -> None:
        if not self.front_end.somebody_left:
            self.failures.nobody_left(requests, ())
            return
        self._waiting = self._waiting.followed_by(requests)
        self.order(self._clock())

    # --- 2 coordination -----------------------------------------------------------------------------------

    def order(self, now: int) -> None:
        """Number what has arrived and multicast it, in batches, as far as there is room."""
        while self._waiting:
            gathers = self.pacer.untouched
            size = min(BATCH_REQUESTS if gathers else 1, self.front_end.room(gathers))
            if size <= 0:
                return
            batch = self._waiting
            if len(batch) > size:
                batch, self._waiting = batch.split(size)
            else:
                self._waiting = Requests()
            order, multicast = self.front_end.request(batch, now)
            self.messages += order.count * len(multicast.replicas)
            self.transport.send(multicast.replicas, multicast.payload)
            self.witness.note(self.witness.checks.ordered, order, self.front_end.view.mask)

    # --- 4 agreement --------------------------------------------------------------------------------------

    def link_received(self, replica: int, payloads: list[bytes]) -> None:
        """Frames of a replica came in together."""
        self.gate.pass_through()
        now, untouched = self._clock(), self.transport.untouched
        for payload in payloads:
            try:
                message = decode_from_replica(payload)
            except RemoteProtocolError as error:
                self.down(replica, str(error))
                return
            if untouched:
                self.witness.saw(now, Tap.FROM_PASSED, 1 << replica, 0, payload)
                self._responded(replica, message, now)
            else:
                paced, arrived = type(message) is Result, partial(self._arrived_back, replica, message)
                self.transport.receive(replica, payload, arrived, paced)
                if paced and not self.pacer.untouched:
                    self.operator.look(replica)
        if self._waiting:
            self.order(now)

    def _arrived_back(self, replica: int, message: FromReplica) -> None:
        self._responded(replica, message, self._clock())

    def _responded(self, replica: int, message: FromReplica, now: int) -> None:
        if type(message) is Nack and self.transport.holds(replica, message.first_seq):
            return  # not lost: the pace holds it
        try:
            effects = self.front_end.received(replica, message, now)
        except RemoteProtocolError as error:
            self.down(replica, str(error))
            return
        for effect in effects:
            self.perform(effect, now)
        if type(message) is Result:
            self.messages += message.count
            self.members.status[replica].responded(message)
            self.witness.note(self.witness.checks.responded, replica, message)
        elif type(message) is Pong:
            self.witness.note(self.witness.checks.alive, replica, message.expected, message.digest)
        elif type(message) is Snapshot:
            self.operator.showed(replica, message)
        elif isinstance(message, SnapshotBegin | SnapshotChunk):
            self.failures.given(replica, message)

    # --- 5 response ---------------------------------------------------------------------------------------

    def _answer(self, effect: Return, now: int) -> None:
        """The first response answers its clients."""
        if self.pacer.untouched:
            self._returned(effect, now)
        else:
            arrived = partial(self._answer_arrived, effect)
            self.pacer.carry(Hop.RETURN, 0, self._returned_fact(effect), arrived)

    def _answer_arrived(self, effect: Return) -> None:
        self._returned(effect, self._clock())

    def _returned(self, effect: Return, now: int) -> None:
        ids, first_seq, count = unpack_u32(effect.requests), effect.first_seq, len(effect.outcomes)
        latest_call = self.pool.latest_call(ids[::2])
        requests = self.pool.answered(ids, first_seq, effect.outcomes, now)
        self.issue(requests)
        self.witness.note(self.witness.checks.returned, first_seq, count, latest_call, now)
        self.answered += count
        if self.pacer.untouched:
            self.witness.saw(now, Tap.RETURN_DELIVERED, 0, 0, partial(self._returned_fact, effect))
        if self.pool.gone:
            self.operator.clients_gone()
        if self.pool.hand_answers:
            self.operator.hand_answers(effect.replica)
        if self.pool.spent:
            self.changed.set()

    def _returned_fact(self, effect: Return) -> Returned:
        seqs = pack_u64(range(effect.first_seq, effect.first_seq + len(effect.outcomes)))
        # 0 ok, 1 refused: core.services.calls; what is neither is no answer, and shown as refused
        codes = bytes([outcome[1] for outcome in effect.outcomes]).translate(_CODES)
        self.refused += codes.count(1)
        return Returned(effect.replica, effect.requests, seqs, codes)

    # --- effects, failures --------------------------------------------------------------------------------

    def perform(self, effect: Effect, now: int) -> None:
        """Do what a step of the front end asks for."""
        match effect:
            case Return():
                self._answer(effect, now)
            case Multicast(replicas, payload):
                self.transport.send(replicas, payload, paced=is_order(payload))
            case Retransmit(replica, payload):
                self.transport.send_again(replica, payload)
            case _:
                self.failures.perform(effect, now)

    def link_full(self, replica: int) -> None:
        """A link's backlog is full."""
        self.front_end.link_full(replica)

    def link_drained(self, replica: int) -> None:
        """A link's backlog is small again."""
        for effect in self.front_end.link_drained(replica):
            self.perform(effect, self._clock())

    def link_lost(self, replica: int, reason: str) -> None:
        """A link's connection is gone."""
        self.down(replica, reason)

    def down(self, replica: int, reason: str) -> None:
        """Drop a replica, fenced: its process is killed, whatever it was doing."""
        self.failures.down(replica, reason)

    def take_waiting(self) -> Requests:
        """The requests that have arrived and are not ordered yet: they are nobody's now."""
        waiting, self._waiting = self._waiting, Requests()
        return waiting

    # --- the wire log and the clock -----------------------------------------------------------------------

    def _saw(self, tap: Tap, links: int, token: int, body: bytes | Fact) -> None:
        self.witness.saw(self._clock(), tap, links, token, body)

    def now(self) -> int:
        """Monotonic nanoseconds."""
        return self._clock()

    def tell(self, fact: Fact) -> None:
        """Write a fact into the wire log."""
        self._saw(Tap.FACT, 0, 0, fact)

    def _violated(self, violation: Violated) -> None:
        self.tell(violation)
        self.operator.trouble(violation_words(violation))
        if violation.replica in self.witness.checks.diverged - self.members.diverged:
            self.members.diverged.add(violation.replica)
            self.tell(Diverged(violation.replica, violation.seq))
        self.operator.freeze()
        self.changed.set()

    def _tick(self) -> None:
        self._timers[:] = [self._loop.call_later(HEARTBEAT_NS / 1e9, self._tick)]
        now = self._clock()
        for effect in self.front_end.tick(now, self.transport.first_on_its_way()):
            if isinstance(effect, Multicast):
                self.messages += len(effect.replicas)
                self.transport.send(effect.replicas, effect.payload, paced=False)
            else:
                self.perform(effect, now)
        self.order(now)
        self.failures.tick(now)
        self.operator.tick()

    def _think(self) -> None:
        """Wake up when the next client has thought long enough."""
        if self._thinker is not None:
            self._thinker.cancel()
        due = self.pool.next_due()
        if due is not None and not self.stopping:
            self._thinker = self._loop.call_later(max(0, due - self._clock()) / 1e9, self._thought)

    def _thought(self) -> None:
        self._thinker = None
        self.issue(self.pool.due(self._clock()))


_CODES = bytes([0]).ljust(256, b"\x01")


def _called_fact(requests: Requests) -> Called:
    return Called(pack_u32(requests.ids), requests.operations)
