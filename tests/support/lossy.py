"""A front end and replica managers on a network that loses, doubles and overtakes: virtual time, seeded.

net = LossyNet(seed=7, replicas=3, loss=0.3)
net.run(requests=200)                 every client has its answers, or AssertionError after a virtual minute

On the way replicas die (`kill`), come back (`revive`), and the front end itself dies (`crash`); `at_request`
says when. The live checks judge everything.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from core.checks.live import LiveChecks
from core.effects import (
    CatchingUp,
    Effect,
    EpochReady,
    Fence,
    Multicast,
    NewMember,
    Ordered,
    RefusedDonor,
    Retransmit,
    Return,
    ReturnUnknown,
    Send,
    Suspect,
    Trust,
    Undecided,
)
from core.errors import RemoteProtocolError
from core.group.front_end import FrontEnd
from core.group.sequencer import Requests
from core.ids import RequestId
from core.limits import HEARTBEAT_NS
from core.policies import FIRST, ReplyPolicy
from core.protocol.codec import decode_from_front_end, decode_from_replica
from core.protocol.messages import OPEN_SESSION, Order, Result, unpack_u32
from core.replica.replica_manager import ReplicaManager
from core.services.kv import KeyValue
from tests.support.group import MS, SECOND, increment


class LossyNet:
    """Closed-loop clients over one front end; a message is lost with `loss`, doubled with `doubled`."""

    def __init__(
        self,
        seed: int,
        replicas: int = 3,
        clients: int = 4,
        loss: float = 0.3,
        policy: ReplyPolicy = FIRST,
    ) -> None:
        self.random = Random(seed)
        self.loss, self.doubled = loss, 0.2
        self.delay_ns = 8 * MS
        self.now = SECOND
        self.policy = policy
        self.front_end = FrontEnd(1, 0, policy)
        self.checks = LiveChecks(KeyValue())
        self.replicas: dict[int, ReplicaManager] = {}
        self.incarnations: dict[int, int] = {}
        self.clients = clients
        self.answered: dict[tuple[int, int], bytes] = {}
        self.at_request: dict[int, Callable[[], None]] = {}
        self.effects: list[Effect] = []
        """What the front end told besides the traffic."""
        self.lost_answers: list[tuple[int, RequestId]] = []
        self._open: dict[int, tuple[int, bytes, int]] = {}  # client → number, operation, when called
        self._waiting = Requests()
        self._wanted = 0
        self._asked = 0
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        for replica in range(1, replicas + 1):
            self._start(replica, 1)
            self.front_end.joined(replica, 1, 1, self.now)

    def run(self, requests: int) -> None:
        """Let the clients ask so often, in all; then let the group come to rest."""
        self.begin(requests)
        deadline = self.now + 60 * SECOND
        while len(self.answered) < self._wanted or not self.at_rest():
            assert self.now < deadline, f"{len(self.answered)} of {self._wanted} answers after a minute"
            self.step()
        assert self.checks.take() == []

    def begin(self, requests: int) -> None:
        """Let the clients ask so often; nothing happens before the first `step`."""
        if not self._wanted:
            self._tick()
        self._wanted += requests
        for client in range(1, self.clients + 1):
            if client not in self._open:
                self._ask(client, 1 + max((n for who, n in self.answered if who == client), default=0))

    def step(self) -> None:
        """The next thing that happens."""
        self.now, _, event = heapq.heappop(self._queue)
        event()
        for replica, manager in list(self.replicas.items()):
            if manager.nack_at is not None and manager.nack_at <= self.now:
                self._from(replica, manager.tick(self.now))

    def at_rest(self) -> bool:
        """Everybody has executed everything and answered for it."""
        front_end = self.front_end
        return (
            not front_end.responses.pending
            and not front_end.transfer.newcomers
            and bool(front_end.view.members)
            and all(m.executed == front_end.sequencer.next_seq - 1 for m in front_end.view.members.values())
        )

    # --- what goes wrong ----------------------------------------------------------------------------------

    def kill(self, replica: int) -> None:
        """It is gone, with what was on its way to it and from it."""
        if self.replicas.pop(replica, None) is not None:
            self.checks.lost(replica)
            self._perform(self.front_end.lost(replica, self.now))
            self._order()

    def revive(self, replica: int) -> None:
        """A new process of it is let in."""
        self._start(replica, self.incarnations.get(replica, 0) + 1)
        incarnation = self.incarnations[replica]
        self._perform(self.front_end.welcome(replica, incarnation, self.now, frozenset(self.checks.diverged)))

    def crash(self) -> None:
        """The front end dies, and its successor takes over."""
        for replica in list(self.front_end.transfer.newcomers):
            del self.replicas[replica]
        self._waiting = Requests()
        self.front_end = FrontEnd(self.front_end.sequencer.epoch + 1, 0, self.policy)
        self._perform(self.front_end.recover({r: self.incarnations[r] for r in self.replicas}, self.now))

    def _start(self, replica: int, incarnation: int) -> None:
        self.incarnations[replica] = incarnation
        self.replicas[replica] = ReplicaManager(KeyValue(), incarnation, lambda: self.now)

    def _recovered(self, next_seq: int) -> None:
        self.lost_answers += self.checks.recovered(next_seq)
        if self.checks.ahead_of(next_seq):
            leader = max(self.replicas.values(), key=lambda manager: manager.expected)
            assert leader.expected == next_seq
            self.checks.go_back(next_seq, leader.image())
        self._waiting = Requests()
        for client, (number, operation, _) in sorted(self._open.items()):
            self._waiting.add(client, number, operation)
        self._order()

    # --- clients ------------------------------------------------------------------------------------------

    def _ask(self, client: int, number: int) -> None:
        if client in self._open or (client, number) in self.answered:
            return
        self._asked += 1
        operation = OPEN_SESSION if number == 1 else increment(f"k{client}")
        self._open[client] = (number, operation, self.now)
        self._waiting.add(client, number, operation)
        self._order()
        event = self.at_request.pop(self._asked, None)
        if event is not None:
            event()

    def _order(self) -> None:
        while self._waiting and (room := self.front_end.room()) > 0:
            batch, self._waiting = self._waiting.split(min(room, 3))
            order, sent = self.front_end.request(batch, self.now)
            self.checks.ordered(order, self.front_end.view.mask)
            self._perform((sent,))

    def _returned(self, effect: Return) -> None:
        ids = unpack_u32(effect.requests)
        called = max(self._open[client][2] for client in ids[::2])
        self.checks.returned(effect.first_seq, len(effect.outcomes), called, self.now)
        for client, number, outcome in zip(ids[::2], ids[1::2], effect.outcomes, strict=True):
            assert self._open[client][0] == number
            del self._open[client]
            self.answered[client, number] = outcome
            if len(self.answered) + len(self._open) < self._wanted:
                self._at(0, partial(self._ask, client, number + 1))

    # --- messages -----------------------------------------------------------------------------------------

    def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Multicast(replicas, payload):
                    for replica in replicas:
                        self._carry(replica, partial(self._at_replica, replica, payload))
                case Ordered(replicas, payload, members):
                    order = decode_from_front_end(payload)
                    assert isinstance(order, Order)
                    self.checks.ordered(order, members)
                    self._perform((Multicast(replicas, payload),))
                case Retransmit(replica, payload):
                    self.effects.append(effect)
                    self._carry(replica, partial(self._at_replica, replica, payload))
                case Return():
                    self._returned(effect)
                case Fence(replica, _):
                    self.effects.append(effect)
                    self.kill(replica)
                case NewMember(replica):
                    self.effects.append(effect)
                    self.checks.joined(replica)
                case EpochReady(_, next_seq):
                    self.effects.append(effect)
                    self._recovered(next_seq)
                case Undecided() | Suspect() | Trust() | CatchingUp() | RefusedDonor() | ReturnUnknown():
                    self.effects.append(effect)
                case _:
                    raise AssertionError(f"not expected: {effect}")

    def _at_replica(self, replica: int, payload: bytes) -> None:
        try:
            effects = self.replicas[replica].step(decode_from_front_end(payload), payload, self.now)
        except RemoteProtocolError:
            self.kill(replica)  # a daemon says why, and ends
        else:
            self._from(replica, effects)

    def _from(self, replica: int, effects: Sequence[Effect]) -> None:
        for effect in effects:
            assert isinstance(effect, Send)
            self._carry(replica, partial(self._at_front_end, replica, effect.payload))

    def _at_front_end(self, replica: int, payload: bytes) -> None:
        message = decode_from_replica(payload)
        self._perform(self.front_end.received(replica, message, self.now))
        if isinstance(message, Result):
            self.checks.responded(replica, message)
        self._order()

    def _tick(self) -> None:
        self._perform(self.front_end.tick(self.now))
        self._order()
        self._at(HEARTBEAT_NS, self._tick)

    def _carry(self, replica: int, arrive: Callable[[], None]) -> None:
        life = self.incarnations[replica]
        for _ in range(2 if self.random.random() < self.doubled else 1):
            if self.random.random() >= self.loss:
                self._at(
                    self.random.randint(0, self.delay_ns), partial(self._if_alive, replica, life, arrive)
                )

    def _if_alive(self, replica: int, life: int, arrive: Callable[[], None]) -> None:
        if replica in self.replicas and self.incarnations[replica] == life:
            arrive()

    def _at(self, after_ns: int, event: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._queue, (self.now + after_ns, self._count, event))
