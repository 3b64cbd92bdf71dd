"""What is said when a new front end takes over, and when a new replica is given the state of another."""

from __future__ import annotations

import msgspec

from core.protocol.message import Message

# --- epoch ------------------------------------------------------------------------------------------------


class Fence(Message, tag="fence", frozen=True):
    """Front end → replica: a new epoch begins; obey no older one, forget what you hold back, and say how far
    you have come."""

    epoch: int


class Tail(Message, tag="tail", frozen=True):
    """Replica → front end: obeying `epoch`, I have executed up to `last_seq`, ordered at `timestamp`, and
    stand at this digest; I remember the batches from `first_seq` on."""

    epoch: int
    first_seq: int
    last_seq: int
    digest: int
    timestamp: int


class Recover(Message, tag="give", frozen=True):
    """Front end → replica: send the orders that you executed, from the batch on that ends at or after
    `first_seq`."""

    epoch: int
    first_seq: int


class Executed(Message, tag="executed", frozen=True):
    """Replica → front end: an encoded Order that I executed, and my digest after it."""

    epoch: int
    order: bytes
    digest: int


class EpochStart(Message, tag="epoch_start", frozen=True):
    """Front end → replica: this epoch is served from `next_seq` on; who misses one before asks for it."""

    epoch: int
    next_seq: int


# --- transfer ---------------------------------------------------------------------------------------------


class SnapshotRequest(Message, tag="fetch", frozen=True):
    """Front end → donor: your whole state at `seq` or later, or, once it has begun, its bytes from `offset`
    on. A newcomer asks the front end with the same words."""

    seq: int
    offset: int


class SnapshotBegin(Message, tag="begin", frozen=True):
    """Donor → front end → newcomer: the state after `seq`, with its digest; so many bytes with this hash."""

    seq: int
    digest: int
    length: int
    hash: int


class SnapshotChunk(Message, tag="chunk", frozen=True):
    """Donor → front end → newcomer: the bytes of the state after `seq` from `offset` on."""

    seq: int
    offset: int
    data: bytes


class SnapshotEnd(Message, tag="end", frozen=True):
    """Front end → donor: nobody needs your snapshot any more."""

    seq: int


class Joined(Message, tag="joined", frozen=True):
    """Newcomer → front end: I have become the state after `seq`."""

    seq: int
    digest: int


class SnapshotRefused(Message, tag="unfit", frozen=True):
    """Newcomer → front end: this is no state that I could become, and why."""

    seq: int
    reason: str


class Image(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a snapshot holds: the digest, the hash of the service's state, the last order's time, the session
    table as (client, last number, its outcome), and the service's own snapshot, encoded."""

    digest: int
    state_hash: int
    timestamp: int
    sessions: list[tuple[int, int, bytes]]
    service: msgspec.Raw
