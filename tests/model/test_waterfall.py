"""The life of one request as bars, from records written by hand."""

from __future__ import annotations

from core.model.story import story_of_number
from core.model.waterfall import Stage, bars_of, waterfall_rows
from core.trace.events import EventLog
from tests.support.dialogue import Dialogue, one_request, words
from tests.support.questions import lost_on_its_way


def log_of(talk: Dialogue) -> EventLog:
    log = EventLog(words)
    log.append(talk.records)
    return log


def test_a_request_that_everybody_executed_has_a_bar_for_every_stretch() -> None:
    talk = one_request()
    story = story_of_number(log_of(talk), 1, words)
    bars = bars_of(story, talk.time_ns)
    told = {(bar.node, bar.stage): bar.end_ns - bar.start_ns for bar in bars}
    assert told["C1", Stage.WAITS] == 300_000
    assert told["FE", Stage.ORDERS] == 100_000
    assert told["R2", Stage.WAY] == 200_000
    assert told["R1", Stage.WAY] == 300_000
    assert {node for node, stage in told if stage is Stage.EXECUTES} == {"R1", "R2", "R3"}
    assert waterfall_rows(story, bars)[0] == ("request", "post hi  (C1.1)")
    assert waterfall_rows(story, bars)[-1] == ("answer", "ok, from R2 first")


def test_what_was_lost_is_under_way_until_now_and_said() -> None:
    talk = lost_on_its_way()
    story = story_of_number(log_of(talk), 2, words)
    bars = bars_of(story, talk.time_ns)
    [way] = [bar for bar in bars if bar.node == "R1"]
    assert (way.stage, way.end_ns) == (Stage.WAY, talk.time_ns)
    assert ("R1", "its order was lost 1 ×") in waterfall_rows(story, bars)


def test_a_number_that_is_not_known_has_no_bars() -> None:
    talk = one_request()
    assert bars_of(story_of_number(log_of(talk), 77, words), talk.time_ns) == ()
