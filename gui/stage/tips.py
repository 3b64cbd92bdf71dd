"""What a node says of itself in words: tooltips, and descriptions for assistive technology."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import fill

from PySide6.QtCore import QPointF

from core.ids import client_name, replica_name
from core.model.cluster_view import ClientCard, ClusterView, FrontEndCard, ReplicaCard, Token, TokenKind
from gui.stage.card_frame import CardFrame
from gui.stage.layout import FRONT_END, Place
from gui.stage.replica_card import replica_rows
from gui.stage.wording import client_status, digest_text, replica_status

TIP_LETTERS = 96
"""In a line of a tip: it does not wrap by itself."""

_TOKENS = {
    TokenKind.REQUEST: "A request on its way to the front end.",
    TokenKind.ORDER: "A request with its sequence number, sent to every replica.",
    TokenKind.RETRANSMISSION: "Sent again, because the replica said that the number is missing.",
    TokenKind.RESULT: "What a replica answered after executing the number.",
    TokenKind.ANSWER: "The answer that the client gets.",
    TokenKind.LATE: "On its way, but late: somebody made this link slow.",
    TokenKind.LOST: "Lost on the way: it never arrives.",
}


def card_named(view: ClusterView, name: str) -> ClientCard | FrontEndCard | ReplicaCard | None:
    """The card of node "C1", "FE", "R2"."""
    if name == FRONT_END:
        return view.front_end
    for client in view.clients:
        if client_name(client.client) == name:
            return client
    for replica in view.replicas:
        if replica_name(replica.replica) == name:
            return replica
    return None


def describe(view: ClusterView, name: str) -> str:
    """One node in a sentence or two, complete without the picture; "" for an unknown one."""
    card = card_named(view, name)
    if isinstance(card, ClientCard):
        return f"Client {name}. {card.call or 'No query yet'}: {client_status(card, view.now_ns)}."
    if isinstance(card, FrontEndCard):
        return (
            f"Front end. Next sequence number {card.next_seq}, {card.in_flight} in flight, "
            f"{card.retransmissions} sent again, all have executed up to {card.executed_by_all}, "
            f"epoch {card.epoch}."
        )
    if isinstance(card, ReplicaCard):
        held = f", holds {card.held_count} back" if card.held_count else ""
        differs = ", unlike the other replicas" if card.differs else ""
        return (
            f"Replica {name}, process {card.pid}. {replica_status(card)}; "
            f"expects number {card.expected}{held}; digest {digest_text(card.digest)}{differs}."
        )
    return ""


def tip(view: ClusterView, place: Place, point: QPointF, explain: Callable[[str], str]) -> str:
    """What the part of a node under `point` means, and why the node waits or went wrong, if it does."""
    card = card_named(view, place.name)
    if isinstance(card, ReplicaCard):
        return _replica_tip(card, place, point, explain)
    if isinstance(card, ClientCard):
        text = f"{card.call or place.name}\nClick to send a query from {place.name}."
    else:
        durability = f"\n{card.durability}" if isinstance(card, FrontEndCard) and card.durability else ""
        text = (
            f"Gives every request its number, sends it to all replicas, and answers the client.{durability}"
        )
    return _with(text, explain(place.name))


def _with(text: str, why: str) -> str:
    if not why:
        return text
    return "\n".join([text, "", *(fill(sentence, TIP_LETTERS) for sentence in why.splitlines())])


def token_tip(view: ClusterView, token: int) -> str:
    """What a message in flight is; "" when it is gone."""
    found = next((item for item in view.tokens if item.token == token), None)
    if found is None:
        return ""
    sample = f"\nIt stands for {found.sample:,} like it." if found.sample > 1 else ""
    waits = _in_hand(found)
    number = f" · message {token}" if token > 0 else ""
    off = f"\nIt was {found.put_off} by hand." if found.put_off else ""
    return f"{found.label} {found.source} → {found.target}{number}\n{_TOKENS[found.kind]}{sample}{off}{waits}"


def link_tip(view: ClusterView, name: str) -> str:
    """What is wrong with the link of a replica, and what can be done about it."""
    wrong = [
        f"{one.link}: {one.faults.words()}" for one in view.faulty_links if one.link.replica == int(name[1:])
    ]
    state = "\n".join(wrong) or f"FE ⇄ {name}: every message arrives, once and in order."
    return f"{state}\nClick it to break or heal it; draw a line across links to cut replicas off."


def _in_hand(token: Token) -> str:
    """What a person can do with a message."""
    if token.token <= 0 or token.kind is TokenKind.LOST:
        return ""
    linked = "C" not in (token.source[0], token.target[0])
    more = "delay, lose or double it" if linked else "delay it"
    if token.due_ns:
        return f"\nRight-click to {more}."
    return f"\nClick to deliver it, right-click to {more}; drag it onto another to put it behind that."


def _replica_tip(card: ReplicaCard, place: Place, point: QPointF, explain: Callable[[str], str]) -> str:
    rows = replica_rows(CardFrame(place.rect, place.scale, place.detail))
    if rows.kill.contains(point):
        return f"Kill {place.name} (K): its process {card.pid} ends at once, without a goodbye."
    if rows.strip.contains(point):
        return (
            "A column per number: the digest of everything executed so far.\n"
            "Equal columns are equal states; an underlined one is unlike the others'."
        )
    if rows.slots.contains(point):
        text = (
            f"The hold-back queue. #{card.expected} comes next; filled numbers are here already and wait for "
            "it,\ndashed ones are missing."
        )
        return _with(text, explain(place.name))
    if abs(point.y() - rows.figures) < 12 * place.scale:
        return f"Expects #{card.expected}: it has executed every number below, in order, and nothing else."
    if rows.tiles.contains(point):
        return "What is in its state. Lit: changed by the last operation."
    first = f"Its answer came first {card.first_answers:,} times." if card.first_answers else ""
    return _with(f"{place.name}: {replica_status(card)}\n{first}".strip(), explain(place.name))
