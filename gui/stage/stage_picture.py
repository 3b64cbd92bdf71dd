"""The stage as layers: ground and links, sentences, cards, messages. Each is painted only when it changes.

`show` takes the next view and says which rectangles look different now; `paint` puts the layers together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import is_
from time import perf_counter_ns

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPixmap

from core.facts import Pace
from core.model.cluster_view import ClusterView
from gui.stage.card_cache import CALM_NS, CardCache, Look
from gui.stage.cascades import Cascades
from gui.stage.flight import NOTHING, Flight, Routes
from gui.stage.flight_painter import FlightPainter
from gui.stage.hit_map import HitMap
from gui.stage.layout import ClientDetail, StageLayout, arrange
from gui.stage.painters import Compared, compared, motifs
from gui.stage.scenery import Banner, banner, broken_links, paint_banner, paint_ground, paint_legend
from gui.stage.wording import pace_words
from gui.theme import Theme


@dataclass(frozen=True, slots=True)
class Setting:
    """What the picture depends on besides the view."""

    size: QSizeF
    theme: Theme
    ratio: float
    badge: str
    moved: Mapping[str, tuple[float, float]]


class StagePicture:
    """The layers of one stage."""

    def __init__(self, clock: Callable[[], int] = perf_counter_ns) -> None:
        self._clock = clock
        self.cards = CardCache(clock)
        self.layout = StageLayout(QSizeF(), 1.0, {}, {}, QRectF(), QRectF())
        self.hits = HitMap(self.layout)
        self._setting: Setting | None = None
        self._cut: ClusterView
        self._compared: Compared | None = None
        self._sprites: FlightPainter | None = None
        self._sprites_for: tuple[Theme, float, float] | None = None
        self._routes = Routes(self.layout)
        self._card_rects: list[QRectF] = []
        self._flight = NOTHING
        self._flight_bounds: list[QRect] = []
        self._cascades = Cascades()
        self._ground = self._banner = self._legend = QPixmap()
        self._ground_for: tuple[frozenset[str], str] = (frozenset(), "")
        self._banner_for = Banner("", "", "", False, "")
        self._legend_for = ""
        self._legend_ns = 0
        self.selected = ""

    @property
    def pending(self) -> bool:
        """Something still has to be painted though the view stays as it is."""
        return self.cards.busy

    def begin(self, view: ClusterView, setting: Setting) -> None:
        """Lay out and paint everything anew."""
        self._setting = setting
        self._cut = view
        self._compared = None
        self._arrange(view, setting)
        key = (setting.theme, self.layout.scale, setting.ratio)
        if self._sprites_for != key:
            self._sprites, self._sprites_for = FlightPainter(*key), key
        self.cards.begin(self.layout, setting.theme, setting.ratio)
        self._want(view)
        while self.cards.busy:
            self.cards.work()
        self._cascades.clear()
        self._paint_ground(broken_links(view))
        self._paint_banner(banner(view, setting.badge))
        self._paint_legend(pace_words(view))
        self._move_flight(view)

    def rearrange(self, view: ClusterView, moved: Mapping[str, tuple[float, float]]) -> None:
        """The same nodes in other places (a person drags one)."""
        assert self._setting is not None, "begin() comes first"
        self._arrange(view, self._setting, moved)
        self.cards.move(self.layout)
        self._paint_ground(broken_links(view))
        self._move_flight(view)

    def show(self, before: ClusterView, view: ClusterView) -> list[QRect]:
        """Go on from `before` to `view` (same nodes); the rectangles that look different now."""
        assert self._setting is not None, "begin() comes first"
        calm_ns = CALM_NS if view.pace is Pace.REAL_TIME else 0
        if not self.cards.busy and self._looks_other(view):
            self._want(view)
        dirty = [self.cards.bounds(name).toRect() for name in self.cards.work(calm_ns=calm_ns)]
        if view.pace is not Pace.REAL_TIME and view.replicas is not before.replicas:
            self._cascades.watch(before, view)
        dirty += self._cascades.advance(view.now_ns, self.layout)
        words = banner(view, self._setting.badge)
        if words != self._banner_for:
            self._paint_banner(words)
            dirty.append(self.layout.headline.toAlignedRect())
        broken = broken_links(view)
        if broken != self._ground_for[0]:
            self._paint_ground(broken)
            dirty.append(QRectF(QPointF(0, 0), self.layout.size).toAlignedRect())
        pace = pace_words(view)
        if pace != self._legend_for and self._clock() - self._legend_ns > 4 * calm_ns:
            self._paint_legend(pace)
            dirty.append(self.layout.legend.toAlignedRect())
        return dirty + self._move_flight(view)

    def select(self, name: str) -> None:
        """Let the links of `name` stand out."""
        self.selected = name
        if self._setting is not None:
            self._paint_ground(self._ground_for[0])

    def set_look(self, name: str, look: Look) -> QRect:
        """Show pointer and keyboard on a card; the rectangle that looks different now."""
        if name not in self.layout.places or not self.cards.set_look(name, look):
            return QRect()
        return self.cards.bounds(name).toRect()

    def paint(self, painter: QPainter, area: QRect) -> None:
        """Put the layers together inside `area` (and the painter's clip)."""
        if self._setting is None or self._sprites is None:
            return
        painter.drawPixmap(0, 0, self._ground)
        if area.intersects(self.layout.headline.toAlignedRect()):
            painter.drawPixmap(self.layout.headline.topLeft(), self._banner)
        if area.intersects(self.layout.legend.toAlignedRect()):
            painter.drawPixmap(self.layout.legend.topLeft(), self._legend)
        for name in self.layout.places:
            bounds = self.cards.bounds(name)
            pixmap = self.cards.pixmap(name)
            if pixmap is not None and area.intersects(bounds.toRect()):
                painter.drawPixmap(bounds.topLeft(), pixmap)
        self._cascades.paint(painter, self._setting.theme, self.layout)
        self._sprites.paint(painter, self._flight)
        self._sprites.paint_labels(painter, self._flight, self._card_rects)

    def _want(self, view: ClusterView) -> None:
        """Take this view as the next cut that the cards show."""
        if self._compared is None or not _alike(self._cut.replicas, view.replicas):
            self._compared = compared(view.replicas)
        self._cut = view
        self.cards.want(motifs(view, self.layout, self._compared))

    def _looks_other(self, view: ClusterView) -> bool:
        """Some card is not the one of the cut that is shown, or shows a wait that grows."""
        cut = self._cut
        if not (
            view.front_end is cut.front_end
            and _alike(cut.replicas, view.replicas)
            and _alike(cut.clients, view.clients)
        ):
            return True
        timed = self.layout.places.get("C1")
        return (
            timed is not None
            and timed.detail >= ClientDetail.ROW
            and view.now_ns != cut.now_ns
            and any(client.waiting_since_ns for client in view.clients)
        )

    def _arrange(
        self, view: ClusterView, setting: Setting, moved: Mapping[str, tuple[float, float]] | None = None
    ) -> None:
        self.layout = arrange(
            setting.size,
            len(view.clients),
            len(view.replicas),
            scale=setting.theme.scale,
            moved=setting.moved if moved is None else moved,
        )
        self._card_rects = [place.rect for place in self.layout.places.values()]
        self._routes = Routes(self.layout)
        self.hits = HitMap(self.layout)

    def _move_flight(self, view: ClusterView) -> list[QRect]:
        assert self._sprites is not None, "begin() comes first"
        flight = self._routes.flight(view.tokens, view.now_ns)
        if _same(flight, self._flight):
            return []
        before = self._flight_bounds
        self._flight = flight
        self._flight_bounds = self._sprites.bounds(flight)
        self.hits.move_tokens(flight)
        return before + self._flight_bounds

    def _blank(self, size: QSizeF) -> QPixmap:
        assert self._setting is not None, "begin() comes first"
        pixmap = QPixmap((size * self._setting.ratio).toSize())
        pixmap.setDevicePixelRatio(self._setting.ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        return pixmap

    def _paint_ground(self, broken: frozenset[str]) -> None:
        assert self._setting is not None, "begin() comes first"
        self._ground_for = (broken, self.selected)
        self._ground = self._blank(self.layout.size)
        with QPainter(self._ground) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_ground(painter, self.layout, self._setting.theme, broken, self.selected)

    def _paint_banner(self, words: Banner) -> None:
        assert self._setting is not None, "begin() comes first"
        self._banner_for = words
        self._banner = self._blank(self.layout.headline.size())
        with QPainter(self._banner) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            rect = QRectF(QPointF(0, 0), self.layout.headline.size())
            paint_banner(painter, words, self._setting.theme, rect, self.layout.scale)

    def _paint_legend(self, words: str) -> None:
        assert self._setting is not None, "begin() comes first"
        self._legend_for, self._legend_ns = words, self._clock()
        self._legend = self._blank(self.layout.legend.size())
        with QPainter(self._legend) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            rect = QRectF(QPointF(0, 0), self.layout.legend.size())
            paint_legend(painter, words, self._setting.theme, rect, self.layout.scale)


def _alike(some: tuple[object, ...], others: tuple[object, ...]) -> bool:
    """The very same objects."""
    return some is others or (len(some) == len(others) and all(map(is_, some, others)))


def _same(one: Flight, other: Flight) -> bool:
    """Nothing moved between two moments."""
    return one is other or (
        one.tokens is other.tokens
        and one.next_index == other.next_index
        and np.array_equal(one.x, other.x)
        and np.array_equal(one.y, other.y)
        and np.array_equal(one.opacity, other.opacity)
    )
