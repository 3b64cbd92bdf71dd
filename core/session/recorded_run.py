"""The live checks over a recording: fed with the records as the engine fed them with what passed.

What a recording shows is enough for all five: orders and responses are frames on links, calls and returns are
facts, and who was a member is told by `joined` and `dropped`.
"""

from __future__ import annotations

import msgspec

from core.checks.live import LiveChecks
from core.errors import RemoteProtocolError
from core.facts import Dropped, EpochStarted, FactUnion, Joined, Returned, Violated
from core.protocol.codec import decode_from_replica
from core.protocol.messages import Order, Result, unpack_u32, unpack_u64
from core.services.machine import Service
from core.session.history import History, Request
from core.trace.wire_log import UNREADABLE, Record, Tap, decode_fact

_order = msgspec.msgpack.Decoder(Order)
_returned = msgspec.msgpack.Decoder(Returned)

_UNKNOWN = 2


class RecordedRun:
    """Judges a recording record by record; also follows its history.

    `told` are the violations that the run itself had noticed, `unreadable` counts records that could not be
    decoded and were passed over.
    """

    def __init__(self, service: Service) -> None:
        self.checks = LiveChecks(service)
        self.history = History()
        self.told: list[Violated] = []
        self.unreadable = 0
        self.ordered = 0
        """How many numbers were given."""
        self._members = 0
        self._next_seq = 1
        self._ahead: dict[int, Order] = {}  # sent to nobody at first, for every link was full

    def feed(self, record: Record) -> list[Request]:
        """Take the next record; the requests that ended with it."""
        try:
            self._judge(record)
            return self.history.feed(record)
        except (*UNREADABLE, RemoteProtocolError, ValueError, IndexError):
            self.unreadable += 1
            return []

    def _judge(self, record: Record) -> None:
        _, tap, links, token, body = record
        if tap in (Tap.TO_PASSED, Tap.TO_SENT, Tap.TO_LOST):
            if body.startswith(b"\xa5order", 1):
                self._order(_order.decode(body))
        elif tap in (Tap.FROM_PASSED, Tap.FROM_DELIVERED) or (tap == Tap.FROM_DOUBLED and not token):
            if body.startswith(b"\xa6result", 1):
                result = decode_from_replica(body)
                assert isinstance(result, Result)
                self.checks.responded(links.bit_length() - 1, result)
        elif tap == Tap.RETURN_DELIVERED:
            self._return(record.time_ns, _returned.decode(body))
        elif tap == Tap.FACT:
            self._fact(decode_fact(body))

    def _fact(self, fact: FactUnion) -> None:
        match fact:
            case Joined(replica):
                self._members |= 1 << replica
            case Dropped(replica):
                self._members &= ~(1 << replica)
                self.checks.lost(replica)
            case EpochStarted(_, next_seq):
                self._next_seq = min(self._next_seq, next_seq)
            case Violated():
                self.told.append(fact)

    def _order(self, order: Order) -> None:
        if order.first_seq < self._next_seq:
            return  # sent again
        self._ahead.setdefault(order.first_seq, order)
        while (following := self._ahead.pop(self._next_seq, None)) is not None:
            self.checks.ordered(following, self._members)
            self.ordered += following.count
            self._next_seq += following.count

    def _return(self, time_ns: int, returned: Returned) -> None:
        ids, seqs = unpack_u32(returned.requests), unpack_u64(returned.seqs)
        pairs = list(zip(ids[::2], ids[1::2], strict=True))
        if returned.outcomes.count(_UNKNOWN):
            self.checks.unknown(tuple((*pair, seq) for pair, seq in zip(pairs, seqs, strict=True)))
            return
        calls = [self.history.open[pair].call_ns for pair in pairs if pair in self.history.open]
        self.checks.returned(seqs[0], len(seqs), max(calls, default=0), time_ns)
