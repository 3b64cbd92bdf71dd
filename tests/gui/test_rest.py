"""An idle window costs next to nothing: where nothing comes and nothing moves, hardly anything is done."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from core.commands import SetLoad
from core.facts import LoadSet
from core.model.cluster_view import ClusterView
from core.protocol.codec import encode
from core.protocol.messages import Pong
from core.trace.wire_log import Record, Tap
from gui.main_window import MainWindow
from gui.source_bridge import REST_MS, REST_VIEW_NS, TICK_MS
from tests.support.fake_source import FakeSource


def test_an_idle_window_makes_few_views_and_a_record_wakes_it_at_once(
    qtbot: QtBot, window: MainWindow, source: FakeSource
) -> None:
    bridge, made = window.bridge, []
    fold_view = bridge.fold.view

    def view(now_ns: int) -> ClusterView:
        made.append(now_ns)
        return fold_view(now_ns)

    bridge.fold.view = view  # type: ignore[method-assign]
    qtbot.waitUntil(lambda: bridge._timer.interval() == REST_MS, timeout=10_000)
    running: list[bool] = []  # as seen after each tick
    bridge._timer.timeout.connect(
        lambda: running.append(bridge.view is not None and bridge.view.load_running)
    )
    began_ns, before = time.monotonic_ns(), len(made)
    qtbot.waitUntil(lambda: len(running) > 20, timeout=10_000)
    views = (time.monotonic_ns() - began_ns) / REST_VIEW_NS
    assert len(made) - before <= views + 9  # a slow machine makes the same views in fewer ticks
    source.say(LoadSet(True))
    before = len(running)
    qtbot.waitUntil(lambda: any(running), timeout=10_000)
    assert running.index(True) - before <= 1


def test_signs_of_life_alone_do_not_wake_it(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    bridge = window.bridge
    qtbot.waitUntil(lambda: bridge._timer.interval() == REST_MS, timeout=10_000)
    woken: list[bool] = []  # after each tick that brought a sign of life
    bridge._timer.timeout.connect(lambda: woken.append(bridge._timer.interval() == TICK_MS))
    source.feed = lambda: [Record(source.time_ns, Tap.FROM_PASSED, 2, 0, encode(Pong(1, 1, (), 0)))]
    qtbot.waitUntil(lambda: len(woken) > 20 and not any(woken[-20:]), timeout=10_000)


def test_whoever_asks_for_something_is_attended_to(qtbot: QtBot, window: MainWindow) -> None:
    bridge = window.bridge
    qtbot.waitUntil(lambda: bridge._timer.interval() == REST_MS, timeout=10_000)
    intervals: list[int] = []
    bridge._timer.timeout.connect(lambda: intervals.append(bridge._timer.interval()))
    window.intents.send(SetLoad(True))
    assert bridge._timer.interval() == TICK_MS
    qtbot.waitUntil(lambda: len(intervals) >= 5)
    assert intervals[:5] == [TICK_MS] * 5
    qtbot.waitUntil(lambda: bridge._timer.interval() == REST_MS, timeout=10_000)


def test_it_does_not_rest_before_everybody_has_shown_what_came(
    qtbot: QtBot, window: MainWindow, source: FakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine so slow that every frame costs too much, each frame has time for one of them."""
    bridge, shown = window.bridge, set[int]()
    for name in range(12):
        bridge.now_and_then(lambda: True, lambda _view, name=name: shown.add(name), 4)
    qtbot.waitUntil(lambda: bridge.rests, timeout=10_000)
    monkeypatch.setattr(bridge.meter, "so_far_ns", lambda: 10**9)
    shown.clear()
    source.say(LoadSet(True))
    qtbot.waitUntil(lambda: bridge._timer.interval() == TICK_MS)
    qtbot.waitUntil(lambda: bridge.rests, timeout=10_000)
    assert shown == set(range(12))


def test_a_minimized_window_rests_whatever_came(qtbot: QtBot, window: MainWindow, source: FakeSource) -> None:
    window.showMinimized()
    qtbot.waitUntil(window.isMinimized)
    source.say(LoadSet(True))
    qtbot.waitUntil(lambda: window.bridge.fold.view(source.now_ns()).load_running)
    qtbot.waitUntil(lambda: window.bridge.rests)
    window.showNormal()
    qtbot.waitUntil(lambda: window.intents.view is not None and window.intents.view.load_running)


@pytest.mark.parametrize(
    "choose",
    [
        lambda window: window.selection.set("R2"),
        lambda window: window.docks.checks.card.check_chosen.emit("digest"),
        lambda window: window.docks.inspector.pages.setCurrentIndex(1),
    ],
)
def test_what_is_chosen_is_shown_soon(
    qtbot: QtBot, window: MainWindow, choose: Callable[[MainWindow], None]
) -> None:
    qtbot.waitUntil(lambda: window.bridge.rests, timeout=10_000)
    choose(window)
    assert not window.bridge.rests


def test_what_a_person_searches_for_keeps_the_window_awake(qtbot: QtBot, window: MainWindow) -> None:
    bridge, left = window.bridge, [20]

    def work() -> bool:
        left[0] -= 1
        return left[0] > 0

    bridge.a_little_each_tick(lambda: True, work)
    qtbot.waitUntil(lambda: left[0] < 19)
    assert bridge._timer.interval() == TICK_MS
    qtbot.waitUntil(lambda: left[0] <= 0)
    qtbot.waitUntil(lambda: bridge._timer.interval() == REST_MS, timeout=10_000)
