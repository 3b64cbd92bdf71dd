"""A history as its clients saw it: what was asked, when, and what came back.

`HistoryReader` makes it from the wire log, live or recorded. A request is called when it leaves its client
and returns when the answer reaches it. The answer itself stands in the result frame of the replica that the
client was answered by; requests are matched by their identity (client, request number) alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from core.facts import Called, Returned
from core.ids import RequestId
from core.protocol.messages import CLOSE_SESSION, OPEN_SESSION, Result, ResultBody, unpack_u32, unpack_u64
from core.services.calls import NO_SESSION, STALE_REQUEST
from core.trace.wire_log import UNREADABLE, Record, Tap, decode_fact

FOREVER = 1 << 63
"""The return time of a request of which nobody knows whether it took effect: it still may."""

_OUTCOME_UNKNOWN = 2
_KEPT_RESULTS = 1_024
"""Batches of answers kept per replica until their requests return: the oldest go first."""
_RESULT_MARK = b"\xa6result"
_SESSION = (OPEN_SESSION, CLOSE_SESSION)
_UNSURE = (NO_SESSION, STALE_REQUEST)
"""Answers that do not say whether the request was executed when it was first sent."""

_decode_result = msgspec.msgpack.Decoder(Result).decode
_decode_body = msgspec.msgpack.Decoder(ResultBody).decode


class Call(NamedTuple):
    """One request. `outcome` is the encoded answer; None when nobody knows it: then it returns FOREVER."""

    request: RequestId
    operation: bytes
    called_ns: int
    returned_ns: int
    outcome: bytes | None


class Window(NamedTuple):
    """A part of a history: the requests called up to `until_ns` and after the window before. All that can be
    known of them is known. `shown` are the sequence numbers that they were answered under: for people, and an
    order for `Judge` to try, which believes nothing of it."""

    until_ns: int
    calls: list[Call]
    shown: dict[RequestId, int]


class HistoryReader:
    """Reads records in their order, and cuts the history into windows."""

    def __init__(self, still_open: Iterable[Call] = (), unknown: Iterable[Call] = ()) -> None:
        """Requests called before the first record that may still take effect: open, or ended as unknown."""
        ended = {call.request: (call.operation, call.called_ns) for call in unknown}
        self._open = ended | {call.request: (call.operation, call.called_ns) for call in still_open}
        self._unknown = set(ended)
        self._done: list[Call] = []
        self._shown: dict[RequestId, int] = {}
        # client → its last request: an equal or lower number is a repetition
        self._last = dict(sorted(self._open))
        self._results: dict[int, dict[bytes, list[bytes]]] = {}  # replica → requests of a batch → answers
        self._until_ns: int | None = None  # the cut that waits for requests to return
        self._awaited: set[RequestId] = set()
        self._now_ns = 0
        self.called = 0
        """Requests to the service seen so far."""

    @property
    def waiting(self) -> int:
        """Requests read that are in no window yet."""
        return len(self._done) + len(self._open)

    def read(self, records: Iterable[Record]) -> None:
        """Take the next records."""
        for time_ns, tap, links, _, body in records:
            if tap == Tap.CALL_DELIVERED or tap == Tap.CALL_SENT:
                self._call(time_ns, body)
            elif tap == Tap.RETURN_DELIVERED:
                self._return(time_ns, body)
            elif tap == Tap.FROM_PASSED or tap == Tap.FROM_DELIVERED:
                if body[1:8] == _RESULT_MARK:
                    self._result(links.bit_length() - 1, body)
            else:
                continue
            self._now_ns = max(self._now_ns, time_ns)

    def cut(self) -> Window | None:
        """The next window, as soon as all its requests have returned (or are known to be unknown); None while
        some are still open. The cut lies where the history stood when it was first asked for."""
        if self._until_ns is None:
            if not self._done:
                return None
            self._until_ns = self._now_ns
            self._awaited = {request for request in self._open if request not in self._unknown}
        if self._awaited:
            return None
        return self._window(self._until_ns)

    def unknown(self) -> list[Call]:
        """The requests that ended as unknown and are in no window yet."""
        return [Call(request, *self._open[request], FOREVER, None) for request in sorted(self._unknown)]

    def rest(self) -> Window | None:
        """Everything that is left, at the end of the history: what is open now is unknown."""
        self._awaited.clear()
        return self._window(FOREVER - 1) if self.waiting else None

    def _window(self, until_ns: int) -> Window:
        self._until_ns = None
        calls = [call for call in self._done if call.called_ns <= until_ns]
        self._done = [call for call in self._done if call.called_ns > until_ns]
        for request, (operation, called_ns) in list(self._open.items()):
            if called_ns <= until_ns:
                calls.append(Call(request, operation, called_ns, FOREVER, None))
                del self._open[request]
                self._unknown.discard(request)
        shown = {call.request: self._shown.pop(call.request, 0) for call in calls}
        return Window(until_ns, calls, shown)

    def _call(self, time_ns: int, body: bytes) -> None:
        fact = _fact(body)
        if not isinstance(fact, Called):
            return
        ids = unpack_u32(fact.requests)
        for client, number, operation in zip(ids[::2], ids[1::2], fact.operations, strict=False):
            if number <= self._last.get(client, 0):
                self._unknown.discard(RequestId(client, number))  # sent again: in question once more
                continue
            self._last[client] = number
            if operation not in _SESSION:
                self._open[RequestId(client, number)] = (operation, time_ns)
                self.called += 1

    def _result(self, replica: int, frame: bytes) -> None:
        try:
            body = _decode_body(_decode_result(frame).body)
        except UNREADABLE:
            return
        results = self._results.setdefault(replica, {})
        results[body.requests] = body.outcomes
        if len(results) > _KEPT_RESULTS:
            del results[next(iter(results))]

    def _return(self, time_ns: int, body: bytes) -> None:
        fact = _fact(body)
        if not isinstance(fact, Returned):
            return
        ids, seqs = unpack_u32(fact.requests), unpack_u64(fact.seqs)
        for client, number, seq, code, outcome in zip(
            ids[::2], ids[1::2], seqs, fact.outcomes, self._answers(fact), strict=False
        ):
            request = RequestId(client, number)
            self._awaited.discard(request)
            known = self._open.get(request)
            if known is None:
                continue
            if code == _OUTCOME_UNKNOWN or outcome is None or outcome in _UNSURE:
                self._unknown.add(request)
                continue
            del self._open[request]
            self._unknown.discard(request)
            self._shown[request] = seq
            self._done.append(Call(request, known[0], known[1], max(time_ns, known[1]), outcome))

    def _answers(self, fact: Returned) -> Sequence[bytes | None]:
        """What the replica that answered had answered to each of these requests."""
        results = self._results.get(fact.replica, {})
        outcomes = results.get(fact.requests)
        if outcomes is not None:
            return outcomes
        each: dict[bytes, bytes] = {}  # they did not return as they were ordered: look one by one
        for requests, answers in results.items():
            pairs = (requests[at : at + 8] for at in range(0, len(requests), 8))
            each.update(zip(pairs, answers, strict=False))
        return [each.get(fact.requests[at : at + 8]) for at in range(0, len(fact.requests), 8)]


def _fact(body: bytes) -> object:
    try:
        return decode_fact(body)
    except UNREADABLE:
        return None
