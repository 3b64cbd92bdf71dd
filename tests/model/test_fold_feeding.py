"""However records are fed to the fold, and whatever they are, a person sees the same."""

from __future__ import annotations

from bisect import bisect_right

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bench.synthetic import START_NS, load_records
from core import facts
from core.model.cluster_view import ClusterView, ReplicaState
from core.model.fold import REFRESH_NS, Fold
from core.trace.wire_log import Record, Tap
from tests.support.dialogue import SECOND, Dialogue, one_request, words

FRAME_NS = SECOND // 60


def test_what_did_not_change_is_the_same_object() -> None:
    talk = one_request()
    fold = talk.fold()
    before = fold.view(talk.time_ns)
    later = Dialogue(3)
    later.at(2.0).pong(1, 2).pong(2, 2).pong(3, 2)
    fold.apply(later.records[-3:])
    after = fold.view(later.time_ns)
    assert after.replicas is before.replicas
    assert after.clients is before.clients
    assert after.front_end is before.front_end
    later.at(2.1).result(1, 2)
    fold.apply(later.records[-1:])
    for frame in range(3):
        last = fold.view(later.time_ns + frame * FRAME_NS)
    assert last.replicas[0] is not before.replicas[0]
    assert last.replicas[1] is before.replicas[1]
    assert last.clients is before.clients


def test_figures_wait_for_the_next_refresh_and_then_are_exact() -> None:
    talk = one_request()
    fold = talk.fold()
    now = talk.time_ns
    before = fold.view(now)
    more = Dialogue(3)
    more.at(1.001).result(1, 2)
    fold.apply(more.records[-1:])
    assert fold.view(now + REFRESH_NS // 2).replicas is before.replicas
    for frame in range(3):
        after = fold.view(now + REFRESH_NS + frame * FRAME_NS)
    assert after.replicas[0].expected == 3


def test_what_happens_to_a_replica_shows_at_once() -> None:
    talk = one_request()
    fold = talk.fold()
    fold.view(talk.time_ns)
    more = Dialogue(3)
    more.at(1.001).say(facts.KillOrdered(1, "user"))
    fold.apply(more.records[-1:])
    assert fold.view(talk.time_ns + 1).replicas[0].state is ReplicaState.DEAD


def test_under_load_no_frame_draws_the_cards_of_replicas_and_of_clients() -> None:
    """In large batches that is not many records, and looks between two ticks deal with some of them."""
    records = load_records(2.0, 7, batches_per_s=120)
    fold, start = Fold(words_or_none), 0
    before = fold.view(START_NS)
    for now_ns in range(START_NS + FRAME_NS, records[-1].time_ns, FRAME_NS):
        end = bisect_right(records, now_ns, key=lambda record: record.time_ns)
        fold.apply(records[start:end])
        start, after = end, fold.view(now_ns)
        if now_ns > START_NS + SECOND // 2:
            assert after.replicas is before.replicas or after.clients is before.clients
        before = after
    assert before.replicas[0].expected > 4_000


def settled(fold: Fold, now_ns: int) -> ClusterView:
    """The view once every card is up to date, without what depends on when it was looked at."""
    for step in range(20):
        view = fold.view(now_ns + step * REFRESH_NS)
    return replace(view, tokens=(), sampling=0)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=12))
def test_helpings_of_any_size_give_the_same_picture(sizes: list[int]) -> None:
    records = load_records(0.3, 3)
    whole, piecewise = Fold(words_or_none), Fold(words_or_none)
    whole.apply(records)
    start = 0
    while start < len(records):
        for size in sizes:
            piecewise.apply(records[start : start + size])
            start += size
            piecewise.view(records[min(start, len(records)) - 1].time_ns)
    end_ns = START_NS + SECOND
    left, right = settled(whole, end_ns), settled(piecewise, end_ns)
    assert left == right
    assert (whole.history.throughput_per_s == piecewise.history.throughput_per_s).all()


def words_or_none(operation: bytes) -> str:
    return operation[2:].decode()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.builds(
            Record,
            st.integers(0, 1 << 62),
            st.integers(-1, 12),
            st.integers(0, 1 << 33),
            st.integers(0, 5),
            st.binary(max_size=40),
        ),
        max_size=10,
    )
)
@example([Record(0, 0, 0, 0, b""), Record(0, int(Tap.FROM_PASSED), 1 << 4, 0, b"\0\0r")])
def test_nonsense_is_passed_over_and_counted(nonsense: list[Record]) -> None:
    fold = one_request().fold()
    fold.apply(nonsense)
    view = fold.view(200 * SECOND)
    assert len(view.replicas) == 3
    assert fold.unreadable <= 2 * len(nonsense)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_records_never_break_the_fold(data: st.DataObject) -> None:
    talk = one_request()
    talk.at(2.0).pong(1, 2, 3, 5).summary(2, 2, ("users", "2"))
    records = list(talk.records)
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(records) - 1))
        body = bytearray(records[index].body)
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
        records[index] = records[index]._replace(body=bytes(body))
    fold = Fold(words)
    fold.apply(records)
    fold.view(talk.time_ns)
