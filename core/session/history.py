"""The clients' history: every request of a recording with its call, its number, its answer.

Read off the wire log in one pass: a call is where a request left its client, an end is where the answer
reached it; the answer itself is taken from the response of the replica that was the first. A request that
nobody answered before the recording ended is *unknown*: it may have been executed, or may yet be.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import count

import msgspec

from core.facts import Called, EpochStarted, Returned
from core.protocol.codec import decode_body
from core.protocol.messages import CLOSE_SESSION, OPEN_SESSION, OrderHead, Result, unpack_u32, unpack_u64
from core.trace.wire_log import Record, Tap, decode_fact

SETTLED_NS = 1_000_000_000
"""Records lie within one turn of the engine's loop of where their times put them: far less than this."""

_called = msgspec.msgpack.Decoder(Called)
_returned = msgspec.msgpack.Decoder(Returned)
_order = msgspec.msgpack.Decoder(OrderHead)
_result = msgspec.msgpack.Decoder(Result)

_ORDER_TAPS = frozenset({int(Tap.TO_PASSED), int(Tap.TO_SENT), int(Tap.TO_LOST)})
_RESULT_TAPS = frozenset({int(Tap.FROM_PASSED), int(Tap.FROM_SENT), int(Tap.FROM_DOUBLED)})
_CALL_TAPS = frozenset({int(Tap.CALL_SENT), int(Tap.CALL_DELIVERED)})
_ORDER, _RESULT, _EPOCH = b"\xa5order", b"\xa6result", b"\xadepoch_started"
_CRASHED = b"\xb1front_end_crashed"


class Fate(StrEnum):
    """How a request ended."""

    OK = "ok"
    REFUSED = "refused"
    UNKNOWN = "unknown"


FATES = (Fate.OK, Fate.REFUSED, Fate.UNKNOWN)
"""By their byte in a `Returned` fact."""


@dataclass(slots=True)
class Request:
    """One request of a client. Times are nanoseconds since the recording's first record."""

    client: int
    number: int
    operation: bytes
    call_ns: int
    return_ns: int | None = None  # None while it is open, and for ever when it ends as unknown
    fate: Fate = Fate.UNKNOWN
    seq: int = 0  # 0: never ordered, as far as anybody was told
    replica: int = 0  # who answered first
    outcome: bytes | None = None  # encoded, as that replica sent it

    @property
    def of_a_session(self) -> bool:
        """It opens or closes a session and is no operation of the service."""
        return self.operation in (OPEN_SESSION, CLOSE_SESSION)


class _Batch:
    """An ordered batch that was not answered yet, with the responses so far."""

    __slots__ = ("bodies", "count", "left")

    def __init__(self, count: int) -> None:
        self.count = self.left = count
        self.bodies: dict[int, bytes] = {}


