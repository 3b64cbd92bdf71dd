"""One record as a row of the event log: when, who, what kind, which numbers, in words."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from core.errors import RemoteProtocolError
from core.facts import Called, Returned
from core.ids import RequestId, client_name, replica_name
from core.limits import MAX_REPLICAS
from core.protocol.codec import decode_from_front_end, decode_from_replica
from core.protocol.messages import CLOSE_SESSION, OPEN_SESSION, unpack_u32, unpack_u64, view_change
from core.trace.told import EventKind as EventKind
from core.trace.told import Told, of_fact, of_fact_kind, of_message, run_of
from core.trace.wire_log import Record, Tap, decode_fact

CLIENTS = "clients"
"""Who, when a record tells of several clients."""

_called = msgspec.msgpack.Decoder(Called)
_returned = msgspec.msgpack.Decoder(Returned)

_TO = (Tap.TO_PASSED, Tap.TO_SENT, Tap.TO_DELIVERED, Tap.TO_LOST, Tap.TO_DOUBLED)
_FROM = (Tap.FROM_PASSED, Tap.FROM_SENT, Tap.FROM_DELIVERED, Tap.FROM_LOST, Tap.FROM_DOUBLED)
_FAULTY: dict[int, str] = {
    Tap.TO_LOST: "lost",
    Tap.FROM_LOST: "lost",
    Tap.TO_DOUBLED: "once more",
    Tap.FROM_DOUBLED: "once more",
}
_CALL = (Tap.CALL_SENT, Tap.CALL_DELIVERED)
_RETURN = (Tap.RETURN_SENT, Tap.RETURN_DELIVERED)
_ARRIVED = frozenset({Tap.TO_DELIVERED, Tap.FROM_DELIVERED, Tap.CALL_DELIVERED, Tap.RETURN_DELIVERED})
_BY_LETTER = {
    "o": EventKind.ORDER, "r": EventKind.RESULT, "n": EventKind.GAP, "p": EventKind.HEARTBEAT,
    "i": EventKind.LOOK, "s": EventKind.LOOK,
}  # fmt: skip


class EventRow(msgspec.Struct, frozen=True):
    """A row. `seq … last_seq` are the sequence numbers that it is about; 0 for none."""

    time_ns: int
    node: str
    kind: EventKind
    seq: int
    last_seq: int
    text: str


def kind_of(record: Record) -> EventKind:
    """What kind of event a record is, without decoding its body."""
    tap = record.tap
    if tap == Tap.FACT:
        return of_fact_kind(record.body)
    if tap in _CALL:
        return EventKind.REQUEST
    if tap in _RETURN:
        return EventKind.ANSWER
    if tap in _FAULTY:
        return EventKind.FAULT
    # a frame is a msgpack array led by its tag; the tag's first letter tells enough
    return _BY_LETTER.get(chr(record.body[2]) if len(record.body) > 2 else "", EventKind.CLUSTER)


def nodes_of(record: Record) -> set[str]:
    """The nodes that a record concerns."""
    _, tap, links, _, body = record
    try:
        if tap == Tap.FACT:
            return {of_fact(decode_fact(body)).node}
        if tap in _CALL:
            return _clients(_called.decode(body).requests) | {"FE"}
        if tap in _RETURN:
            return _clients(_returned.decode(body).requests) | {"FE"}
    except ValueError:
        return set()
    return {"FE", *_replicas(links)}


def row_of(record: Record, words: Callable[[bytes], str]) -> EventRow:
    """A record as a row; one that cannot be read says so."""
    try:
        told = _told(record, words)
    except (RemoteProtocolError, ValueError, IndexError):
        told = Told("", kind_of(record), 0, 0, "(cannot be read)")
    return EventRow(record.time_ns, told.node, told.kind, told.seq, told.last_seq, told.text)


def _told(record: Record, words: Callable[[bytes], str]) -> Told:
    _, tap, links, token, body = record
    if tap == Tap.FACT:
        return of_fact(decode_fact(body))
    arrived = tap in _ARRIVED and token > 0
    if tap in _CALL:
        return _call(_called.decode(body), arrived, words)
    if tap in _RETURN:
        return _answer(_returned.decode(body), arrived)
    replicas = _replicas(links)
    if tap in _TO:
        message = decode_from_front_end(body)
        told = of_message(message, lambda operation: session_words(operation) or words(operation))
        where = " ".join(replicas)
        if tap in _FAULTY:
            text = f"{_FAULTY[tap]}: {told.text} → {where}"
            return told._replace(node="FE", kind=EventKind.FAULT, text=text)
        text = f"{told.text} arrives at {where}" if arrived else f"{told.text} → {where}"
        return told._replace(node="FE", text=text)
    if tap in _FROM:
        told = of_message(decode_from_replica(body), words)
        if tap in _FAULTY:
            text = f"{_FAULTY[tap]}: {told.text}"
            return told._replace(node=" ".join(replicas), kind=EventKind.FAULT, text=text)
        text = f"arrives: {told.text}" if arrived else told.text
        return told._replace(node=" ".join(replicas), text=text)
    return Told("", EventKind.CLUSTER, 0, 0, f"(tap {tap} is not known)")


def _call(called: Called, arrived: bool, words: Callable[[bytes], str]) -> Told:
    ids = unpack_u32(called.requests)
    calls = [session_words(operation) or words(operation) for operation in called.operations[:3]]
    if len(called.operations) == 1:
        text = f"arrives: {calls[0]}" if arrived else calls[0]
        return Told(client_name(ids[0]), EventKind.REQUEST, 0, 0, text)
    more = ", …" if len(called.operations) > len(calls) else ""
    text = f"{len(called.operations)} requests: {', '.join(calls)}{more}"
    return Told(CLIENTS, EventKind.REQUEST, 0, 0, text)


def _answer(returned: Returned, arrived: bool) -> Told:
    ids, seqs = unpack_u32(returned.requests), unpack_u64(returned.seqs)
    source = f"from {replica_name(returned.replica)}" if returned.replica else "from nobody"
    first, last = min(seqs), max(seqs)
    if len(seqs) == 1:
        outcome = ("ok", "refused", "unknown")[returned.outcomes[0]]
        name = str(RequestId(ids[0], ids[1]))
        text = f"{'arrives: ' if arrived else ''}{outcome} {name} {source}"
        return Told(client_name(ids[0]), EventKind.ANSWER, first, last, text)
    refused, unknown = returned.outcomes.count(1), returned.outcomes.count(2)
    odd = [f"{count} {word}" for count, word in ((refused, "refused"), (unknown, "unknown")) if count]
    text = f"{len(seqs)} answers {source}, {run_of(first, last)}"
    return Told(CLIENTS, EventKind.ANSWER, first, last, ", ".join([text, *odd]))


def session_words(operation: bytes) -> str:
    """The operations that belong to no service, in words; "" for any other."""
    return _SESSION.get(operation) or view_change(operation)


_SESSION = {OPEN_SESSION: "open session", CLOSE_SESSION: "close session"}


def _clients(requests: bytes) -> set[str]:
    return {client_name(client) for client in unpack_u32(requests)[::2]}


def _replicas(links: int) -> list[str]:
    return [replica_name(replica) for replica in range(1, MAX_REPLICAS + 1) if links >> replica & 1]
