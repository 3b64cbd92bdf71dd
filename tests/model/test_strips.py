"""Whether replicas agree, as a card shows it: digest strips, and who differs."""

from __future__ import annotations

from core import facts
from core.model.cluster_view import ReplicaState
from tests.support.dialogue import Dialogue, digest, one_request


def test_a_replica_with_another_digest_differs_from_the_majority() -> None:
    talk = Dialogue()
    talk.wrong_from[1] = 3
    for replica in (1, 2, 3):
        talk.at(1.0).result(replica, 1, 4)
    assert [card.differs for card in talk.view().replicas] == [True, False, False]
    strips = [card.strip for card in talk.view().replicas]
    assert strips[1] == strips[2] == tuple(map(digest, range(1, 5)))
    assert [left == right for left, right in zip(strips[0], strips[1], strict=True)] == [
        True,
        True,
        False,
        False,
    ]


def test_replicas_are_compared_at_the_same_number() -> None:
    talk = Dialogue()
    talk.at(1.0).result(1, 1, 40).result(2, 1, 33).result(3, 1, 40)
    view = talk.view()
    assert [card.differs for card in view.replicas] == [False, False, False]
    assert {card.strip_first for card in view.replicas} == {25}
    assert [len(card.strip) for card in view.replicas] == [16, 9, 16]


def test_strips_end_at_the_common_number_when_replicas_are_further_apart() -> None:
    talk = Dialogue()
    talk.at(1.0)
    for first in range(1, 400, 40):
        talk.result(1, first, 40).result(3, first, 40)
    talk.result(2, 1, 100)
    view = talk.view()
    assert {(card.strip_first, card.strip) for card in view.replicas} == {
        (85, tuple(map(digest, range(85, 101))))
    }


def test_strips_stay_when_a_sign_of_life_is_ahead_of_the_results() -> None:
    talk = Dialogue()
    talk.at(1.0).result(1, 1, 40).result(2, 1, 40).result(3, 1, 40).pong(1, 290).pong(2, 300).pong(3, 700)
    view = talk.view()
    assert {(card.strip_first, card.strip) for card in view.replicas} == {
        (25, tuple(map(digest, range(25, 41))))
    }
    assert [card.expected for card in view.replicas] == [290, 300, 700]


def test_a_newcomer_that_has_answered_nothing_takes_no_window_from_the_others() -> None:
    talk = Dialogue()
    talk.at(1.0)
    for first in range(1, 200, 40):
        talk.result(1, first, 40)
        if first < 160:
            talk.result(2, first, 40)
    view = talk.view()
    assert [(card.strip_first, len(card.strip)) for card in view.replicas] == [(145, 16), (145, 16), (1, 0)]


def test_who_went_on_without_the_others_shows_its_own_last_numbers() -> None:
    talk = Dialogue()
    talk.at(1.0).result(3, 1, 20)
    for seq in range(1, 121):
        talk.result(1, seq, 1).result(2, seq, 1)
    own, common = tuple(map(digest, range(105, 121))), tuple(map(digest, range(5, 21)))
    assert [(card.strip_first, card.strip) for card in talk.view().replicas] == [
        (105, own),
        (105, own),
        (5, common),
    ]


def test_strips_stay_when_an_older_result_is_repeated() -> None:
    talk = Dialogue(replicas=1)
    talk.at(1.0).result(1, 1, 10).result(1, 11, 10).result(1, 1, 10)
    assert (talk.replica(1).strip_first, len(talk.replica(1).strip)) == (5, 16)


def test_the_strip_ends_where_a_result_is_missing() -> None:
    talk = Dialogue(replicas=1)
    talk.at(1.0).result(1, 1, 2).result(1, 5, 2)
    assert (talk.replica(1).strip_first, talk.replica(1).strip) == (5, (digest(5), digest(6)))


def test_a_diverged_replica_is_named_with_its_first_wrong_number() -> None:
    talk = one_request(replicas=2)
    talk.wrong_from[1] = 2
    talk.at(2.0).result(1, 2, 3).result(2, 2, 3).say(facts.Diverged(1, 2))
    first, second = talk.view().replicas
    assert (first.state, first.detail, first.differs) == (ReplicaState.DIVERGED, "since #2", True)
    assert not second.differs
    assert talk.view().alert == "R1 differs from the others since #2."
