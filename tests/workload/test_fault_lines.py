"""What a dialog says in words is what the words do."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commands import Heal, SetFault
from core.link_faults import NO_FAULTS, Link, LinkFaults, Way
from core.workload.console_language import Ask, Scope, parse
from core.workload.fault_lines import fault_lines

SCOPE = Scope(clients=1, replicas=(1, 2), operations=())
LINKS = [Link(replica, way) for replica in (1, 2) for way in Way]
FIGURES = ("loss", "duplicate", "delay_ns", "jitter_ns", "reorder", "cut")

chances = st.integers(0, 1_000).map(lambda tenths: tenths / 10 / 100)
times_ns = st.integers(0, 600_000).map(lambda tenths: tenths * 100_000)
faults = st.builds(
    LinkFaults, loss=chances, duplicate=chances, delay_ns=times_ns, jitter_ns=times_ns, reorder=chances,
    cut=st.booleans(),
)  # fmt: skip
nothing_or_faults = st.one_of(st.just(NO_FAULTS), faults)


def obey(state: dict[Link, LinkFaults], line: str) -> None:
    """What a line of the console does to links, as `core.runtime.saboteur` does it."""
    asked = parse(line, SCOPE)
    assert isinstance(asked, Ask)
    command = asked.command
    assert isinstance(command, SetFault | Heal)
    for link in LINKS:
        if command.replica in (0, link.replica) and command.way in (None, link.way):
            if isinstance(command, Heal):
                state[link] = NO_FAULTS
            else:
                given: dict[str, Any] = {name: getattr(command, name) for name in FIGURES}
                told = {name: figure for name, figure in given.items() if figure is not None}
                state[link] = msgspec.structs.replace(state[link], **told)


@given(
    st.lists(nothing_or_faults, min_size=4, max_size=4),
    nothing_or_faults,
    st.sampled_from([(0, None), (1, None), (2, Way.TO), (1, Way.FROM)]),
)
def test_the_lines_do_what_was_wanted_and_nothing_else(
    now: list[LinkFaults], wanted: LinkFaults, where: tuple[int, Way | None]
) -> None:
    replica, way = where
    if not replica:
        wanted = msgspec.structs.replace(wanted, cut=False)
    state = dict(zip(LINKS, now, strict=True))
    meant = [link for link in LINKS if replica in (0, link.replica) and way in (None, link.way)]
    lines = fault_lines(replica, way, [state[link] for link in meant], wanted)
    for line in lines:
        obey(state, line)
    for link, before in zip(LINKS, now, strict=True):
        if link not in meant:
            assert state[link] == before
        elif wanted.cut:
            assert state[link] == msgspec.structs.replace(before, cut=True)
        else:
            assert state[link] == wanted
    assert not fault_lines(replica, way, [state[link] for link in meant], wanted), "nothing is left to say"


@pytest.mark.parametrize(
    ("before", "wanted", "lines"),
    [
        (NO_FAULTS, NO_FAULTS, ()),
        (NO_FAULTS, LinkFaults(cut=True, loss=0.5), ("cut FE->R2",)),
        (LinkFaults(loss=0.5), NO_FAULTS, ("heal FE->R2",)),
        (LinkFaults(loss=0.5), LinkFaults(loss=0.125), ("drop 12.5% FE->R2",)),
        (LinkFaults(cut=True), LinkFaults(reorder=0.3), ("heal FE->R2", "reorder 30% FE->R2")),
        (NO_FAULTS, LinkFaults(jitter_ns=50_000_000), ("delay FE->R2 0ms 50ms",)),
    ],
)
def test_only_what_changes_is_said(before: LinkFaults, wanted: LinkFaults, lines: tuple[str, ...]) -> None:
    assert fault_lines(2, Way.TO, [before], wanted) == lines


def test_every_link_needs_no_name() -> None:
    both = LinkFaults(loss=0.1, delay_ns=5_000_000)
    assert fault_lines(0, None, [NO_FAULTS], both) == ("drop 10%", "delay 5ms")
    assert fault_lines(0, None, [both, NO_FAULTS], NO_FAULTS) == ("heal",)
