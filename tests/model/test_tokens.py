"""Messages in flight: every one under slow and step, some of many in real time."""

from __future__ import annotations

from itertools import chain, pairwise

import pytest

from bench.synthetic import START_NS, load_records
from core import facts
from core.facts import Pace
from core.model.cluster_view import Token, TokenKind
from core.model.fold import Fold
from core.model.tokens import (
    BEHIND_NS,
    FEW_SAMPLED,
    FLIGHT_NS,
    LOST_SHOWN_NS,
    MAX_TOKENS,
    PERIOD_NS,
    TOGETHER_NS,
)
from core.trace.wire_log import Tap
from tests.support.dialogue import SECOND, Dialogue, words

POST = (1, 1, "post hi")
DELAY_NS = 600_000_000


def at_pace(pace: Pace, replicas: int = 3) -> Dialogue:
    return Dialogue(replicas).at(1.0).say(facts.PaceSet(pace, DELAY_NS))


def paths(tokens: tuple[Token, ...]) -> list[str]:
    return sorted(f"{token.source}>{token.target} {token.label}" for token in tokens)


def test_under_slow_a_request_is_followed_hop_by_hop() -> None:
    talk = at_pace(Pace.SLOW)
    talk.at(2.0).call(POST, tap=Tap.CALL_SENT, token=1)
    (token,) = talk.view().tokens
    assert (token.token, token.kind, token.client) == (1, TokenKind.REQUEST, 1)
    assert (token.sent_ns, token.due_ns) == (talk.time_ns, talk.time_ns + DELAY_NS)
    assert paths(talk.view().tokens) == ["C1>FE post hi"]

    talk.at(2.6).call(POST, tap=Tap.CALL_DELIVERED, token=1)
    for replica in (1, 2, 3):
        talk.order(1, POST, to=[replica], tap=Tap.TO_SENT, token=1 + replica)
    assert paths(talk.view().tokens) == ["FE>R1 #1", "FE>R2 #1", "FE>R3 #1"]
    assert {token.kind for token in talk.view().tokens} == {TokenKind.ORDER}

    talk.at(3.2).order(1, POST, to=[2], tap=Tap.TO_DELIVERED, token=3)
    talk.result(2, 1, tap=Tap.FROM_SENT, token=5)
    assert paths(talk.view().tokens) == ["FE>R1 #1", "FE>R3 #1", "R2>FE #1"]
    assert talk.replica(2).expected == 2, "it has executed, though its result is still on its way"

    talk.at(3.8).result(2, 1, tap=Tap.FROM_DELIVERED, token=5)
    talk.answer(2, (1, 1, 1, "ok"), tap=Tap.RETURN_SENT, token=6)
    assert "FE>C1 #1" in paths(talk.view().tokens)
    assert talk.view().clients[0].waiting_since_ns

    talk.at(4.4).answer(2, (1, 1, 1, "ok"), tap=Tap.RETURN_DELIVERED, token=6)
    card = talk.view().clients[0]
    assert (card.waiting_since_ns, card.last_latency_ns) == (0, 2_400_000_000)
    assert card.answered == 1
    assert talk.view().metrics.answered == 1
    assert talk.view().sampling == 1


def test_under_step_a_message_has_no_due_time_until_the_pace_changes() -> None:
    talk = at_pace(Pace.STEP)
    talk.at(2.0).order(1, POST, to=[1], tap=Tap.TO_SENT, token=1)
    assert talk.view().tokens[0].due_ns == 0
    talk.at(5.0).say(facts.PaceSet(Pace.SLOW, DELAY_NS))
    (token,) = talk.view().tokens
    assert token.due_ns == talk.time_ns + DELAY_NS, "as the pacer counts: from the change on"
    assert part_of_way(token, talk.time_ns) == pytest.approx(0.5), "from where it rests"
    talk.at(5.2).say(facts.PaceSet(Pace.SLOW, 3 * DELAY_NS))
    slower = talk.view().tokens[0]
    assert slower.due_ns == talk.time_ns + 3 * DELAY_NS
    assert part_of_way(slower, talk.time_ns) == pytest.approx(part_of_way(token, talk.time_ns))
    talk.at(6.0).say(facts.PaceSet(Pace.STEP, 0))
    assert talk.view().tokens[0].due_ns == 0


def part_of_way(token: Token, now_ns: int) -> float:
    return (now_ns - token.sent_ns) / (token.due_ns - token.sent_ns)


