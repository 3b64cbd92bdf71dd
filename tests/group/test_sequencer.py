"""One number for each request, without gaps, stamped with a clock that never runs back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.group.sequencer import Requests, Sequencer
from core.protocol.messages import unpack_u32


def requests(*ids: tuple[int, int]) -> Requests:
    made = Requests()
    for client, number in ids:
        made.add(client, number, b"C%d.%d" % (client, number))
    return made


def test_a_batch_keeps_the_order_of_arrival() -> None:
    order = Sequencer(epoch=3).order(requests((2, 1), (1, 1), (2, 2)), wall_ns=50)
    assert (order.epoch, order.first_seq, order.count, order.timestamp) == (3, 1, 3, 50)
    assert list(unpack_u32(order.requests)) == [2, 1, 1, 1, 2, 2]
    assert order.operations == [b"C2.1", b"C1.1", b"C2.2"]


@given(st.lists(st.integers(1, 64), min_size=1))
def test_numbers_have_no_gaps(sizes: list[int]) -> None:
    sequencer, expected = Sequencer(epoch=1), 1
    for size in sizes:
        order = sequencer.order(requests(*[(1, n) for n in range(size)]), 0)
        assert order.first_seq == expected
        expected += size
    assert sequencer.next_seq == expected


@given(st.lists(st.integers(0, 10**19), min_size=1))
def test_the_timestamp_never_runs_back(clock: list[int]) -> None:
    sequencer = Sequencer(epoch=1)
    stamps = [sequencer.order(requests((1, 1)), wall_ns).timestamp for wall_ns in clock]
    assert stamps == sorted(stamps)
    assert stamps[-1] == max(clock)


def test_it_may_go_on_where_another_ended() -> None:
    assert Sequencer(epoch=2, next_seq=41).order(requests((1, 1)), 0).first_seq == 41


def test_requests_split_and_join_without_a_change_to_the_parts() -> None:
    all_of_them = requests((1, 1), (2, 1), (3, 1))
    first, others = all_of_them.split(2)
    assert (first, others) == (requests((1, 1), (2, 1)), requests((3, 1)))
    assert first.followed_by(others) == all_of_them == requests((1, 1), (2, 1), (3, 1))
    assert Requests().followed_by(others) == others
    assert len(Requests()) == 0 and not Requests()
