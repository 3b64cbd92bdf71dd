"""The log of batches: trimmed, asked for again, and kept for who fell behind alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.effects import Effect, Multicast, Retransmit
from core.group.multicast import MulticastLog
from core.protocol.messages import Order
from tests.support.group import batch, put

GROUP = (1, 2, 3)


def of(first_seq: int, count: int = 1) -> Order:
    return batch(first_seq, *[(1, first_seq + offset, put("a", 1)) for offset in range(count)])


def name(first_seq: int) -> bytes:
    return b"batch at #%d" % first_seq


def log_of(*batches: tuple[int, int]) -> MulticastLog:
    """A log of batches (first number, count)."""
    log = MulticastLog()
    for first_seq, count in batches:
        log.multicast(of(first_seq, count), name(first_seq), GROUP)
    return log


def again(effects: tuple[Effect, ...]) -> list[bytes]:
    assert all(isinstance(effect, Retransmit) for effect in effects)
    return [effect.payload for effect in effects if isinstance(effect, Retransmit)]


def test_everybody_gets_the_same_bytes() -> None:
    assert MulticastLog().multicast(of(1), name(1), GROUP) == Multicast(GROUP, name(1))


def test_what_is_missing_is_sent_again_to_the_one_who_asks() -> None:
    log = log_of((1, 2), (3, 2), (5, 2), (7, 2))
    assert log.missing(2, 3, 6) == (Retransmit(2, name(3)), Retransmit(2, name(5)))


def test_a_number_within_a_batch_brings_the_whole_batch() -> None:
    log = log_of((1, 2), (3, 2), (5, 2))
    assert again(log.missing(2, 4, 5)) == [name(3), name(5)]


def test_nothing_is_missing_of_an_empty_log() -> None:
    assert MulticastLog().missing(1, 1, 10) == ()


def test_what_everybody_executed_is_let_go() -> None:
    log = log_of((1, 2), (3, 2), (5, 2))
    before = log.bytes
    log.trim(4)
    assert log.bytes == before - len(name(1)) - len(name(3))
    assert again(log.missing(1, 5, 6)) == [name(5)]
    log.trim(4)
    assert again(log.missing(1, 1, 6)) == [name(5)], "what is let go is not sent as if it were there"


def test_half_a_batch_executed_keeps_it() -> None:
    log = log_of((1, 4), (5, 2))
    log.trim(2)
    assert again(log.missing(1, 1, 4)) == [name(1)]


def test_a_long_run_does_not_keep_its_past() -> None:
    log = MulticastLog()
    for seq in range(1, 5_001):
        log.multicast(of(seq), name(seq), GROUP)
        log.trim(seq - 10)
    assert log.bytes < 20 * len(name(5_000))
    assert len(log._firsts) < 2_000
    assert again(log.missing(1, 4_995, 4_996)) == [name(4_995), name(4_996)]


def test_a_full_link_falls_behind_alone_and_catches_up() -> None:
    log = log_of((1, 1))
    log.link_full(2)
    assert log.multicast(of(2), name(2), GROUP) == Multicast((1, 3), name(2))
    assert log.multicast(of(3), name(3), GROUP) == Multicast((1, 3), name(3))
    assert log.link_drained(2) == (Multicast((2,), name(2)), Multicast((2,), name(3)))
    assert log.multicast(of(4), name(4), GROUP) == Multicast(GROUP, name(4))


def test_a_link_that_was_full_for_a_moment_missed_nothing() -> None:
    log = log_of((1, 1))
    log.link_full(2)
    assert log.link_drained(2) == ()
    assert log.link_drained(2) == ()


def test_who_is_behind_is_not_sent_again_what_it_was_never_sent() -> None:
    log = log_of((1, 1), (2, 1))
    log.link_full(2)
    log.multicast(of(3), name(3), GROUP)
    assert again(log.missing(2, 1, 3)) == [name(1), name(2)]
    assert again(log.missing(1, 1, 3)) == [name(1), name(2), name(3)]


def test_a_link_that_fills_up_while_it_catches_up_loses_nothing() -> None:
    log = log_of((1, 1))
    log.link_full(2)
    log.multicast(of(2), name(2), GROUP)
    assert log.link_drained(2) == (Multicast((2,), name(2)),)
    log.link_full(2)
    log.multicast(of(3), name(3), GROUP)
    assert log.link_drained(2) == (Multicast((2,), name(3)),)


def test_the_dropped_are_owed_nothing() -> None:
    log = log_of((1, 1))
    log.link_full(2)
    log.multicast(of(2), name(2), GROUP)
    log.forget(2)
    assert log.link_drained(2) == ()


@given(st.lists(st.tuples(st.sampled_from(["send", "full", "drained", "trim"]), st.integers(1, 3))))
def test_every_replica_is_sent_every_batch_once_and_in_order(steps: list[tuple[str, int]]) -> None:
    log, seq = MulticastLog(), 1
    sent: dict[int, list[bytes]] = {replica: [] for replica in GROUP}
    for step, replica in [*steps, *[("drained", replica) for replica in GROUP]]:
        effects: tuple[Effect, ...] = ()
        match step:
            case "send":
                effects = (log.multicast(of(seq), name(seq), GROUP),)
                seq += 1
            case "full":
                log.link_full(replica)
            case "drained":
                effects = log.link_drained(replica)
            case "trim":
                log.trim(min(map(len, sent.values())))
        for effect in effects:
            assert isinstance(effect, Multicast)
            for receiver in effect.replicas:
                sent[receiver].append(effect.payload)
    assert sent == {replica: list(map(name, range(1, seq))) for replica in GROUP}
