"""The second service: a key-value store whose values are strings or integers.

An absent key counts as 0 to `increment`, as the empty string to `append`, and as null to `get` and
`compare_and_set`. Integers are signed and have 64 bits; a longer one is refused with `out_of_range`.
"""

from __future__ import annotations

from itertools import islice, pairwise
from typing import Annotated, Any, ClassVar, TypeAlias

import msgspec
from msgspec import Meta
from xxhash import xxh3_64_intdigest

from core.services.machine import (
    LARGEST_INTEGER,
    MASK_64,
    SMALLEST_INTEGER,
    ApplyFunction,
    Context,
    Operation,
    Page,
    Refused,
    Row,
    Value,
    record_hash,
)
from core.services.text import shorten

MAX_KEY_CHARACTERS = 256
MAX_VALUE_CHARACTERS = 16_384
"""Longest string a key may hold, by `put` as well as by `append`."""

MAX_KEYS = 100_000
TILES = 8
"""Keys on a card: those written last."""

TILE_CHARACTERS = 32

_encode = msgspec.msgpack.Encoder().encode

KEY_TOO_LONG = Refused("key_too_long")
NOT_AN_INTEGER = Refused("not_an_integer")
NOT_A_STRING = Refused("not_a_string")
OUT_OF_RANGE = Refused("out_of_range")
TOO_MANY_KEYS = Refused("too_many_keys")
VALUE_TOO_LONG = Refused("value_too_long")

Key: TypeAlias = Annotated[str, Meta(description="which key", extra={"max_length": MAX_KEY_CHARACTERS})]
Content: TypeAlias = str | int
_VALUE = {"max_length": MAX_VALUE_CHARACTERS}


class Put(Operation, frozen=True, tag="put"):
    """Set a key to a value."""

    key: Key
    value: Annotated[Content, Meta(description="a text or an integer", extra=_VALUE)]


class Get(Operation, frozen=True, tag="get"):
    """The value of a key, or nothing."""

    READ_ONLY: ClassVar[bool] = True

    key: Key


class Delete(Operation, frozen=True, tag="delete"):
    """Remove a key; answers whether it was there."""

    key: Key


class Increment(Operation, frozen=True, tag="increment"):
    """Add to an integer; answers the sum."""

    key: Key
    by: Annotated[int, Meta(description="how much, may be negative")] = 1


class Append(Operation, frozen=True, tag="append"):
    """Lengthen a text; answers its new length in characters."""

    key: Key
    value: Annotated[str, Meta(description="what to add at the end", extra=_VALUE)]


class CompareAndSet(Operation, frozen=True, tag="compare_and_set"):
    """Set a key if it holds what is expected; answers whether it did."""

    key: Key
    expected: Annotated[Content | None, Meta(description="what it must hold, null for an absent key")]
    value: Annotated[Content, Meta(description="a text or an integer", extra=_VALUE)]


KV_OPERATIONS: tuple[type[Operation], ...] = (Put, Get, Delete, Increment, Append, CompareAndSet)


