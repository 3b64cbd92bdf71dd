"""Which facts become markers on the timeline, and what they say."""

from __future__ import annotations

import pytest

from core import facts
from core.facts import Fact
from core.harm import Harm
from core.link_faults import LinkFaults, Way
from core.model.markers import Marker, MarkerKind, marker_of
from core.trace.wire_log import Record, Tap
from tests.support.fake_source import fact_record


@pytest.mark.parametrize(
    ("fact", "kind", "text", "seq"),
    [
        (facts.KillOrdered(2, "user"), MarkerKind.KILL, "R2 killed", 0),
        (facts.KillOrdered(2, "fence"), MarkerKind.KILL, "R2 fenced", 0),
        (facts.Exited(1, -11, ""), MarkerKind.KILL, "R1 ended", 0),
        (facts.Dropped(3, "it lies"), MarkerKind.KILL, "R3 dropped", 0),
        (facts.Suspected(1, 500), MarkerKind.FAULT, "R1 suspected", 0),
        (facts.LinkFaulted(2, Way.TO, LinkFaults(loss=0.3)), MarkerKind.FAULT, "FE→R2 faulty", 0),
        (facts.LinkFaulted(2, Way.FROM, LinkFaults(cut=True)), MarkerKind.FAULT, "R2→FE cut", 0),
        (facts.LinkFaulted(2, Way.TO, LinkFaults()), MarkerKind.FAULT, "FE→R2 healed", 0),
        (facts.Paused(1), MarkerKind.FAULT, "R1 paused", 0),
        (facts.Continued(1), MarkerKind.FAULT, "R1 goes on", 0),
        (facts.Tampered(3, Harm.LIE, 2), MarkerKind.FAULT, "R3 lies", 0),
        (facts.Tampered(3, Harm.LIE, 0), MarkerKind.FAULT, "R3 right again", 0),
        (facts.Violated("real_time", 7, 0, "a", "b"), MarkerKind.VIOLATION, "real time failed", 7),
        (facts.Diverged(2, 124), MarkerKind.VIOLATION, "R2 diverged", 124),
        (facts.EpochStarted(2, 90), MarkerKind.EPOCH, "epoch 2", 90),
        (facts.Joined(2, 2, 5_000, 90), MarkerKind.JOIN, "R2 revived", 0),
    ],
)
def test_what_is_worth_finding_again(fact: Fact, kind: MarkerKind, text: str, seq: int) -> None:
    assert marker_of(fact_record(fact, 12)) == Marker(12, kind, text, seq)


@pytest.mark.parametrize(
    "fact",
    [
        facts.Exited(1, 0, ""),
        facts.Exited(1, -9, ""),  # its kill is the marker
        facts.EpochStarted(1, 1),
        facts.Joined(2, 1, 5_000, 1),
        facts.Said("info", "kill_ordered"),
        facts.Counted(0, 0, 0, 0, 0, 0, 0),
    ],
)
def test_what_happens_in_every_run_is_not(fact: Fact) -> None:
    assert marker_of(fact_record(fact)) is None


def test_every_harm_has_a_word() -> None:
    for harm in Harm:
        assert marker_of(fact_record(facts.Tampered(1, harm, 1))) is not None


def test_a_fact_that_cannot_be_read_is_none() -> None:
    assert marker_of(Record(1, Tap.FACT, 0, 0, b"\x93\xa6paused")) is None
