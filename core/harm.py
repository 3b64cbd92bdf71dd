"""What can be wrong inside of a replica."""

from __future__ import annotations

from enum import StrEnum


class Harm(StrEnum):
    """What somebody does to a replica from within, and what its amount counts."""

    SLOW = "slow"
    """Nanoseconds that each execution takes longer."""
    LIE = "lie"
    """From now on every so many-th answer is wrong, though the replica's state is right."""
    CORRUPT = "corrupt"
    """Bits that are turned in its memory, once."""
    FLOOD = "flood"
    """Bytes that it writes to its log, once."""
