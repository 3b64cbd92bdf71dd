"""One replica as the fold knows it."""

from __future__ import annotations

from collections import deque

import msgspec
import numpy as np

from core.harm import Harm
from core.model.cluster_view import ReplicaState, Tile
from core.protocol.messages import Result

HELD_SHOWN = 16
RESULTS_KEPT = 64

_result = msgspec.msgpack.Decoder(Result)


_NOT_UP = (ReplicaState.DEAD, ReplicaState.STARTING, ReplicaState.CATCHING_UP)


class _BodyFront(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A ResultBody without its outcomes."""

    requests: bytes
    digests: bytes


_body_front = msgspec.msgpack.Decoder(_BodyFront)


class Replica:
    """What is known of one replica; mutable, of the fold alone."""

    def __init__(self, replica: int) -> None:
        self.replica = replica
        self.spawned(0, 0)

    def spawned(self, incarnation: int, pid: int) -> None:
        """A new life begins with nothing known."""
        self.incarnation = incarnation
        self.pid = pid
        self.port = 0
        self.phase = ReplicaState.STARTING
        self.detail = ""
        self.expected = 1
        self.digest = 0
        self.answered = 1
        """After the last number whose result is known: a sign of life may be ahead of that."""
        self.held: tuple[tuple[int, int], ...] = ()
        self.diverged_seq = 0
        self.level_ns = 0
        self.died_ns = 0
        self.ended = ""
        self.killed_by = ""
        self.silence = ""  # why it was fenced, when it was for silence
        self.paused = False
        self.harms: dict[Harm, int] = {}
        self.tiles: tuple[Tile, ...] = ()
        self.results: deque[bytes] = deque(maxlen=RESULTS_KEPT)

    @property
    def dead(self) -> bool:
        return self.phase is ReplicaState.DEAD

    @property
    def up(self) -> bool:
        """Joined and not dead: it takes part."""
        return self.phase not in _NOT_UP

    def harm_words(self) -> tuple[str, ...]:
        """What somebody did inside of it and what lasts, in a few words each."""
        return tuple(_HARMS[harm].format(amount / 1e6) for harm, amount in self.harms.items())

    def held_count(self) -> int:
        """How many numbers it holds back."""
        return sum(last - max(first, self.expected) + 1 for first, last in self.held if last >= self.expected)

    def held_lowest(self) -> tuple[int, ...]:
        """The lowest numbers held back."""
        lowest: list[int] = []
        for first, last in self.held:
            room = HELD_SHOWN - len(lowest)
            first = max(first, self.expected)
            lowest.extend(range(first, min(last + 1, first + room)))
        return tuple(lowest)

    def reached(self, expected: int, digest: int) -> None:
        """It says that it executed everything below `expected`."""
        if expected >= self.expected:
            self.expected = expected
            self.digest = digest

    def digests(self, first: int, last: int) -> tuple[int, tuple[int, ...]]:
        """Digests after the numbers `first … last` as (first number known without a gap, digests)."""
        missing = last
        parts: list[list[int]] = []
        for body in reversed(self.results):
            if missing < first:
                break
            result = _result.decode(body)
            start, end = result.first_seq, result.first_seq + result.count
            if result.incarnation != self.incarnation or not start <= missing < end:
                continue  # older ones come again, too
            column = np.frombuffer(_body_front.decode(result.body).digests, "<u8")
            low = max(first, start)
            parts.append(column[low - start : missing - start + 1].tolist())
            missing = low - 1
        return missing + 1, tuple(digest for part in reversed(parts) for digest in part)


_HARMS = {Harm.SLOW: "slowed by {0:,.3g} ms", Harm.LIE: "lies", Harm.CORRUPT: "memory corrupted"}
