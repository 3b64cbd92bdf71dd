"""“Why?” against situations whose cause is known, because the test made it."""

from __future__ import annotations

import pytest

from core import facts
from core.facts import Pace
from core.harm import Harm
from core.link_faults import LinkFaults, Way
from core.model.reason import Cause
from core.protocol.messages import Nack
from core.trace.wire_log import Tap
from tests.support.dialogue import Dialogue, one_request
from tests.support.questions import SECOND_POST, ask, lost_on_its_way

CUT = LinkFaults(cut=True)
# --- what is held -------------------------------------------------------------------------------------------


def test_a_gap_is_told_with_the_loss_that_made_it_and_the_asking() -> None:
    told = ask(lost_on_its_way(), "R1", 0.002)
    assert told.cause is Cause.LOST
    assert told.sentences == (
        "R1 holds #3. It may not execute it before #2.",
        "#2 was lost on FE→R1 at 2.100 s.",
        "The link FE→R1 is faulty on purpose: 30 % lost.",
        "R1 asked for it 4.0 ms ago.",
    )


def test_a_gap_whose_message_is_sent_again_says_so() -> None:
    talk = lost_on_its_way()
    talk.at(2.12).order(2, SECOND_POST, to=(1,), tap=Tap.TO_SENT, token=9)
    told = ask(talk, "R1", 0.03)
    assert told.cause is Cause.LOST
    assert told.sentences[1:] == (
        "#2 was lost on FE→R1 at 2.100 s.",
        "#2 has been on its way on FE→R1 for 30.0 ms: the link is slow on purpose.",
    )


def test_asking_that_is_lost_as_well_is_told() -> None:
    talk = lost_on_its_way()
    talk.at(2.13).frame(1, Nack(2, 2), tap=Tap.FROM_LOST)
    assert "R1 asked for it 1.0 ms ago, for the second time; that message was lost as well." in str(
        ask(talk, "R1", 0.001)
    )


def test_a_gap_that_nobody_repairs_names_the_broken_rule() -> None:
    talk = lost_on_its_way()
    started = facts.RunStarted("1.0", "social", 1, 3, 2, 7, "first", "drop forever", 0, ("gap-repair",))
    head = Dialogue(join=False).say(started).records[-1]
    talk.records[0] = head._replace(time_ns=talk.records[0].time_ns)
    told = ask(talk, "R1")
    assert told.cause is Cause.RULE_BROKEN
    assert told.sentences[-1] == "Gap repair is broken on purpose: nobody asks for what was lost."


def test_asking_that_never_comes_is_not_promised() -> None:
    talk = lost_on_its_way()
    talk.records = [record for record in talk.records if b"nack" not in record.body]
    assert ask(talk, "R1").sentences[-1] == "R1 asks for it as soon as the gap has been open for 5.0 ms."
    late = ask(talk, "R1", 3.0)
    assert "R1 holds #3. It may not execute it before #2." in late.sentences
    assert "No word of R1 that asks for it has come." in late.sentences


def test_a_cut_link_is_the_cause_of_a_gap() -> None:
    talk = one_request()
    talk.at(2.0).say(facts.LinkFaulted(1, Way.TO, CUT))
    talk.at(2.1).order(2, SECOND_POST, to=(2, 3)).order(2, SECOND_POST, to=(1,), tap=Tap.TO_LOST)
    talk.pong(1, 2, 3, 3)
    told = ask(talk, "R1")
    assert told.cause is Cause.CUT
    assert told.sentences[2] == (
        "The link FE→R1 is cut since 2.000 s: nothing gets through until it is healed."
    )


@pytest.mark.parametrize(
    ("pace", "cause", "says"),
    [
        (Pace.SLOW, Cause.TRAVELS, "at this pace a message takes 600 ms"),
        (Pace.STEP, Cause.STEP, "under step it arrives when you say so"),
    ],
)
def test_a_gap_by_the_pace_is_no_loss(pace: Pace, cause: Cause, says: str) -> None:
    talk = one_request()
    talk.at(2.0).say(facts.PaceSet(pace, 600_000_000))
    talk.at(2.1).order(2, SECOND_POST, to=(1,), tap=Tap.TO_SENT, token=5)
    talk.at(2.2).pong(1, 2, 3, 3)
    told = ask(talk, "R1")
    assert told.cause is cause
    assert says in told.sentences[-1]


