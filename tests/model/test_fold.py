"""What a person sees of a run, from records written by hand."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from core import facts
from core.checks.live import NAMES
from core.facts import CheckCount, Pace
from core.model.cluster_view import ReplicaState
from core.model.fold import Fold
from core.model.words import verdict
from core.protocol.codec import encode
from core.protocol.messages import CLOSE_SESSION, OPEN_SESSION, Inspect, pack_u32
from core.trace.wire_log import Record, Tap, encode_fact
from tests.support.dialogue import POST, SECOND, Dialogue, digest, one_request, words

FOLLOW = (2, 1, "follow bob")


def test_before_the_first_record_there_is_an_empty_picture() -> None:
    view = Fold(words).view(0)
    assert (view.replicas, view.clients, view.tokens, view.headline) == ((), (), (), "")


def test_one_request_from_call_to_answer() -> None:
    view = one_request().view()
    client = view.clients[0]
    assert (client.call, client.waiting_since_ns) == ("post hi", 0)
    assert (client.last_seq, client.last_outcome, client.answered) == (1, "ok", 1)
    assert client.last_latency_ns == 300_000
    assert view.front_end.next_seq == 2
    assert view.front_end.executed_by_all == 1
    assert [card.expected for card in view.replicas] == [2, 2, 2]
    assert {card.digest for card in view.replicas} == {digest(1)}
    assert [card.first_answers for card in view.replicas] == [0, 1, 0]
    assert view.headline == "3 replicas · first answer wins · up to 2 may crash"
    assert view.alert == ""


def test_a_client_waits_from_its_call_to_its_answer() -> None:
    talk = Dialogue()
    talk.at(1.0).call(POST, FOLLOW)
    first, second = talk.view().clients
    assert first.waiting_since_ns == second.waiting_since_ns == talk.time_ns
    assert talk.view().front_end.in_flight == 2
    talk.at(1.5).answer(1, (2, 1, 1, "refused"))
    first, second = talk.view().clients
    assert first.waiting_since_ns and not second.waiting_since_ns
    assert (second.last_outcome, second.last_latency_ns) == ("refused", SECOND // 2)
    assert talk.view().front_end.in_flight == 1


def test_the_next_call_keeps_the_last_answer_on_the_card() -> None:
    talk = one_request()
    talk.at(2.0).call((1, 2, "timeline bob"))
    card = talk.view().clients[0]
    assert (card.call, card.last_seq, card.waiting_since_ns) == ("timeline bob", 1, talk.time_ns)


def test_outcomes_are_counted_exactly() -> None:
    talk = Dialogue()
    for number in range(1, 301):
        outcome = "unknown" if number % 100 == 0 else "refused" if number % 10 == 0 else "ok"
        talk.at(number / 1000).call((1, number, "post hi"))
        talk.answer(0 if outcome == "unknown" else 1 + number % 3, (1, number, number, outcome))
    view = talk.view()
    assert (view.metrics.answered, view.metrics.refused, view.metrics.unknown) == (297, 27, 3)
    assert sum(count for _, count in view.metrics.first_answers) == 297
    assert view.clients[0].answered == 297


def test_opening_and_closing_a_session_has_words_of_its_own() -> None:
    talk = Dialogue()
    talk.call((1, 1, OPEN_SESSION.decode("latin-1")))
    fold = Fold(lambda _: "?")
    encoded = Record(talk.time_ns, Tap.CALL_DELIVERED, 0, 0, called_body(OPEN_SESSION, CLOSE_SESSION))
    fold.apply([*talk.records[:-1], encoded])
    assert [card.call for card in fold.view(talk.time_ns).clients] == ["open session", "close session"]


def called_body(first: bytes, second: bytes) -> bytes:
    return encode_fact(facts.Called(pack_u32([1, 1, 2, 1]), [first, second]))


def test_a_closed_client_leaves_and_its_successor_begins_at_nothing() -> None:
    talk = one_request()
    talk.at(2.0).say(facts.ClientClosed(1))
    assert [card.client for card in talk.view().clients] == [2]
    talk.at(3.0).say(facts.ClientOpened(1))
    assert talk.view().clients[0].answered == 0


# --- replicas ---------------------------------------------------------------------------------------------


def test_a_replica_starts_and_joins() -> None:
    talk = Dialogue(replicas=2, join=False)
    assert [card.state for card in talk.view().replicas] == [ReplicaState.STARTING] * 2
    talk.at(0.2).say(facts.Joined(1, 1, 5001, 1))
    first, second = talk.view().replicas
    assert (first.state, first.pid, first.port) == (ReplicaState.RUNNING, 401, 5001)
    assert second.state is ReplicaState.STARTING


def test_a_replica_that_holds_messages_back_says_for_which_it_waits() -> None:
    talk = one_request()
    talk.at(2.0).pong(1, 2, 3, 5, 9, 9)
    card = talk.replica(1)
    assert (card.state, card.detail) == (ReplicaState.WAITING, "for #2")
    assert (card.held, card.held_count) == ((3, 4, 5, 9), 4)
    assert talk.view().alert == "R1 holds #3–#5 and 1 more and waits for #2."


def test_held_messages_cascade_when_the_gap_closes() -> None:
    talk = one_request()
    talk.at(2.0).pong(1, 2, 3, 5, 9, 9)
    talk.at(2.1).result(1, 2, 4)
    card = talk.replica(1)
    assert (card.expected, card.held, card.detail) == (6, (9,), "for #6")
    talk.at(2.2).result(1, 6, 4)
    assert talk.replica(1).state is ReplicaState.RUNNING


def test_no_more_than_sixteen_held_slots_are_shown() -> None:
    talk = Dialogue()
    talk.at(1.0).pong(1, 1, 2, 4_001)
    card = talk.replica(1)
    assert card.held == tuple(range(2, 18))
    assert card.held_count == 4_000


def test_far_behind_is_lagging_and_says_by_how_much() -> None:
    talk = one_request()
    talk.at(1.5).result(1, 2, 6_000).result(2, 2, 6_000)
    assert (talk.replica(3).state, talk.replica(3).detail) == (ReplicaState.LAGGING, "−6,000")
    talk.at(1.6).result(3, 2, 5_000)
    assert talk.replica(3).state is ReplicaState.RUNNING


def test_one_number_behind_for_more_than_a_second_is_lagging_in_real_time_only() -> None:
    talk = one_request()
    talk.at(2.0).result(1, 2).result(2, 2)
    assert talk.view(after_s=0.5).replicas[2].state is ReplicaState.RUNNING
    assert talk.view(after_s=1.5).replicas[2].state is ReplicaState.LAGGING
    talk.say(facts.PaceSet(Pace.STEP, 0))
    assert talk.view(after_s=1.5).replicas[2].state is ReplicaState.RUNNING


def test_who_executes_all_the_time_but_never_catches_up_is_lagging() -> None:
    talk = one_request()
    for tenth in range(30):
        talk.at(2.0 + tenth / 10)
        for replica, count in ((1, 20), (2, 20), (3, 5)):
            talk.result(replica, 2 + count * tenth, count)
    assert talk.replica(1).state is talk.replica(2).state is ReplicaState.RUNNING
    assert (talk.replica(3).state, talk.replica(3).detail) == (ReplicaState.LAGGING, "−450")


def test_who_keeps_up_under_load_runs_though_another_is_always_ahead() -> None:
    talk = one_request()
    for tenth in range(30):
        talk.at(2.0 + tenth / 10).result(1, 2 + 2_000 * tenth, 2_000).result(2, 2 + 2_000 * tenth, 1_900)
        talk.result(2, 1_902 + 2_000 * tenth, 50)
    assert talk.replica(2).state is ReplicaState.RUNNING


def test_silence_makes_suspected_and_a_word_makes_trusted() -> None:
    talk = one_request()
    talk.at(2.0).say(facts.Suspected(2, 500_000_000))
    assert talk.replica(2).state is ReplicaState.SUSPECTED
    assert talk.view().alert == "R2 has been silent for 0.5 s: it is no longer waited for."
    talk.at(2.1).say(facts.Trusted(2))
    assert talk.replica(2).state is ReplicaState.RUNNING


def test_a_killed_replica_keeps_its_last_state() -> None:
    talk = one_request()
    talk.at(2.0).summary(2, 2, ("users", "2"))
    before = talk.replica(2)
    talk.at(12.1).say(facts.KillOrdered(2, "user"))
    talk.at(12.15).say(facts.Exited(2, -9, ""))
    talk.at(12.16).say(facts.Dropped(2, "its process ended"))
    talk.at(12.2).result(1, 2).result(3, 2)
    card = talk.replica(2)
    assert (card.state, card.detail) == (ReplicaState.DEAD, "SIGKILL · 12.1 s")
    assert replace(card, state=before.state, detail="", strip=before.strip) == before
    view = talk.view()
    assert view.alert == "R2 was killed at 12.1 s. The others go on: 0 requests lost."
    assert view.headline == "2 of 3 replicas · first answer wins · 1 more may crash"
    assert view.front_end.executed_by_all == 2


@pytest.mark.parametrize(
    ("status", "detail", "alert"),
    [
        (-11, "SIGSEGV · 3.0 s", "R1 was ended from outside by SIGSEGV at 3.0 s."),
        (3, "exit 3 · 3.0 s", "R1 ended by itself (exit 3) at 3.0 s."),
        (-40, "signal 40 · 3.0 s", "R1 was ended from outside by signal 40 at 3.0 s."),
    ],
)
def test_how_a_replica_ended(status: int, detail: str, alert: str) -> None:
    talk = one_request()
    talk.at(3.0).say(facts.Dropped(1, "the link closed"))
    assert talk.replica(1).detail == "dropped · 3.0 s"
    talk.at(3.1).say(facts.Exited(1, status, ""))
    assert talk.replica(1).detail == detail
    assert talk.view().alert.startswith(alert)


def test_when_everybody_is_dead_the_alert_says_what_became_of_the_requests() -> None:
    talk = one_request(replicas=1)
    talk.at(2.0).call((1, 2, "post x"), FOLLOW).say(facts.Exited(1, -9, ""))
    talk.answer(0, (1, 2, 2, "unknown"), (2, 1, 3, "unknown"))
    assert talk.view().alert.endswith("No replica is left: 2 requests ended with unknown outcome.")
    assert talk.view().headline.endswith("none more may crash")


def test_a_new_incarnation_begins_anew_and_hears_nothing_of_its_past_life() -> None:
    talk = one_request()
    talk.at(2.0).say(facts.Exited(2, -9, ""))
    talk.at(3.0).say(facts.Spawned(2, 2, 777), facts.Joined(2, 2, 6000, 1))
    talk.at(3.1).result(2, 1, 5, incarnation=1)
    card = talk.replica(2)
    assert (card.incarnation, card.pid, card.expected, card.state) == (2, 777, 1, ReplicaState.RUNNING)


# --- checks, counters, data -------------------------------------------------------------------------------


def test_checks_speak_plainly() -> None:
    talk = one_request()
    counts = (CheckCount("digest", 12_431, 0), CheckCount("reply", 10, 2), CheckCount("fifo", 0, 0))
    talk.say(facts.Checked(counts), facts.Violated("reply", 7, 2, "1", "2"))
    view = talk.view()
    assert [verdict.words for verdict in view.checks] == [
        "All replicas agree after every number.",
        "2 of 10 answers differ from the reference's.",
        "Nothing to check yet.",
    ]
    assert view.violations[0].seq == 7
    assert view.alert == "Check “reply” failed at #7 on R2: 2 instead of 1."


@pytest.mark.parametrize("name", [*NAMES, "linearizability", "another"])
def test_what_a_passing_check_says_stands_still_while_its_count_goes_up(name: str) -> None:
    """Another sentence ten times a second would be laid out ten times a second, and read by nobody."""
    assert verdict(CheckCount(name, 1, 0)).words == verdict(CheckCount(name, 10**6, 0)).words
    assert verdict(CheckCount(name, 100, 0, 101)).words == verdict(CheckCount(name, 1_000, 0, 1_001)).words


def test_overhead_comes_from_the_front_ends_counters() -> None:
    talk = one_request()
    talk.say(facts.Counted(60, 6, 900, 300, 4, 0, 10))
    metrics = talk.view().metrics
    assert metrics.messages_per_request == 6.0
    assert metrics.bytes_per_request == 120.0
    assert metrics.frames_per_request == 0.6
    assert talk.view().front_end.retransmissions == 4


def test_tiles_light_up_when_their_value_changed() -> None:
    talk = one_request()
    talk.at(2.0).summary(1, 2, ("users", "2"), ("posts", "1"))
    assert not any(tile.lit for tile in talk.replica(1).tiles)
    talk.at(2.1).summary(1, 3, ("users", "2"), ("posts", "2"))
    assert [(tile.key, tile.value, tile.lit) for tile in talk.replica(1).tiles] == [
        ("users", "2", False),
        ("posts", "2", True),
    ]
    talk.at(2.2).summary(1, 3, ("users", "2"), ("posts", "2"))
    assert not any(tile.lit for tile in talk.replica(1).tiles)


def test_a_page_that_somebody_looked_at_is_kept_and_is_no_summary() -> None:
    talk = one_request()
    talk.at(2.0).summary(1, 2, ("users", "2"))
    talk.at(2.1).write(Tap.TO_PASSED, encode(Inspect(9, "", 0, 100)), links=1 << 1)
    talk.at(2.2).summary(1, 2, ("alice", "1"), nonce=9)
    view = talk.view()
    assert [tile.key for tile in view.replicas[0].tiles] == ["users"]
    assert [(page.replica, page.path, page.rows) for page in view.pages] == [(1, "", (("alice", "1"),))]


def test_a_sentence_is_news_for_ten_seconds() -> None:
    talk = one_request()
    talk.at(2.0).say(facts.Said("error", "The disk is full."))
    fold = talk.fold()
    assert fold.view(talk.time_ns).alert == "The disk is full."
    assert fold.view(talk.time_ns + 11 * SECOND).alert == ""
