"""`chrome`: a trace in the Trace Event Format (JSON), which Perfetto and chrome://tracing open.

A track per node. A slice per request on its client's track, from call to return, and per execution on the
replica's: a replica tells the time of a batch only, so each request of it gets an equal part. What the front
end does takes no time that anybody measured, and is shown as slices of `FRONT_END_NS`. Every message is a
flow from the slice that sent it to the slice that took it. Bookmarks and captions are global instants.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, BinaryIO

import msgspec

from core.ids import RequestId
from core.session.exports.causality import FRONT_END, KEPT_ORDERS, Causality, Kind, NodeEvent
from core.session.exports.job import Job
from core.trace.rows import session_words

PID = 1
FRONT_END_NS = 200
_NOTES_TRACK, _FRONT_END_TRACK, _REPLICA_TRACKS = 0, 100, 200
_AT = "at"
"""Where in a node event's clock the beginning of its slice is noted."""
_OUTCOMES = ("ok", "refused", "unknown")
_FLOWS = {
    Kind.ARRIVE: "request",
    Kind.ORDER: "request",
    Kind.EXECUTE: "order",
    Kind.RESPONSE: "result",
    Kind.RETURNED: "answer",
}

Event = dict[str, Any]


def write_chrome(job: Job, file: BinaryIO) -> None:
    """Write the trace of the span. Raises RecordingError, OSError."""
    encode = msgspec.json.Encoder().encode
    header = job.recording.header
    file.write(b'{"displayTimeUnit":"ns","otherData":')
    file.write(encode({"service": header.service, "seed": str(header.seed), "version": header.app_version}))
    file.write(b',"traceEvents":[\n')
    first = True
    for event in _Trace(job).events():
        file.write((b"" if first else b",\n") + encode(event))
        first = False
    file.write(b"\n]}\n")


class _Trace:
    """Builds the trace's events one after the other."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._words = job.words()
        self._tracks: dict[str, int] = {}
        self._flow_ids = count(1)
        self._orders: dict[int, list[bytes]] = {}
        self._open: dict[tuple[int, int], NodeEvent] = {}
        self._front_end_ns = 0  # when the front end's last slice ends
        self._last_ns = 0

    def events(self) -> Iterator[Event]:
        """The trace."""
        yield {"ph": "M", "pid": PID, "name": "process_name", "args": {"name": self._name()}}
        yield from self._notes()
        causality = Causality(self._words, self._job.recording.base_ns)
        for event in causality.events(self._job.records()):
            if event.node not in self._tracks:
                yield from self._new_track(event.node)
            self._last_ns = max(self._last_ns, event.time_ns)
            yield from self._of(event)
        for call in self._open.values():  # nobody answered
            yield self._request(call, self._last_ns, "unknown", 0)

    def _name(self) -> str:
        header = self._job.recording.header
        return f"{header.service}, {header.replicas} replicas, {header.clients} clients"

    def _notes(self) -> Iterator[Event]:
        """What a person has put on the recording: instants across all tracks."""
        notes = self._job.notes()
        if notes:
            yield {
                "ph": "M",
                "pid": PID,
                "tid": _NOTES_TRACK,
                "name": "thread_name",
                "args": {"name": "notes"},
            }
        for note in notes:
            kind = "caption" if note.is_caption else "bookmark"
            place = {"pid": PID, "tid": _NOTES_TRACK, "ts": note.time_ns / 1e3}
            yield {"ph": "i", "s": "g", **place, "cat": kind, "name": note.text or kind}

    def _new_track(self, node: str) -> Iterator[Event]:
        tid = _FRONT_END_TRACK if node == FRONT_END else int(node[1:])
        tid += _REPLICA_TRACKS if node.startswith("R") else 0
        self._tracks[node] = tid
        place = {"pid": PID, "tid": tid}
        yield {"ph": "M", **place, "name": "thread_name", "args": {"name": node}}
        yield {"ph": "M", **place, "name": "thread_sort_index", "args": {"sort_index": tid}}

    def _of(self, event: NodeEvent) -> Iterator[Event]:
        at = event.time_ns
        match event.kind:
            case Kind.CALL:
                self._open[event.request] = event
                event.clock[_AT] = at
                return
            case Kind.NOTE | Kind.GAP:
                yield self._instant(event)
                return
            case Kind.EXECUTE:
                yield from self._executions(event)
            case Kind.RETURNED:
                call = self._open.pop(event.request, None)
                if call is None:
                    return  # called before the span
                yield self._request(call, at, _OUTCOMES[event.fate], event.first_seq)
                at = max(call.time_ns, at - 1)  # inside of the slice
            case _:
                if event.kind is Kind.ORDER:
                    self._remember(event)
                at = event.clock[_AT] = max(at, self._front_end_ns)
                self._front_end_ns = at + FRONT_END_NS
                yield self._slice(event.node, at, FRONT_END_NS, event.kind.value, event.text)
        for cause in event.causes:
            yield from self._flow(cause, event, at)

    def _remember(self, order: NodeEvent) -> None:
        self._orders[order.first_seq] = order.operations
        if len(self._orders) > KEPT_ORDERS:
            del self._orders[next(iter(self._orders))]

    def _slice(self, node: str, start_ns: int, length_ns: int, category: str, name: str) -> Event:
        place = {"pid": PID, "tid": self._tracks[node], "ts": start_ns / 1e3, "dur": length_ns / 1e3}
        return {"ph": "X", **place, "cat": category, "name": name}

    def _instant(self, event: NodeEvent) -> Event:
        place = {"pid": PID, "tid": self._tracks[event.node], "ts": event.time_ns / 1e3}
        return {"ph": "i", "s": "t", **place, "cat": event.kind.value, "name": event.text}

    def _executions(self, event: NodeEvent) -> Iterator[Event]:
        operations = self._orders.get(event.first_seq, [])
        length_ns = max(0, event.end_ns - event.time_ns)
        for offset in range(event.count):
            start_ns = event.time_ns + offset * length_ns // event.count
            end_ns = event.time_ns + (offset + 1) * length_ns // event.count
            operation = operations[offset] if offset < len(operations) else b""
            name = session_words(operation) or self._words(operation) if operation else "an operation"
            part = self._slice(event.node, start_ns, end_ns - start_ns, "execution", name)
            yield {**part, "args": {"seq": event.first_seq + offset, "batch": event.count}}
            event.clock[_AT] = start_ns  # the last one's: it sends the result

    def _request(self, call: NodeEvent, until_ns: int, outcome: str, seq: int) -> Event:
        name = str(RequestId(*call.request))
        length_ns = max(0, until_ns - call.time_ns)
        part = self._slice(
            call.node, call.time_ns, length_ns, "request", call.text.partition(": ")[2] or name
        )
        return {**part, "args": {"request": name, "seq": seq, "outcome": outcome}}

    def _flow(self, cause: NodeEvent, event: NodeEvent, at_ns: int) -> Iterator[Event]:
        started_ns = cause.clock.get(_AT)
        if started_ns is None:
            return  # the cause is no slice
        flow = {"pid": PID, "cat": "message", "name": _FLOWS[event.kind], "id": next(self._flow_ids)}
        yield {"ph": "s", "tid": self._tracks[cause.node], "ts": started_ns / 1e3, **flow}
        yield {"ph": "f", "bp": "e", "tid": self._tracks[event.node], "ts": at_ns / 1e3, **flow}
