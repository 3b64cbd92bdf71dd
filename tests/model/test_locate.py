"""A number is found in a long log without looking through it, and its story is the whole one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.synthetic import BATCH_REQUESTS, load_records, words
from core.model.locate import BACK_RECORDS, FORWARD_RECORDS, end_of_story, position_of
from core.model.story import Fate, story_of_number
from core.protocol.codec import encode
from core.protocol.messages import Ping
from core.trace.events import EventLog
from core.trace.wire_log import Record, Tap
from tests.support.dialogue import POST, Dialogue
from tests.support.dialogue import words as spoken


class CountingLog(EventLog):
    """Counts the records that somebody reads."""

    read = 0

    def between(self, position: int, end: int) -> Iterator[Record]:
        for record in super().between(position, end):
            self.read += 1
            yield record

    def newest_first(self, at_most: int) -> Iterator[Record]:
        self.read += at_most
        return super().newest_first(at_most)


@pytest.fixture(scope="module")
def log() -> CountingLog:
    log = CountingLog(words)
    log.append(load_records(6.0, 3))
    return log


def log_of(talk: Dialogue) -> EventLog:
    log = EventLog(spoken)
    log.append(talk.records)
    return log


def test_any_number_is_found_and_little_is_read(log: CountingLog) -> None:
    last = 6 * 60_000
    for seq in (1, 40, 41, 12_345, last // 2, last - 1, last):
        log.read = 0
        story = story_of_number(log, seq, words)
        assert story.seq == seq and story.outcome
        assert sorted(story.executions) == [1, 2, 3] and not story.cut
        assert story.called_ns and story.call.startswith("post ")
        assert log.read < 6_000, "a number is looked up on the thread that paints"


def test_what_is_not_there_is_missed_quickly(log: CountingLog) -> None:
    log.read = 0
    assert position_of(log, 6 * 60_000 + 1) is None
    assert log.read < 10_000


def test_between_gives_what_single_records_are(log: CountingLog) -> None:
    for first, end in ((log.first, log.first + 3), (1_000, 3_100), (log.end - 2, log.end + 9), (-5, 2)):
        there = range(max(first, log.first), min(end, log.end))
        assert list(log.between(first, end)) == [log.record(position) for position in there]


def test_signs_of_life_lead_through_a_long_rest() -> None:
    talk = Dialogue()
    for seq in range(1, 60):
        talk.at(seq / 100).call((1, seq, "post")).order(seq, (1, seq, "post"))
        talk.result(1, seq).result(2, seq).result(3, seq).answer(1, (1, seq, seq, "ok"))
    for second in range(6_000):
        talk.at(1 + second).write(Tap.TO_PASSED, encode(Ping(1, 59, 59)), talk.everybody)
    log = log_of(talk)
    for seq in (1, 30, 59):
        assert story_of_number(log, seq, spoken).outcome == "ok"
    assert position_of(log, 60) is None


def test_a_number_that_was_sent_again_is_told_to_its_end() -> None:
    talk = Dialogue()
    for seq in range(1, 2_000):
        talk.at(seq / 1_000).call((1, seq, "post")).order(seq, (1, seq, "post"), to=(1, 2))
        if seq == 700:
            talk.order(seq, (1, seq, "post"), to=(3,), tap=Tap.TO_LOST)
        else:
            talk.order(seq, (1, seq, "post"), to=(3,)).result(3, seq)
        talk.result(1, seq).result(2, seq).answer(1, (1, seq, seq, "ok"))
        if seq == 760:
            talk.order(700, (1, 700, "post"), to=(3,)).result(3, 700)
    story = story_of_number(log_of(talk), 700, spoken)
    assert [one.fate for one in story.orders[3]] == [Fate.LOST, Fate.PASSED]
    assert sorted(story.executions) == [1, 2, 3]


def test_what_comes_too_long_after_is_said_not_to_be_known() -> None:
    talk = Dialogue()
    talk.at(1.0).call(POST).order(1, POST).result(1, 1).result(2, 1).answer(1, (1, 1, 1, "ok"))
    for _beat in range(FORWARD_RECORDS):
        talk.pong(1, 2)
    talk.result(3, 1)
    log = log_of(talk)
    story = story_of_number(log, 1, spoken)
    assert story.cut and sorted(story.executions) == [1, 2]
    position = position_of(log, 1)
    assert position is not None
    assert end_of_story(log, position, 1) == position + FORWARD_RECORDS


def test_the_bounds_leave_room_for_a_full_load() -> None:
    """A request is answered within a few batches of 40 that have five records each."""
    assert min(BACK_RECORDS, FORWARD_RECORDS) > 100 * 5 and BATCH_REQUESTS == 40
