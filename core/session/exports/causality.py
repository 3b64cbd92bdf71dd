"""What happened at each node, and which events of other nodes it follows from (Lamport 1978).

A message that crossed a link has one record but two ends: an order is one event at the front end and one at
each replica that executed it, when its result tells so. Signs of life and counts are left out; what was
told about a node (started, suspected, dropped) is an event of that node without a cause elsewhere.

    client       call ─────────────┐                                ┌──► returned
    front end              arrive? └► order ──┐          ┌► response · answer
    replica                                   └► execute ┘
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from core.facts import Answered, Called, Returned
from core.ids import RequestId, client_name, replica_name
from core.limits import MAX_REPLICAS
from core.protocol.messages import Nack, Order, Result, unpack_u32, unpack_u64
from core.trace.rows import session_words
from core.trace.told import EventKind, of_fact, run_of
from core.trace.wire_log import UNREADABLE, Record, Tap, decode_fact

KEPT_ORDERS = 1 << 12
"""Batches whose sending is remembered, for results that come late."""
FRONT_END = "FE"

_called = msgspec.msgpack.Decoder(Called)
_returned = msgspec.msgpack.Decoder(Returned)
_order = msgspec.msgpack.Decoder(Order)
_result = msgspec.msgpack.Decoder(Result)
_nack = msgspec.msgpack.Decoder(Nack)

_FROM_TAPS = frozenset(
    {
        int(Tap.FROM_PASSED), int(Tap.FROM_SENT), int(Tap.FROM_DELIVERED), int(Tap.FROM_LOST),
        int(Tap.FROM_DOUBLED),
    }
)  # fmt: skip


class Kind(StrEnum):
    """What kind of event it is."""

    CALL = "call"
    ARRIVE = "arrive"
    ORDER = "order"
    EXECUTE = "execute"
    RESPONSE = "response"
    ANSWER = "answer"
    RETURNED = "returned"
    GAP = "gap"
    NOTE = "note"


@dataclass(slots=True, eq=False)
class NodeEvent:
    """One event at one node ("C1", "FE", "R2"). Times are nanoseconds since the recording's first record."""

    node: str
    kind: Kind
    time_ns: int
    text: str
    causes: tuple[NodeEvent, ...] = ()
    end_ns: int = 0  # of an execution
    first_seq: int = 0
    count: int = 0
    request: tuple[int, int] = (0, 0)  # (client, number) of a call or a return
    fate: int = 0  # of a return: 0 ok, 1 refused, 2 unknown
    operations: list[bytes] = field(default_factory=list)  # of an order
    clock: dict[str, int] = field(default_factory=dict)  # for who wants to note one


_Sent = tuple[int, NodeEvent]


