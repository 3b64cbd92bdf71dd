"""Where two replicas' digests part, as far as their newest digests tell."""

from __future__ import annotations

from core.ids import replica_name
from core.model.cluster_view import ReplicaCard


def parting(one: ReplicaCard, other: ReplicaCard) -> str:
    """From which number on their digests differ, or up to which they are equal, in a sentence."""
    left, right = (dict(enumerate(card.strip, start=card.strip_first)) for card in (one, other))
    common = sorted(left.keys() & right.keys())
    if not common:
        names = f"{replica_name(one.replica)} and {replica_name(other.replica)}"
        return f"{names} told no digest after the same number lately: they are too far apart."
    first = next((seq for seq in common if left[seq] != right[seq]), 0)
    if not first:
        return f"Their digests are equal up to #{common[-1]}, the last number that both have executed."
    if first == common[0]:
        return f"Their digests differ at #{first} already, the first number of which both are still known."
    return f"Their digests are equal up to #{first - 1} and differ from #{first} on."
