"""Garbage is collected on the GUI thread, and only while nothing moves."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject

from gui import collector
from gui.collector import YOUNG, Collector


class Knot:
    """Holds itself: only a collection ends it."""

    def __init__(self) -> None:
        self.myself = self


class Rest:
    """Whether the window rests."""

    now = False

    def __call__(self) -> bool:
        return self.now


@pytest.fixture
def rest() -> Rest:
    return Rest()


@pytest.fixture
def collecting(qapp: QObject, rest: Rest) -> Iterator[Collector]:
    gc.collect()
    parent = QObject()
    collecting = Collector(parent, rest)
    collecting.start()
    yield collecting
    collecting.stop()


def much() -> tuple[weakref.ref[Knot], list[list[int]]]:
    """Garbage in a knot, and more new objects than are left alone."""
    return weakref.ref(Knot()), [[] for _ in range(2 * YOUNG)]


def test_under_load_what_stays_is_set_aside_and_nothing_is_looked_through(collecting: Collector) -> None:
    before = gc.get_stats()
    knot, _kept = much()
    for _ in range(50):
        collecting.look()
    assert gc.get_count()[0] < YOUNG
    assert knot() is not None
    assert [one["collections"] for one in gc.get_stats()] == [one["collections"] for one in before]


def test_at_rest_everything_is_looked_through_once(
    collecting: Collector, rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _kept = much()
    collecting.look()
    rest.now = True
    collecting.look()
    assert first() is None
    second, _kept_too = much()
    collecting.look()
    collecting.look()
    assert second() is not None  # a moment ago everything was looked through
    monkeypatch.setattr(collector.time, "monotonic", lambda: float("inf"))
    collecting.look()
    assert second() is None


def test_python_collects_by_itself_before_and_afterwards(collecting: Collector) -> None:
    assert not gc.isenabled()
    collecting.stop()
    assert gc.isenabled() and gc.get_freeze_count() == 0
