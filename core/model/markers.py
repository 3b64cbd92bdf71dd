"""Markers: the facts that a person looks for on the timeline, in two or three words each."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from core import facts
from core.facts import FactUnion
from core.harm import Harm
from core.ids import replica_name
from core.link_faults import Link
from core.trace.wire_log import UNREADABLE, Record, decode_fact


class MarkerKind(StrEnum):
    """What a marker is about: it decides colour and shape."""

    KILL = "kill"  # a replica left: killed, exited, dropped
    FAULT = "fault"
    VIOLATION = "violation"
    EPOCH = "epoch"
    JOIN = "join"  # a replica came back
    BOOKMARK = "bookmark"
    CAPTION = "caption"


class Marker(msgspec.Struct, frozen=True):
    """A moment worth finding again. `seq` is the number it is about, 0 for none."""

    time_ns: int
    kind: MarkerKind
    text: str
    seq: int = 0


_HARMS = {Harm.SLOW: "slowed", Harm.LIE: "lies", Harm.CORRUPT: "corrupted", Harm.FLOOD: "floods its log"}
_TAGS = tuple(
    bytes((0xA0 + len(name),)) + name
    for name in (
        b"kill_ordered", b"exited", b"dropped", b"suspected", b"violated", b"diverged", b"epoch_started",
        b"joined", b"link_faulted", b"paused", b"continued", b"tampered",
    )
)  # fmt: skip


def marker_of(record: Record) -> Marker | None:
    """The marker that a fact's record makes; None for most of them."""
    body = record[4]
    if not body[1:].startswith(_TAGS):
        return None
    try:
        fact = decode_fact(body)
    except UNREADABLE:
        return None
    told = _told(fact)
    return None if told is None else Marker(record[0], *told)


def _told(fact: FactUnion) -> tuple[MarkerKind, str, int] | None:
    match fact:
        case facts.KillOrdered(replica, by):
            return MarkerKind.KILL, f"{replica_name(replica)} {'fenced' if by == 'fence' else 'killed'}", 0
        case facts.Exited(replica, status) if status not in (0, -9):
            return MarkerKind.KILL, f"{replica_name(replica)} ended", 0
        case facts.Dropped(replica):
            return MarkerKind.KILL, f"{replica_name(replica)} dropped", 0
        case facts.Suspected(replica):
            return MarkerKind.FAULT, f"{replica_name(replica)} suspected", 0
        case facts.LinkFaulted(replica, way, faults):
            what = "faulty" if faults.any else "healed"
            return MarkerKind.FAULT, f"{Link(replica, way)} {'cut' if faults.cut else what}", 0
        case facts.Paused(replica):
            return MarkerKind.FAULT, f"{replica_name(replica)} paused", 0
        case facts.Continued(replica):
            return MarkerKind.FAULT, f"{replica_name(replica)} goes on", 0
        case facts.Tampered(replica, harm, amount):
            return MarkerKind.FAULT, f"{replica_name(replica)} {_HARMS[harm] if amount else 'right again'}", 0
        case facts.Violated(check, seq):
            return MarkerKind.VIOLATION, f"{check.replace('_', ' ')} failed", seq
        case facts.Diverged(replica, seq):
            return MarkerKind.VIOLATION, f"{replica_name(replica)} diverged", seq
        case facts.EpochStarted(epoch, next_seq) if epoch > 1:
            return MarkerKind.EPOCH, f"epoch {epoch}", next_seq
        case facts.Joined(replica, incarnation) if incarnation > 1:
            return MarkerKind.JOIN, f"{replica_name(replica)} revived", 0
        case _:
            return None