# --- replicas -----------------------------------------------------------------------------------------------


def test_a_paused_replica_is_not_dead() -> None:
    talk = one_request()
    talk.at(3.0).say(facts.Paused(2))
    told = ask(talk, "R2")
    assert told.cause is Cause.PAUSED
    assert told.sentences[0] == "Somebody stopped the process of R2 at 3.000 s (SIGSTOP)."


def test_a_suspicion_says_since_when_why_and_what_comes() -> None:
    talk = one_request()
    talk.at(3.0).say(facts.Paused(2))
    talk.at(3.5).say(facts.Suspected(2, 500_000_000))
    told = ask(talk, "R2", 0.3)
    assert told.cause is Cause.PAUSED
    assert told.sentences[:2] == (
        "Nothing has come from R2 for 800 ms; it has been suspected since 3.500 s.",
        "Somebody had stopped its process at 3.000 s (SIGSTOP).",
    )
    assert "Silent for 2 s in all, it is dropped" in told.sentences[2]


def test_a_suspicion_by_a_cut_link_says_which_way() -> None:
    talk = one_request()
    talk.at(3.0).say(facts.LinkFaulted(3, Way.FROM, CUT))
    talk.at(3.5).say(facts.Suspected(3, 500_000_000))
    told = ask(talk, "R3")
    assert told.cause is Cause.CUT
    assert told.sentences[1] == (
        "The link R3→FE had been cut since 3.000 s. What it says does not get through."
    )


def test_a_suspicion_without_a_known_cause_accuses_nobody() -> None:
    talk = one_request()
    talk.at(3.5).say(facts.Suspected(3, 500_000_000))
    told = ask(talk, "R3")
    assert told.cause is Cause.SILENT
    assert "Nobody broke anything that is known" in str(told)


def test_a_pause_that_is_over_is_not_blamed_for_another_silence() -> None:
    talk = one_request()
    talk.at(3.0).say(facts.Paused(3))
    talk.at(3.2).say(facts.Continued(3))
    talk.at(9.0).say(facts.Suspected(3, 500_000_000))
    assert ask(talk, "R3").cause is Cause.SILENT


def test_a_link_that_was_healed_before_is_not_blamed_and_one_healed_afterwards_is() -> None:
    talk = one_request()
    talk.at(2.0).say(facts.LinkFaulted(3, Way.TO, CUT))
    talk.at(2.2).say(facts.LinkFaulted(3, Way.TO, LinkFaults()))
    talk.at(5.0).say(facts.Dropped(3, "silent for 2.0 s"))
    assert ask(talk, "R3").cause is Cause.SILENT
    talk = one_request()
    talk.at(2.0).say(facts.LinkFaulted(3, Way.TO, CUT))
    talk.at(4.0).say(facts.Dropped(3, "silent for 2.0 s"))
    talk.at(5.0).say(facts.LinkFaulted(3, Way.TO, LinkFaults()))
    assert ask(talk, "R3").cause is Cause.CUT


def test_a_dropped_replica_was_silent_for_too_long() -> None:
    talk = one_request()
    talk.at(3.0).say(facts.Paused(2))
    talk.at(3.5).say(facts.Suspected(2, 500_000_000))
    talk.at(5.0).say(facts.Dropped(2, "silent for 2.0 s"), facts.Exited(2, -9, ""))
    told = ask(talk, "R2")
    assert told.cause is Cause.PAUSED
    assert told.sentences[0].startswith("R2 was dropped at 5.000 s: silent for 2.0 s")
    assert told.sentences[1] == "Somebody had stopped its process at 3.000 s (SIGSTOP)."
    assert "“revive R2” lets a new process take its place" in told.sentences[-1]


def test_a_killed_replica_was_killed_by_somebody() -> None:
    talk = one_request()
    talk.at(3.0).say(
        facts.KillOrdered(2, "user"), facts.Exited(2, -9, ""), facts.Dropped(2, "its link closed")
    )
    told = ask(talk, "R2")
    assert (told.cause, told.sentences[0]) == (Cause.KILLED, "Somebody killed R2 at 3.000 s (SIGKILL).")


