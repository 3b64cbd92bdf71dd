"""What one simulated client does, as a script: an opening, a long middle, and a way back to where the middle
began, so that the middle can be repeated for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

from core.errors import UsageError
from core.services.machine import Operation

DEFAULT_MIX = "default"
ROLLS = 1_000
"""What a dice can show."""

Face = TypeVar("Face")


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


def dice(faces: Mapping[Face, int]) -> tuple[Face, ...]:
    """Each face as often as its share of ROLLS says: `dice(…)[int(random() * ROLLS)]` picks one with a
    probability in proportion to its weight, by one random number and one look-up."""
    table: list[Face] = []
    reached, total = 0, sum(faces.values())
    for face, weight in faces.items():
        reached += weight
        table += [face] * (round(reached * ROLLS / total) - len(table))
    return tuple(table)
