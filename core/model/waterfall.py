"""The life of one request as bars along a common time: from its call, by every replica, to its answer."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from core.ids import client_name, replica_name
from core.model.story import Story
from core.model.words import duration


class Stage(StrEnum):
    """What a stretch of time was spent with."""

    WAITS = "waits for its answer"
    ORDERS = "until it was ordered"
    WAY = "on its way there"
    HELD = "held or queued"
    EXECUTES = "executed with its batch"
    BACK = "on its way back"


class Bar(msgspec.Struct, frozen=True):
    """A stretch of time of one node. Times are on the clock of the records."""

    node: str
    stage: Stage
    start_ns: int
    end_ns: int


def bars_of(story: Story, now_ns: int) -> tuple[Bar, ...]:
    """The bars of a request, node by node; what has not ended ends now. A stretch whose beginning is not
    known has no bar."""
    bars: list[Bar] = []
    if story.called_ns:
        end_ns = story.answered_ns or now_ns
        bars.append(Bar(client_name(story.request.client), Stage.WAITS, story.called_ns, end_ns))
        if story.ordered_ns:
            bars.append(Bar("FE", Stage.ORDERS, story.called_ns, story.ordered_ns))
    for replica in sorted({*story.orders, *story.executions}):
        bars += _of_replica(story, replica, now_ns)
    return tuple(bar for bar in bars if bar.end_ns >= bar.start_ns)


def _of_replica(story: Story, replica: int, now_ns: int) -> list[Bar]:
    node, passages = replica_name(replica), story.orders.get(replica, [])
    sent_ns = passages[0].sent_ns if passages else story.ordered_ns
    execution = story.executions.get(replica)
    if execution is None and story.cut:
        return []  # it may have been executed long since
    if execution is None:
        return [Bar(node, Stage.WAY, sent_ns, now_ns)] if sent_ns else []
    bars = [
        Bar(node, Stage.HELD, execution.received_ns, execution.started_ns),
        Bar(node, Stage.EXECUTES, execution.started_ns, execution.finished_ns),
    ]
    if sent_ns:
        bars.insert(0, Bar(node, Stage.WAY, sent_ns, execution.received_ns))
    arrived_ns = next((one.arrived_ns for one in story.results.get(replica, ()) if one.arrived_ns), now_ns)
    return [*bars, Bar(node, Stage.BACK, execution.finished_ns, arrived_ns)]


def waterfall_rows(story: Story, bars: tuple[Bar, ...]) -> list[tuple[str, str]]:
    """The same in words, a row a node."""
    rows: dict[str, list[str]] = {}
    for bar in bars:
        rows.setdefault(bar.node, []).append(f"{bar.stage.value} {duration(bar.end_ns - bar.start_ns)}")
    first = [("request", f"{story.call}  ({story.request})")] if story.call else []
    answer = f"{story.outcome}, from R{story.answered_by} first" if story.answered_by else story.outcome
    last = [("answer", answer or "not yet")]
    lost = [
        (replica_name(replica), f"its order was lost {len(gone)} ×")
        for replica, passages in story.orders.items()
        if (gone := [one for one in passages if one.fate.value == "lost"])
    ]
    lost += [
        (replica_name(replica), "too long after its order to be looked up")
        for replica in sorted(story.orders.keys() - story.executions.keys())
        if story.cut
    ]
    return [*first, *((node, " · ".join(parts)) for node, parts in rows.items()), *lost, *last]
