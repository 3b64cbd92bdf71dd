"""“Why?” of clients and numbers, against situations whose cause is known, because the test made it."""

from __future__ import annotations

import pytest

from core import facts
from core.errors import UsageError
from core.facts import Pace
from core.model.reason import Cause
from core.trace.wire_log import Tap
from tests.support.dialogue import Dialogue, one_request
from tests.support.questions import SECOND_POST, ask, lost_on_its_way

# --- clients ------------------------------------------------------------------------------------------------


def test_a_client_waits_because_fewer_live_than_must_answer() -> None:
    talk = one_request()
    talk.at(2.0).say(facts.PolicySet("acks:3", "drop forever", False))
    talk.at(2.1).say(
        facts.KillOrdered(3, "user"), facts.Exited(3, -9, ""), facts.Dropped(3, "its link closed")
    )
    talk.at(2.2).call(SECOND_POST)
    told = ask(talk, "C1", 0.1)
    assert told.cause is Cause.TOO_FEW
    assert told.sentences == (
        "C1 has waited for the answer to post two for 100 ms.",
        "The reply policy asks for 3 equal answers, and only 2 replicas live: nobody is answered until "
        "another joins, or the policy changes.",
    )


def test_a_client_waits_for_a_majority_that_one_replica_keeps_from_being_whole() -> None:
    talk = one_request()
    talk.at(2.0).say(facts.PolicySet("majority", "drop forever", False))
    talk.at(2.05).say(facts.Paused(3), facts.Paused(2))
    talk.at(2.1).call(SECOND_POST).order(2, SECOND_POST)
    talk.at(2.101).result(1, 2)
    told = ask(talk, "C1", 0.1)
    assert told.cause is Cause.PAUSED
    assert "2 equal answers are needed (majority vote), and 1 has come." in told.sentences
    assert "R2: Somebody stopped the process of R2 at 2.050 s" in str(told)


def test_a_client_waits_for_the_pace() -> None:
    talk = one_request()
    talk.at(2.0).say(facts.PaceSet(Pace.STEP, 0))
    talk.at(2.1).call(SECOND_POST, tap=Tap.CALL_SENT, token=3)
    told = ask(talk, "C1")
    assert told.cause is Cause.STEP
    assert told.sentences[-1].startswith("The request is on its way to the front end")
    talk.at(2.2).call(SECOND_POST, token=3).order(2, SECOND_POST, to=(1,), tap=Tap.TO_SENT, token=4)
    talk.order(2, SECOND_POST, to=(2,), tap=Tap.TO_SENT, token=5)
    talk.order(2, SECOND_POST, to=(3,), tap=Tap.TO_SENT, token=6)
    told = ask(talk, "C1")
    assert told.cause is Cause.STEP
    assert "R1: #2 is on its way on FE→R1" in str(told)
    talk.at(2.3).order(2, SECOND_POST, to=(1,), tap=Tap.TO_DELIVERED, token=4)
    talk.result(1, 2, tap=Tap.FROM_SENT, token=7)
    assert "R1: its result is on its way on R1→FE" in str(ask(talk, "C1"))


def test_what_somebody_put_off_is_told_so() -> None:
    talk = one_request().at(2.0).say(facts.PaceSet(Pace.STEP, 0))
    talk.at(2.1).call(SECOND_POST, tap=Tap.CALL_SENT, token=3).call(
        (2, 1, "post hi"), tap=Tap.CALL_SENT, token=4
    )
    talk.say(facts.Delayed(3, 4, 0))
    assert str(ask(talk, "C1")).endswith("It was put behind post hi C2 → FE by hand.")
    assert "by hand" not in str(ask(talk, "C2"))
    talk.at(2.2).call(SECOND_POST, token=3)
    for replica in (1, 2, 3):
        talk.order(2, SECOND_POST, to=(replica,), tap=Tap.TO_SENT, token=4 + replica)
    talk.say(facts.Delayed(5, 0, 0))
    (about_r1,) = [one for one in ask(talk, "#2").sentences if "FE→R1" in one]
    assert about_r1.endswith("or click it). It was put behind all others by hand.")


