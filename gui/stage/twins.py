"""The stage as tables: its nodes, messages and faults; the digest strips; the data on the cards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from core.ids import client_name, replica_name
from core.model.cluster_view import ClientCard, ClusterView, FrontEndCard, ReplicaCard, Token
from gui.stage.layout import FRONT_END
from gui.stage.wording import client_status, digest_text, pace_words, replica_status
from gui.twins.sheet import Line, LinesOnDemand, Sheet, Twin


def stage_twins() -> tuple[Twin, ...]:
    """Everything that the stage draws."""
    return (
        Twin("Cluster", cluster_sheet),
        Twin("Digest strips", digest_sheet),
        Twin("Data on the cards", data_sheet),
    )


def cluster_sheet(view: ClusterView) -> Sheet:
    """Who there is, what is on its way, and what is wrong. Under load there are hundreds of rows, and a dozen
    in view: each is made when it is looked at."""
    rows: list[Callable[[], Line]] = [partial(Line, *words) for words in _sentences(view)]
    rows += [partial(_client, client, view.now_ns) for client in view.clients]
    rows.append(partial(_front_end, view.front_end))
    rows += [partial(_replica, card) for card in view.replicas]
    rows += [partial(_message, token, view.now_ns) for token in view.tokens]
    rows += [partial(Line, *words) for words in _faults(view)]
    return Sheet(
        ("what", "name", "state", "number", "more"), LinesOnDemand(len(rows), lambda row: rows[row]())
    )


def digest_sheet(view: ClusterView) -> Sheet:
    """A row per number, newest first: each replica's digest after executing it."""
    known = {card.replica: dict(enumerate(card.strip, start=card.strip_first)) for card in view.replicas}
    numbers = sorted({seq for strip in known.values() for seq in strip}, reverse=True)
    columns = ("number", *(replica_name(replica) for replica in known), "equal")
    lines = []
    for seq in numbers:
        digests = [strip.get(seq) for strip in known.values()]
        texts = [digest_text(digest) if digest is not None else "" for digest in digests]
        equal = len({digest for digest in digests if digest is not None}) <= 1
        lines.append(Line((f"#{seq}", *texts, "yes" if equal else "no"), seq=seq))
    return Sheet(columns, lines)


def data_sheet(view: ClusterView) -> Sheet:
    """What the replicas' cards show of their data."""
    lines = [
        Line(
            (replica_name(card.replica), tile.key, tile.value, "changed last" if tile.lit else ""),
            replica_name(card.replica),
        )
        for card in view.replicas
        for tile in card.tiles
    ]
    return Sheet(("replica", "key", "value", "news"), lines)


Words = tuple[tuple[str, ...], str]
"""The cells of a line, and the node that it is about."""


def _sentences(view: ClusterView) -> Iterator[Words]:
    yield ("stage", "", view.headline, "", pace_words(view)), ""
    if view.alert:
        yield ("alert", "", view.alert, "", ""), ""


def _client(client: ClientCard, now_ns: int) -> Line:
    name = client_name(client.client)
    number = f"#{client.last_seq}" if client.last_seq else ""
    return Line(("client", name, client_status(client, now_ns), number, client.call), name)


def _front_end(front: FrontEndCard) -> Line:
    state = "recovering" if front.recovering else f"epoch {front.epoch}"
    more = (
        f"{front.in_flight} in flight · {front.retransmissions} sent again · "
        f"all executed #{front.executed_by_all} · {front.reply_policy}"
    )
    return Line(("front end", FRONT_END, state, f"next #{front.next_seq}", more), FRONT_END)


def _replica(card: ReplicaCard) -> Line:
    name, more = replica_name(card.replica), " · ".join(_more_of(card))
    return Line(("replica", name, replica_status(card), f"expects #{card.expected}", more), name)


def _more_of(card: ReplicaCard) -> Iterator[str]:
    if card.held_count:
        rest = " …" if card.held_count > len(card.held) else ""
        yield "holds " + ", ".join(f"#{seq}" for seq in card.held) + rest
    yield f"digest {digest_text(card.digest)}" + (", unlike the others'" if card.differs else "")
    yield f"pid {card.pid}, port {card.port}"
    yield from card.harms


def _message(token: Token, now_ns: int) -> Line:
    number = f"#{token.seq}" if token.seq else ""
    way = f"{token.source} → {token.target}"
    words = (token.kind.value, token.label, way, number, _state_of(token, now_ns))
    return Line(words, seq=token.seq, token=token.token)


def _state_of(token: Token, now_ns: int) -> str:
    number = f"message {token.token}, " if token.token > 0 else ""
    off = f", {token.put_off}" if token.put_off else ""
    if not token.due_ns:
        return f"{number}waits{off}: Enter delivers it, Shift+Enter does more"
    share = (now_ns - token.sent_ns) / max(1, token.due_ns - token.sent_ns)
    many = f", one of {token.sample:,}" if token.sample > 1 else ""
    return f"{number}{min(1.0, max(0.0, share)):.0%} of its way{many}{off}"


def _faults(view: ClusterView) -> Iterator[Words]:
    for faulty in view.faulty_links:
        name = replica_name(faulty.link.replica)
        yield ("link fault", str(faulty.link), faulty.faults.words(), "", ""), name
    for rule in view.broken:
        yield ("broken rule", "", rule, "", ""), ""
