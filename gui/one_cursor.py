"""Ties the views to the one cursor: what is selected or pointed at in one of them is so in all of them."""

from __future__ import annotations

from core.trace.wire_log import Record
from gui.docks.event_log import EventLogView
from gui.docks.metrics import Metrics
from gui.selection import Selection
from gui.stage.stage_view import StageView
from gui.timeline.rail import Rail


def share(selection: Selection, stage: StageView, log: EventLogView, rail: Rail, metrics: Metrics) -> None:
    """Connect them, both ways. The space-time diagram connects itself, when it is made."""

    def choose_row(node: str, seq: int, record: Record) -> None:
        selection.choose(node, seq, record)
        selection.point(record.time_ns)

    def show_request(node: str) -> None:
        stage.select(node)
        stage.light(selection.seq)
        log.select_number(selection.seq)

    stage.selectionChanged.connect(selection.set)
    log.chosen.connect(choose_row)
    rail.momentPointed.connect(selection.point)
    selection.changed.connect(show_request)
    selection.pointed.connect(rail.point_at)
    selection.pointed.connect(metrics.point_at)
    metrics.pointed.connect(selection.point)
