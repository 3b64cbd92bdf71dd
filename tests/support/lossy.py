"""A front end and replica managers on a network that loses, doubles and overtakes: virtual time, seeded.

net = LossyNet(seed=7, replicas=3, loss=0.3)
net.run(requests=200)                 every client has its answers, or AssertionError after a virtual minute
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from random import Random

from core.effects import Effect, Fence, Multicast, Retransmit, Return, Send
from core.group.front_end import FrontEnd
from core.group.sequencer import Requests
from core.limits import HEARTBEAT_NS
from core.protocol.codec import decode_from_front_end, decode_from_replica
from core.protocol.messages import OPEN_SESSION, unpack_u32
from core.replica.replica_manager import ReplicaManager
from core.services.kv import KeyValue
from tests.support.group import MS, SECOND, increment


class LossyNet:
    """Closed-loop clients over one front end; a message is lost with `loss`, doubled with `doubled`."""

    def __init__(self, seed: int, replicas: int = 3, clients: int = 4, loss: float = 0.3) -> None:
        self.random = Random(seed)
        self.loss, self.doubled = loss, 0.2
        self.now = SECOND
        self.front_end = FrontEnd(1, 0)
        self.replicas = {
            replica: ReplicaManager(KeyValue(), 1, lambda: self.now) for replica in range(1, replicas + 1)
        }
        self.clients = clients
        self.answered: dict[tuple[int, int], bytes] = {}
        self.on_the_wire = 0
        self._wanted = 0
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def run(self, requests: int) -> None:
        """Let the clients ask so often; then let the group come to rest."""
        self._wanted = requests
        for replica in self.replicas:
            self.front_end.joined(replica, 1, 1, self.now)
        self._tick()
        for client in range(1, self.clients + 1):
            self._ask(client, 1)
        deadline = self.now + 60 * SECOND
        while len(self.answered) < requests or not self.at_rest():
            assert self.now < deadline, f"{len(self.answered)} of {requests} answers after a minute"
            self.now, _, event = heapq.heappop(self._queue)
            event()
            self._tick_replicas()

    def at_rest(self) -> bool:
        """Everybody has executed everything and answered for it."""
        return not self.front_end.responses.pending and all(
            member.executed == self.front_end.sequencer.next_seq - 1
            for member in self.front_end.view.members.values()
        )

    def _ask(self, client: int, number: int) -> None:
        requests = Requests()
        requests.add(client, number, OPEN_SESSION if number == 1 else increment(f"k{client}"))
        _, multicast = self.front_end.request(requests, self.now)
        self._perform((multicast,))

    def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Multicast(replicas, payload):
                    for replica in replicas:
                        self._carry(lambda r=replica, p=payload: self._at_replica(r, p))
                case Retransmit(replica, payload):
                    self._carry(lambda r=replica, p=payload: self._at_replica(r, p))
                case Return(_, _, requests, outcomes):
                    self._returned(unpack_u32(requests), outcomes)
                case Fence(replica, reason):
                    raise AssertionError(f"R{replica} was fenced: {reason}")

    def _returned(self, ids: Sequence[int], outcomes: list[bytes]) -> None:
        for client, number, outcome in zip(ids[::2], ids[1::2], outcomes, strict=True):
            assert (client, number) not in self.answered, "answered twice"
            self.answered[client, number] = outcome
            if len(self.answered) + self.clients <= self._wanted:
                self._ask(client, number + 1)

    def _at_replica(self, replica: int, payload: bytes) -> None:
        self._from(replica, self.replicas[replica].step(decode_from_front_end(payload), payload, self.now))

    def _tick_replicas(self) -> None:
        for replica, manager in self.replicas.items():
            if manager.nack_at is not None and manager.nack_at <= self.now:
                self._from(replica, manager.tick(self.now))

    def _from(self, replica: int, effects: Sequence[Effect]) -> None:
        for effect in effects:
            assert isinstance(effect, Send)
            self._carry(lambda p=effect.payload: self._at_front_end(replica, p))

    def _at_front_end(self, replica: int, payload: bytes) -> None:
        self._perform(self.front_end.received(replica, decode_from_replica(payload), self.now))

    def _tick(self) -> None:
        self._perform(self.front_end.tick(self.now))
        self._at(HEARTBEAT_NS, self._tick)

    def _carry(self, arrive: Callable[[], None]) -> None:
        self.on_the_wire += 1
        for _ in range(2 if self.random.random() < self.doubled else 1):
            if self.random.random() >= self.loss:
                self._at(self.random.randint(0, 8 * MS), arrive)

    def _at(self, after_ns: int, event: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._queue, (self.now + after_ns, self._count, event))
