"""Simulated clients in a closed loop: each asks again only after its answer (per-client FIFO).

Step 1 and step 5 of the textbook as a client sees them. No task and no future per request: the answer to one
request is what issues the next. Pure: time is handed in, in monotonic nanoseconds.
"""

from __future__ import annotations

import heapq
from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.errors import UsageError
from core.group.sequencer import Requests
from core.ids import client_name
from core.limits import MAX_CLIENTS
from core.protocol.messages import CLOSE_SESSION, OPEN_SESSION

QUERIES_WAITING = 100
"""Queries by hand that one client keeps until its answer comes."""


class Workload(Protocol):
    """Where the clients' own requests come from, seeded."""

    def next(self, client: int) -> bytes:
        """The client's next operation, encoded."""

    def think_ns(self, client: int) -> int:
        """How long the client thinks between an answer and its next request."""


@dataclass(frozen=True, slots=True)
class HandAnswer:
    """The answer to a query by hand."""

    client: int
    number: int
    seq: int
    latency_ns: int
    call: str
    outcome: bytes


@dataclass(slots=True)
class _Hand:
    """What a person wants of one client: queries waiting, and the one that is under way."""

    waiting: deque[tuple[bytes, str]] = field(default_factory=deque)
    under_way: str = ""


class ClientPool:
    """The clients 1…n, at most MAX_CLIENTS. `budget` bounds how many workload requests are sent in all."""

    def __init__(self, workload: Workload, budget: int | None = None) -> None:
        self._workload = workload
        self._budget = budget
        self._number = [0] * (MAX_CLIENTS + 1)
        self._called_ns = [0] * (MAX_CLIENTS + 1)
        self._operation = [b""] * (MAX_CLIENTS + 1)  # the latest of each, to be repeated
        self._hands: dict[int, _Hand] = {}
        self._waits: set[int] = set()  # clients with an open request
        self._closing: set[int] = set()
        self._closed: set[int] = set()  # not answered to their close yet
        self._reopening: set[int] = set()
        self._thinking: list[tuple[int, int]] = []  # heap of (when, client)
        self._thinks_until = [0] * (MAX_CLIENTS + 1)  # what else is in the heap was interrupted
        self._resting: set[int] = set()
        self.clients: set[int] = set()
        self.running = False
        self.thinks = False
        self.sent = 0
        self.latencies_ns = array("q")
        """Latency of each answer since somebody last took them away."""
        self.hand_answers: list[HandAnswer] = []
        self.gone: list[int] = []
        """Clients whose session was closed since somebody last emptied this."""

    @property
    def open_requests(self) -> int:
        """How many clients wait for an answer."""
        return len(self._waits)

    @property
    def spent(self) -> bool:
        """The budget is spent and every answer is there."""
        return self._budget is not None and self.sent >= self._budget and not self._waits

    def take_latencies(self) -> array[int]:
        """The latencies since the last call, in nanoseconds."""
        taken, self.latencies_ns = self.latencies_ns, array("q")
        return taken

    def open(self, client: int, now: int) -> Requests:
        """A client begins: its first request opens its session. Request numbers go on where an earlier
        session of this client ended, so that a request id names one request for ever."""
        issued = Requests()
        if client in self.clients:
            self._closing.discard(client)
        elif client in self._waits:  # its last session is still being closed
            self._reopening.add(client)
        else:
            self._open(client, now, issued)
        return issued

    def close(self, client: int, now: int) -> Requests:
        """A client ends: it closes its session, after the answer to what is open."""
        self._reopening.discard(client)
        issued = Requests()
        if client in self.clients:
            self._closing.add(client)
            if client in self._resting:
                self._idle(client, now, issued)
        return issued

    def submit(self, client: int, operation: bytes, call: str, now: int) -> Requests:
        """A query by hand: now, or after the client's present request. Raises UsageError."""
        if client not in self.clients or client in self._closing:
            raise UsageError(
                f"There is no client {client_name(client)}.", "Raise the number of clients first."
            )
        hand = self._hands.setdefault(client, _Hand())
        if len(hand.waiting) >= QUERIES_WAITING:
            raise UsageError(
                f"{client_name(client)} already has {QUERIES_WAITING} queries waiting.",
                "A client waits for its answer before it asks again: try another one.",
            )
        hand.waiting.append((operation, call))
        issued = Requests()
        if client in self._resting:
            self._idle(client, now, issued)
        return issued

    def set_running(self, running: bool, thinks: bool, now: int) -> Requests:
        """Let the workload run or rest. `thinks`: ask the workload for think times (else they are 0)."""
        self.running, self.thinks = running, thinks
        self._thinking.clear()
        issued = Requests()
        for client in sorted(self._resting):
            self._idle(client, now, issued)
        return issued

    def due(self, now: int) -> Requests:
        """The next requests of the clients that have thought long enough."""
        issued = Requests()
        while self._thinking and self._thinking[0][0] <= now:
            until, client = heapq.heappop(self._thinking)
            if client in self._resting and until == self._thinks_until[client]:
                self._idle(client, now, issued, thought=True)
        return issued

    @property
    def thinking(self) -> bool:
        """Some client thinks before its next request."""
        return bool(self._thinking)

    def next_due(self) -> int | None:
        """When the next client has thought long enough."""
        return self._thinking[0][0] if self._thinking else None

    def latest_call(self, clients: Iterable[int]) -> int:
        """The latest moment at which one of these clients called."""
        called = self._called_ns
        return max([called[client] for client in clients])

    def answered(self, ids: Sequence[int], first_seq: int, outcomes: Sequence[bytes], now: int) -> Requests:
        """Answers to (client, number, …) from `first_seq` on; gives the next requests of these clients."""
        clients, numbers = ids[::2], ids[1::2]
        called = self._called_ns
        self.latencies_ns.extend([now - called[client] for client in clients])
        plain = self.running and not (self.thinks or self._hands or self._closing or self._closed)
        if plain and (self._budget is None or self.sent + len(clients) <= self._budget):
            return self._ask_at_once(clients, numbers, now)
        issued = Requests()
        for offset, client in enumerate(clients):
            hand = self._hands.get(client)
            if hand is not None and hand.under_way:
                latency = now - called[client]
                seq = first_seq + offset
                self.hand_answers.append(
                    HandAnswer(client, numbers[offset], seq, latency, hand.under_way, outcomes[offset])
                )
                hand.under_way = ""
            self._waits.discard(client)
            self._idle(client, now, issued)
        return issued

    def _ask_at_once(self, clients: Sequence[int], numbers: Sequence[int], now: int) -> Requests:
        """Full load: every one of these clients asks again, and nothing else is wanted of it."""
        following, called, asked = self._workload.next, self._called_ns, self._number
        latest = self._operation
        ids: list[int] = []
        operations: list[bytes] = []
        for client, number in zip(clients, numbers, strict=True):
            called[client] = now
            asked[client] = number + 1
            ids += (client, number + 1)
            operation = latest[client] = following(client)
            operations.append(operation)
        self.sent += len(operations)
        return Requests(ids, operations)

    def repeated(self) -> Requests:
        """Every open request once more, under its own number: nobody knows whether it was executed, and it
        is not executed twice."""
        issued = Requests()
        for client in sorted(self._waits):
            issued.add(client, self._number[client], self._operation[client])
        return issued

    def unknown(self, requests: Sequence[tuple[int, int, int]]) -> list[HandAnswer]:
        """These (client, number, seq) end without an answer. The clients rest: nobody is there to ask."""
        lost = []
        for client, number, seq in requests:
            self._waits.discard(client)
            self._closed.discard(client)
            hand = self._hands.get(client)
            if hand is not None and hand.under_way:
                lost.append(HandAnswer(client, number, seq, 0, hand.under_way, b""))
                hand.under_way = ""
        return lost

    def _idle(self, client: int, now: int, issued: Requests, thought: bool = False) -> None:
        """What a client without an open request does next: close, ask by hand, ask by itself, think, rest."""
        if client not in self.clients:
            self._closed.discard(client)
            if client in self._reopening:
                self._reopening.discard(client)
                self._open(client, now, issued)
            else:
                self.gone.append(client)
            return
        self._resting.discard(client)
        if client in self._closing:
            self.clients.discard(client)
            self._closing.discard(client)
            self._hands.pop(client, None)
            self._closed.add(client)
            self._call(client, CLOSE_SESSION, now, issued)
            return
        hand = self._hands.get(client)
        if hand is not None:
            if hand.waiting:
                operation, hand.under_way = hand.waiting.popleft()
                self._call(client, operation, now, issued)
                return
            del self._hands[client]
        if self.running and (self._budget is None or self.sent < self._budget):
            think_ns = self._workload.think_ns(client) if self.thinks and not thought else 0
            if think_ns == 0:
                self.sent += 1
                self._call(client, self._workload.next(client), now, issued)
                return
            self._thinks_until[client] = now + think_ns
            heapq.heappush(self._thinking, (now + think_ns, client))
        self._resting.add(client)

    def _open(self, client: int, now: int, issued: Requests) -> None:
        self.clients.add(client)
        self._call(client, OPEN_SESSION, now, issued)

    def _call(self, client: int, operation: bytes, now: int, issued: Requests) -> None:
        number = self._number[client] + 1
        self._number[client] = number
        self._called_ns[client] = now
        self._operation[client] = operation
        self._waits.add(client)
        issued.add(client, number, operation)