def three_orders(pace: Pace) -> Dialogue:
    talk = at_pace(pace)
    for token in (1, 2, 3):
        talk.order(token, (1, token, "post hi"), to=[token], tap=Tap.TO_SENT, token=token)
    return talk


def in_order(talk: Dialogue) -> list[int]:
    return [token.token for token in talk.view().tokens]


def test_messages_stand_in_the_order_in_which_they_are_delivered() -> None:
    talk = three_orders(Pace.STEP)
    assert in_order(talk) == [1, 2, 3]
    talk.say(facts.Delayed(1, 2, 0))
    assert in_order(talk) == [2, 1, 3]
    assert talk.view().tokens[1].put_off == "put behind #2 FE → R2"
    talk.say(facts.Delayed(2, 0, 0)).order(4, POST, to=[1], tap=Tap.TO_SENT, token=4)
    assert in_order(talk) == [1, 3, 2, 4]
    assert talk.view().tokens[2].put_off == "put behind all others"
    talk.say(facts.PaceSet(Pace.STEP, 0))
    assert in_order(talk) == [1, 3, 2, 4] and talk.view().tokens[2].put_off
    talk.say(facts.PaceSet(Pace.SLOW, DELAY_NS))
    assert not any(token.put_off for token in talk.view().tokens)


def test_what_is_put_off_after_it_arrived_is_passed_over() -> None:
    talk = three_orders(Pace.STEP)
    talk.say(facts.Delayed(9, 1, 0), facts.Delayed(3, 9, 0), facts.Delayed(2, 2, 0))
    assert in_order(talk) == [1, 3, 2], "a broken recording is shown as well as it can be"


def test_under_slow_what_is_put_off_goes_on_from_where_it_is_and_arrives_later() -> None:
    talk = three_orders(Pace.SLOW)
    due_ns = talk.time_ns + DELAY_NS
    talk.at(1.45).say(facts.Delayed(2, 0, DELAY_NS))
    one, three, two = talk.view().tokens
    assert (one.token, three.token, two.token) == (1, 3, 2)
    assert one.due_ns == three.due_ns == due_ns and two.due_ns == due_ns + DELAY_NS
    assert two.put_off == "put off by one more delay"
    done = [(talk.time_ns - token.sent_ns) / (token.due_ns - token.sent_ns) for token in (one, two)]
    assert done[0] == 0.75 and abs(done[0] - done[1]) < 1e-6, "it does not jump"
    assert three.sent_ns == one.sent_ns


def test_the_same_order_on_the_same_link_is_a_retransmission() -> None:
    talk = at_pace(Pace.STEP)
    talk.order(1, POST, to=[1], tap=Tap.TO_SENT, token=1)
    talk.order(1, POST, to=[2], tap=Tap.TO_SENT, token=2)
    talk.order(1, POST, to=[1], tap=Tap.TO_SENT, token=3)
    kinds = {token.token: (token.kind, token.label) for token in talk.view().tokens}
    assert kinds[1] == kinds[2] == (TokenKind.ORDER, "#1")
    assert kinds[3] == (TokenKind.RETRANSMISSION, "#1 ↻")
    assert talk.view().front_end.retransmissions == 1
    assert talk.view().front_end.next_seq == 2


def test_an_order_that_a_late_joiner_gets_is_no_retransmission() -> None:
    talk = Dialogue(replicas=3)
    talk.at(1.0).order(1, POST, to=[1, 2]).order(2, POST, to=[1, 2])
    talk.at(2.0).order(1, POST, to=[3]).order(2, POST, to=[3])
    assert talk.view().front_end.retransmissions == 0
    talk.at(3.0).order(2, POST, to=[3])
    assert talk.view().front_end.retransmissions == 1


def test_what_travels_to_a_dying_replica_is_lost_and_shown_so_for_a_moment() -> None:
    talk = at_pace(Pace.STEP)
    talk.at(2.0).order(1, POST, to=[1], tap=Tap.TO_SENT, token=1)
    talk.order(1, POST, to=[2], tap=Tap.TO_SENT, token=2)
    talk.at(3.0).say(facts.KillOrdered(2, "user"))
    assert [(token.token, token.kind) for token in talk.view().tokens] == [
        (2, TokenKind.LOST),
        (1, TokenKind.ORDER),
    ]
    after_s = LOST_SHOWN_NS / SECOND
    assert [token.token for token in talk.view(after_s).tokens] == [1]


