"""Fates of messages: seeded, per link and direction, and only what was asked for."""

from __future__ import annotations

from itertools import pairwise

import pytest

from core.group.faults import NetworkFaults
from core.link_faults import NO_FAULTS, Link, LinkFaults, Way, links_of

TO_1, FROM_1, TO_2 = Link(1, Way.TO), Link(1, Way.FROM), Link(2, Way.TO)
MANY = 4_000


def fates(faults: NetworkFaults, link: Link, messages: int = MANY) -> list[tuple[int, ...]]:
    """What becomes of so many messages, one a microsecond."""
    return [faults.decide(link, 1_000 * n) for n in range(messages)]


def with_fault(link: Link, seed: int = 1, **what: float) -> NetworkFaults:
    """One faulty direction."""
    network = NetworkFaults(seed)
    network.set(link, LinkFaults(**what))  # type: ignore[arg-type]
    return network


def test_without_a_fault_every_message_arrives_at_once() -> None:
    assert fates(NetworkFaults(1), TO_1, 3) == [(0,), (1_000,), (2_000,)]


def test_a_share_of_the_messages_is_lost_in_one_direction_only() -> None:
    network = with_fault(TO_1, loss=0.3)
    lost = sum(not fate for fate in fates(network, TO_1))
    assert 0.27 * MANY < lost < 0.33 * MANY
    assert all(fates(network, FROM_1)) and all(fates(network, TO_2))


def test_a_cut_loses_everything_and_loss_of_one_hundred_percent_does_too() -> None:
    assert not any(fates(with_fault(TO_1, cut=True), TO_1))
    assert not any(fates(with_fault(TO_1, loss=1.0), TO_1))


def test_delay_is_exact_and_jitter_comes_on_top_of_it() -> None:
    late = fates(with_fault(TO_1, delay_ns=200), TO_1)
    assert all(fate == (1_000 * n + 200,) for n, fate in enumerate(late))
    jittery = [
        fate[0] - 1_000 * n
        for n, fate in enumerate(fates(with_fault(TO_1, delay_ns=200, jitter_ns=5_000), TO_1))
    ]
    assert min(jittery) >= 200 and 5_000 < max(jittery) <= 5_200
    assert len(set(jittery)) > 100


def test_a_reordered_message_is_overtaken() -> None:
    arrivals = [fate[0] for fate in fates(with_fault(TO_1, reorder=0.1, reorder_by_ns=2_500), TO_1)]
    overtaken = sum(later < earlier for earlier, later in pairwise(arrivals))
    assert 0.05 * MANY < overtaken < 0.15 * MANY


def test_a_share_of_the_messages_arrives_twice() -> None:
    doubled = fates(with_fault(TO_1, duplicate=0.2), TO_1)
    twice = [fate for fate in doubled if len(fate) == 2]
    assert 0.17 * MANY < len(twice) < 0.23 * MANY
    assert all(first <= second for first, second in twice)


def test_the_same_seed_gives_the_same_fates_whatever_happens_on_other_links() -> None:
    alone, busy = with_fault(TO_1, loss=0.5), with_fault(TO_1, loss=0.5)
    busy.set(TO_2, LinkFaults(loss=0.5))
    wanted = fates(alone, TO_1, 200)
    found = []
    for n in range(200):
        busy.decide(TO_2, n)
        found.append(busy.decide(TO_1, 1_000 * n))
    assert found == wanted
    assert fates(with_fault(TO_1, seed=2, loss=0.5), TO_1, 200) != wanted
    assert [bool(f) for f in fates(with_fault(FROM_1, loss=0.5), FROM_1, 200)] != [bool(f) for f in wanted]


def test_which_messages_are_lost_does_not_depend_on_other_faults_of_the_link() -> None:
    plain = fates(with_fault(TO_1, loss=0.5), TO_1, 500)
    worse = fates(with_fault(TO_1, loss=0.5, delay_ns=9, jitter_ns=9, duplicate=0.5, reorder=0.5), TO_1, 500)
    assert [bool(fate) for fate in plain] == [bool(fate) for fate in worse]


def test_a_partition_cuts_both_directions_and_heals_to_what_was_there_before() -> None:
    network = with_fault(TO_1, loss=0.25)
    assert set(network.cut_off([1, 3])) == {*links_of(1), *links_of(3)}
    assert not network.cut_off([3])
    assert not any(fates(network, TO_1)) and not any(fates(network, FROM_1))
    network.join_up([1, 3])
    assert dict(network.faulty) == {TO_1: LinkFaults(loss=0.25)}


def test_heal_takes_every_fault_away_and_tells_which_there_were() -> None:
    network = with_fault(TO_1, loss=0.25)
    network.set(TO_2, LinkFaults(duplicate=1.0))
    assert network.heal([TO_2, FROM_1]) == [TO_2]
    assert network.of(TO_2) == NO_FAULTS and network.any
    assert network.heal() == [TO_1]
    assert not network.any and not network.heal()


def test_setting_what_is_set_already_changes_nothing() -> None:
    network = NetworkFaults(1)
    assert not network.set(TO_1, NO_FAULTS)
    assert network.set(TO_1, LinkFaults(loss=0.1))
    assert not network.set(TO_1, LinkFaults(loss=0.1))


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        (NO_FAULTS, ""),
        (LinkFaults(cut=True, loss=0.5), "cut"),
        (LinkFaults(loss=0.3), "30 % lost"),
        (LinkFaults(delay_ns=200_000_000), "200 ms late"),
        (LinkFaults(delay_ns=1_000_000, jitter_ns=2_000_000), "1–3 ms late"),
        (LinkFaults(delay_ns=900_000_000, jitter_ns=300_000_000), "900 ms–1.2 s late"),
        (LinkFaults(duplicate=0.125, reorder=1.0), "12.5 % twice · 100 % overtaken"),
    ],
)  # fmt: skip
def test_faults_say_what_they_do(faults: LinkFaults, words: str) -> None:
    assert faults.words() == words


@pytest.mark.parametrize("wrong", [LinkFaults(loss=1.1), LinkFaults(duplicate=-0.1), LinkFaults(delay_ns=-1)])
def test_impossible_faults_are_told_apart(wrong: LinkFaults) -> None:
    assert not wrong.possible and LinkFaults(loss=1.0, delay_ns=60_000_000_000).possible
