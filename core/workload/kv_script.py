"""A client of the key-value store: four keys hold numbers, four hold texts, and all clients share them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random

from core.services import kv
from core.services.machine import Operation
from core.workload.scripts import DEFAULT_MIX, ROLLS, choose_mix, dice

NUMBERS = ("alice", "bob", "carol", "dave")
TEXTS = ("motto", "note", "status", "topic")

KV_MIXES = {
    DEFAULT_MIX: {
        "get": 300,
        "put": 230,
        "increment": 230,
        "append": 90,
        "compare_and_set": 90,
        "delete": 40,
        "refused": 20,
    },
    "reads": {"get": 900, "put": 50, "increment": 50},
    "writes": {"put": 400, "increment": 350, "append": 100, "compare_and_set": 100, "delete": 50},
}
_CONTENTS = ("on", "off", "up", "down", "ready", "later", "größer", "小")


class KeyValueScript:
    """The script of one client. `append` cannot grow a text for ever: `put` shortens it at twice the rate."""

    def __init__(self, mix: str, random: Random) -> None:
        self._random = random
        self._put_last: dict[str, int] = {}
        self._dice = _dice(mix)

    def following(self) -> Operation:
        """One of the mix."""
        return self._dice[int(self._random.random() * ROLLS)](self)

    def opening(self) -> list[Operation]:
        """Nothing: an absent key is as good as any."""
        return []

    def closing(self) -> list[Operation]:
        """Nothing: the middle may follow itself."""
        return []

    def _number(self) -> str:
        return NUMBERS[int(self._random.random() * len(NUMBERS))]

    def _text(self) -> str:
        return TEXTS[int(self._random.random() * len(TEXTS))]

    def _content(self) -> str:
        return _CONTENTS[int(self._random.random() * len(_CONTENTS))]

    def _put(self) -> Operation:
        if self._random.random() < 0.8:
            return kv.Put(self._text(), self._content())
        key, value = self._number(), int(self._random.random() * 100)
        self._put_last[key] = value
        return kv.Put(key, value)

    def _get(self) -> Operation:
        return kv.Get(self._number() if self._random.random() < 0.6 else self._text())

    def _delete(self) -> Operation:
        return kv.Delete(self._number() if self._random.random() < 0.5 else self._text())

    def _increment(self) -> Operation:
        return kv.Increment(self._number(), int(self._random.random() * 40) - 15)

    def _append(self) -> Operation:
        return kv.Append(self._text(), "+")

    def _compare_and_set(self) -> Operation:
        key, value = self._number(), int(self._random.random() * 100)
        expected = self._put_last.get(key)
        self._put_last[key] = value
        return kv.CompareAndSet(key, expected, value)

    def _refused(self) -> Operation:
        if self._random.random() < 0.5:
            return kv.Append(self._number(), "!")
        return kv.Increment(self._text(), 1)


@cache
def _dice(mix: str) -> tuple[Callable[[KeyValueScript], Operation], ...]:
    """What all scripts of this mix roll. Raises UsageError when there is none."""
    faces = {
        "put": KeyValueScript._put,
        "get": KeyValueScript._get,
        "delete": KeyValueScript._delete,
        "increment": KeyValueScript._increment,
        "append": KeyValueScript._append,
        "compare_and_set": KeyValueScript._compare_and_set,
        "refused": KeyValueScript._refused,
    }
    return dice({faces[name]: weight for name, weight in choose_mix(KV_MIXES, mix).items()})
