"""The story of one request, read backwards from the event log when somebody asks for it.

Nothing is kept for it while the cluster runs. Where a number was ordered is found by halving the log
(`core.model.locate`), and the records around that place are walked through once, newest first; only frames
that can be of this number are decoded. A client's newest request is looked for among the newest `LOOKED_AT`
records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

import msgspec

from core.facts import Called, Returned
from core.ids import RequestId
from core.model.clients import OUTCOMES
from core.model.locate import BACK_RECORDS, FORWARD_RECORDS, end_of_story, position_of
from core.protocol.messages import Nack, Order, OrderHead, ResultHead, pack_u32, pack_u64, unpack_u32
from core.trace.events import EventLog
from core.trace.rows import session_words
from core.trace.wire_log import UNREADABLE, Record, Tap

LOOKED_AT = 20_000
"""Records that a question looks through at most: about 20 ms."""

_order = msgspec.msgpack.Decoder(Order)
_order_head = msgspec.msgpack.Decoder(OrderHead)
_result_head = msgspec.msgpack.Decoder(ResultHead)
_nack = msgspec.msgpack.Decoder(Nack)
_called = msgspec.msgpack.Decoder(Called)
_returned = msgspec.msgpack.Decoder(Returned)

NOBODY = RequestId(0, 0)
KEPT_RECORDS = 64
_TAG = 2
_ORDER, _RESULT, _NACK = map(ord, "orn")


class Fate(Enum):
    """What became of a message."""

    PASSED = "arrived"
    UNDER_WAY = "under way"
    LOST = "lost"
    DOUBLED = "came twice"


class Passage(msgspec.Struct):
    """One message on one link. `arrived_ns` is 0 unless it arrived; `token` 0 when nothing held it."""

    fate: Fate
    sent_ns: int
    arrived_ns: int = 0
    token: int = 0


class Execution(msgspec.Struct):
    """When a replica had the number, began with it and was done; on the clock of the records."""

    received_ns: int
    started_ns: int
    finished_ns: int


class Story(msgspec.Struct):
    """What is known of a request. Times of what did not happen, or is not known, are 0."""

    seq: int = 0
    request: RequestId = NOBODY
    call: str = ""
    operation: bytes = b""
    called_ns: int = 0
    reached_ns: int = 0  # when it arrived at the front end
    ordered_ns: int = 0
    answer_sent_ns: int = 0  # when the front end let the answer go, at a visible pace
    answered_ns: int = 0  # when the client had the answer
    outcome: str = ""
    answered_by: int = 0
    orders: dict[int, list[Passage]] = msgspec.field(default_factory=dict)
    """Per replica: the order that holds the number, as often as it was sent; oldest first."""
    asked: dict[int, list[Passage]] = msgspec.field(default_factory=dict)
    """Per replica: its asking for the number, which was missing; oldest first."""
    results: dict[int, list[Passage]] = msgspec.field(default_factory=dict)
    executions: dict[int, Execution] = msgspec.field(default_factory=dict)
    cut: bool = False
    """What was logged more than `FORWARD_RECORDS` after its order was not looked at."""
    records: list[Record] = msgspec.field(default_factory=list)
    """Its messages as they were logged, oldest first: the newest `KEPT_RECORDS` of them."""


def story_of_number(log: EventLog, seq: int, words: Callable[[bytes], str]) -> Story:
    """The request with this sequence number, as far as the log still tells it."""
    story = Story(seq=seq)
    reader = _Reader(story, words)
    position = position_of(log, seq)
    if position is None:
        return reader.told()
    end = end_of_story(log, position, seq)
    story.cut = end == position + FORWARD_RECORDS
    records = list(log.between(position - BACK_RECORDS, end))
    for record in reversed(records):
        if reader.read(record):
            break
    return reader.told()


def story_of_client(log: EventLog, client: int, words: Callable[[bytes], str]) -> Story:
    """A client's newest request: its number is 0 while it was not ordered, as far as the log tells."""
    number = 0
    heads: list[OrderHead] = []
    for record in log.newest_first(LOOKED_AT):
        try:
            if record.tap in _CALLS:
                pairs = unpack_u32(_called.decode(record.body).requests)
                number = next((n for c, n in zip(pairs[::2], pairs[1::2], strict=True) if c == client), 0)
                if number:
                    break
            elif record.tap in _TO and record.body[_TAG] == _ORDER:
                heads.append(_order_head.decode(record.body))
        except (*UNREADABLE, IndexError, ValueError):
            continue
    if not number:
        return Story(request=RequestId(client, 0))
    return _told(log, RequestId(client, number), heads, words)


