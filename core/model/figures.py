"""The figures of a view: the front end's card and the metrics, from what the books hold."""

from __future__ import annotations

from collections.abc import Sequence

from core.facts import Counted
from core.model.clients import ClientBook
from core.model.cluster_view import FrontEndCard, Metrics
from core.model.happenings import Happenings
from core.model.hops import Hops
from core.model.metrics import Meter
from core.model.replicas import ReplicaBook
from core.policies import durability_words


def front_end_card(hops: Hops, said: Happenings, clients: ClientBook, replicas: ReplicaBook) -> FrontEndCard:
    """The front end as it is now. Its own counter of retransmissions comes now and then; in between those
    that were seen count."""
    return FrontEndCard(
        next_seq=hops.next_seq,
        in_flight=clients.waiting(),
        retransmissions=max(hops.retransmissions, said.counted.retransmissions),
        executed_by_all=replicas.executed_by_all(),
        reply_policy=said.reply_policy,
        epoch=said.epoch,
        failure_policy=said.failure_policy,
        expel_liars=said.expel_liars,
        durability=durability_words(said.reply_policy),
        recovering=said.recovering,
        answers_lost=said.answers_lost,
    )


def metrics_of(counted: Counted, clients: ClientBook, meter: Meter, replicas: Sequence[int]) -> Metrics:
    """Figures of the last second and of the whole run."""
    requests = max(1, counted.requests)
    first = clients.first_answers
    return Metrics(
        throughput_per_s=meter.throughput_per_s,
        p50_ns=meter.p50_ns,
        p99_ns=meter.p99_ns,
        first_answers=tuple((replica, first.get(replica, 0)) for replica in replicas),
        messages_per_request=counted.messages / requests,
        bytes_per_request=(counted.sent_bytes + counted.received_bytes) / requests,
        answered=clients.answered,
        refused=clients.refused,
        unknown=clients.unknown,
        frames_per_request=counted.frames / requests,
    )
