"""Faults in the picture: lossy links, lost and late messages, paused and harmed replicas."""

from __future__ import annotations

import pytest

from core import facts
from core.facts import Pace
from core.harm import Harm
from core.link_faults import Link, LinkFaults, Way
from core.model.cluster_view import FaultyLink, ReplicaState, TokenKind
from core.trace.wire_log import Tap
from tests.support.dialogue import Dialogue

POST = (1, 1, "post hi")
HALF_LOST = LinkFaults(loss=0.5)


def test_what_is_wrong_with_a_link_is_in_the_view_until_it_heals() -> None:
    talk = Dialogue().say(facts.LinkFaulted(2, Way.TO, HALF_LOST))
    assert talk.view().faulty_links == (FaultyLink(Link(2, Way.TO), HALF_LOST),)
    talk.say(facts.LinkFaulted(2, Way.TO, LinkFaults(cut=True)), facts.LinkFaulted(3, Way.FROM, HALF_LOST))
    assert [str(one.link) for one in talk.view().faulty_links] == ["FE→R2", "R3→FE"]
    talk.say(facts.LinkFaulted(2, Way.TO, LinkFaults()), facts.LinkFaulted(3, Way.FROM, LinkFaults()))
    assert talk.view().faulty_links == ()


@pytest.mark.parametrize("pace", [Pace.REAL_TIME, Pace.SLOW])
def test_a_lost_order_is_seen_to_be_lost(pace: Pace) -> None:
    talk = Dialogue().at(1.0).say(facts.PaceSet(pace, 600_000_000))
    if pace is Pace.REAL_TIME:
        talk.at(2.0).order(1, POST, to=[2], tap=Tap.TO_LOST)
    else:
        talk.at(1.7).order(1, POST, to=[2], tap=Tap.TO_SENT, token=1)
        talk.at(2.0).order(1, POST, to=[2], tap=Tap.TO_LOST, token=1)
    (token,) = talk.view(0.45 if pace is Pace.REAL_TIME else 0.0).tokens
    assert (token.kind, token.label, token.source, token.target) == (TokenKind.LOST, "× #1", "FE", "R2")
    assert talk.view(3.0).tokens == ()
    assert talk.view().front_end.next_seq == 2, "it was sent, and counts as sent"


def test_a_lost_result_was_executed_all_the_same() -> None:
    talk = Dialogue().at(1.0).result(2, 1, tap=Tap.FROM_LOST)
    assert talk.replica(2).expected == 2
    (token,) = talk.view(0.8).tokens
    assert (token.kind, token.source, token.target) == (TokenKind.LOST, "R2", "FE")


def test_what_a_lost_order_is_sent_again_for_counts_as_a_retransmission() -> None:
    talk = Dialogue().at(1.0).order(1, POST, to=[2], tap=Tap.TO_LOST).order(1, POST, to=[1, 3])
    talk.at(1.1).order(1, POST, to=[2])
    assert talk.view().front_end.retransmissions == 1


def test_on_a_slow_link_messages_are_shown_late() -> None:
    talk = Dialogue().say(facts.LinkFaulted(2, Way.TO, LinkFaults(delay_ns=200_000_000)))
    talk.at(1.0).order(1, POST, to=[2], tap=Tap.TO_SENT, token=5)
    assert [token.kind for token in talk.view(0.45).tokens] == [TokenKind.LATE]
    talk.at(1.2).order(1, POST, to=[2], tap=Tap.TO_DELIVERED, token=5)
    assert talk.fold().unreadable == 0


def test_under_the_slow_pace_a_late_message_is_due_later_than_the_pace_says() -> None:
    talk = (
        Dialogue()
        .at(1.0)
        .say(
            facts.PaceSet(Pace.SLOW, 600_000_000),
            facts.LinkFaulted(2, Way.TO, LinkFaults(delay_ns=200_000_000)),
        )
    )
    talk.order(1, POST, to=[2], tap=Tap.TO_SENT, token=5).order(1, POST, to=[1], tap=Tap.TO_SENT, token=6)
    late, other = talk.view().tokens
    assert (late.kind, late.due_ns - late.sent_ns) == (TokenKind.LATE, 800_000_000)
    assert (other.kind, other.due_ns - other.sent_ns) == (TokenKind.ORDER, 600_000_000)


def test_a_copy_that_nobody_sent_is_no_retransmission() -> None:
    talk = Dialogue().at(1.0).say(facts.PaceSet(Pace.STEP, 0))
    talk.order(1, POST, to=[2], tap=Tap.TO_SENT, token=1).order(1, POST, to=[2], tap=Tap.TO_DOUBLED, token=2)
    assert [(token.kind, token.label) for token in talk.view().tokens] == [
        (TokenKind.ORDER, "#1"),
        (TokenKind.ORDER, "#1 ×2"),
    ]
    assert talk.view().front_end.retransmissions == 0


def test_signs_of_life_on_a_faulty_link_have_no_token_but_are_heard() -> None:
    talk = Dialogue().at(1.0).say(facts.PaceSet(Pace.SLOW, 600_000_000))
    talk.pong(2, 5)
    talk.records[-1] = talk.records[-1]._replace(tap=Tap.FROM_SENT, token=9)
    assert talk.view().tokens == () and talk.replica(2).expected == 5


def test_a_paused_replica_is_paused_then_suspected_then_dropped_for_its_silence() -> None:
    talk = Dialogue().at(1.0).say(facts.Paused(2))
    assert talk.replica(2).state is ReplicaState.PAUSED
    talk.at(1.5).say(facts.Suspected(2, 510_000_000))
    assert (talk.replica(2).state, talk.replica(2).detail) == (ReplicaState.SUSPECTED, "silent for 0.5 s")
    talk.at(3.0).say(facts.Dropped(2, "silent for 2.0 s"), facts.Exited(2, -9, ""))
    assert (talk.replica(2).state, talk.replica(2).detail) == (ReplicaState.DEAD, "silent for 2.0 s")
    assert "R2 was silent too long and was killed at 3.0 s." in talk.view().alert


def test_a_replica_that_goes_on_in_time_runs_again() -> None:
    talk = Dialogue().at(1.0).say(facts.Paused(2), facts.Continued(2))
    assert talk.replica(2).state is ReplicaState.RUNNING
    talk.say(facts.Paused(2), facts.Suspected(2, 510_000_000), facts.Continued(2))
    assert talk.replica(2).state is ReplicaState.SUSPECTED, "until it speaks"
    talk.say(facts.Trusted(2))
    assert talk.replica(2).state is ReplicaState.RUNNING


def test_harm_that_lasts_is_on_the_card_until_it_ends_or_the_process_does() -> None:
    talk = Dialogue().say(facts.Tampered(2, Harm.SLOW, 5_000_000), facts.Tampered(2, Harm.LIE, 1))
    talk.say(facts.Tampered(2, Harm.FLOOD, 10_000_000))
    assert talk.replica(2).harms == ("slowed by 5 ms", "lies")
    talk.say(facts.Tampered(2, Harm.SLOW, 0))
    assert talk.replica(2).harms == ("lies",)
    talk.say(facts.Spawned(2, 2, 999))
    assert talk.replica(2).harms == ()