class KeyValue:
    """Strings and integers by key."""

    name: ClassVar[str] = "kv"
    version: ClassVar[int] = 1
    operations: ClassVar[tuple[type[Operation], ...]] = KV_OPERATIONS

    def __init__(self) -> None:
        self._entries: dict[str, Content] = {}
        self._recent: dict[str, None] = {}
        self._sorted: list[str] | None = None
        self.state_hash = 0
        self._handlers: dict[type, ApplyFunction] = {
            Put: self._put,
            Get: self._get,
            Delete: self._delete,
            Increment: self._increment,
            Append: self._append,
            CompareAndSet: self._compare_and_set,
        }

    def apply(self, operation: Any, context: Context) -> Value | Refused:
        """Execute one operation, completely or (when refused) not at all."""
        return self._handlers[type(operation)](operation, context)

    def partition(self, operation: Any) -> str:
        """Every operation concerns its key alone (but for the bound on all keys together, MAX_KEYS)."""
        key: str = operation.key
        return key

    def recompute_hash(self) -> int:
        """`state_hash` from every entry in memory; equal to it unless memory was changed from outside."""
        return _hash_of(self._entries)

    def snapshot(self) -> Value:
        """A list of `[key, value]` in the order of the keys."""
        entries = self._entries
        return [[key, entries[key]] for key in self._keys()]

    def restore(self, snapshot: Value) -> None:
        """Become the state of a `snapshot`. Raises `ValueError`, with nothing changed, when it is not one."""
        entries = _read_snapshot(snapshot)
        self._entries = entries
        self._recent = dict.fromkeys(islice(entries, TILES))
        self._sorted = None
        self.state_hash = _hash_of(entries)

    def summary(self) -> tuple[Row, ...]:
        """The keys written last, in the order of their names, so that a tile keeps its place."""
        entries = self._entries
        return tuple(
            Row(shorten(key, TILE_CHARACTERS), _shown(entries[key], TILE_CHARACTERS))
            for key in sorted(self._recent)
        )

    def inspect(self, path: str, offset: int, limit: int) -> Page:
        """`keys`: every key with its value, in the order of the keys."""
        offset, limit = max(offset, 0), max(limit, 0)
        entries = self._entries
        if path == "":
            rows = (Row("keys", str(len(entries))),)
            return Page(path, offset, 1, rows[offset : offset + limit], ("keys",))
        if path != "keys":
            return Page(path, offset, 0, ())
        keys = self._keys()[offset : offset + limit]
        return Page(
            path,
            offset,
            len(entries),
            tuple(Row(key, _shown(entries[key], MAX_VALUE_CHARACTERS)) for key in keys),
        )

    def _keys(self) -> list[str]:
        # Sorted when first asked for after a key came or went, not on every page and not on every put.
        if self._sorted is None:
            self._sorted = sorted(self._entries)
        return self._sorted

    def _write(self, key: str, value: Content) -> Refused | None:
        entries = self._entries
        if type(value) is int:
            if not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
                return OUT_OF_RANGE
        elif len(value) > MAX_VALUE_CHARACTERS:  # type: ignore[arg-type]
            return VALUE_TOO_LONG
        change = xxh3_64_intdigest(_encode((key, value)))  # `record_hash`, without the call
        old = entries.get(key)
        if old is not None:
            change -= xxh3_64_intdigest(_encode((key, old)))
        elif len(key) > MAX_KEY_CHARACTERS:
            return KEY_TOO_LONG
        elif len(entries) >= MAX_KEYS:
            return TOO_MANY_KEYS
        else:
            self._sorted = None
        entries[key] = value
        self.state_hash = self.state_hash + change & MASK_64
        recent = self._recent
        if key in recent:
            del recent[key]
        elif len(recent) >= TILES:
            del recent[next(iter(recent))]
        recent[key] = None
        return None

    def _put(self, operation: Put, context: Context) -> Value | Refused:
        return self._write(operation.key, operation.value)

    def _get(self, operation: Get, context: Context) -> Value | Refused:
        return self._entries.get(operation.key)

    def _delete(self, operation: Delete, context: Context) -> Value | Refused:
        key = operation.key
        old = self._entries.pop(key, None)
        if old is None:
            return False
        self.state_hash = self.state_hash - record_hash(key, old) & MASK_64
        self._recent.pop(key, None)
        self._sorted = None
        return True

    def _increment(self, operation: Increment, context: Context) -> Value | Refused:
        old = self._entries.get(operation.key, 0)
        if type(old) is not int:
            return NOT_AN_INTEGER
        new = old + operation.by
        return self._write(operation.key, new) or new

    def _append(self, operation: Append, context: Context) -> Value | Refused:
        old = self._entries.get(operation.key, "")
        if type(old) is not str:
            return NOT_A_STRING
        new = old + operation.value
        return self._write(operation.key, new) or len(new)

    def _compare_and_set(self, operation: CompareAndSet, context: Context) -> Value | Refused:
        if self._entries.get(operation.key) != operation.expected:
            return False
        return self._write(operation.key, operation.value) or True


def _shown(value: Content, width: int) -> str:
    return shorten(value, width) if type(value) is str else str(value)


def _hash_of(entries: dict[str, Content]) -> int:
    return sum(record_hash(key, value) for key, value in entries.items()) & MASK_64


def _read_snapshot(snapshot: Value) -> dict[str, Content]:
    try:
        pairs = msgspec.convert(snapshot, list[tuple[str, str | int]])
    except msgspec.ValidationError as error:
        raise ValueError(f"This is no snapshot of the key-value store: {error}.") from error
    keys = [key for key, _ in pairs]
    if any(first >= second for first, second in pairwise(keys)):
        raise ValueError("A snapshot of the key-value store is damaged: its keys are out of order.")
    if len(keys) > MAX_KEYS or any(len(key) > MAX_KEY_CHARACTERS for key in keys):
        raise ValueError("A snapshot of the key-value store is damaged: too many keys, or one too long.")
    for key, value in pairs:
        if (
            not SMALLEST_INTEGER <= value <= LARGEST_INTEGER
            if isinstance(value, int)
            else len(value) > MAX_VALUE_CHARACTERS
        ):
            raise ValueError(
                f"A snapshot of the key-value store is damaged: the value of {key!r} is too long."
            )
    return dict(pairs)
