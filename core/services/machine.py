"""What a replicated service must be: a deterministic state machine (Schneider 1990, section 2).

A service lists its operations as `msgspec` structs and executes them one at a time. The order in which
operations arrive, the sequence number and the front end's timestamp are all it may depend on: no clock, no
random number, no iteration over a set, no floating point. Two instances that executed the same operations
are then equal, and `state_hash` says so in 64 bits.

A refused operation ("no such user") is a *result*, equal on every replica; an exception is a bug and stops
the replica that met it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Protocol, TypeAlias, runtime_checkable

import msgspec
from xxhash import xxh3_64_intdigest

MASK_64 = (1 << 64) - 1

SMALLEST_INTEGER = -(1 << 63)
LARGEST_INTEGER = (1 << 63) - 1
"""Integers in operations, answers and state are signed and have 64 bits."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """An immutable record, e.g. one post. State and answers may share it; on the wire and in a recording it
    is a map from field names to values."""


Value: TypeAlias = bool | int | str | list["Value"] | dict[str, "Value"] | Record | msgspec.Raw | None
"""What an operation may answer, and what a snapshot is made of. No floating point: it is not the same
everywhere. An answer is encoded at once, so it may refer to parts of the state; a `Raw` is a part that was
encoded before."""


class Operation(msgspec.Struct, frozen=True, array_like=True, gc=False, forbid_unknown_fields=True):
    """Base of every operation; `class Post(Operation, frozen=True, tag="post")` names one, and its
    fields are the parameters.

    Fields are `str` or `int` (or `str | int`, or optional ones with a default). `Annotated[str,
    Meta(description=..., extra={"max_length": 280})]` gives a form its hint and its limit; a plain
    `Meta(max_length=280)` would make longer texts undecodable, so that no replica could refuse them by name.
    `READ_ONLY` marks operations that change nothing.
    """

    READ_ONLY: ClassVar[bool] = False


class Refused(msgspec.Struct, frozen=True, gc=False):
    """The deterministic refusal of an operation, e.g. `Refused("unknown_user")`."""

    code: str


class Context(msgspec.Struct, frozen=True, gc=False):
    """What an operation may know of the world besides the state (a struct: six times as fast as a tuple).

    `seq` is the sequence number (from 1); `timestamp` the front end's clock in nanoseconds since the Unix
    epoch, never decreasing and equal on every replica.
    """

    seq: int
    timestamp: int


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line of a replica's data as a person reads it; `key` stays the same while the value changes."""

    key: str
    value: str


class Page(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A page of a replica's data under `path`: `rows` from `offset` on, out of `total`.

    `branches` are the names of deeper paths (`("users", "posts")`), empty at a leaf.
    """

    path: str
    offset: int
    total: int
    rows: tuple[Row, ...]
    branches: tuple[str, ...] = ()


@runtime_checkable
class Service(Protocol):
    """A deterministic state machine that Lockstep can replicate."""

    name: ClassVar[str]
    version: ClassVar[int]
    operations: ClassVar[tuple[type[Operation], ...]]

    state_hash: int
    """64 bits over the whole state, equal when and only when (but for chance) the states are equal. Kept as
    the operations go, per record, by `record_hash`, from the record that lies in memory: so a flipped bit is
    seen as soon as its record is next touched."""

    def apply(self, operation: Any, context: Context) -> Value | Refused:
        """Execute one operation, completely or (when refused) not at all."""

    def snapshot(self) -> Value:
        """The whole state, canonical: equal states give equal snapshots."""

    def restore(self, snapshot: Value) -> None:
        """Become the state of a `snapshot`. Raises `ValueError` when it is not one."""

    def summary(self) -> tuple[Row, ...]:
        """At most eight rows that tell a person at a glance what is in the state (a card on the stage)."""

    def inspect(self, path: str, offset: int, limit: int) -> Page:
        """A page of the data: path "" is the root, whose `branches` lead on. An unknown path gives an empty
        page."""


@runtime_checkable
class Partitioned(Protocol):
    """What a service may say besides, so that the linearizability of its histories can be judged.

    It promises two things: an operation reads and changes one part of the state only, the one that it names,
    and its answer depends on that part alone, not on its `Context`, for no client sees that.
    """

    def partition(self, operation: Any) -> str:
        """The part that this operation concerns; always the same text when the state has only one part."""


@runtime_checkable
class ReadsEncoded(Protocol):
    """What a service with a large state may say besides, so that a newcomer has it sooner."""

    def restore_encoded(self, snapshot: bytes) -> None:
        """`restore` from the MessagePack bytes of a snapshot. Raises `ValueError` when they are none."""


_encode = msgspec.msgpack.Encoder().encode


def encode_value(value: Value) -> bytes:
    """A value as MessagePack."""
    return _encode(value)


def restore(service: Service, snapshot: bytes) -> None:
    """Let a service become the state of a snapshot (`encode_value` of its `snapshot`). Raises `ValueError`
    when it is not one."""
    if isinstance(service, ReadsEncoded):
        service.restore_encoded(snapshot)
        return
    try:
        value = msgspec.msgpack.decode(snapshot)
    except msgspec.DecodeError as error:
        raise ValueError(f"This snapshot cannot be read: {error}.") from error
    service.restore(value)


def record_hash(*fields: str | int | None) -> int:
    """64-bit hash of one record, the same in every process (unlike `hash`).

    The fields are joined by msgpack, which gives different bytes to different fields: `1` and `"1"` differ,
    and so do `("a", "bc")` and `("ab", "c")`. XXH3 is not cryptographic: it guards against faults, not
    against a person who looks for collisions.
    """
    return xxh3_64_intdigest(_encode(fields))


def struct_hash(record: Record) -> int:
    """`record_hash` of a `Record`, in half the time. The names of its fields tell its kind from others."""
    return xxh3_64_intdigest(_encode(record))


class OperationSpec(msgspec.Struct, frozen=True):
    """An operation as a form or a console shows it."""

    name: str
    description: str
    read_only: bool
    parameters: tuple[ParameterSpec, ...]


class ParameterSpec(msgspec.Struct, frozen=True):
    """A parameter: `kinds` are the accepted types ("text", "integer", "nothing" for an optional null)."""

    name: str
    kinds: tuple[str, ...]
    description: str
    required: bool
    default: str | int | None
    max_length: int | None


ApplyFunction: TypeAlias = Callable[[Any, Context], Value | Refused]
