"""A whole cluster in one thread and in virtual time: the shipped machines of both sides on a fake network.

The shell that the engine and the daemons are in a real run: it performs effects, decides nothing about the
protocol, and writes the same wire log. `docs/simulator.md` tells what is simulated.
"""

from __future__ import annotations

from collections.abc import Callable

from core import __version__
from core.checks.live import LiveChecks
from core.effects import Effect, Multicast, Retransmit, Return
from core.errors import RemoteProtocolError
from core.facts import (
    Called,
    ClientOpened,
    Dropped,
    EpochStarted,
    Exited,
    Joined,
    Returned,
    RunStarted,
    Spawned,
    Violated,
)
from core.group.front_end import FrontEnd
from core.group.sequencer import Requests
from core.limits import HEARTBEAT_NS
from core.policies import FailurePolicy, read_reply_policy
from core.protocol.codec import decode_from_replica
from core.protocol.messages import Order, Pong, Result, pack_u32, pack_u64, unpack_u32
from core.simulation.ledger import Ledger
from core.simulation.network import Carrier, Clock, Network
from core.simulation.process import SimulatedProcess
from core.simulation.schedule import Schedule
from core.simulation.shared import service_class
from core.simulation.trace import Trace
from core.simulation.upheavals import Upheavals
from core.trace.wire_log import Tap
from core.workload.clients import WorkloadSettings, make_workload
from core.workload.closed_loop import ClientPool

START_NS = 1_000_000_000
WALL_NS = 1_700_000_000_000_000_000
"""Wall clock when the virtual one stands at 0."""

_TO, _FROM = int(Tap.TO_PASSED), int(Tap.FROM_PASSED)
_CALL, _RETURN = int(Tap.CALL_DELIVERED), int(Tap.RETURN_DELIVERED)


