"""What is drawn of a failed check, against situations that the test made."""

from __future__ import annotations

from core import facts
from core.facts import ConflictCall
from core.ids import RequestId
from core.link_faults import LinkFaults, Way
from core.model.cluster_view import Violation
from core.model.dispute import Dispute, dispute_of
from core.trace.events import EventLog
from tests.support.dialogue import SECOND, Dialogue, words


def dispute(talk: Dialogue, violation: Violation) -> Dispute:
    log = EventLog(words)
    log.append(talk.records)
    found = dispute_of(talk.view(), log, words, violation)
    assert found is not None
    return found


def split() -> Dialogue:
    """#2 makes another state of R1."""
    talk = Dialogue()
    talk.at(1.0).call((1, 1, "post hi")).order(1, (1, 1, "post hi"))
    for replica in (1, 2, 3):
        talk.result(replica, 1)
    talk.answer(1, (1, 1, 1, "ok"))
    talk.at(1.5).say(facts.LinkFaulted(1, Way.TO, LinkFaults(loss=0.3)))
    talk.at(2.0).call((2, 1, "follow")).order(2, (2, 1, "follow"))
    talk.wrong_from[1] = 2
    for replica in (2, 3, 1):
        talk.at(2.0 + replica / 1_000).result(replica, 2)
    return talk.answer(2, (2, 1, 2, "ok"))


def test_a_split_is_one_request_and_what_every_replica_did() -> None:
    found = dispute(split(), Violation("digest", 2, 1, "aa", "bb"))
    assert [(claim.node, claim.seq, claim.call, claim.answer) for claim in found.claims] == [
        ("C2", 2, "follow", "ok")
    ]
    assert [(deed.replica, deed.wrong) for deed in found.deeds] == [(1, True), (2, False), (3, False)]
    assert [band.words for band in found.bands] == ["FE→R1 30 % lost"]
    assert found.sentences == (
        "One request is enough to show it: #2, C2.1.",
        "Up to #1 every state was the same; after #2 they differ.",
        "R1 made something else of it than R2, R3.",
        "Wrong meanwhile: FE→R1 30 % lost from 1.500 s.",
    )
    assert found.start_ns < found.claims[0].called_ns < found.claims[0].returned_ns < found.end_ns


def test_a_fault_that_was_over_before_is_not_drawn() -> None:
    talk = split()
    heal = [
        record._replace(time_ns=round(101.7 * SECOND))
        for record in Dialogue().say(facts.LinkFaulted(1, Way.TO, LinkFaults())).records[-1:]
    ]
    talk.records = sorted([*talk.records, *heal], key=lambda record: record.time_ns)
    assert dispute(talk, Violation("digest", 2, 1, "aa", "bb")).bands == ()


def test_a_request_that_overtook_is_shown_with_the_one_before_it() -> None:
    talk = Dialogue()
    talk.at(1.0).call((1, 1, "post one")).at(1.1).call((1, 2, "post two"))
    talk.at(1.2).order(1, (1, 2, "post two")).at(1.3).order(2, (1, 1, "post one"))
    talk.at(1.4).answer(1, (1, 2, 1, "ok"))
    found = dispute(talk, Violation("fifo", 1, 0, "in order", "not"))
    assert [claim.request for claim in found.claims] == [RequestId(1, 1), RequestId(1, 2)]
    assert found.claims[0].returned_ns == 0 and found.claims[1].returned_ns
    assert found.sentences[0] == ("C1 asked C1.1 before C1.2; but C1.2 was ordered as #1, and C1.1 as #2.")
    assert not found.deeds


def test_a_return_before_an_earlier_number_was_called_shows_both() -> None:
    talk = Dialogue()
    talk.at(1.0).call((1, 1, "post one")).order(2, (1, 1, "post one"))
    talk.at(1.1).answer(1, (1, 1, 2, "ok"))
    talk.at(1.4).call((2, 1, "post two")).order(1, (2, 1, "post two")).answer(1, (2, 1, 1, "ok"))
    found = dispute(talk, Violation("real_time", 2, 0, "no", "yes"))
    assert [claim.seq for claim in found.claims] == [2, 1]
    assert found.sentences[0] == (
        "C1.1 had returned 300 ms before C2.1 was called, and yet it has the higher number, #2 after #1: "
        "the order says it happened later."
    )


CALLS = (
    ConflictCall(1, 2, 3, 101 * SECOND, 102 * SECOND, "put a 1", "ok"),
    ConflictCall(2, 2, 4, 103 * SECOND, 104 * SECOND, "get a", "null"),
    ConflictCall(3, 2, 0, 100 * SECOND, 0, "put a 2", ""),
)


def test_a_history_that_no_order_explains_is_drawn_as_the_judge_told_it() -> None:
    found = dispute(Dialogue(), Violation("linearizability", 4, 0, "an order", "none", CALLS))
    assert [(claim.node, claim.strict, bool(claim.returned_ns)) for claim in found.claims] == [
        ("C1", True, True),
        ("C2", True, True),
        ("C3", False, False),
    ]
    first, second, third = found.sentences
    assert first.startswith("No order of these 2 requests gives every client the answer that it got")
    assert (
        second == "C2.2 was called 1 s after C1.2 had returned: it comes later."
        or "C2.2 was called" in second
    )
    assert third.startswith("Of C3.2 nobody knows the outcome: it may have taken effect")


def test_one_request_may_be_enough() -> None:
    found = dispute(Dialogue(), Violation("linearizability", 4, 0, "an order", "none", CALLS[1:2]))
    assert found.sentences == (
        "One request is enough to show it: whenever C2.2 took effect between its call and its return, it "
        "could not be given this answer.",
    )


def test_what_is_too_long_ago_is_not_drawn() -> None:
    log = EventLog(words)
    log.append(Dialogue().records)
    assert dispute_of(Dialogue().view(), log, words, Violation("digest", 2, 1, "a", "b")) is None
