"""What one simulated client does, as a script: an opening, a long middle, and a way back to where the middle
began, so that the middle can be repeated for ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import Protocol

from core.errors import UsageError
from core.services.machine import Operation

DEFAULT_MIX = "default"
_TABLE = 1_000


class Script(Protocol):
    """The requests of one client, from its own random source."""

    def opening(self) -> list[Operation]:
        """What it does once, first."""

    def following(self) -> Operation:
        """What it does next."""

    def closing(self) -> list[Operation]:
        """What brings it back to where it was after the opening."""


def choose_mix(mixes: Mapping[str, Mapping[str, int]], name: str) -> Mapping[str, int]:
    """The weights of the mix called `name`. Raises `UsageError`."""
    mix = mixes.get(name)
    if mix is None:
        raise UsageError(
            f"There is no mix called {name!r} for this service.", f"There are {', '.join(mixes)}."
        )
    return mix


class Dice:
    """Picks one of `faces` with probability in proportion to its weight: one random number, one look-up."""

    def __init__(
        self, weights: Mapping[str, int], faces: Mapping[str, Callable[[], Operation]], random: Random
    ):
        self._random = random.random
        self._faces = [faces[name] for name in weights]
        self._table = _places(tuple(weights.values()))

    def roll(self) -> Operation:
        """The operation that the face which came up makes."""
        return self._faces[self._table[int(self._random() * _TABLE)]]()


@cache
def _places(weights: tuple[int, ...]) -> tuple[int, ...]:
    """Each weight's place as often as its share of _TABLE says."""
    table: list[int] = []
    reached, total = 0, sum(weights)
    for place, weight in enumerate(weights):
        reached += weight
        table += [place] * (round(reached * _TABLE / total) - len(table))
    return tuple(table)
