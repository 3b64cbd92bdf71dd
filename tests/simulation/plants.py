"""Bugs planted into the shipped code, to see the simulator catch them. None of this is in the shipped code.

A plant swaps one function of one shipped class for a version with a plausible bug in it, for as long as it is
`planted`. The hazards of the protocol that a bug can cause are all among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple

Swap = Callable[[Any, str, Any], None]
"""(owner, name, what takes its place), undone when the plant is taken out."""
Apply = Callable[[Swap], None]


class Plant(NamedTuple):
    """A bug: what is wrong, in a few words, and how it gets there."""

    words: str
    apply: Apply


_PLANTS: dict[str, Plant] = {}


def plant(words: str) -> Callable[[Apply], Apply]:
    """Make a function that swaps things in a plant, under the function's name."""

    def known(apply: Apply) -> Apply:
        name = apply.__name__.replace("_", "-")
        assert name not in _PLANTS
        _PLANTS[name] = Plant(words, apply)
        return apply

    return known


def names() -> tuple[str, ...]:
    """What the plants are called."""
    return tuple(_all())


def words(name: str) -> str:
    """What is wrong then."""
    return _all()[name].words


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The bug is in the shipped code for so long."""
    undo: list[tuple[Any, str, Any]] = []

    def swap(owner: Any, attribute: str, bad: Any) -> None:
        undo.append((owner, attribute, owner.__dict__[attribute]))
        setattr(owner, attribute, bad)

    _all()[name].apply(swap)
    try:
        yield
    finally:
        for owner, attribute, good in reversed(undo):
            setattr(owner, attribute, good)


def _all() -> dict[str, Plant]:
    for part in ("front_end", "replica", "service", "upheaval"):
        import_module(f"tests.simulation.{part}_plants")  # each adds its own
    return _PLANTS
