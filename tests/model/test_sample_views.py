"""The samples that painters are tried with must be such as the fold could give."""

from __future__ import annotations

import pytest

from core.model.cluster_view import ReplicaState
from tests.support.sample_views import KINDS, sample


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("replicas", [1, 3, 7])
def test_every_sample_is_plausible(kind: str, replicas: int) -> None:
    view = sample(kind, replicas, clients=3)
    assert [card.replica for card in view.replicas] == list(range(1, replicas + 1))
    for card in view.replicas:
        assert len(card.strip) <= 16
        assert card.strip_first + len(card.strip) == card.expected
        assert list(card.held) == sorted(set(card.held))
        assert card.held_count >= len(card.held)
        assert all(number > card.expected for number in card.held)
        assert bool(card.held) == (card.state in (ReplicaState.WAITING, ReplicaState.LAGGING))
    assert len({token.token for token in view.tokens}) == len(view.tokens)
