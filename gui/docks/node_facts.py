"""The facts of a node, as the inspector lists them: pairs of a name and what is so."""

from __future__ import annotations

from core.ids import client_name, replica_name
from core.model.cluster_view import ClientCard, ClusterView, FrontEndCard, ReplicaCard
from gui.stage.wording import client_status, digest_text, duration, replica_status

Fact = tuple[str, str]


def title_of(name: str) -> str:
    """A node's name as a heading."""
    if name.startswith("R"):
        return f"Replica {name[1:]}"
    if name.startswith("C"):
        return f"Client {name[1:]}"
    return "Front end" if name == "FE" else "Nothing selected"


def facts_of(view: ClusterView, name: str) -> list[Fact]:
    """What there is to say of a node; of nobody, how to choose one."""
    if name == "FE":
        return _front_end_facts(view.front_end)
    replica = next((card for card in view.replicas if replica_name(card.replica) == name), None)
    if replica is not None:
        return _replica_facts(replica)
    client = next((card for card in view.clients if client_name(card.client) == name), None)
    if client is not None:
        return _client_facts(client, view.now_ns)
    return [("how", "Click a card on the stage, or a row of the event log.")]


def _replica_facts(card: ReplicaCard) -> list[Fact]:
    held = ", ".join(f"#{seq}" for seq in card.held) + (" …" if card.held_count > len(card.held) else "")
    return [
        ("state", replica_status(card)),
        ("expects", f"#{card.expected}"),
        ("holds back", f"{card.held_count}: {held}" if card.held_count else "nothing"),
        ("digest", f"{digest_text(card.digest)}{'  differs from the others' if card.differs else ''}"),
        ("answered first", f"{card.first_answers} times"),
        ("process", f"pid {card.pid}, port {card.port}, life {card.incarnation}"),
    ]


def _client_facts(card: ClientCard, now_ns: int) -> list[Fact]:
    return [
        ("state", client_status(card, now_ns)),
        ("request", card.call or "none yet"),
        ("last answer", f"#{card.last_seq}, {card.last_outcome}" if card.last_seq else "none yet"),
        ("latency", duration(card.last_latency_ns) if card.last_latency_ns else "–"),
        ("answered", f"{card.answered} requests"),
    ]


def _front_end_facts(card: FrontEndCard) -> list[Fact]:
    return [
        ("next number", f"#{card.next_seq}"),
        ("in flight", f"{card.in_flight} requests"),
        ("executed by all", f"#{card.executed_by_all}"),
        ("sent again", f"{card.retransmissions} times"),
        ("answers with", card.reply_policy),
        ("epoch", str(card.epoch)),
    ]
