"""The simulated run's wire log: the records that a real run writes, or only a hash of them.

Two runs of one seed are the same when their traces have the same bytes; the hash says so in 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.msgpack import Encoder
from xxhash import xxh3_64_hexdigest

from core.facts import Fact
from core.trace.wire_log import Record, Tap, encode_fact

_encode = Encoder().encode
_FACT = int(Tap.FACT)


class Trace:
    """Takes records in the order in which they happen. Facts are encoded when somebody asks for them, all
    together: most runs are asked for their hash alone."""

    __slots__ = ("_columns", "saw")

    def __init__(self) -> None:
        self._columns: list[Any] = []  # time, tap, links and body or fact of each record by turns
        self.saw: Callable[[tuple[int, int, int, bytes | Fact]], None] = self._columns.extend
        """A frame passed: (time, tap, links, body), or a fact that nobody changes any more."""

    def tell(self, time_ns: int, fact: Fact, tap: int = _FACT) -> None:
        """A fact, which nobody changes any more."""
        self._columns += (time_ns, tap, 0, fact)

    def records(self) -> list[Record]:
        """All of it, as it is written to a recording."""
        parts = iter(self._columns)
        return [
            Record(time_ns, tap, links, 0, body if isinstance(body, bytes) else encode_fact(body))
            for time_ns, tap, links, body in zip(parts, parts, parts, parts, strict=True)
        ]

    def digest(self) -> str:
        """A hash of every byte so far."""
        return xxh3_64_hexdigest(_encode(self._columns))
