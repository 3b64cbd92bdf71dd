"""Re-execution: the recorded requests once more, and every answer and digest beside the recorded ones.

The results of a batch, whoever gave them, must be equal byte for byte: the same request ids, outcomes and
digests. The first number at which two are not is kept with both sides. Pure: who executes is the shell's
affair (`core.runtime.reexecution`), which hands in what was recorded and what came out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from core.errors import RemoteProtocolError
from core.ids import RequestId, replica_name
from core.protocol.codec import decode_body
from core.protocol.messages import Order, Result, unpack_u64
from core.services.calls import anything_words
from core.session.orders import request_ids

KEPT_REQUESTS = 1 << 17
"""How far a result may come behind the newest order and still be compared: four times the allowed lag."""


class Agreement(StrEnum):
    """What came out of a re-execution."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Side:
    """What one replica made of a request, in words."""

    who: str
    result: str
    digest: str

    def same(self, other: Side) -> bool:
        """Made the same of it."""
        return (self.result, self.digest) == (other.result, other.digest)


@dataclass(frozen=True, slots=True)
class Difference:
    """The first number at which two results differ, the request there, and both sides."""

    seq: int
    request: str
    operation: str
    left: Side
    right: Side

    def words(self) -> str:
        """In a sentence."""
        left, right = self.left, self.right
        if left.result != right.result:
            what = f"{left.who} answered {left.result}, {right.who} {right.result}"
        else:
            what = (
                f"both answered {left.result}, but {left.who} has digest {left.digest}, "
                f"{right.who} {right.digest}"
            )
        return f"First difference at #{self.seq} ({self.request} {self.operation}): {what}."

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        sides = {
            name: {"who": side.who, "result": side.result, "digest": side.digest}
            for name, side in (("left", self.left), ("right", self.right))
        }
        return {"seq": self.seq, "request": self.request, "operation": self.operation, **sides}


@dataclass(slots=True)
class _Batch:
    order: Order
    who: str = ""
    body: bytes = b""


class ResultComparison:
    """Compares results as they come. `words` turns an encoded operation into a short call."""

    def __init__(self, words: Callable[[bytes], str]) -> None:
        self._words = words
        self._batches: dict[int, _Batch] = {}
        self._newest = 0
        self.requests = 0
        """Requests in the batches so far."""
        self.compared = 0
        """Results of single requests that were compared with another one."""
        self.late = 0
        """Results that came too late to be compared."""
        self.difference: Difference | None = None

    def ordered(self, order: Order) -> None:
        """The next batch; its results follow, from the recording and from the re-run."""
        self._batches[order.first_seq] = _Batch(order)
        self._newest = order.first_seq + order.count
        self.requests += order.count
        while (oldest := next(iter(self._batches))) < self._newest - KEPT_REQUESTS:
            del self._batches[oldest]

    def recorded(self, replica: int, result: Result) -> None:
        """A replica's result in the recording."""
        self._take(f"{replica_name(replica)} of the recording", result)

    def came_out(self, replica: int, result: Result) -> None:
        """A fresh replica's result."""
        self._take(f"{replica_name(replica)} of the re-run", result)

    def _take(self, who: str, result: Result) -> None:
        batch = self._batches.get(result.first_seq)
        if batch is None or batch.order.count != result.count:
            self.late += result.count
            return
        if not batch.who:
            batch.who, batch.body = who, result.body
            return
        self.compared += result.count
        if batch.body != result.body and (self.difference is None or result.first_seq <= self.difference.seq):
            self._find(batch, who, result.body)

    def _find(self, batch: _Batch, who: str, found: bytes) -> None:
        """The bytes differ: at which number first?"""
        count = batch.order.count
        left, right = _sides(batch.body, batch.who, count), _sides(found, who, count)
        unlike = (place for place in range(count) if not left[place].same(right[place]))
        offset = next(unlike, 0)  # all alike: the request ids differ
        seq = batch.order.first_seq + offset
        if self.difference is None or seq < self.difference.seq:
            request = str(RequestId(*request_ids(batch.order)[offset]))
            words = self._words(batch.order.operations[offset])
            self.difference = Difference(seq, request, words, left[offset], right[offset])


def _sides(body: bytes, who: str, count: int) -> list[Side]:
    """Each request's answer and digest; what cannot be read says so."""
    try:
        decoded = decode_body(body)
        pairs = zip(decoded.outcomes, unpack_u64(decoded.digests), strict=True)
        sides = [Side(who, anything_words(outcome), f"{digest:016x}") for outcome, digest in pairs]
        if len(sides) == count:
            return sides
    except (RemoteProtocolError, ValueError):
        pass
    return [Side(who, "something unreadable", "none")] * count


@dataclass(slots=True)
class RerunReport:
    """What a re-execution showed."""

    replicas: int
    requests: int = 0
    compared: int = 0
    difference: Difference | None = None
    trouble: str = ""
    """Why not everything was executed; "" when it was."""
    note: str = ""

    @property
    def agreement(self) -> Agreement:
        """The verdict."""
        if self.difference is not None:
            return Agreement.DIFFERENT
        return Agreement.UNKNOWN if self.trouble or not self.compared else Agreement.EQUAL

    @property
    def reason(self) -> str:
        """The verdict in a sentence."""
        if self.difference is not None:
            return self.difference.words()
        if self.trouble:
            return self.trouble
        if not self.compared:
            return "The recording holds no ordered request, so there was nothing to execute."
        return "Every result and every digest is the same: the service is deterministic in this run."

    def as_json(self) -> dict[str, object]:
        """The object that `rerun --json` prints."""
        return {
            "verdict": self.agreement.value,
            "reason": self.reason,
            "requests": self.requests,
            "compared": self.compared,
            "replicas": self.replicas,
            "difference": self.difference.as_json() if self.difference else None,
            "note": self.note,
        }