class Causality:
    """Turns records into events, oldest first. `words` spells an operation; `base_ns` is the monotonic time
    of the recording's first record, on whose clock results tell their times."""

    def __init__(self, words: Callable[[bytes], str], base_ns: int) -> None:
        self._words = words
        self._base_ns = base_ns
        self._calls: dict[tuple[int, int], NodeEvent] = {}
        self._sent: dict[int, dict[int, list[_Sent]]] = {}  # first number → replica → when it was sent
        self._executed: dict[int, dict[int, NodeEvent]] = {}  # first number → replica → its execution
        self._travelling: dict[int, NodeEvent] = {}  # token → the event it left with
        self.unreadable = 0

    def events(self, records: Iterable[Record]) -> Iterator[NodeEvent]:
        """The events of all records."""
        for record in records:
            try:
                yield from self.of(record)
            except (*UNREADABLE, ValueError, IndexError):
                self.unreadable += 1

    def of(self, record: Record) -> list[NodeEvent]:
        """The events that a record tells. Raises ValueError when it cannot be read."""
        tap = record.tap
        if tap in (Tap.CALL_SENT, Tap.CALL_DELIVERED):
            return self._call(record)
        if tap in (Tap.TO_PASSED, Tap.TO_SENT) or (tap == Tap.TO_LOST and not record.token):
            return self._to(record) if record.body.startswith(b"\xa5order", 1) else []
        if tap in _FROM_TAPS:
            return self._from(record)
        if tap in (Tap.RETURN_SENT, Tap.RETURN_DELIVERED):
            return self._return(record)
        return self._fact(record) if tap == Tap.FACT else []

    def _call(self, record: Record) -> list[NodeEvent]:
        called, events = _called.decode(record.body), []
        ids = unpack_u32(called.requests)
        for client, number, operation in zip(ids[::2], ids[1::2], called.operations, strict=True):
            name = str(RequestId(client, number))
            if record.tap == Tap.CALL_DELIVERED and record.token:
                cause = self._calls.get((client, number))
                causes = (cause,) if cause else ()
                event = NodeEvent(FRONT_END, Kind.ARRIVE, record.time_ns, f"{name} arrives", causes)
            else:
                spelt = session_words(operation) or self._words(operation)
                event = NodeEvent(client_name(client), Kind.CALL, record.time_ns, f"calls {name}: {spelt}")
                event.request = (client, number)
            self._calls[client, number] = event
            events.append(event)
        return events

    def _to(self, record: Record) -> list[NodeEvent]:
        order = _order.decode(record.body)
        again = order.first_seq in self._sent
        ids = unpack_u32(order.requests)
        pairs = zip(ids[::2], ids[1::2], strict=True)
        calls = [call for pair in pairs if (call := self._calls.pop(pair, None)) is not None]
        causes = tuple(call for call in calls if call.node != FRONT_END)  # the others went before it there
        replicas = _replicas(record.links)
        run = run_of(order.first_seq, order.first_seq + order.count - 1)
        text = f"{'sends' if again else 'orders'} {run} → {' '.join(map(replica_name, replicas))}"
        event = NodeEvent(FRONT_END, Kind.ORDER, record.time_ns, text, causes)
        event.first_seq, event.count, event.operations = order.first_seq, order.count, order.operations
        sent = self._sent.setdefault(order.first_seq, {})
        for replica in replicas:
            sent.setdefault(replica, []).append((record.time_ns, event))
        while len(self._sent) > KEPT_ORDERS:
            oldest = next(iter(self._sent))
            del self._sent[oldest]
            self._executed.pop(oldest, None)
        return [event]

    def _from(self, record: Record) -> list[NodeEvent]:
        replica, body = record.links.bit_length() - 1, record.body
        if record.tap in (Tap.FROM_DELIVERED, Tap.FROM_LOST) and record.token:
            left = self._travelling.pop(record.token, None)
            return [self._heard(record, replica, left)] if left and record.tap == Tap.FROM_DELIVERED else []
        if record.tap == Tap.FROM_DOUBLED:  # the network's doing, and no event of the replica
            return self._copy(record, replica)
        if body.startswith(b"\xa6result", 1):
            event = self._execution(replica, record, _result.decode(body))
        elif body.startswith(b"\xa4nack", 1):
            nack = _nack.decode(body)
            text = f"misses {run_of(nack.first_seq, nack.last_seq)}"
            event = NodeEvent(replica_name(replica), Kind.GAP, record.time_ns, text)
        else:
            return []
        if record.tap == Tap.FROM_SENT and record.token:
            self._travelling[record.token] = event
            return [event]
        return [event] if record.tap == Tap.FROM_LOST else [event, self._heard(record, replica, event)]

    def _copy(self, record: Record, replica: int) -> list[NodeEvent]:
        if not record.body.startswith(b"\xa6result", 1):
            return []
        left = self._executed.get(_result.decode(record.body).first_seq, {}).get(replica)
        if left is None:
            return []
        if record.token:
            self._travelling[record.token] = left
            return []
        return [self._heard(record, replica, left)]

    def _execution(self, replica: int, record: Record, result: Result) -> NodeEvent:
        name, run = replica_name(replica), run_of(result.first_seq, result.first_seq + result.count - 1)
        own = self._executed.setdefault(result.first_seq, {})
        if (before := own.get(replica)) is not None and before.end_ns == result.finished_ns - self._base_ns:
            event = NodeEvent(name, Kind.GAP, record.time_ns, f"answers {run} again")
            event.first_seq, event.count = result.first_seq, result.count
            return event
        sent = self._sent.get(result.first_seq, {}).get(replica, [])
        in_time = [event for time_ns, event in sent if time_ns <= result.received_ns - self._base_ns]
        causes = tuple(in_time[-1:] or [event for _, event in sent[:1]])
        event = NodeEvent(
            name, Kind.EXECUTE, result.started_ns - self._base_ns,
            f"executes {run}, digest {result.last_digest:016x}", causes, result.finished_ns - self._base_ns,
            result.first_seq, result.count,
        )  # fmt: skip
        own[replica] = event
        return event

    def _heard(self, record: Record, replica: int, left: NodeEvent) -> NodeEvent:
        what = (
            "that it " + left.text
            if left.kind is Kind.GAP
            else "the result of " + run_of(left.first_seq, left.first_seq + left.count - 1)
        )
        text = f"hears from {replica_name(replica)} {what}"
        event = NodeEvent(FRONT_END, Kind.RESPONSE, record.time_ns, text, (left,))
        event.first_seq, event.count = left.first_seq, left.count
        return event

    def _return(self, record: Record) -> list[NodeEvent]:
        returned = _returned.decode(record.body)
        ids, seqs = unpack_u32(returned.requests), unpack_u64(returned.seqs)
        left = self._travelling.pop(record.token, None) if record.token else None
        events: list[NodeEvent] = []
        if left is None:
            run = run_of(min(seqs), max(seqs))
            source = f"by {replica_name(returned.replica)}" if returned.replica else "by nobody"
            left = NodeEvent(FRONT_END, Kind.ANSWER, record.time_ns, f"answers {run}, {source}")
            left.first_seq, left.count = min(seqs), len(seqs)
            events.append(left)
            if record.tap == Tap.RETURN_SENT and record.token:
                self._travelling[record.token] = left
                return events
        for client, number, seq, fate in zip(ids[::2], ids[1::2], seqs, returned.outcomes, strict=True):
            outcome = ("ok", "refused", "unknown")[fate]
            text = f"{RequestId(client, number)} is #{seq}: {outcome}"
            event = NodeEvent(client_name(client), Kind.RETURNED, record.time_ns, text, (left,))
            event.request, event.first_seq, event.fate = (client, number), seq, fate
            events.append(event)
        return events

    def _fact(self, record: Record) -> list[NodeEvent]:
        fact = decode_fact(record.body)
        told = of_fact(fact)
        if told.kind is EventKind.HEARTBEAT or isinstance(fact, Answered):
            return []
        node = told.node if told.node[:1] in ("C", "R") and told.node[1:].isdigit() else FRONT_END
        text = told.text if node != FRONT_END or told.node == FRONT_END else f"{told.node}: {told.text}"
        return [NodeEvent(node, Kind.NOTE, record.time_ns, text)]


def _replicas(links: int) -> list[int]:
    return [replica for replica in range(1, MAX_REPLICAS + 1) if links >> replica & 1]
