"""What the front end and the replica managers say to each other.

Every message is one frame: a msgpack array led by its tag. Orders and results travel in *batches*, the
sequence numbers `first_seq … first_seq + count - 1`; the numbers of a batch (request ids, digests) are raw
little-endian columns, so that a view reads them with `numpy.frombuffer` and no loop.

Order, Result and their fields: Schneider (1990), section 3; Coulouris et al., section 18.3.2 (active
replication). Times are monotonic nanoseconds, comparable between processes of one machine.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterable, Iterator
from struct import Struct
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from core.protocol import handing_over as over
from core.protocol.message import Message as Message

PROTOCOL_VERSION = 2

assert sys.byteorder == "little" and array("I").itemsize == 4, "columns travel as this machine holds them"

OPEN_SESSION = b"\xa4open"
"""Operation that opens a client's session. Sequenced like any other. A bare text, so that no operation of a
service, which is an array, has the same bytes."""
CLOSE_SESSION = b"\xa5close"
"""Operation that closes a session: only a sequenced operation may evict one (rule 4)."""


_TEXT_OPENS = frozenset(bytes([head]) for head in (*range(0xA0, 0xC0), 0xD9))
FRONT_END = 0
"""The front end's own place among the client ids: it orders changes of the view under it."""


def view_change(operation: bytes) -> str:
    """The change of the view that an operation tells, e.g. `R2.2 joins`; "" for any other operation."""
    if operation[:1] not in _TEXT_OPENS:
        return ""
    try:
        text = msgspec.msgpack.decode(operation, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return text.removeprefix("view ") if text.startswith("view ") else ""


def view_operation(change: str) -> bytes:
    """Operation that tells a change of the view, e.g. `R2.2 joins`. It belongs to the front end, changes no
    data, and is answered with the hash of the session table: so a join compares that table too."""
    return msgspec.msgpack.encode(f"view {change}")


# --- auth -------------------------------------------------------------------------------------------------


class Hello(Message, tag="hello", frozen=True):
    """Front end → replica, first: who calls, and a nonce that the replica must prove it can sign."""

    protocol: int
    cluster: bytes
    replica: int
    incarnation: int
    nonce: bytes


class Challenge(Message, tag="challenge", frozen=True):
    """Replica → front end: proof over the front end's nonce, and a nonce of its own."""

    nonce: bytes
    proof: bytes


class Proof(Message, tag="proof", frozen=True):
    """Front end → replica: proof over the replica's nonce."""

    proof: bytes


class Welcome(Message, tag="welcome", frozen=True):
    """Replica → front end: both sides know each other; what runs there and what it expects next."""

    protocol: int
    python: str
    service: str
    service_version: int
    expected: int


# --- order and reply --------------------------------------------------------------------------------------


class Order(Message, tag="order", frozen=True):
    """A batch of ordered requests.

    `requests` is a u32 column of pairs (client, request number), `operations` the encoded operations;
    `timestamp` is the front end's, nanoseconds since the Unix epoch, one for the batch.
    """

    epoch: int
    first_seq: int
    count: int
    timestamp: int
    requests: bytes
    operations: list[bytes]


class OrderHead(Message, tag="order", frozen=True):
    """The front of an Order: what a view needs, without its operations."""

    epoch: int
    first_seq: int
    count: int
    timestamp: int
    requests: bytes


class Result(Message, tag="result", frozen=True):
    """A replica's answer to a batch. `body` is an encoded ResultBody: equal bytes on every replica."""

    epoch: int
    incarnation: int
    first_seq: int
    count: int
    received_ns: int
    started_ns: int
    finished_ns: int
    last_digest: int
    body: bytes


class ResultHead(Message, tag="result", frozen=True):
    """The front of a Result."""

    epoch: int
    incarnation: int
    first_seq: int
    count: int
    received_ns: int
    started_ns: int
    finished_ns: int
    last_digest: int


Outcome: TypeAlias = Annotated[bytes, Meta(min_length=2)]
"""An encoded outcome: what opens the pair, and at least its kind."""


class ResultBody(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Request ids as ordered, one encoded outcome each, and the digest after each as a u64 column."""

    requests: bytes
    digests: bytes
    outcomes: list[Outcome]


class Nack(Message, tag="nack", frozen=True):
    """Replica → front end: I hold later numbers and miss `first_seq … last_seq`."""

    first_seq: int
    last_seq: int


# --- liveness ---------------------------------------------------------------------------------------------


class Ping(Message, tag="ping", frozen=True):
    """Front end → replica: are you there? `ordered` is the highest number that everybody was sent: who misses
    the last orders learns of it so. `stable` is the highest that every member has executed and answered:
    nobody will ask for it again."""

    nonce: int
    ordered: int = 0
    stable: int = 0


class Pong(Message, tag="pong", frozen=True):
    """Replica → front end: what it expects, what it holds (ranges as pairs first, last), its digest."""

    nonce: int
    expected: int
    held: tuple[int, ...]
    digest: int


# --- look -------------------------------------------------------------------------------------------------


class Inspect(Message, tag="inspect", frozen=True):
    """Front end → replica: show a page of your data. An empty path with limit 0 asks for the summary."""

    nonce: int
    path: str
    offset: int
    limit: int


class Snapshot(Message, tag="snapshot", frozen=True):
    """Replica → front end: a page of its data as of `expected - 1`; rows are pairs (key, value)."""

    nonce: int
    expected: int
    digest: int
    path: str
    offset: int
    total: int
    rows: tuple[tuple[str, str], ...]
    branches: tuple[str, ...] = ()


# --- control ----------------------------------------------------------------------------------------------


class Bye(Message, tag="bye", frozen=True):
    """Front end → replica: leave in peace."""


class Failure(Message, tag="failure", frozen=True):
    """Either side, before it closes the link: what went wrong, and whether it surely did not happen."""

    definite: bool
    text: str


class Tamper(Message, tag="tamper", frozen=True):
    """Front end → replica: do this harm to yourself (`core.harm.Harm`). No part of the protocol: it is how a
    person makes a replica fail on purpose."""

    harm: str
    amount: int


FromFrontEnd = (
    Hello
    | Proof
    | Order
    | Ping
    | Inspect
    | over.Fence
    | over.Recover
    | over.EpochStart
    | over.SnapshotRequest
    | over.SnapshotBegin
    | over.SnapshotChunk
    | over.SnapshotEnd
    | Bye
    | Failure
    | Tamper
)
FromReplica = (
    Challenge
    | Welcome
    | Result
    | Nack
    | Pong
    | Snapshot
    | over.Tail
    | over.Executed
    | over.SnapshotRequest
    | over.SnapshotBegin
    | over.SnapshotChunk
    | over.Joined
    | over.SnapshotRefused
    | Failure
)

FRAMES: tuple[type[Message], ...] = (
    Hello, Challenge, Proof, Welcome, Order, Result, Nack, Ping, Pong, Inspect, Snapshot, Bye, Failure,
    Tamper,
    over.Fence, over.Tail, over.Recover, over.Executed, over.EpochStart,
    over.SnapshotRequest, over.SnapshotBegin, over.SnapshotChunk, over.SnapshotEnd, over.Joined,
    over.SnapshotRefused,
)  # fmt: skip


def pack_u32(values: Iterable[int]) -> bytes:
    """A u32 column, little-endian."""
    return array("I", values).tobytes()


def pack_u64(values: Iterable[int]) -> bytes:
    """A u64 column, little-endian."""
    return array("Q", values).tobytes()


def unpack_u32(column: bytes) -> array[int]:
    """The numbers of a u32 column. Raises `ValueError` when its length is no multiple of 4."""
    return array("I", column)


unpack_pairs: Callable[[bytes], Iterator[tuple[int, int]]] = Struct("<II").iter_unpack
"""The numbers of a u32 column two by two, as (client, request number). Raises `struct.error` when its length
is no multiple of 8."""


def unpack_u64(column: bytes) -> array[int]:
    """The numbers of a u64 column. Raises `ValueError` when its length is no multiple of 8."""
    return array("Q", column)