def test_under_slow_what_somebody_put_off_says_when_it_comes() -> None:
    talk = one_request().at(2.0).say(facts.PaceSet(Pace.SLOW, 600_000_000))
    talk.at(2.1).call(SECOND_POST, tap=Tap.CALL_SENT, token=3)
    talk.at(2.2).say(facts.Delayed(3, 0, 600_000_000))
    assert str(ask(talk, "C1")).endswith("a message takes 600 ms. It was put off by one more delay by hand.")
    talk.at(2.7).call(SECOND_POST, token=3).order(2, SECOND_POST, to=(1,), tap=Tap.TO_SENT, token=4)
    talk.at(3.0).say(facts.Delayed(4, 0, 600_000_000))
    assert "on FE→R1 and arrives in 900 ms: at this pace a message takes 600 ms. It was put off" in str(
        ask(talk, "#2")
    )


def test_a_client_waits_for_room() -> None:
    talk = Dialogue(clients=64)
    talk.at(1.0).order(1, *[(1, n, "x") for n in range(1, 40_001)]).result(1, 1, 40_000).result(2, 1, 40_000)
    talk.at(1.1).call((2, 1, "post hi"))
    told = ask(talk, "C2")
    assert told.cause is Cause.NO_ROOM
    assert "R3 is 40,000 numbers behind" in told.sentences[-1]


def test_a_client_waits_for_a_front_end() -> None:
    talk = one_request()
    talk.at(2.0).call(SECOND_POST).say(facts.FrontEndCrashed(1))
    told = ask(talk, "C1")
    assert told.cause is Cause.NO_FRONT_END


def test_an_unknown_outcome_after_the_last_death() -> None:
    talk = one_request(replicas=1)
    talk.at(2.0).call(SECOND_POST).order(2, SECOND_POST)
    talk.at(2.1).say(facts.KillOrdered(1, "user"), facts.Dropped(1, "its link closed"))
    talk.answer(0, (1, 2, 2, "unknown"))
    told = ask(talk, "C1")
    assert told.cause is Cause.NOBODY
    assert told.sentences[-1] == "The last replica went down at 2.100 s before it was answered."


def test_an_unknown_outcome_of_a_front_end_that_died() -> None:
    talk = one_request()
    talk.at(2.0).call(SECOND_POST).order(2, SECOND_POST)
    talk.at(2.1).say(facts.FrontEndCrashed(1)).answer(0, (1, 2, 0, "unknown"))
    talk.at(2.2).say(facts.EpochStarted(2, 2, "the front end before it died"))
    told = ask(talk, "C1")
    assert told.cause is Cause.NO_FRONT_END
    assert "The front end died at 2.100 s" in told.sentences[-1]


def test_an_answer_that_has_come_is_not_laid_to_a_replica_that_is_stopped() -> None:
    talk = Dialogue(clients=1)
    talk.at(1.0).say(facts.Paused(1))
    talk.at(1.1).call((1, 1, "post hi"))
    talk.at(1.2).order(1, (1, 1, "post hi"))
    talk.at(1.3).result(2, first=1, count=1)
    told = ask(talk, "C1")
    assert (told.cause, told.sentences[-1]) == (
        Cause.EXECUTING, "R2 has answered, and the front end hands it on next."
    )  # fmt: skip


# --- numbers ------------------------------------------------------------------------------------------------


def test_a_number_that_is_done_says_how_long_it_took_and_where() -> None:
    told = ask(one_request(), "#1")
    assert told.cause is Cause.NOTHING
    assert told.sentences[:2] == ("#1 is post hi (C1.1).", "It was answered as #1 after 300 µs, by R2 first.")
    assert told.sentences[2] == "Most of that, 200 µs, was the way to R2."


def test_a_number_that_one_replica_lacks_says_which_and_why() -> None:
    told = ask(lost_on_its_way(), "#2")
    assert told.cause is Cause.LOST
    assert "R1, R3 have not executed it yet." in told.sentences
    assert "#2 was lost on FE→R1 at 2.100 s." in told.sentences


def test_a_number_that_is_held_names_the_one_before_it() -> None:
    talk = lost_on_its_way()
    told = ask(talk, "#3")
    assert "R1 holds #3 back: #2 has to be executed before it." in str(told)


def test_a_number_that_was_not_given_yet() -> None:
    assert ask(one_request(), "#9").sentences == ("#9 has not been given to any request yet: #2 is next.",)


@pytest.mark.parametrize("subject", ["R9", "C77", "nonsense", ""])
def test_what_is_not_there_is_not_explained(subject: str) -> None:
    with pytest.raises(UsageError):
        ask(one_request(), subject)