def story_of_request(log: EventLog, request: RequestId, words: Callable[[bytes], str]) -> Story:
    """The request with this identity, as far as the newest records tell."""
    heads: list[OrderHead] = []
    for record in log.newest_first(LOOKED_AT):
        if record.tap in _TO and record.body[_TAG : _TAG + 1] == b"o":
            try:
                heads.append(_order_head.decode(record.body))
            except UNREADABLE:
                continue
    return _told(log, request, heads, words)


def _told(
    log: EventLog, request: RequestId, heads: Sequence[OrderHead], words: Callable[[bytes], str]
) -> Story:
    """The story of a request, whose order may be among these."""
    seq = 0
    for head in heads:  # the newest first: after a new epoch the number may be another one
        place = _place(head.requests, *request)
        if place >= 0:
            seq = head.first_seq + place
            break
    story = Story(seq=seq, request=request)
    reader = _Reader(story, words)
    for record in log.newest_first(LOOKED_AT):
        if reader.read(record):
            break
    return reader.told()


class _Reader:
    """Takes records, newest first, and tells what they say of the request."""

    def __init__(self, story: Story, words: Callable[[bytes], str]) -> None:
        self._story = story
        self._words = words
        self._arrivals: dict[int, int] = {}  # token → when it arrived
        self._lost: dict[int, int] = {}  # token → when it was lost on its way
        self._call_token = -1

    def read(self, record: Record) -> bool:
        """Take the next older record. True when the story begins here."""
        try:
            return self._take(record)
        except (*UNREADABLE, IndexError, ValueError):
            return False

    def told(self) -> Story:
        """The story, oldest first."""
        for passages in (self._story.orders, self._story.asked, self._story.results):
            for several in passages.values():
                several.reverse()
        self._story.records.reverse()
        return self._story

    def _take(self, record: Record) -> bool:
        tap = record.tap
        if record.token and tap in _ARRIVED:
            self._arrivals[record.token] = record.time_ns
            if tap == Tap.RETURN_DELIVERED:
                self._returned(record)
            elif tap == Tap.CALL_DELIVERED:
                return self._called(record)
        elif record.token and tap in _LOST:
            self._lost[record.token] = record.time_ns
        elif tap in _TO:
            if self._story.seq and record.body[_TAG] == _ORDER:
                self._ordered(record)
        elif tap in _FROM:
            if self._story.seq:
                self._from(record)
        elif tap in _RETURNS:
            self._returned(record)
        elif tap in _CALLS:
            return self._called(record)
        return False

    def _ordered(self, record: Record) -> None:
        story, body = self._story, record.body
        head = _order_head.decode(body)
        place = story.seq - head.first_seq
        if not 0 <= place < head.count:
            return
        pairs = unpack_u32(head.requests[8 * place : 8 * place + 8])
        if not story.request.number:
            story.request = RequestId(pairs[0], pairs[1])
        if not story.operation:
            story.operation = _order.decode(body).operations[place]
            story.call = session_words(story.operation) or self._words(story.operation)
        if tuple(pairs) == story.request:
            story.ordered_ns = record.time_ns
            self._keep(record)
            for replica in _replicas(record.links):
                story.orders.setdefault(replica, []).append(self._passage(record))

    def _from(self, record: Record) -> None:
        story, body = self._story, record.body
        replica = record.links.bit_length() - 1
        if body[_TAG] == _RESULT:
            head = _result_head.decode(body)
            if 0 <= story.seq - head.first_seq < head.count:
                story.executions[replica] = Execution(head.received_ns, head.started_ns, head.finished_ns)
                self._keep(record)
                story.results.setdefault(replica, []).append(self._passage(record))
        elif body[1:6] == b"\xa4nack":
            nack = _nack.decode(body)
            if nack.first_seq <= story.seq <= nack.last_seq:
                self._keep(record)
                story.asked.setdefault(replica, []).append(self._passage(record))

    def _keep(self, record: Record) -> None:
        if len(self._story.records) < KEPT_RECORDS:
            self._story.records.append(record)

    def _passage(self, record: Record) -> Passage:
        tap, token, time_ns = record.tap, record.token, record.time_ns
        if tap in _LOST or token in self._lost:
            return Passage(Fate.LOST, time_ns, token=token)
        if tap in (Tap.TO_DOUBLED, Tap.FROM_DOUBLED) and not token:
            return Passage(Fate.DOUBLED, time_ns, time_ns)
        if not token:
            return Passage(Fate.PASSED, time_ns, time_ns)
        arrived_ns = self._arrivals.get(token, 0)
        return Passage(Fate.PASSED if arrived_ns else Fate.UNDER_WAY, time_ns, arrived_ns, token)

    def _returned(self, record: Record) -> None:
        story = self._story
        if not story.request.number and not story.seq:
            return
        returned = _returned.decode(record.body)
        if story.request.number:
            place = _place(returned.requests, *story.request)
        else:
            place = _aligned(returned.seqs, pack_u64((story.seq,)))
        if place >= 0:
            request = RequestId(*unpack_u32(returned.requests[8 * place : 8 * place + 8]))
            self._answered(record, request, returned.replica, OUTCOMES[returned.outcomes[place]])

    def _answered(self, record: Record, request: RequestId, replica: int, outcome: str) -> None:
        story = self._story
        self._keep(record)
        if record.tap == Tap.RETURN_SENT:
            story.answer_sent_ns = record.time_ns
        elif not story.outcome:
            story.request, story.outcome = request, outcome
            story.answered_ns, story.answered_by = record.time_ns, replica

    def _called(self, record: Record) -> bool:
        """The call: the story's first record, but under a visible pace it has two."""
        story = self._story
        if record.token and record.token == self._call_token:
            story.called_ns = record.time_ns
            self._keep(record)
            return True
        if not story.request.number:
            return False
        called = _called.decode(record.body)
        place = _place(called.requests, *story.request)
        if place < 0:
            return False
        story.operation = called.operations[place]
        story.call = session_words(story.operation) or self._words(story.operation)
        story.called_ns = record.time_ns
        self._keep(record)
        if record.tap == Tap.CALL_DELIVERED:
            story.reached_ns = record.time_ns
            self._call_token = record.token
            return not record.token
        return True


