"""Replay: what is sought or played equals what was live, record by record and view by view."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from msgspec.structs import replace

from bench.synthetic import START_NS, load_records, words
from core.facts import EpochStarted, KillOrdered, Pace, PaceSet, Said
from core.model.cluster_view import ClusterView
from core.model.fold import LONG_AGO_NS, Fold
from core.model.markers import MarkerKind
from core.session.player import FRAME_RECORDS, Player
from core.session.recorder import Recorder
from core.session.recording_format import RecordingHeader
from core.session.replay_source import ReplaySource
from core.session.scene import Scene
from core.session.seeker import Arrival, Moment, ToTime
from core.session.tape import FileTape
from core.trace import block_builder
from core.trace.wire_log import Record, Tap
from tests.support.fake_source import fact_record
from tests.support.waiting import wait_until

FRAME_NS = 1_000_000_000 // 60
HEADER = RecordingHeader(app_version="0", service="social", service_version=1, seed=1, replicas=3, clients=64)
SENT = {
    Tap.TO_PASSED: (Tap.TO_SENT, Tap.TO_DELIVERED),
    Tap.FROM_PASSED: (Tap.FROM_SENT, Tap.FROM_DELIVERED),
    Tap.CALL_DELIVERED: (Tap.CALL_SENT, Tap.CALL_DELIVERED),
    Tap.RETURN_DELIVERED: (Tap.RETURN_SENT, Tap.RETURN_DELIVERED),
}


class Clock:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.ns = 10**15

    def __call__(self) -> int:
        return self.ns


def paced(records: list[Record]) -> Iterator[Record]:
    """The same messages on their way for 30 ms each, visibly."""
    for token, record in enumerate(records, start=1):
        taps = SENT.get(Tap(record.tap))
        if taps is None or (record.tap == Tap.FROM_PASSED and record.body[2] != ord("r")):
            yield record
            continue
        for replica in range(8) if record.links else (0,):
            if record.links >> replica & 1 or not record.links:
                name, links = token * 8 + replica, 1 << replica if record.links else 0
                yield record._replace(tap=taps[0], links=links, token=name)
                yield record._replace(
                    tap=taps[1], links=links, token=name, time_ns=record.time_ns + 30_000_000
                )


def a_run() -> list[Record]:
    """Full load with a kill in it, then messages at a visible pace; some are on their way at the end."""
    records = load_records(1.8, 3)
    slow_ns = START_NS + 1_500_000_000
    fast = [record for record in records if record.time_ns < slow_ns]
    slow = list(paced([record for record in records if record.time_ns >= slow_ns]))
    facts = [
        fact_record(Said("info", "halfway"), START_NS + 700_000_000),
        fact_record(KillOrdered(2, "user"), START_NS + 900_000_000),
        fact_record(EpochStarted(2, 50_000), START_NS + 1_000_000_000),
        fact_record(PaceSet(Pace.SLOW, 30_000_000), slow_ns),
    ]
    whole = sorted([*fast, *slow, *facts], key=lambda record: record.time_ns)
    return [record for record in whole if record.time_ns < START_NS + 1_800_000_000]


def record_to(path: Path, records: list[Record]) -> Path:
    recorder = Recorder(path, HEADER)
    recorder.append_many(records)
    recorder.close()
    return path


@pytest.fixture(scope="module")
def run() -> list[Record]:
    return a_run()


@pytest.fixture(scope="module")
def file(run: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(block_builder, "SEAL_PARTS_BYTES", 1 << 18)  # many blocks of a short run
        return record_to(tmp_path_factory.mktemp("tapes") / "run.lockstep", run)


class Seat:
    """Where the window sits: turns, drains and draws, frame by frame."""

    def __init__(self, path: Path) -> None:
        self.clock = Clock()
        self.source = ReplaySource(FileTape(path), words, clock=self.clock)
        self.travel = self.source.travel
        self.scene = Scene.new(words)
        self.source.start()
        self.arrive()

    def frame(self) -> ClusterView:
        self.scene = self.source.turn(self.scene)
        self.scene.apply(self.source.drain())
        return self.scene.fold.view(self.source.now_ns())

    def arrive(self) -> ClusterView:
        """Frames until nothing is sought any more; the clock stands still."""
        wait_until(lambda: bool(self.frame()) and not self.travel.state.busy)
        return self.frame()

    def read_all(self) -> None:
        wait_until(lambda: self.travel.state.read_share == 1.0)

    def close(self) -> None:
        self.source.close()
        wait_until(lambda: self.source.closed)


@pytest.fixture
def seat(file: Path) -> Iterator[Seat]:
    seat = Seat(file)
    yield seat
    seat.close()


def settled(fold: Fold, now_ns: int) -> ClusterView:
    """The view with every card drawn anew, of a copy: the fold itself is not looked at. Which messages of
    real time are shown as a sample hangs on how many a frame brought; every other has to be there."""
    tokens = deepcopy(fold).view(now_ns).tokens
    copied = deepcopy(fold)
    for step in range(1, 12):  # a refresh takes some frames, and draws some client cards only
        view = copied.view(now_ns + step * LONG_AGO_NS)
    return replace(view, sampling=1, tokens=tuple(token for token in tokens if token.token > 0))


def test_live_and_replay_end_in_equal_views_at_every_tenth_block(
    run: list[Record], file: Path, seat: Seat
) -> None:
    tape = FileTape(file)
    tape.grow()
    stops = [*(tape.first_record(block) for block in range(10, tape.blocks, 10)), len(run)]
    assert len(stops) >= 2
    live = Fold(words)
    done, frame_ns = 0, START_NS
    for stop in stops:
        while done < stop:  # as the window folds it: a frame's records, then a look
            end = done
            while end < stop and run[end].time_ns < frame_ns:
                end += 1
            live.apply(run[done:end])
            live.view(frame_ns)
            done, frame_ns = end, frame_ns + FRAME_NS
        now_ns = run[stop - 1].time_ns
        seat.source.seek_record(stop)
        seat.arrive()
        assert seat.travel.state.records == stop
        assert settled(seat.scene.fold, now_ns) == settled(live, now_ns)


def test_played_from_front_to_back_it_ends_in_the_same_view(run: list[Record], seat: Seat) -> None:
    live = Fold(words)
    live.apply(run)
    seat.travel.play(20.0)
    wait_until(lambda: turn(seat) >= len(run))
    now_ns = run[-1].time_ns
    assert settled(seat.scene.fold, now_ns) == settled(live, now_ns)
    assert settled(live, now_ns).tokens != ()
    assert not seat.travel.state.playing
    assert [seat.scene.log.record(place) for place in (-0 + seat.scene.log.end - 1,)] == [run[-1]]


def turn(seat: Seat) -> int:
    seat.clock.ns += FRAME_NS
    seat.frame()
    return seat.travel.state.records


def test_the_first_picture_shows_clients_and_tells_the_run(seat: Seat) -> None:
    view = seat.arrive()
    assert len(view.clients) == 64
    assert len(view.replicas) == 3
    assert seat.travel.state.records < 200
    assert not seat.travel.state.playing


def test_the_pace_of_playing_is_the_clocks_times_the_speed(seat: Seat) -> None:
    wait_until(lambda: seat.source.ready)
    before = seat.travel.state.now_ns
    seat.travel.play(0.05)
    for _ in range(10):
        seat.clock.ns += FRAME_NS
        seat.frame()
    assert seat.travel.state.now_ns - before == pytest.approx(10 * FRAME_NS * 0.05, rel=0.01)
    seat.travel.pause()
    stopped = seat.travel.state.now_ns
    seat.clock.ns += FRAME_NS
    seat.frame()
    assert seat.travel.state.now_ns == stopped


def test_a_window_that_stood_still_does_not_make_it_jump(seat: Seat) -> None:
    wait_until(lambda: seat.source.ready)
    seat.travel.play(1.0)
    before = seat.travel.state.now_ns
    seat.clock.ns += 60_000_000_000
    seat.frame()
    assert seat.travel.state.now_ns - before <= 100_000_000


def test_no_frame_gets_more_than_it_can_fold(seat: Seat) -> None:
    wait_until(lambda: seat.source.ready)
    seat.travel.play(20.0)
    for _ in range(5):
        seat.clock.ns += 100_000_000
        before = seat.travel.state.records
        seat.frame()
        assert seat.travel.state.records - before <= FRAME_RECORDS


def test_seek_by_time(run: list[Record], seat: Seat) -> None:
    time_ns = START_NS + 1_000_000_000
    seat.travel.seek(time_ns)
    view = seat.arrive()
    assert view.now_ns == time_ns
    assert seat.travel.state.records == sum(record.time_ns <= time_ns for record in run)
    assert seat.scene.log.end == seat.travel.state.records
    assert seat.scene.log.record(seat.scene.log.end - 1) == run[seat.scene.log.end - 1]


def test_seek_by_number(run: list[Record], seat: Seat) -> None:
    seat.travel.seek_number(40_001)
    view = seat.arrive()
    assert view.front_end.next_seq == 40_041  # the batch that has #40001 was just ordered
    assert run[seat.travel.state.records - 1].tap == Tap.TO_PASSED
    place = seat.travel.state.records
    seat.travel.seek_number(10**9)
    seat.arrive()
    assert seat.travel.state.records == place
    assert seat.travel.sentences() == ["#1000000000 was never ordered in this recording."]


def test_steps_by_event_and_by_request_on_and_back(run: list[Record], seat: Seat) -> None:
    seat.travel.seek(START_NS + 500_000_000)
    seat.arrive()
    start = seat.travel.state.records
    seat.travel.step(1, False)
    seat.arrive()
    assert seat.travel.state.records == start + 1
    assert seat.travel.state.now_ns == run[start].time_ns
    for _ in range(3):  # faster than scenes are made: none is lost
        seat.travel.step(-1, False)
    seat.arrive()
    assert seat.travel.state.records == start - 2
    seat.travel.step(1, True)
    seat.arrive()
    after = seat.travel.state.records
    assert run[after - 1].tap == Tap.RETURN_DELIVERED
    assert not any(record.tap == Tap.RETURN_DELIVERED for record in run[start - 2 : after - 1])
    seat.travel.step(1, True)
    seat.travel.step(-1, True)
    seat.arrive()
    assert seat.travel.state.records == after


def test_a_step_back_shows_what_was_there_before(run: list[Record], seat: Seat) -> None:
    seat.source.seek_record(9_000)
    before = settled_view(seat)
    seat.travel.step(1, False)
    seat.arrive()
    seat.travel.step(-1, False)
    assert settled_view(seat) == before


def settled_view(seat: Seat) -> ClusterView:
    seat.arrive()
    return settled(seat.scene.fold, seat.source.now_ns())


def test_of_many_wishes_the_last_one_counts(seat: Seat) -> None:
    for tenth in range(16):
        seat.travel.seek(START_NS + tenth * 100_000_000)
    seat.arrive()
    assert seat.travel.state.now_ns == START_NS + 1_500_000_000


def test_what_was_being_made_when_all_was_stopped_is_not_shown(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tape = FileTape(file)
    tape.grow()
    player = Player(tape, words)  # its thread is this test
    make = player._seeker.arrive

    def stopped_meanwhile(moment: Moment, give_up: Callable[[], bool]) -> Arrival | None:
        player.stop()
        return make(moment, give_up)

    monkeypatch.setattr(player._seeker, "arrive", stopped_meanwhile)
    player.wish(ToTime(START_NS + 500_000_000))
    assert player._seek()
    assert player.arrive() is None
    assert not player.busy


def test_markers_come_by_themselves(seat: Seat) -> None:
    seat.read_all()
    assert [(marker.kind, marker.text, marker.time_ns - START_NS) for marker in seat.travel.markers] == [
        (MarkerKind.KILL, "R2 killed", 900_000_000),
        (MarkerKind.EPOCH, "epoch 2", 1_000_000_000),
    ]
