"""Compares two recordings: the first number at which they differ, and both states there beside each other.

At each number the request (client, request number, operation) and its result are compared; the digest too,
as long as the front end's timestamps have been the same (those of a recording and its re-run are, those of
two runs never), for a service may keep them in its state. States are rebuilt by executing each recording's
batches up to that number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import msgspec

from core.checks.reference import ReferenceMachine
from core.errors import ServiceError
from core.ids import RequestId, replica_name
from core.protocol.messages import Order, unpack_u64
from core.services.calls import anything_words
from core.services.machine import Service, encode_value
from core.session.check import Progress, no_progress
from core.session.orders import Execution, executions, request_ids
from core.session.reader import Recording

SHOWN_PATHS = 50
ABSENT = "absent"

Loader = Callable[[], Service]
"""Makes a fresh instance of a recording's service."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What one recording holds under a number: who asked what, what came of it, and when it was stamped."""

    request: str
    operation: bytes
    result: str
    digest: str
    replica: str
    timestamp: int

    def same(self, other: Moment, with_digest: bool) -> bool:
        """Nothing that is compared differs."""
        mine = self.request, self.operation, self.result
        return mine == (other.request, other.operation, other.result) and (
            not with_digest or self.digest == other.digest
        )


@dataclass(frozen=True, slots=True)
class PathDifference:
    """Something in the states that is not the same, as JSON; `ABSENT` where a side does not have it."""

    path: str
    left: str
    right: str


@dataclass(slots=True)
class CompareReport:
    """What the comparison found. `seq` is 0 when nothing differs."""

    seq: int = 0
    left: Moment | None = None
    right: Moment | None = None
    compared: int = 0
    digests: int = 0
    """Of how many of those the digests were compared, too."""
    paths: list[PathDifference] | None = None
    """What differs between the states after `seq`; None when they were not rebuilt."""
    more_paths: int = 0
    trouble: str = ""

    @property
    def same(self) -> bool:
        """Nothing differs."""
        return not self.seq

    def words(self, words: Callable[[bytes], str]) -> str:
        """The verdict in a sentence."""
        if self.same:
            digests = f"the digests were compared up to #{self.digests}, where the timestamps become others"
            return (
                f"The recordings do not differ in any of their {self.compared:,} numbers"
                f"{'' if self.digests == self.compared else f' ({digests})'}."
            )
        if self.left is None or self.right is None:
            longer = "second" if self.left is None else "first"
            return f"They do not differ up to #{self.seq - 1}; only the {longer} goes on."
        left, right = self.left, self.right
        if (left.request, left.operation) != (right.request, right.operation):
            return (
                f"First difference at #{self.seq}: another request, {left.request} {words(left.operation)} "
                f"and {right.request} {words(right.operation)}."
            )
        what = f"#{self.seq} ({left.request} {words(left.operation)})"
        if left.result != right.result:
            return f"First difference at {what}: answered {left.result} and {right.result}."
        return f"First difference at {what}: digests {left.digest} and {right.digest}."

    def as_json(self, words: Callable[[bytes], str]) -> dict[str, object]:
        """The object that `compare --json` prints."""
        return {
            "verdict": "same" if self.same else "different",
            "reason": self.words(words),
            "compared": self.compared,
            "digests_compared": self.digests,
            "seq": self.seq,
            "left": _moment_json(self.left, words),
            "right": _moment_json(self.right, words),
            "states": None
            if self.paths is None
            else [{"path": one.path, "left": one.left, "right": one.right} for one in self.paths],
            "more_states": self.more_paths,
            "trouble": self.trouble,
        }


def compare(
    left: Recording, right: Recording, loaders: tuple[Loader, Loader], progress: Progress = no_progress
) -> CompareReport:
    """Find the first difference. Raises RecordingError when a file is damaged."""
    report, total = CompareReport(), max(left.records_count, right.records_count)
    for seq, (one, other) in enumerate(zip_longest(_moments(left), _moments(right)), start=1):
        same_clock = (
            report.digests == seq - 1
            and one is not None
            and other is not None
            and one.timestamp == other.timestamp
        )
        if one is None or other is None or not one.same(other, same_clock):
            report.seq, report.left, report.right = seq, one, other
            break
        report.compared, report.digests = seq, report.digests + same_clock
        if seq % 4_096 == 0:
            progress(min(seq, total), total)
    if not report.same:
        _put_states(report, (left, right), loaders)
    return report


def _moments(recording: Recording) -> Iterator[Moment]:
    for one in executions(recording):
        results = _results(one)
        replica = replica_name(one.replica) if one.replica else ""
        columns = zip(request_ids(one.order), one.order.operations, results, strict=True)
        for ids, operation, (result, digest) in columns:
            yield Moment(str(RequestId(*ids)), operation, result, digest, replica, one.order.timestamp)


def _results(one: Execution) -> list[tuple[str, str]]:
    if one.body is None:
        return [("not answered", "none")] * one.order.count
    digests = unpack_u64(one.body.digests)
    return [
        (anything_words(outcome), f"{digest:016x}")
        for outcome, digest in zip(one.body.outcomes, digests, strict=True)
    ]


# --- states -----------------------------------------------------------------------------------------------


def _put_states(
    report: CompareReport, recordings: tuple[Recording, ...], loaders: tuple[Loader, ...]
) -> None:
    states = []
    for recording, load in zip(recordings, loaders, strict=True):
        try:
            states.append(state_after(recording, load(), report.seq))
        except ServiceError as error:
            report.trouble = str(error)
            return
    found = list(differences(states[0], states[1]))
    report.paths, report.more_paths = found[:SHOWN_PATHS], max(0, len(found) - SHOWN_PATHS)


def state_after(recording: Recording, service: Service, seq: int) -> object:
    """The state after the number `seq` (or the last one there is), as plain values. Raises ServiceError when
    the service fails on the way."""
    machine = ReferenceMachine(service)
    try:
        for one in executions(recording):
            if one.order.first_seq > seq:
                break
            machine.execute(_until(one.order, seq))
    except Exception as error:  # a bug in the service
        raise ServiceError(f"The service failed while a state was rebuilt: {error}.") from error
    plain = msgspec.msgpack.decode(encode_value(service.snapshot()))
    return msgspec.to_builtins(plain, str_keys=True)


def _until(order: Order, seq: int) -> Order:
    count = min(order.count, seq - order.first_seq + 1)
    if count == order.count:
        return order
    return msgspec.structs.replace(
        order, count=count, requests=order.requests[: 8 * count], operations=order.operations[:count]
    )


def differences(left: Any, right: Any, path: str = "") -> Iterator[PathDifference]:
    """Where two states of plain values differ, in the order of the left one."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in [*left, *(key for key in right if key not in left)]:
            inner = f"{path}.{key}" if path else str(key)
            yield from differences(left.get(key, _Absent), right.get(key, _Absent), inner)
    elif isinstance(left, list) and isinstance(right, list):
        for place, (one, other) in enumerate(zip_longest(left, right, fillvalue=_Absent)):
            yield from differences(one, other, f"{path}[{place}]")
    elif left is not right and left != right:
        yield PathDifference(path or "the state", _json(left), _json(right))


_Absent = object()


def _json(value: object) -> str:
    return ABSENT if value is _Absent else msgspec.json.encode(value).decode()


def _moment_json(moment: Moment | None, words: Callable[[bytes], str]) -> dict[str, object] | None:
    if moment is None:
        return None
    return {
        "request": moment.request,
        "operation": words(moment.operation),
        "result": moment.result,
        "digest": moment.digest,
        "replica": moment.replica,
        "timestamp": moment.timestamp,
    }
