"""A tick that ends under load is closed in steps, and comes to the same whoever looks meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bench.fold import FRAME_NS, frames_of
from bench.synthetic import START_NS, load_records, words
from core.model.fold import LONG_AGO_NS, Fold
from core.model.gathering import STEP_NS
from core.model.hops import Hops
from core.model.metrics import TICK_NS, Meter
from core.trace.wire_log import Record

SECONDS = 1.0


def test_no_frame_deals_with_two_of_a_ticks_burdens(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, did = 0, dict[str, list[int]]()

    def noted(owner: type, name: str) -> None:
        method: Callable[..., Any] = getattr(owner, name)

        def noting(*arguments: Any, **named: Any) -> Any:
            did.setdefault(name, []).append(frame)
            return method(*arguments, **named)

        monkeypatch.setattr(owner, name, noting)

    for owner, name in ((Hops, "calls"), (Hops, "returns"), (Meter, "tick")):
        noted(owner, name)
    fold = Fold(words)
    for frame, records in enumerate(frames_of(load_records(SECONDS, 3))):
        fold.apply(records)
        fold.view(START_NS + (frame + 1) * FRAME_NS)
    settled = {name: [frame for frame in frames if frame > 20] for name, frames in did.items()}
    assert all(len(frames) >= 5 for frames in settled.values())
    everywhere = [frame for frames in settled.values() for frame in frames]
    assert len(everywhere) == len(set(everywhere))


@pytest.mark.parametrize("after_ns", [STEP_NS // 2, STEP_NS * 3 // 2, STEP_NS * 5 // 2])
def test_who_wants_a_picture_between_two_steps_changes_no_figure(after_ns: int) -> None:
    """Who looks so rarely has everything dealt with at once."""
    records = load_records(SECONDS, 3)
    looked, alone = Fold(words), Fold(words)
    start_ns, seldom_ns = records[0].time_ns + after_ns, 3 * TICK_NS
    assert seldom_ns > LONG_AGO_NS
    for look in range(1, 4):
        end_ns = start_ns + look * seldom_ns
        looked.apply(_between(records, end_ns - seldom_ns if look > 1 else 0, end_ns))
        looked.view(end_ns)
    alone.apply(_between(records, 0, end_ns))
    one, other = looked.view(end_ns + TICK_NS * 20), alone.view(end_ns + TICK_NS * 20)
    assert (one.metrics, one.sampling) == (other.metrics, other.sampling)
    for figure in ("throughput_per_s", "p50_ns", "p99_ns"):
        left, right = getattr(looked.history, figure), getattr(alone.history, figure)
        assert left[:9].tolist() == right[:9].tolist(), figure


def _between(records: list[Record], start_ns: int, end_ns: int) -> list[Record]:
    return [one for one in records if start_ns <= one.time_ns < end_ns]