def _place(column: bytes, client: int, number: int) -> int:
    """At which place of a column of pairs a request stands; -1 when it does not."""
    return _aligned(column, pack_u32((client, number)))


def _aligned(column: bytes, item: bytes) -> int:
    """The place of an item of eight bytes in a column of such."""
    at = column.find(item)
    while at >= 0 and at % 8:
        at = column.find(item, at + 1)
    return at // 8 if at >= 0 else -1


def _replicas(links: int) -> list[int]:
    return [replica for replica in range(1, links.bit_length()) if links >> replica & 1]


_CALLS = frozenset({Tap.CALL_SENT, Tap.CALL_DELIVERED})
_RETURNS = frozenset({Tap.RETURN_SENT, Tap.RETURN_DELIVERED})
_ARRIVED = frozenset({Tap.TO_DELIVERED, Tap.FROM_DELIVERED, Tap.CALL_DELIVERED, Tap.RETURN_DELIVERED})
_LOST = frozenset({Tap.TO_LOST, Tap.FROM_LOST})
_TO = frozenset({Tap.TO_PASSED, Tap.TO_SENT, Tap.TO_LOST, Tap.TO_DOUBLED})
_FROM = frozenset({Tap.FROM_PASSED, Tap.FROM_SENT, Tap.FROM_LOST, Tap.FROM_DOUBLED})