def test_a_replica_that_ended_by_itself_is_quoted() -> None:
    talk = one_request()
    talk.at(3.0).say(facts.Exited(2, 1, "Traceback\nValueError: odd"), facts.Dropped(2, "its link closed"))
    told = ask(talk, "R2")
    assert told.cause is Cause.ENDED
    assert told.sentences[0] == (
        "The process of R2 was ended by itself with exit 1 at 3.000 s. The last it said: ValueError: odd"
    )


def test_an_expelled_liar_is_told_with_both_sides() -> None:
    talk = one_request()
    talk.at(3.0).say(facts.Lied(2, 7, "5", "4"), facts.Dropped(2, "outvoted at #7"), facts.Exited(2, -9, ""))
    told = ask(talk, "R2")
    assert told.cause is Cause.OUTVOTED
    assert told.sentences[0] == "R2 was expelled at 3.000 s, outvoted at #7: it told 5, most 4."


def test_a_replica_that_catches_up_says_how_far_it_is() -> None:
    talk = one_request()
    talk.at(3.0).say(
        facts.Spawned(2, 2, 77), facts.Reviving(2, 2, 1), facts.SnapshotSent(2, 1, 40, 512, 2_048)
    )
    told = ask(talk, "R2")
    assert told.cause is Cause.CATCHING_UP
    assert "takes over the state of R1" in told.sentences[0]
    assert told.sentences[1] == "It has 512 of 2,048 bytes, the state after #40."


def test_a_lagging_replica_that_was_slowed_says_so() -> None:
    talk = one_request()
    talk.at(1.1).say(facts.Tampered(3, Harm.SLOW, 5_000_000))
    talk.at(1.5).order(2, *[(1, 2 + n, "x") for n in range(6_000)]).result(1, 2, 6_000).result(2, 2, 6_000)
    told = ask(talk, "R3")
    assert told.cause is Cause.SLOWED
    assert told.sentences == (
        "R3 is 6,000 numbers behind the front end.",
        "On purpose, each of its executions is slowed by 5 ms.",
    )


def test_a_lagging_replica_that_nobody_slowed_is_behind_by_itself() -> None:
    talk = one_request()
    talk.at(1.5).order(2, *[(1, 2 + n, "x") for n in range(6_000)]).result(1, 2, 6_000).result(2, 2, 6_000)
    told = ask(talk, "R3")
    assert told.cause is Cause.BEHIND
    assert "Nobody slowed it on purpose" in told.sentences[1]


def test_a_divergence_is_told_with_number_both_sides_and_the_operation() -> None:
    talk = one_request()
    talk.at(2.0).say(facts.Tampered(1, Harm.CORRUPT, 1))
    talk.at(2.1).order(2, SECOND_POST)
    talk.at(2.2).say(facts.Diverged(1, 2), facts.Violated("digest", 2, 1, "digest aa", "digest bb"))
    told = ask(talk, "R1")
    assert told.cause is Cause.CORRUPTED
    assert told.sentences == (
        "The check “digest” failed for #2 at R1: expected digest aa, found digest bb.",
        "#2 is post two of C1.2.",
        "A bit of R1's memory was turned on purpose at 2.000 s.",
    )
    assert ask(talk, "digest").sentences == told.sentences


def test_a_divergence_that_nobody_made_is_not_explained_away() -> None:
    talk = one_request()
    talk.at(2.1).order(2, SECOND_POST)
    talk.at(2.2).say(facts.Diverged(1, 2), facts.Violated("digest", 2, 1, "digest aa", "digest bb"))
    assert ask(talk, "R1").cause is Cause.DIVERGED


def test_a_replica_that_is_well_says_how_far_it_is() -> None:
    told = ask(one_request(), "R1")
    assert told.cause is Cause.NOTHING
    assert told.sentences == ("R1 has executed every number up to #1 and holds nothing back.",)


def test_a_check_says_how_often_it_looked_once_it_has() -> None:
    talk = one_request()
    counts = (facts.CheckCount("digest", 1_200, 0), facts.CheckCount("reply", 0, 0))
    talk.at(2.0).say(facts.Checked(counts))
    assert ask(talk, "digest").sentences == ("All replicas agree after every number. 1,200 checked.",)
    assert ask(talk, "reply").sentences == ("Nothing to check yet.",)