class SimulatedCluster:
    """Made from a schedule. After `start`, whatever happens next happens with the next entry of its clock."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.clock = Clock(START_NS)
        self.network: Carrier = Network(self.clock, schedule.seed, schedule.latency_ns, schedule.jitter_ns)
        self.trace = Trace()
        self.wall_ns = WALL_NS
        self.policy = read_reply_policy(schedule.reply)
        self.front_end = FrontEnd(1, WALL_NS, self.policy, schedule.window, schedule.lag)
        self.upheavals = Upheavals(self)
        self.processes: dict[int, SimulatedProcess] = {}
        self.links: dict[int, SimulatedProcess] = {}
        """The processes that the front end is connected to."""
        self.service_class = service_class(schedule.service)
        self.checks = LiveChecks(self.service_class())
        self.ledger = Ledger()
        settings = WorkloadSettings(think_ms=schedule.think_ms, seed=schedule.seed)
        workload = make_workload(self.service_class(), settings, schedule.clients)
        self.pool = ClientPool(workload, schedule.requests)
        self.answered = self.unknown = self.messages = 0
        self.drops: list[tuple[int, str, str]] = []
        """(replica, kind of cause, reason): "exit", "silence", "forgotten" or "protocol"."""
        self.departed = 0
        """How many replicas left in peace."""
        self.on_ordered: Callable[[int], None] = lambda seq: None
        """Told up to which number requests are ordered."""
        self.vanished: set[SimulatedProcess] = set()
        """Processes whose end the front end does not see, as when a machine loses its power."""
        self._asleep_until_ns = 0
        self._waiting = Requests()
        self._gathering = False
        self._think_ns: int | None = None

    @property
    def done(self) -> bool:
        """The clients have asked everything and have every answer, or nobody is left to ask."""
        return not self.pool.open_requests and (self.pool.spent or not self.front_end.somebody_left)

    # --- start --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Replicas and front end begin; every client opens its session."""
        schedule, now, tell = self.schedule, self.clock.now, self.trace.tell
        service, version = self.service_class.name, self.service_class.version
        failure = FailurePolicy.REVIVE if schedule.revives else FailurePolicy.DROP
        tell(
            now,
            RunStarted(
                __version__, service, version, schedule.replicas, schedule.clients, schedule.seed,
                reply_policy=schedule.reply, failure_policy=failure, wall_ns=WALL_NS + now,
            ),
        )  # fmt: skip
        for replica in range(1, schedule.replicas + 1):
            process = self.spawn(replica)
            self.front_end.joined(replica, 1, process.manager.expected, now)
            tell(now, Joined(replica, 1, 0, process.manager.expected))
        tell(now, EpochStarted(self.front_end.sequencer.epoch, self.front_end.sequencer.next_seq))
        self._tick()
        for client in range(1, schedule.clients + 1):
            self.open_client(client)

    def dissolve(self) -> None:
        """The run is over, and all of it is let go of: its parts know each other, and without this only a
        collection would find that nobody else knows them."""
        self.clock.stop()
        vars(self).clear()

    def spawn(self, replica: int) -> SimulatedProcess:
        """A process for this replica, connected to the front end."""
        before = self.processes.get(replica)
        incarnation = 1 if before is None else before.incarnation + 1
        process = SimulatedProcess(replica, incarnation, self.service_class(), self.clock, self)
        self.processes[replica] = self.links[replica] = process
        self.trace.tell(self.clock.now, Spawned(replica, incarnation, 100 * incarnation + replica))
        return process

    def run_load(self) -> None:
        """The clients ask from now on, each as soon as its session is open."""
        self.issue(self.pool.set_running(True, self.schedule.think_ms > 0, self.clock.now))

    # --- 1 request ----------------------------------------------------------------------------------------

    def open_client(self, client: int) -> None:
        """A client begins."""
        self.trace.tell(self.clock.now, ClientOpened(client))
        self.issue(self.pool.open(client, self.clock.now))

    def close_client(self, client: int) -> None:
        """A client ends."""
        self.issue(self.pool.close(client, self.clock.now))

    def issue(self, requests: Requests) -> None:
        """Clients ask."""
        now = self.clock.now
        if requests.operations:
            self.ledger.called(requests, now)
            if not self.front_end.somebody_left:
                self.upheavals.nobody_left(requests, ())
                return
            self.trace.saw((now, _CALL, 0, Called(pack_u32(requests.ids), requests.operations)))
            self._waiting = self._waiting.followed_by(requests)
            if not self.schedule.turn_ns:
                self.order()
            elif not self._gathering:
                self._gathering = True
                self.clock.at(now + self.schedule.turn_ns, self._gathered)
        if self.schedule.think_ms and self.pool.thinking:
            self._think()

    def _gathered(self) -> None:
        if self._sleeps(self._gathered):
            return
        self._gathering = False
        self.order()

    # --- 2 coordination -----------------------------------------------------------------------------------

    def order(self) -> None:
        """Number what has arrived and multicast it, as far as there is room."""
        while self._waiting.operations:
            size = min(self.schedule.batch_requests, self.front_end.room(self.schedule.turn_ns > 0))
            if size <= 0:
                return
            batch, self._waiting = self._waiting.split(size)
            order, multicast = self.front_end.request(batch, self.clock.now)
            self.multicast(multicast.replicas, multicast.payload)
            self.number(order, self.front_end.view.mask)

    def number(self, order: Order, members: int) -> None:
        """The front end has given numbers; `members` (a bit mask) answer for them."""
        self.checks.ordered(order, members)
        self.ledger.ordered(order)
        self.on_ordered(order.first_seq + order.count - 1)

    def multicast(self, replicas: tuple[int, ...], payload: bytes) -> None:
        """A frame for each of these replicas leaves the front end."""
        mask, carry = 0, self.network.carry
        for replica in replicas:
            process = self.links.get(replica)
            if process is not None:
                carry(process.inward, process.arrived, payload)
                mask |= 1 << replica
        self.messages += len(replicas)
        self.trace.saw((self.clock.now, _TO, mask, payload))

    # --- 4 agreement --------------------------------------------------------------------------------------

    def said(self, process: SimulatedProcess, payload: bytes) -> None:
        """A replica sent a frame."""
        self.network.carry(process.outward, self._heard, process, payload)

    def _heard(self, process: SimulatedProcess, payload: bytes) -> None:
        replica, now = process.replica, self.clock.now
        if now < self._asleep_until_ns:
            self.clock.at(self._asleep_until_ns, self._heard, process, payload)
            return
        if self.links.get(replica) is not process:
            return  # the link was closed meanwhile
        self.messages += 1
        self.trace.saw((now, _FROM, 1 << replica, payload))
        try:
            message = decode_from_replica(payload)
            effects = self.front_end.received(replica, message, now)
        except RemoteProtocolError as error:
            self.down(replica, "protocol", str(error))
            return
        if type(message) is Result:
            self.ledger.responded(message)
            for effect in effects:
                self.perform(effect)
            self.checks.responded(replica, message)
        else:
            for effect in effects:
                self.perform(effect)
            if type(message) is Pong:
                self.checks.alive(replica, message.expected, message.digest)
        if len(self.ledger.under_way) > self.schedule.window:
            self.ledger.overrun(self.schedule.window)
        if self._waiting.operations and not self._gathering:
            self.order()

    # --- 5 response ---------------------------------------------------------------------------------------

    def _answer(self, effect: Return) -> None:
        first_seq, outcomes, now = effect.first_seq, effect.outcomes, self.clock.now
        ids, count = unpack_u32(effect.requests).tolist(), len(outcomes)
        latest_call = self.pool.latest_call(ids[::2])
        needed = self.front_end.responses.policy.needed(len(self.front_end.view.members))
        self.ledger.told(effect, ids, now, needed, self.gone)
        requests = self.pool.answered(ids, first_seq, outcomes, now)
        seqs = pack_u64(range(first_seq, first_seq + count))
        codes = bytes([outcome[1] for outcome in outcomes])
        self.trace.saw((now, _RETURN, 0, Returned(effect.replica, effect.requests, seqs, codes)))
        self.checks.returned(first_seq, count, latest_call, now)
        self.answered += count
        self.issue(requests)

    # --- effects, failures --------------------------------------------------------------------------------

    def perform(self, effect: Effect) -> None:
        """Do what a step of the front end asks for."""
        if type(effect) is Return:
            self._answer(effect)
        elif type(effect) is Multicast:
            self.multicast(effect.replicas, effect.payload)
        elif type(effect) is Retransmit:
            self.multicast((effect.replica,), effect.payload)
        else:
            self.upheavals.perform(effect)

    def take_waiting(self) -> Requests:
        """The requests that have arrived and are not ordered yet: they are nobody's now."""
        waiting, self._waiting = self._waiting, Requests()
        return waiting

    def full(self, process: SimulatedProcess) -> None:
        """A replica does not take what it is sent."""
        if self.links.get(process.replica) is process:
            self.front_end.link_full(process.replica)

    def drained(self, process: SimulatedProcess) -> None:
        """A replica took everything."""
        if self.links.get(process.replica) is process:
            for effect in self.front_end.link_drained(process.replica):
                self.perform(effect)

    def ended(self, process: SimulatedProcess, status: int) -> None:
        """A process ended; the front end sees the connection close some time later."""
        self.trace.tell(self.clock.now, Exited(process.replica, status, ""))
        if process not in self.vanished:
            self.network.close(self._closed, process, status)

    def _closed(self, process: SimulatedProcess, status: int) -> None:
        if self._sleeps(self._closed, process, status):
            return
        if self.links.get(process.replica) is process:
            cause = "exit" if status == -9 else "protocol"
            self.down(process.replica, cause, f"its process ended with status {status}")

    @property
    def gone(self) -> int:
        """How many replicas are gone, with whatever they alone had executed."""
        return len(self.drops) + self.departed

    def down(self, replica: int, cause: str, reason: str) -> None:
        """Drop a replica, fenced: its process is killed, whatever it was doing."""
        process = self.links.pop(replica, None)
        if process is None:
            return
        process.kill()
        self.drops.append((replica, cause, reason))
        self.trace.tell(self.clock.now, Dropped(replica, reason))
        self.checks.lost(replica)
        for effect in self.front_end.lost(replica, self.clock.now):
            self.perform(effect)
        self.order()
        self.upheavals.went_down(replica)

    def violated(self, violation: Violated) -> None:
        """A check failed: into the wire log with it."""
        self.trace.tell(self.clock.now, violation)

    # --- timers -------------------------------------------------------------------------------------------

    def sleep(self, for_ns: int) -> None:
        """The front end's machine is suspended: whatever happens to it happens when it wakes up."""
        self._asleep_until_ns = self.clock.now + for_ns

    def _sleeps(self, then: Callable[..., None], *arguments: object) -> bool:
        """Whether it sleeps; then this happens when it wakes up."""
        if self.clock.now >= self._asleep_until_ns:
            return False
        self.clock.at(self._asleep_until_ns, then, *arguments)
        return True

    def _tick(self) -> None:
        if self._sleeps(self._tick):
            return
        now = self.clock.now
        self.clock.at(now + HEARTBEAT_NS, self._tick)
        for effect in self.front_end.tick(now):
            self.perform(effect)
        if not self._gathering:
            self.order()

    def _think(self) -> None:
        due = self.pool.next_due()
        if due is not None and due != self._think_ns:
            self._think_ns = due
            self.clock.at(max(due, self.clock.now), self._thought)

    def _thought(self) -> None:
        if self._sleeps(self._thought):
            return
        self._think_ns = None
        self.issue(self.pool.due(self.clock.now))
