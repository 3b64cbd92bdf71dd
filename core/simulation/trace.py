"""The simulated run's wire log: the records that a real run writes, kept for a recording or only hashed.

Two runs of one seed are the same when their traces have the same bytes; the hash says so in 64 bits.
"""

from __future__ import annotations

import struct

from xxhash import xxh3_64_hexdigest

from core.facts import Fact
from core.trace.wire_log import Record, Tap, encode_fact

_HEAD = struct.Struct("<qBI").pack


class Trace:
    """Takes records in the order in which they happen."""

    __slots__ = ("_parts", "records")

    def __init__(self, keep: bool) -> None:
        self._parts: list[bytes] = []
        self.records: list[Record] | None = [] if keep else None

    def saw(self, time_ns: int, tap: int, links: int, body: bytes) -> None:
        """A frame passed."""
        self._parts += (_HEAD(time_ns, tap, links), body)
        if self.records is not None:
            self.records.append(Record(time_ns, tap, links, 0, body))

    def tell(self, time_ns: int, fact: Fact, tap: int = Tap.FACT) -> None:
        """A fact."""
        self.saw(time_ns, tap, 0, encode_fact(fact))

    def digest(self) -> str:
        """A hash of every byte so far."""
        return xxh3_64_hexdigest(b"".join(self._parts))
