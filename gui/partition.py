"""Who is cut off from the front end, and who would be: as the menu, the stage and the console say it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from core.ids import replica_name
from core.link_faults import Way
from core.model.cluster_view import ClusterView, ReplicaState


def cut_off(view: ClusterView) -> frozenset[int]:
    """The replicas whose links are cut both ways."""
    cut = [one.link.replica for one in view.faulty_links if one.faults.cut]
    return frozenset(replica for replica in cut if cut.count(replica) == len(Way))


class Partitioned(NamedTuple):
    """What a line across links does."""

    crossed: frozenset[int]  # living replicas; none: it does nothing
    away: tuple[int, ...]  # who is cut off after it, ascending
    joins: bool  # who was crossed is joined again, for all of them were cut off
    words: str


def across(view: ClusterView, links: Iterable[int]) -> Partitioned:
    """What a line across the links of these replicas does: it cuts them off; when all of them are, it joins
    them again."""
    alive = frozenset(card.replica for card in view.replicas if card.state is not ReplicaState.DEAD)
    crossed, away = alive.intersection(links), cut_off(view)
    if not crossed:
        return Partitioned(frozenset(), tuple(sorted(away)), False, "")
    if crossed <= away:
        return Partitioned(crossed, tuple(sorted(away - crossed)), True, f"Join {_names(crossed)} again")
    return Partitioned(crossed, tuple(sorted(away | crossed)), False, f"Cut {_names(crossed - away)} off")


def _names(replicas: Iterable[int]) -> str:
    *most, last = map(replica_name, sorted(replicas))
    return f"{', '.join(most)} and {last}" if most else last
