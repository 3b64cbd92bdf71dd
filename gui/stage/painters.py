"""The whole stage from one view: what a card's picture depends on, and the picture of a moment for files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from PySide6.QtCore import QSize, QSizeF
from PySide6.QtGui import QImage, QPainter

from core.ids import client_name, replica_name
from core.model.cluster_view import ClientCard, ClusterView, FrontEndCard, ReplicaCard, ReplicaState
from gui.stage.card_frame import CardFrame
from gui.stage.client_card import paint_client_figures, paint_client_ground
from gui.stage.flight import Routes
from gui.stage.flight_painter import FlightPainter
from gui.stage.front_end_card import front_end_rows, paint_front_end_figures, paint_front_end_ground
from gui.stage.ink import Ink
from gui.stage.layout import FRONT_END, ClientDetail, StageLayout, arrange
from gui.stage.link_signs import link_signs
from gui.stage.replica_card import Comparison, paint_replica_figures, paint_replica_ground, replica_ground_key
from gui.stage.scenery import banner, paint_banner, paint_ground, paint_legend
from gui.stage.slots import strip_first
from gui.stage.wording import brief_status, client_status, pace_words
from gui.theme import Theme

Card: TypeAlias = ClientCard | FrontEndCard | ReplicaCard
Compared: TypeAlias = tuple[int, dict[str, frozenset[int]]]


class Motif(NamedTuple):
    """What one card shows: its picture changes when, and only when, this does."""

    card: Card
    words: str = ""  # of a client: its wait, which grows while its card stays the same
    comparison: Comparison | None = None  # of a replica
    brief: bool = False  # shows no more of its card than the words say

    def like(self, other: Motif) -> bool:
        """Would look the same. Cards are compared by identity first: unchanged ones are the same object."""
        return (
            self.words == other.words
            and (self.card is other.card or (self.brief and other.brief) or self.card == other.card)
            and self.comparison == other.comparison
        )


def motifs(
    view: ClusterView, layout: StageLayout, comparison: Compared | None = None
) -> Iterator[tuple[str, Motif]]:
    """What each node on the stage shows, by its name. `comparison`: `compared(view.replicas)`, if at hand."""
    places, now_ns = layout.places, view.now_ns
    for client in view.clients:
        name = client_name(client.client)
        if name not in places:
            continue
        detail = places[name].detail
        if detail >= ClientDetail.ROW:
            yield name, Motif(client, client_status(client, now_ns))
        else:
            number = client.last_seq if detail == ClientDetail.LINE else 0
            yield name, Motif(client, brief_status(client, number), None, True)
    yield FRONT_END, Motif(view.front_end)
    first, disputed = comparison or compared(view.replicas)
    for replica in view.replicas:
        name = replica_name(replica.replica)
        if name in places:
            yield name, Motif(replica, "", Comparison(first, disputed.get(name, frozenset())))


def compared(replicas: tuple[ReplicaCard, ...]) -> Compared:
    """The number in every strip's leftmost column, and where a replica's digests are unlike the others'.

    At a number on which most agree, the few are unlike; on a draw, all are.
    """
    live = [card for card in replicas if card.state is not ReplicaState.DEAD] or list(replicas)
    newest = max((card.strip_first + len(card.strip) - 1 for card in live if card.strip), default=1)
    seen: dict[int, int] = {}
    split: set[int] = set()
    for card in replicas:
        for seq, digest in enumerate(card.strip, start=card.strip_first):
            if seen.setdefault(seq, digest) != digest:
                split.add(seq)
    return strip_first(newest), _disputed(replicas, split) if split else {}


def _disputed(replicas: tuple[ReplicaCard, ...], split: set[int]) -> dict[str, frozenset[int]]:
    strips = {card.replica: dict(enumerate(card.strip, start=card.strip_first)) for card in replicas}
    counts = {seq: Counter(own[seq] for own in strips.values() if seq in own) for seq in split}
    return {
        replica_name(replica): frozenset(
            seq for seq, count in counts.items() if seq in own and count[own[seq]] * 2 <= count.total()
        )
        for replica, own in strips.items()
    }


def ground_key(card: Card, frame: CardFrame) -> tuple[object, ...]:
    """What the ground of a card depends on, besides its frame."""
    if isinstance(card, ClientCard):
        return ()
    if isinstance(card, FrontEndCard):
        return (card.reply_policy, *(label for label, _ in front_end_rows(card)))
    return replica_ground_key(card, frame)


def paint_ground_of(painter: QPainter, card: Card, theme: Theme, frame: CardFrame) -> None:
    """Paint what of a card seldom changes."""
    ink = Ink(painter, theme, frame.scale)
    if isinstance(card, ClientCard):
        paint_client_ground(ink, card, frame)
    elif isinstance(card, FrontEndCard):
        paint_front_end_ground(ink, card, frame)
    else:
        paint_replica_ground(ink, card, frame)


def paint_figures_of(painter: QPainter, motif: Motif, theme: Theme, frame: CardFrame) -> None:
    """Paint what of a card changes all the time, over its ground."""
    ink, card = Ink(painter, theme, frame.scale), motif.card
    if isinstance(card, ClientCard):
        paint_client_figures(ink, card, frame, motif.words)
    elif isinstance(card, FrontEndCard):
        paint_front_end_figures(ink, card, frame)
    else:
        comparison = motif.comparison or Comparison(strip_first(card.expected - 1))
        paint_replica_figures(ink, card, frame, comparison)


def paint_card(painter: QPainter, motif: Motif, theme: Theme, frame: CardFrame) -> None:
    """Paint a whole card."""
    paint_ground_of(painter, motif.card, theme, frame)
    paint_figures_of(painter, motif, theme, frame)


def paint_stage(
    painter: QPainter,
    view: ClusterView,
    theme: Theme,
    layout: StageLayout,
    *,
    badge: str = "",
    selected: str = "",
) -> None:
    """Paint one moment in full, on any device (screen, picture, film, vector file)."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_ground(painter, layout, theme, link_signs(view), selected)
    paint_banner(painter, banner(view, badge), theme, layout.headline, layout.words_scale)
    paint_legend(painter, pace_words(view), theme, layout.legend, layout.words_scale)
    for name, motif in motifs(view, layout):
        place = layout.places[name]
        frame = CardFrame(place.rect, place.scale, place.detail, selected=name == selected)
        paint_card(painter, motif, theme, frame)
    flight = Routes(layout).flight(view.tokens, view.now_ns)
    sprites = FlightPainter(theme, layout.scale, painter.device().devicePixelRatio())
    sprites.paint(painter, flight)
    sprites.paint_signs(painter, flight, [place.rect for place in layout.places.values()])


def render_stage(
    view: ClusterView,
    theme: Theme,
    size: QSize,
    scale: float = 1.0,
    *,
    badge: str = "",
    selected: str = "",
    positions: Mapping[str, tuple[float, float]] | None = None,
) -> QImage:
    """A picture of one moment, `size` device-independent pixels at `scale` pixels each. Needs no screen."""
    image = QImage(size * scale, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    layout = arrange(QSizeF(size), len(view.clients), len(view.replicas), scale=theme.scale, moved=positions)
    with QPainter(image) as painter:
        paint_stage(painter, view, theme, layout, badge=badge, selected=selected)
    return image