class History:
    """Follows the records of one recording. `feed` gives the requests that ended with a record."""

    def __init__(self) -> None:
        self.open: dict[tuple[int, int], Request] = {}
        """Called and not answered, oldest first."""
        self._batches: dict[int, _Batch] = {}
        self._next_seq = 1
        self._between_epochs = False

    def feed(self, record: Record) -> list[Request]:
        """Take the next record. Raises ValueError when its body cannot be read."""
        _, tap, links, _, body = record
        if tap in _RESULT_TAPS:
            if body.startswith(_RESULT, 1):
                self._responded(links.bit_length() - 1, body)
        elif tap in _ORDER_TAPS:
            if body.startswith(_ORDER, 1):
                self._ordered(body)
        elif tap in _CALL_TAPS:
            self._called(record)
        elif tap == Tap.RETURN_DELIVERED:
            return self._returned(record)
        elif tap == Tap.FACT and body.startswith(_EPOCH, 1):
            self._new_epoch(body)
        elif tap == Tap.FACT and body.startswith(_CRASHED, 1):
            self._between_epochs = True
        return []

    def _called(self, record: Record) -> None:
        called = _called.decode(record.body)
        ids = unpack_u32(called.requests)
        for client, number, operation in zip(ids[::2], ids[1::2], called.operations, strict=True):
            # at a visible pace a call is seen twice, and the client's own moment is the first
            if (client, number) not in self.open:
                self.open[client, number] = Request(client, number, operation, record.time_ns)

    def _ordered(self, body: bytes) -> None:
        order = _order.decode(body)
        if order.first_seq >= self._next_seq:
            self._batches[order.first_seq] = _Batch(order.count)
            self._next_seq = order.first_seq + order.count

    def _responded(self, replica: int, body: bytes) -> None:
        result = _result.decode(body)
        batch = self._batches.get(result.first_seq)
        if batch is not None and batch.count == result.count:
            batch.bodies[replica] = result.body

    def _new_epoch(self, body: bytes) -> None:
        """What the last epoch ordered beyond this number is void."""
        fact = decode_fact(body)
        assert isinstance(fact, EpochStarted)
        self._between_epochs = False
        self._next_seq = fact.next_seq
        for first_seq in [first for first in self._batches if first >= fact.next_seq]:
            del self._batches[first_seq]

    def _returned(self, record: Record) -> list[Request]:
        returned = _returned.decode(record.body)
        if self._between_epochs:
            return []  # unknown for now: its clients ask again, under the same numbers
        ids, seqs = unpack_u32(returned.requests), unpack_u64(returned.seqs)
        ended: list[Request] = []
        outcomes = self._outcomes(returned.replica, seqs[0], len(seqs)) if seqs and seqs[0] else {}
        for client, number, seq, code in zip(ids[::2], ids[1::2], seqs, returned.outcomes, strict=True):
            request = self.open.pop((client, number), None)
            if request is None:
                continue
            request.seq, request.replica, request.fate = seq, returned.replica, FATES[code]
            if request.fate is not Fate.UNKNOWN:
                request.return_ns = record.time_ns
                request.outcome = outcomes.get(seq)
            ended.append(request)
        return ended

    def _outcomes(self, replica: int, first_seq: int, answers: int) -> dict[int, bytes]:
        """What this replica answered to the batch in which `first_seq` lies, by number."""
        start, batch = first_seq, self._batches.get(first_seq)
        if batch is None:
            found = [start for start, one in self._batches.items() if start < first_seq < start + one.count]
            if not found:
                return {}
            start, batch = found[0], self._batches[found[0]]
        batch.left -= answers
        if batch.left <= 0:
            del self._batches[start]
        body = batch.bodies.get(replica)
        return {} if body is None else dict(enumerate(decode_body(body).outcomes, start))


def requests(records: Iterable[Record]) -> Iterator[Request]:
    """Every request, as it ends; at last those that never did. Raises like `History.feed`."""
    history = History()
    for record in records:
        yield from history.feed(record)
    yield from history.open.values()


def turns(records: Iterable[Record]) -> Iterator[tuple[int, bool, Request]]:
    """(time, ended, request): each request when it is called and when it ends, in the order of time.

    What never ended comes last, at the recording's last moment. Raises like `History.feed`.
    """
    history, number, newest_ns = History(), count(), 0
    waiting: list[tuple[int, bool, int, Request]] = []  # at the same time a call comes first: it overlaps
    for record in records:
        before = len(history.open)
        ended = history.feed(record)
        newest_ns = max(newest_ns, record.time_ns)
        if len(history.open) > before:
            for request in list(history.open.values())[before:]:
                heapq.heappush(waiting, (request.call_ns, False, next(number), request))
        for request in ended:
            heapq.heappush(waiting, (record.time_ns, True, next(number), request))
        while waiting and waiting[0][0] < newest_ns - SETTLED_NS:
            time_ns, done, _, request = heapq.heappop(waiting)
            yield time_ns, done, request
    while waiting:
        time_ns, done, _, request = heapq.heappop(waiting)
        yield time_ns, done, request
    for request in history.open.values():
        yield newest_ns, True, request
