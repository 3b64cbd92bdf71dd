"""The state of machines as bytes, to know it again: every value that they hold, found by walking.

No field is named here, so none that a machine comes to hold later is forgotten. Left out is what decides
nothing: classes, functions, and generators (they follow from what was asked of them so far).
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterator
from functools import cache
from random import Random
from types import GeneratorType
from typing import Any

import msgspec
from xxhash import xxh3_128_digest

_PLAIN = frozenset({int, str, bytes, float, bool, type(None)})
_LEFT_OUT = (type, Random, GeneratorType, msgspec.msgpack.Decoder, msgspec.msgpack.Encoder)


def state_digest(*roots: object, without: tuple[type, ...] = ()) -> bytes:
    """128 bits over everything that these hold, directly or not, but for values of the types `without`."""
    parts: list[str] = []
    _walk(roots, parts.append, {}, (*_LEFT_OUT, *without))
    return xxh3_128_digest("\n".join(parts).encode())


def _walk(value: Any, put: Callable[[str], None], seen: dict[int, int], left_out: tuple[type, ...]) -> None:
    kind = type(value)
    if kind in _PLAIN:
        put(repr(value))
    elif isinstance(value, left_out) or callable(value):
        return
    elif id(value) in seen:
        put(f"@{seen[id(value)]}")
    elif kind in (list, tuple) and all(type(part) in _PLAIN for part in value):
        put(repr(value))
    else:
        seen[id(value)] = len(seen)
        put(kind.__name__)
        for part in _parts(value):
            _walk(part, put, seen, left_out)
        put(")")


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in value.items():
            yield from item
    elif isinstance(value, (set, frozenset)):
        yield from sorted(value)
    elif isinstance(value, (list, tuple, deque, array)):
        yield from value
    elif isinstance(value, msgspec.Struct):
        yield from (getattr(value, name) for name in value.__struct_fields__)
    else:
        yield from getattr(value, "__dict__", {}).values()
        for name in _slots(type(value)):  # type: ignore[arg-type]
            yield getattr(value, name, None)


@cache
def _slots(kind: type) -> tuple[str, ...]:
    return tuple(
        name for base in kind.__mro__ for name in base.__dict__.get("__slots__", ()) if name != "__dict__"
    )
