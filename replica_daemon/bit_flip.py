"""A bit of a service's data turned over, as a broken memory chip would: behind the service's back.

Whatever the service is, its data are texts and integers somewhere below its attributes. The newest are tried
first, until one is found that belongs to the state (its hash changes); others are put back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import msgspec
from msgspec.structs import force_setattr

from core.replica.memory_watch import hash_of_memory
from core.services.machine import Service

WIDEST = 3
"""Children of one container that are tried."""
DEEPEST = 6

Write = Callable[[Any], None]


def turn_a_bit(service: Service) -> None:
    """Turn one bit of the service's state; of its hash, when the state is empty."""
    before = hash_of_memory(service)
    for value, write in _places(service, 0):
        write(_turned(value))
        if hash_of_memory(service) not in (before, None):
            return
        write(value)
    service.state_hash ^= 1


def _turned(value: str | int) -> str | int:
    if isinstance(value, int):
        return value ^ 1
    middle = len(value) // 2
    return value[:middle] + chr(ord(value[middle]) ^ 1) + value[middle + 1 :]


def _places(thing: Any, depth: int) -> Iterator[tuple[str | int, Write]]:
    """Texts and integers below `thing`, the newest first, and how each is overwritten."""
    for value, write in islice(_children(thing), WIDEST if isinstance(thing, dict | list) else None):
        if (isinstance(value, str) and value) or type(value) is int:
            yield value, write
        elif depth < DEEPEST:
            yield from _places(value, depth + 1)


def _children(thing: Any) -> Iterator[tuple[Any, Write]]:
    if isinstance(thing, dict):
        for key in list(islice(reversed(thing), WIDEST)):
            yield thing[key], partial(thing.__setitem__, key)
    elif isinstance(thing, list):
        for index in range(len(thing) - 1, -1, -1):
            yield thing[index], partial(thing.__setitem__, index)
    elif isinstance(thing, msgspec.Struct):
        for name in reversed(thing.__struct_fields__):
            yield (
                getattr(thing, name),
                partial(force_setattr, thing, name),
            )
    elif not isinstance(thing, type) and not callable(thing):
        for name in _attributes(thing):
            yield getattr(thing, name), partial(setattr, thing, name)


def _attributes(thing: Any) -> list[str]:
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    names = [*slots, *getattr(thing, "__dict__", ())]
    return [name for name in reversed(names) if name != "state_hash" and hasattr(thing, name)]
