"""What the space-time diagram draws, read off the wire log: messages with both their ends, executions,
hold-back waits, and what was wrong with a node or its link, and how long.

Lifelines and slanted lines are Lamport's (1978, figure 1). The wire log tells of most messages one end only:

call, answer    client and front end share a process, so without a pace they leave and arrive at one moment
order           leaves with its record; arrives when its result says so, or when the pace let it go
result          leaves when its execution ended, arrives with its record
hold-back       follows from the arrivals: what arrives beyond a gap waits until the gap is closed

One space-time takes the records of one run, oldest first, and keeps the newest `MAX_ROWS` rows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import msgspec

from core import facts
from core.facts import FactUnion, Returned
from core.limits import MAX_REPLICAS
from core.model.bands import Bands
from core.model.lines import (
    FIRST_CLIENT,
    FRONT_END,
    MAX_ROWS,
    OPEN_NS,
    Columns,
    Fate,
    Lines,
    NewRows,
    RowKind,
)
from core.protocol.messages import Nack, OrderHead, ResultHead, pack_u64, unpack_u32
from core.trace.wire_log import Record, Tap, decode_fact

KEPT = 1 << 14
"""Orders whose arrival is not told yet, messages that travel visibly, batches whose client is known."""
KEPT_LOSSES = 1 << 16


_CODES = bytes(min(255, client + FIRST_CLIENT - 1) for client in range(256))
"""Of the clients, by their ids."""
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_Request = tuple[int, int]
"""(request number, client), as the columns have them."""
_NOBODY: _Request = (0, 0)


class _CalledHead(msgspec.Struct, array_like=True, tag="called", frozen=True, gc=False):
    """The front of a Called: what the diagram needs, without its operations."""

    requests: bytes


_called = msgspec.msgpack.Decoder(_CalledHead)
_returned = msgspec.msgpack.Decoder(Returned)
_order = msgspec.msgpack.Decoder(OrderHead)
_result = msgspec.msgpack.Decoder(ResultHead)
_nack = msgspec.msgpack.Decoder(Nack)

# looked up once: a member of an enumeration costs as much as reading a record
(
    _ROW_CALL, _ROW_ORDERED, _ROW_ORDER, _ROW_AGAIN, _ROW_EXECUTED, _ROW_HELD, _ROW_RESULT, _ROW_GAP,
    _ROW_ANSWER,
) = RowKind  # fmt: skip
_UNDER_WAY, _ARRIVED, _LOST = Fate
_FACT, _CALL_SENT, _RETURN_SENT = Tap.FACT, Tap.CALL_SENT, Tap.RETURN_SENT
_TO_LOST, _TO_DOUBLED, _FROM_LOST = Tap.TO_LOST, Tap.TO_DOUBLED, Tap.FROM_LOST
_ORDER, _RESULT, _NACK = b"\xa5order", b"\xa6result", b"\xa4nack"
_CALLS = (Tap.CALL_SENT, Tap.CALL_DELIVERED)
_RETURNS = (Tap.RETURN_SENT, Tap.RETURN_DELIVERED)
_LEFT_TO = (Tap.TO_PASSED, Tap.TO_SENT, Tap.TO_LOST, Tap.TO_DOUBLED)
_LEFT_FROM = (Tap.FROM_PASSED, Tap.FROM_SENT, Tap.FROM_LOST, Tap.FROM_DOUBLED)
_ENDS: dict[int, Fate] = {
    Tap.TO_DELIVERED: Fate.ARRIVED, Tap.TO_LOST: Fate.LOST,
    Tap.FROM_DELIVERED: Fate.ARRIVED, Tap.FROM_LOST: Fate.LOST,
    Tap.CALL_DELIVERED: Fate.ARRIVED, Tap.RETURN_DELIVERED: Fate.ARRIVED,
}  # fmt: skip
"""Of a message with a token: how its way ends."""


class _Queue:
    """What has arrived at a replica, as far as the hold-back queue is concerned. 0: nothing is known yet,
    for the records begin in the middle of a run."""

    __slots__ = ("executed", "expected", "held", "sent")

    def __init__(self, expected: int = 0) -> None:
        self.expected = self.executed = self.sent = expected
        self.held: dict[int, tuple[int, int]] = {}  # first number → (count, row of the wait)


class _Traveller(NamedTuple):
    """Rows of one message that travels visibly."""

    row: int
    rows: int
    kind: RowKind
    first_seq: int
    numbers: int
    source: int
    target: int


class SpaceTime:
    """Rows and bands of a run. `feed` takes records, some µs each; a damaged one is passed over."""

    def __init__(self, max_rows: int = MAX_ROWS) -> None:
        self._lines = Lines(max_rows)
        self._new = NewRows()
        self._patches: list[tuple[int, int, Fate]] = []
        self.bands = Bands()
        self.losses: deque[tuple[int, int, int]] = deque(maxlen=KEPT_LOSSES)
        """(time, source, target) of every message that was lost."""
        self.start_ns = 0
        """Time of the first record taken."""
        self.end_ns = 0
        """Time of the newest record."""
        self._next_seq = 1
        self._queues: dict[int, _Queue] = {}
        self._travelling: dict[int, _Traveller] = {}
        self._unanswered: dict[tuple[int, int], int] = {}  # (replica, first number) → row of its order
        self._owners: dict[int, _Request] = {}  # first number of a batch of one → its request

    def columns(self) -> Columns:
        """The rows by now."""
        return self._lines.columns()

    def feed(self, records: Sequence[Record]) -> None:
        """Take the next records."""
        for record in records:
            try:
                self._read(record)
            except (ValueError, IndexError):
                continue  # the fold counts what cannot be read
        if records:
            self.start_ns = self.start_ns or records[0][0]
            self.end_ns = max(self.end_ns, records[-1][0])
        self._lines.append(self._new)
        self._new = NewRows()
        self._lines.bound({self._lines.patch(*patch) for patch in self._patches})
        self._patches.clear()

    def _read(self, record: Record) -> None:
        time_ns, tap, links, token, body = record
        if tap == _FACT:
            self._fact(time_ns, decode_fact(body))
        elif token and tap in _ENDS and token in self._travelling:
            self._ended(time_ns, token, _ENDS[tap])
        elif tap in _CALLS:
            self._call(time_ns, tap == _CALL_SENT, token, body)
        elif tap in _RETURNS:
            self._return(time_ns, tap == _RETURN_SENT, token, body)
        elif tap in _LEFT_TO:
            if body.startswith(_ORDER, 1):
                self._order(record)
        elif tap in _LEFT_FROM:
            self._said(record, links.bit_length() - 1)

    # --- clients ------------------------------------------------------------------------------------------

    def _call(self, time_ns: int, leaves: bool, token: int, body: bytes) -> None:
        rows, clients, numbers = _requests(_called.decode(body).requests)
        fate = _UNDER_WAY if leaves else _ARRIVED
        if leaves:
            self._travel(token, rows, _ROW_CALL)
        self._new.add_many(
            rows, time_ns, time_ns, 0, 1, numbers, clients, clients.translate(_CODES), FRONT_END,
            _ROW_CALL, fate,
        )  # fmt: skip

    def _return(self, time_ns: int, leaves: bool, token: int, body: bytes) -> None:
        returned = _returned.decode(body)
        rows, clients, numbers = _requests(returned.requests)
        if len(returned.seqs) != 8 * rows:
            raise ValueError("the answers are not as many as their numbers")
        fate = _UNDER_WAY if leaves else _ARRIVED
        if leaves:
            self._travel(token, rows, _ROW_ANSWER)
        self._new.add_many(
            rows, time_ns, time_ns, returned.seqs, 1, numbers, clients, FRONT_END, clients.translate(_CODES),
            _ROW_ANSWER, fate,
        )  # fmt: skip

    # --- front end → replica ------------------------------------------------------------------------------

    def _order(self, record: Record) -> None:
        time_ns, tap, links, token, body = record
        order = _order.decode(body)
        first, count = order.first_seq, order.count
        if first >= self._next_seq:
            self._ordered(time_ns, first, count, order.requests)
        fate = _LOST if tap == _TO_LOST else _UNDER_WAY
        for replica in range(1, MAX_REPLICAS + 1):
            if not links >> replica & 1:
                continue
            queue = self._queue(replica)
            again = tap == _TO_DOUBLED or first < queue.sent
            queue.sent = max(queue.sent, first + count)
            kind, ends = _ROW_AGAIN if again else _ROW_ORDER, (FRONT_END, replica)
            row = self._row(time_ns, time_ns, first, count, self._owner(first), ends, kind, fate, token)
            if fate is _LOST:
                self.losses.append((time_ns, *ends))
            elif not token:
                self._arrived(replica, first, count, time_ns, row)
                self._unanswered[replica, first] = row
                _bound(self._unanswered)

    def _ordered(self, time_ns: int, first: int, count: int, requests: bytes) -> None:
        rows, clients, numbers = _requests(requests)
        if rows != count:
            raise ValueError("the requests of an order are not as many as its numbers")
        self._next_seq = first + count
        self._new.add_many(
            rows, time_ns, time_ns, pack_u64(range(first, first + count)), 1, numbers, clients, FRONT_END,
            FRONT_END, _ROW_ORDERED, _ARRIVED,
        )  # fmt: skip
        if count == 1:
            self._owners[first] = (int.from_bytes(numbers, "little"), clients[0])
            _bound(self._owners)

    def _arrived(self, replica: int, first: int, count: int, time_ns: int, row: int) -> None:
        """An order was handed to the replica's socket: it is next, or too early, or late."""
        queue = self._queue(replica)
        if queue.expected and first > queue.expected:
            self._patches.append((row, time_ns, _ARRIVED))
            if first not in queue.held:
                ends = (replica, replica)
                wait = self._row(
                    time_ns, OPEN_NS, first, count, self._owner(first), ends, _ROW_HELD, _UNDER_WAY
                )
                queue.held[first] = (count, wait)
            return
        queue.expected = max(queue.expected, first + count)
        while (waited := queue.held.pop(queue.expected, None)) is not None:
            self._patches.append((waited[1], time_ns, _ARRIVED))
            queue.expected += waited[0]

    # --- replica → front end ------------------------------------------------------------------------------

    def _said(self, record: Record, replica: int) -> None:
        time_ns, tap, _, token, body = record
        lost, ends = tap == _FROM_LOST, (replica, FRONT_END)
        fate = _LOST if lost else _UNDER_WAY if token else _ARRIVED
        if body.startswith(_RESULT, 1):
            head = _result.decode(body)
            left_ns, request = self._executed(replica, head, time_ns), self._owner(head.first_seq)
            right_ns = time_ns if fate is _ARRIVED else left_ns
            self._row(left_ns, right_ns, head.first_seq, head.count, request, ends, _ROW_RESULT, fate, token)
        elif body.startswith(_NACK, 1):
            nack = _nack.decode(body)
            count = nack.last_seq - nack.first_seq + 1
            self._row(time_ns, time_ns, nack.first_seq, count, _NOBODY, ends, _ROW_GAP, fate, token)
        else:
            return
        if lost:
            self.losses.append((time_ns, *ends))

    def _executed(self, replica: int, head: ResultHead, time_ns: int) -> int:
        """The execution that a result tells of; when the result left."""
        queue = self._queue(replica)
        order = self._unanswered.pop((replica, head.first_seq), None)
        if order is not None:
            self._patches.append((order, min(head.received_ns, head.started_ns), _ARRIVED))
        if head.first_seq < queue.executed:
            return time_ns  # told before
        queue.executed = head.first_seq + head.count
        ends, request = (replica, replica), self._owner(head.first_seq)
        self._row(head.started_ns, head.finished_ns, head.first_seq, head.count, request, ends,
                  _ROW_EXECUTED, _ARRIVED)  # fmt: skip
        return min(head.finished_ns, time_ns)

    # --- everything ---------------------------------------------------------------------------------------

    def _ended(self, time_ns: int, token: int, fate: Fate) -> None:
        """A message that travelled visibly arrived, or was lost."""
        left = self._travelling.pop(token)
        self._patches += [(row, time_ns, fate) for row in range(left.row, left.row + left.rows)]
        if fate is _LOST:
            self.losses.append((time_ns, left.source, left.target))
        elif left.kind in (_ROW_ORDER, _ROW_AGAIN):
            self._arrived(left.target, left.first_seq, left.numbers, time_ns, left.row)

    def _fact(self, time_ns: int, fact: FactUnion) -> None:
        self.bands.tell(time_ns, fact)
        match fact:
            case facts.Joined(replica, expected=expected):
                self._empty(time_ns, replica)
                self._queues[replica] = _Queue(expected)
            case facts.Exited(replica) | facts.Dropped(replica):
                self._empty(time_ns, replica)
            case facts.EpochStarted(_, next_seq):  # what the last epoch ordered beyond it is void
                self._next_seq = next_seq
                for replica, queue in self._queues.items():
                    self._empty(time_ns, replica)
                    queue.sent, queue.expected = min(queue.sent, next_seq), min(queue.expected, next_seq)
                    queue.executed = min(queue.executed, next_seq)
            case _:
                pass

    def _empty(self, time_ns: int, replica: int) -> None:
        """What a replica held back it holds no more."""
        held = self._queue(replica).held
        self._patches += [(wait, time_ns, _LOST) for _, wait in held.values()]
        held.clear()

    def _queue(self, replica: int) -> _Queue:
        return self._queues.setdefault(replica, _Queue())

    def _owner(self, first: int) -> _Request:
        return self._owners.get(first, _NOBODY)

    def _row(
        self, left_ns: int, right_ns: int, seq: int, count: int, request: _Request, ends: tuple[int, int],
        kind: RowKind, fate: Fate, token: int = 0,
    ) -> int:  # fmt: skip
        """Tell a row; its number."""
        row = self._lines.end + len(self._new)
        self._new.add(left_ns, right_ns, seq, count, *request, *ends, kind, fate)
        if token and fate is _UNDER_WAY:
            self._travelling[token] = _Traveller(row, 1, kind, seq, count, *ends)
            _bound(self._travelling)
        return row

    def _travel(self, token: int, rows: int, kind: RowKind) -> None:
        """The next rows travel visibly."""
        row = self._lines.end + len(self._new)
        self._travelling[token] = _Traveller(row, rows, kind, 0, 0, FRONT_END, FRONT_END)
        _bound(self._travelling)


def _requests(column: bytes) -> tuple[int, bytes, bytes]:
    """A column of pairs (client, number) as (pairs, clients, numbers). Raises ValueError."""
    ids = unpack_u32(column)
    if len(ids) & 1:
        raise ValueError("a request without its number")
    return len(ids) // 2, bytes(ids[::2].tolist()), ids[1::2].tobytes()


def _bound(kept: dict[_Key, _Value]) -> None:
    if len(kept) > KEPT:
        del kept[next(iter(kept))]