def test_in_real_time_a_lone_request_is_seen_on_its_four_hops_one_after_the_other() -> None:
    talk = Dialogue(replicas=2)
    talk.at(1.0).call(POST)
    talk.at(1.0001).order(1, POST)
    talk.at(1.0002).result(1, 1).answer(1, (1, 1, 1, "ok")).result(2, 1)
    fold = talk.fold()
    seen = [paths(fold.view(talk.time_ns + BEHIND_NS + stage * FLIGHT_NS).tokens) for stage in range(5)]
    assert seen == [
        ["C1>FE post hi"],
        ["FE>R1 #1", "FE>R2 #1"],
        ["R1>FE #1", "R2>FE #1"],
        ["FE>C1 #1"],
        [],
    ]


def test_sampled_tokens_can_not_be_taken_for_messages_that_wait_for_delivery() -> None:
    talk = Dialogue()
    talk.at(1.0).call(POST)
    (token,) = talk.view(BEHIND_NS / SECOND).tokens
    assert token.token < 0
    assert token.due_ns == token.sent_ns + FLIGHT_NS


def test_a_link_shows_one_token_a_period_which_says_how_many_it_stands_for() -> None:
    talk = Dialogue(replicas=1)
    period_s = PERIOD_NS / SECOND
    for number in range(1, 8):
        talk.at(1.0 + number * period_s / 10).order(number, POST)
    talk.at(1.0 + 1.2 * period_s).order(8, POST, POST, POST)
    fold = Fold(words)
    for record in talk.records:
        fold.apply([record])
        for frame in range(3):
            fold.view(record.time_ns + frame)
    tokens = fold.view(talk.time_ns + BEHIND_NS + FLIGHT_NS).tokens
    assert [(token.label, token.sample) for token in tokens] == [("#1", 1), ("#8–10", 9)]


def test_full_load_shows_few_tokens_on_every_link_and_says_one_of_how_many() -> None:
    records = load_records(2.5, 3)
    fold = Fold(words)
    for start in range(0, len(records), 150):
        fold.apply(records[start : start + 150])
        view = fold.view(records[min(start + 150, len(records)) - 1].time_ns)
        assert len(view.tokens) <= MAX_TOKENS
    links = {(token.source, token.target) for token in view.tokens}
    assert {("FE", "R1"), ("R1", "FE"), ("FE", "R3"), ("R3", "FE")} <= links
    assert any(token.kind is TokenKind.REQUEST for token in view.tokens)
    assert any(token.kind is TokenKind.ANSWER for token in view.tokens)
    # 60,000 requests a second, each a call, an answer, three orders and three results
    assert view.sampling > 500


def test_of_many_tokens_some_leave_and_arrive_together_and_each_is_there_all_its_way() -> None:
    fold = Fold(words)
    fold.apply(load_records(1.0, 7))
    looks = [START_NS + SECOND + step * 5_000_000 for step in range(60)]
    seen = {look: fold.view(look).tokens for look in looks}
    tuples = list(seen.values())
    changes = sum(one is not other for one, other in pairwise(tuples))
    assert min(map(len, tuples)) > FEW_SAMPLED and 0 < changes <= 1 + (looks[-1] - looks[0]) // TOGETHER_NS
    for token in set(chain.from_iterable(tuples)):
        assert all(token in seen[look] for look in looks if token.sent_ns <= look < token.due_ns)


def test_the_same_tokens_are_the_same_tuple() -> None:
    talk = at_pace(Pace.STEP)
    talk.order(1, POST, to=[1], tap=Tap.TO_SENT, token=1)
    fold = talk.fold()
    assert fold.view(talk.time_ns).tokens is fold.view(talk.time_ns + SECOND).tokens


def test_tokens_of_the_dead_do_not_come_back() -> None:
    fold = Fold(words)
    records = load_records(0.3, 3)
    fold.apply(records)
    fold.view(START_NS + SECOND // 3)
    killed = Dialogue(3).at(0).say(facts.KillOrdered(2, "user")).records[-1:]
    fold.apply([killed[0]._replace(time_ns=START_NS + SECOND // 3)])
    for step in range(20):
        tokens = fold.view(START_NS + SECOND // 3 + step * 100_000_000).tokens
        assert not any("R2" in (token.source, token.target) for token in tokens)
