"""The ordered batches of a recording, each once, in the order of their numbers.

A batch may be sent more than once, and what an epoch ordered beyond the number at which the next epoch began
is void: nobody may execute it. So the epochs are looked up first, in a pass of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from core.errors import RemoteProtocolError
from core.facts import EpochStarted
from core.protocol.codec import decode_body
from core.protocol.messages import Order, Result, ResultBody, unpack_u32
from core.services.calls import UNREADABLE
from core.session.reader import Recording
from core.trace.wire_log import Record, Tap, decode_fact

_order = msgspec.msgpack.Decoder(Order)
_result = msgspec.msgpack.Decoder(Result)

_ORDER_TAPS = frozenset({int(Tap.TO_PASSED), int(Tap.TO_SENT), int(Tap.TO_LOST)})
_RESULT_TAPS = frozenset({int(Tap.FROM_PASSED), int(Tap.FROM_SENT), int(Tap.FROM_LOST)})

Epochs = Sequence[tuple[int, int]]
"""(epoch, its first number), ascending."""


def epochs_of(records: Iterable[Record]) -> Epochs:
    """The epochs that began in a run."""
    found = []
    for record in records:
        if record.tap == Tap.FACT and record.body.startswith(b"\xadepoch_started", 1):
            try:
                fact = decode_fact(record.body)
            except UNREADABLE:
                continue
            assert isinstance(fact, EpochStarted)
            found.append((fact.epoch, fact.next_seq))
    return sorted(found)


class OrderedBatches:
    """Gives a run's valid batches in order, however they were sent."""

    def __init__(self, epochs: Epochs) -> None:
        self._epochs = epochs
        self._ahead: dict[int, tuple[Order, bytes]] = {}
        self.next_seq = 1

    def take(self, record: Record) -> list[tuple[Order, bytes]]:
        """The batches (and the bytes they were sent in) that are next now. Raises DecodeError."""
        if record.tap not in _ORDER_TAPS or not record.body.startswith(b"\xa5order", 1):
            return []
        order = _order.decode(record.body)
        if order.first_seq < self.next_seq or not _sound(order) or self._void(order):
            return []
        self._ahead.setdefault(order.first_seq, (order, record.body))
        found = []
        while (following := self._ahead.pop(self.next_seq, None)) is not None:
            found.append(following)
            self.next_seq += following[0].count
        return found

    def _void(self, order: Order) -> bool:
        return any(epoch > order.epoch and order.first_seq >= first for epoch, first in self._epochs)


def result_of(record: Record) -> Result | None:
    """The result that a record shows as it left its replica; None for any other. Raises DecodeError."""
    if record.tap == Tap.FROM_LOST and record.token:
        return None  # it was seen to leave
    if record.tap in _RESULT_TAPS and record.body.startswith(b"\xa6result", 1):
        return _result.decode(record.body)
    return None


class Execution(msgspec.Struct):
    """An ordered batch and the first recorded result of it (of `replica`); 0 and None without one."""

    order: Order
    replica: int = 0
    body: ResultBody | None = None


def executions(recording: Recording) -> Iterator[Execution]:
    """Every valid batch of a recording with its result, in order. Raises RecordingError."""
    batches = OrderedBatches(epochs_of(recording.records()))
    waiting: dict[int, Execution] = {}
    for record in recording.records():
        try:
            for order, _ in batches.take(record):
                waiting[order.first_seq] = Execution(order)
            result = result_of(record)
            if result is None:
                continue
            one = waiting.get(result.first_seq)
            if one is not None and one.body is None and result.count == one.order.count:
                one.replica, one.body = record.links.bit_length() - 1, _sound_body(result)
        except (*UNREADABLE, RemoteProtocolError, ValueError):
            continue
        while waiting and (first := next(iter(waiting.values()))).body is not None:
            del waiting[first.order.first_seq]
            yield first
    yield from waiting.values()


def _sound(order: Order) -> bool:
    """It holds what it announces (a recording may hold anything)."""
    return 0 < 8 * order.count == len(order.requests) == 8 * len(order.operations)


def _sound_body(result: Result) -> ResultBody | None:
    body = decode_body(result.body)
    return body if len(body.outcomes) == result.count and len(body.digests) == 8 * result.count else None


def request_ids(order: Order) -> list[tuple[int, int]]:
    """(client, request number) of each request of a batch."""
    ids = unpack_u32(order.requests)
    return list(zip(ids[::2], ids[1::2], strict=True))
