"""Where in the event log a number was ordered, and how far its story goes.

Numbers ascend along the log, but for what is sent again and for the few that a new epoch gives once more. So
the place of a number is found by halving, and what is not quite in order is dealt with by looking at a few
records around each probe: the highest number that they know of is what had been ordered by then. A front end
says that number in every sign of life, too, so a probe finds one also where nobody asks anything.
"""

from __future__ import annotations

import msgspec

from core.protocol.messages import OrderHead, Ping, Pong, ResultHead, unpack_u64
from core.trace.events import EventLog
from core.trace.wire_log import UNREADABLE, Record, Tap

FORWARD_RECORDS = 2_500
"""How far after its order a number's story is followed."""
BACK_RECORDS = 4_000
"""How far before its order its call is looked for."""
_TELLING = 4
_PROBE_RECORDS = 512
_AROUND_RECORDS = 1_024
_NEWEST_RECORDS = 4_096

_order_head = msgspec.msgpack.Decoder(OrderHead)
_result_head = msgspec.msgpack.Decoder(ResultHead)
_ping = msgspec.msgpack.Decoder(Ping)
_pong = msgspec.msgpack.Decoder(Pong)


class _Answer(msgspec.Struct, array_like=True, tag="returned"):
    replica: int
    requests: bytes
    seqs: bytes


_answer = msgspec.msgpack.Decoder(_Answer)

# plain integers: comparing with a member of an enumeration costs more than all the rest
_TO = frozenset(map(int, (Tap.TO_PASSED, Tap.TO_SENT, Tap.TO_LOST)))
_FROM = frozenset(map(int, (Tap.FROM_PASSED, Tap.FROM_SENT, Tap.FROM_LOST)))
_FROM_LOST = int(Tap.FROM_LOST)
_SAID = _FROM - {_FROM_LOST}
_RETURNS = frozenset(map(int, (Tap.RETURN_SENT, Tap.RETURN_DELIVERED)))
_ARRIVED = frozenset(map(int, (Tap.FROM_DELIVERED, Tap.FROM_LOST, Tap.TO_DELIVERED, Tap.TO_LOST)))
_RETURN_DELIVERED = int(Tap.RETURN_DELIVERED)
_O, _R, _P = b"orp"


def position_of(log: EventLog, seq: int) -> int | None:
    """Position of the first order that holds a number; None when the log does not hold it (any more)."""
    low, high = log.first, log.end
    while high - low > _AROUND_RECORDS:
        middle = (low + high) // 2
        if _known_at(log, middle) >= seq:
            high = middle
        else:
            low = middle
    found = _ordered_between(log, seq, low - _AROUND_RECORDS, high + _PROBE_RECORDS)
    if found is None and high + _PROBE_RECORDS < log.end:  # what is new is asked for most, so look twice
        found = _ordered_between(log, seq, log.end - _NEWEST_RECORDS, log.end)
    return found


def _ordered_between(log: EventLog, seq: int, start: int, end: int) -> int | None:
    start = max(log.first, start)
    for place, record in enumerate(log.between(start, end), start):
        if record[1] in _TO and record[4][2:3] == b"o" and _holds(record[4], seq, _order_head):
            return place
    return None


def end_of_story(log: EventLog, position: int, seq: int) -> int:
    """Position after the last record that tells of a number whose order is at `position`: every replica it
    went to has responded and the client has its answer; or what was looked through ends."""
    missing = log.record(position).links
    answered, under_way = False, set[int]()
    for place, record in enumerate(log.between(position, position + FORWARD_RECORDS), position):
        _, tap, links, token, body = record
        if token and tap in _ARRIVED:
            if tap == _FROM_LOST and token in under_way:
                missing |= links
            under_way.discard(token)
        if tap in _SAID:
            if links & missing and body[2] == _R and _holds(body, seq, _result_head):
                missing &= ~links
                if token:
                    under_way.add(token)
        elif tap in _TO:
            if body[2] == _O and _holds(body, seq, _order_head):
                missing |= links
        elif tap in _RETURNS and (not answered or token):
            answered = answered or (tap == _RETURN_DELIVERED and _returns(body, seq))
        if answered and not missing and not under_way:
            return place + 1
    return min(log.end, position + FORWARD_RECORDS)


def _known_at(log: EventLog, position: int) -> int:
    """The highest number that the records from `position` on know of."""
    highest, telling = 0, 0
    for record in log.between(position, position + _PROBE_RECORDS):
        known = _known(record)
        if known:
            highest, telling = max(highest, known), telling + 1
            if telling == _TELLING:
                break
    return highest


def _known(record: Record) -> int:
    _, tap, _, _, body = record
    try:
        if tap in _TO and len(body) > 2:
            if body[2] == _O:
                head = _order_head.decode(body)
                return head.first_seq + head.count - 1
            return _ping.decode(body).ordered if body[2] == _P else 0
        if tap in _FROM and body[2] == _R:
            result = _result_head.decode(body)
            return result.first_seq + result.count - 1
        if tap in _FROM and body[2] == _P:
            return _pong.decode(body).expected - 1
    except (*UNREADABLE, IndexError):
        return 0
    return 0


def _holds(
    body: bytes, seq: int, decoder: msgspec.msgpack.Decoder[OrderHead] | msgspec.msgpack.Decoder[ResultHead]
) -> bool:
    try:
        head = decoder.decode(body)
    except UNREADABLE:
        return False
    return head.first_seq <= seq < head.first_seq + head.count


def _returns(body: bytes, seq: int) -> bool:
    try:
        return seq in unpack_u64(_answer.decode(body).seqs)
    except (*UNREADABLE, ValueError):
        return False
