"""The past of a run that goes on, from the recording that is being written; the present is kept beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.synthetic import START_NS, load_records, words
from core.commands import Kill
from core.facts import Answered, KillOrdered, Said
from core.model.fold import Fold
from core.session.annotations import Note, decode_notes, encode_notes
from core.session.look_back import PRESENT_NS, LookBack
from core.session.recorder import Recorder
from core.session.recording_format import RecordingHeader
from core.session.scene import Scene
from core.session.tape import FileTape
from core.trace.wire_log import Record
from tests.session.test_replay import settled
from tests.support.fake_source import FakeSource, fact_record
from tests.support.waiting import wait_until

HEADER = RecordingHeader(app_version="0", service="social", service_version=1, seed=1, replicas=3, clients=64)


class Still(FakeSource):
    """Its time is that of the newest record."""

    def now_ns(self) -> int:
        return self.time_ns


class Seat:
    """A cluster that writes the given records, and a window on it."""

    def __init__(self, path: Path) -> None:
        self.recorder = Recorder(path, HEADER)
        self.live = Still()
        self.live.time_ns = START_NS
        self.source = LookBack(
            self.live, FileTape(path), words, lambda notes: self.recorder.annotate(encode_notes(notes))
        )
        self.path = path
        self.scene = self.present = Scene.new(words)
        self.source.start()
        self.records: list[Record] = []

    def happen(self, records: list[Record]) -> None:
        """The run goes on: everything is recorded, and handed to the window."""
        self.records += records
        self.recorder.append_many(records)
        self.live.put(records)
        self.live.time_ns = records[-1].time_ns

    def recorded(self) -> None:
        """Until the window knows of everything on the disk."""
        wait_until(lambda: self.source.state.all_records == len(self.records))

    def frame(self) -> None:
        self.scene = self.source.turn(self.scene)
        self.scene.apply(self.source.drain())
        self.scene.fold.view(self.source.now_ns())

    def arrive(self) -> None:
        def arrived() -> bool:
            self.frame()
            return not self.source.state.busy

        wait_until(arrived)


@pytest.fixture
def seat(tmp_path: Path) -> Iterator[Seat]:
    seat = Seat(tmp_path / "run.lockstep")
    yield seat
    seat.source.close()
    seat.live.finish_closing()
    wait_until(lambda: seat.source.closed)
    seat.recorder.close()


@pytest.fixture(scope="module")
def run() -> list[Record]:
    kill = fact_record(KillOrdered(2, "user"), START_NS + 600_000_000)
    return sorted([*load_records(1.2, 3), kill], key=lambda record: record.time_ns)


def test_the_past_is_shown_while_the_run_goes_on_and_the_present_comes_back_whole(
    seat: Seat, run: list[Record]
) -> None:
    seat.happen(run[:6_000])
    seat.frame()
    assert seat.source.state.live
    seat.recorded()
    then_ns = START_NS + 300_000_000
    seat.source.seek(then_ns)
    seat.arrive()
    assert not seat.source.state.live
    assert seat.source.now_ns() == then_ns
    past = Fold(words)
    past.apply([record for record in run if record.time_ns <= then_ns])
    assert settled(seat.scene.fold, then_ns) == settled(past, then_ns)

    seat.happen(run[6_000:])  # meanwhile
    seat.frame()
    assert seat.source.now_ns() == then_ns
    assert seat.source.state.end_ns >= run[-1].time_ns

    seat.source.go_live()
    seat.frame()
    assert seat.source.state.live
    assert seat.scene is seat.present
    live = Fold(words)
    live.apply(run)
    now_ns = run[-1].time_ns
    assert settled(seat.scene.fold, now_ns) == settled(live, now_ns)
    seat.recorded()
    assert seat.recorder.error is None


def test_nothing_can_be_done_in_the_past(seat: Seat, run: list[Record]) -> None:
    seat.happen(run[:3_000])
    seat.recorded()
    assert seat.source.capabilities.control
    seat.source.step(-1, False)
    seat.arrive()
    assert not seat.source.capabilities.control
    assert seat.source.capabilities.speed
    seat.source.send(Kill(1))
    assert seat.live.sent == []
    seat.source.go_live()
    seat.frame()
    seat.source.send(Kill(1))
    assert seat.live.sent == [Kill(1)]


def test_a_step_back_from_the_present_begins_at_the_end(seat: Seat, run: list[Record]) -> None:
    seat.happen(run[:3_000])
    seat.recorded()
    seat.source.step(1, False)  # there is nothing after the present
    seat.frame()
    assert seat.source.state.live
    seat.source.step(-1, False)
    seat.arrive()
    assert seat.source.state.records == 2_999


def test_the_present_returns_though_a_moment_is_still_sought(seat: Seat, run: list[Record]) -> None:
    seat.happen(run)
    seat.recorded()
    seat.source.step(-1, False)
    seat.arrive()
    for _ in range(20):
        seat.source.seek(START_NS + 500_000_000)
        seat.source.go_live()
        seat.frame()
        assert seat.source.state.live
    for _ in range(50):
        seat.frame()
    assert seat.source.state.live


def test_played_to_the_end_the_past_becomes_the_present(seat: Seat, run: list[Record]) -> None:
    seat.happen(run)
    seat.recorded()
    seat.source.seek(run[-1].time_ns - 2 * PRESENT_NS)
    seat.arrive()
    seat.source.play(20.0)

    def present() -> bool:
        seat.frame()
        return seat.source.state.live

    wait_until(present)
    assert not seat.source.state.playing


def test_what_is_beyond_the_recording_is_the_present(seat: Seat, run: list[Record]) -> None:
    seat.happen(run[:3_000])
    seat.recorded()
    seat.source.step(-1, False)
    seat.arrive()
    seat.source.seek(seat.source.state.end_ns)
    seat.frame()
    assert seat.source.state.live


def test_a_moment_that_is_not_recorded_yet_is_waited_for(seat: Seat, run: list[Record]) -> None:
    seat.happen(run[:3_000])
    seat.recorded()
    wanted_ns = run[2_999].time_ns + 1
    seat.live.time_ns = wanted_ns + PRESENT_NS + 1  # the run is on, the recording is not
    seat.source.seek(wanted_ns)
    for _ in range(20):
        seat.frame()
    assert seat.source.state.live and seat.source.state.busy
    seat.happen([record for record in run[3_000:] if record.time_ns > wanted_ns])
    seat.arrive()
    assert not seat.source.state.live
    assert seat.source.now_ns() == wanted_ns


def test_to_return_ends_the_wait_for_a_moment(seat: Seat, run: list[Record]) -> None:
    seat.happen(run[:3_000])
    seat.recorded()
    wanted_ns = run[2_999].time_ns + 1
    seat.live.time_ns = wanted_ns + PRESENT_NS + 1
    seat.source.seek(wanted_ns)
    seat.source.go_live()
    seat.happen([record for record in run[3_000:] if record.time_ns > wanted_ns])
    seat.recorded()
    for _ in range(50):
        seat.frame()
    assert seat.source.state.live


def test_news_are_told_once_and_none_is_lost(seat: Seat, run: list[Record]) -> None:
    said = fact_record(Said("info", "early"), run[999].time_ns)
    seat.happen([*run[:1_000], said, *run[1_000:3_000]])
    seat.frame()
    assert Said("info", "early") in seat.scene.news()
    seat.recorded()
    seat.source.seek(START_NS + 1_000_000)
    seat.arrive()
    answered = Answered(1, 1, 9, 1, 5, "post", "ok", "9")
    seat.happen([fact_record(answered, run[3_000].time_ns)])
    seat.source.play(20.0)
    for _ in range(200):
        seat.frame()
        assert seat.scene is seat.present or seat.scene.news() == []
    seat.source.go_live()
    seat.frame()
    assert answered in seat.scene.news()


def test_markers_of_the_present_are_there_in_the_past(seat: Seat, run: list[Record]) -> None:
    seat.happen(run)
    seat.frame()
    seat.recorded()
    seat.source.seek(START_NS + 100_000_000)
    seat.arrive()
    assert [marker.text for marker in seat.source.markers] == ["R2 killed"]


def test_notes_are_in_the_recording_while_it_is_written(seat: Seat, run: list[Record]) -> None:
    seat.happen(run[:3_000])
    seat.recorded()
    seat.source.set_notes([Note(5, "here")])
    seat.happen(run[3_000:])
    seat.recorded()

    def noted() -> tuple[Note, ...]:
        tape = FileTape(seat.path)
        tape.grow()
        return decode_notes(tape.annotations)

    wait_until(lambda: noted() == (Note(5, "here"),))
    assert seat.source.notes == (Note(5, "here"),)
    seat.source.set_notes([Note(5, "changed")])
    seat.recorder.close()
    assert noted() == (Note(5, "changed"),)
    tape = FileTape(seat.path)
    tape.grow()
    assert tape.records == len(seat.records)
    assert tape.note == ""
