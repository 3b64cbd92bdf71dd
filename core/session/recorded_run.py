"""The live checks over a recording: fed with the records as the engine fed them with what passed.

What a recording shows is enough for all five: orders and responses are frames on links, calls and returns are
facts, and who was a member is told by `joined` and `dropped`. One thing is simpler than live: the epochs are
known beforehand, so what a front end ordered in vain before it died is never shown to the checks, and they
never have to go back.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from core.checks.live import LiveChecks
from core.errors import RemoteProtocolError
from core.facts import AnswerLost, Dropped, EpochStarted, FactUnion, Joined, Returned, Violated
from core.protocol.codec import decode_from_replica
from core.protocol.messages import Order, Pong, Result, unpack_u32, unpack_u64
from core.services.machine import Service
from core.session.history import History, Request
from core.session.orders import Epochs, OrderedBatches
from core.trace.wire_log import UNREADABLE, Record, Tap, decode_fact

_returned = msgspec.msgpack.Decoder(Returned)

_UNKNOWN = 2


class RecordedRun:
    """Judges a recording record by record; also follows its history.

    `told` are the violations that the run itself had noticed, `unreadable` counts records that could not be
    decoded and were passed over.
    """

    def __init__(self, service: Service, epochs: Epochs) -> None:
        self.checks = LiveChecks(service)
        self.history = History()
        self.told: list[Violated] = []
        self.unreadable = 0
        self.ordered = 0
        """How many numbers were given."""
        self.on_order: Callable[[Order], None] = lambda order: None
        """Told each batch that was not ordered in vain."""
        self._members = 0
        self._epochs = epochs
        self._batches = OrderedBatches(epochs)

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
            for order, _ in self._batches.take(record):
                self.checks.ordered(order, self._members)
                self.ordered += order.count
                self.on_order(order)
        elif tap in (Tap.FROM_PASSED, Tap.FROM_DELIVERED) or (tap == Tap.FROM_DOUBLED and not token):
            self._response(links.bit_length() - 1, body)
        elif tap == Tap.RETURN_DELIVERED:
            self._return(record.time_ns, _returned.decode(body))
        elif tap == Tap.FACT:
            self._fact(decode_fact(body))

    def _response(self, replica: int, body: bytes) -> None:
        if body.startswith(b"\xa6result", 1):
            result = decode_from_replica(body)
            assert isinstance(result, Result)
            self.checks.responded(replica, result)
        elif body.startswith(b"\xa4pong", 1) and len(self._epochs) < 2:  # else it may tell of what is void
            pong = decode_from_replica(body)
            assert isinstance(pong, Pong)
            self.checks.alive(replica, pong.expected, pong.digest)

    def _fact(self, fact: FactUnion) -> None:
        match fact:
            case Joined(replica, incarnation):
                self._members |= 1 << replica
                if incarnation > 1:
                    self.checks.joined(replica)
            case Dropped(replica):
                self._members &= ~(1 << replica)
                self.checks.lost(replica)
            case EpochStarted(epoch, next_seq):
                if epoch > 1:
                    self.checks.recovered(next_seq)
            case AnswerLost(_, client, number):
                self.checks.unknown(((client, number, 0),))
            case Violated():
                self.told.append(fact)

    def _return(self, time_ns: int, returned: Returned) -> None:
        ids, seqs = unpack_u32(returned.requests), unpack_u64(returned.seqs)
        pairs = list(zip(ids[::2], ids[1::2], strict=True))
        if returned.outcomes.count(_UNKNOWN):
            if self._members:
                return  # the front end died: the clients ask again
            self.checks.unknown(tuple((*pair, seq) for pair, seq in zip(pairs, seqs, strict=True)))
            return
        calls = [self.history.open[pair].call_ns for pair in pairs if pair in self.history.open]
        self.checks.returned(seqs[0], len(seqs), max(calls, default=0), time_ns)
