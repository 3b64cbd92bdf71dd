"""The stage as layers: ground and links, sentences, cards, messages. Each is painted only when it changes.

`show` takes the next view and says which rectangles look different now; `paint` puts the layers together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from operator import is_
from time import perf_counter_ns

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPixmap, QRegion

from core.facts import Pace
from core.model.cluster_view import ClusterView
from gui.stage.backdrop import Backdrop, device_rect
from gui.stage.card_cache import CALM_NS, CardCache, Look, card_bounds
from gui.stage.cascades import Cascades
from gui.stage.flight import NOTHING, Flight, Routes, same
from gui.stage.flight_painter import FlightPainter
from gui.stage.hit_map import HitMap
from gui.stage.layout import ClientDetail, StageLayout, arrange
from gui.stage.lens import WHOLE, Lens, magnified
from gui.stage.link_signs import LinkSign, link_signs
from gui.stage.painters import Compared, compared, motifs
from gui.stage.scenery import (
    PACE_GAP,
    Banner,
    banner,
    boxes_of,
    paint_banner,
    paint_ground,
    paint_pace,
    paint_shapes,
)
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
    lens: Lens = WHOLE


BANNER, LEGEND = "banner", "legend"


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
        self._backdrop = Backdrop(QSizeF(), 1.0)
        self._overlapped: set[str] = set()  # cards of which another may cover a part
        self._sheets: dict[str, QPixmap] = {}
        self._shapes_end: float | None = None  # how far the legend's shapes reach, once they are painted
        self._flown = QRect()  # around all messages
        self._sprites_for: tuple[Theme, float, float] | None = None
        self._routes = Routes(self.layout)
        self._card_rects: list[QRectF] = []
        self._parts: dict[str, tuple[QRect, QRect]] = {}  # of each card: in pixels of the device, and not
        self._flight = NOTHING
        self._cascades = Cascades()
        self._ground_for: tuple[frozenset[LinkSign], str] = (frozenset(), "")
        self._banner_for = Banner("", "", "", False, "")
        self._legend_for = ""
        self._legend_ns = self._cut_ns = 0
        self._waiting = False  # the last turn left something for the next one
        self.selected = ""

    @property
    def pending(self) -> bool:
        """Something still has to be painted though the view stays as it is."""
        return self.cards.busy or self._waiting

    def begin(self, view: ClusterView, setting: Setting) -> None:
        """Lay out and paint everything anew."""
        self._setting = setting
        self._cut = view
        self._compared = None
        self._arrange(view, setting, setting.moved)
        key = (setting.theme, self.layout.scale, setting.ratio)
        if self._sprites_for != key:
            self._sprites, self._sprites_for = FlightPainter(*key), key
        on_top = () if setting.lens.whole else (BANNER, LEGEND)
        self._backdrop = Backdrop(setting.size, setting.ratio, on_top)
        self._cascades.clear()
        self._shapes_end = None
        self._lay(link_signs(view))
        self.cards.begin(self.layout, setting.theme, setting.ratio)
        self._want(view)
        while self.cards.busy:
            self._put(self.cards.work(), glow=True)
        self._put_banner(banner(view, setting.badge))
        self._put_legend(pace_words(view))
        self._fly(self._routes.flight(view.tokens, view.now_ns))

    def rearrange(self, view: ClusterView, moved: Mapping[str, tuple[float, float]]) -> None:
        """The same nodes in other places (a person drags one)."""
        setting = self._setting = replace(self._known(), moved=dict(moved))
        self._arrange(view, setting, moved)
        self.cards.move(self.layout)
        self._lay(self._ground_for[0])
        self._fly(self._routes.flight(view.tokens, view.now_ns))

    def look(self, view: ClusterView, lens: Lens) -> None:
        """The same nodes through a lens as close, elsewhere."""
        self._setting = replace(self._known(), lens=lens)
        self.rearrange(view, self._setting.moved)

    def show(self, before: ClusterView, view: ClusterView) -> QRect:
        """Go on from `before` to `view` (same nodes); the part of the widget that looks different now."""
        dirty = self.renew(view)
        while self._waiting:
            dirty |= self.renew(view)
        return dirty | self.move(before, view)

    def move(self, before: ClusterView, view: ClusterView) -> QRect:
        """Go on with what moves alone: messages, and queues whose gap closed."""
        dirty = QRect()
        if view.pace is not Pace.REAL_TIME and view.replicas is not before.replicas:
            self._cascades.watch(before, view)
        for rect in self._cascades.advance(view.now_ns, self.layout):
            dirty |= rect
        flight = self._routes.flight(view.tokens, view.now_ns)
        if not same(flight, self._flight):
            dirty |= self._flown
            self._fly(flight)
            dirty |= self._flown
        return dirty

    def renew(self, view: ClusterView) -> QRect:
        """Go on with what is read alone: cards, a few of many, and sentences. In real time one thing after
        the other, so that no frame pays for two: the next cut, its cards, the legend."""
        setting, now_ns = self._known(), self._clock()
        calm_ns = CALM_NS if view.pace is Pace.REAL_TIME else 0
        dirty, busy = QRect(), self.cards.busy
        pace = pace_words(view)
        legend_due = pace != self._legend_for and now_ns - self._legend_ns > 4 * calm_ns
        self._waiting = False
        if legend_due and not (calm_ns and busy):
            dirty |= self._put_legend(pace)
            self._waiting = bool(calm_ns)
        if not (self._waiting or busy) and now_ns - self._cut_ns >= calm_ns and self._looks_other(view):
            self._want(view)
            self._cut_ns = now_ns
            self._waiting = bool(calm_ns)
        if not self._waiting:
            dirty |= self._put(self.cards.work(calm_ns=calm_ns))
        words = banner(view, setting.badge)
        if words != self._banner_for:
            dirty |= self._put_banner(words)
        broken = link_signs(view)
        if broken != self._ground_for[0]:
            self._lay(broken)
            dirty |= QRectF(QPointF(0, 0), self.layout.size).toAlignedRect()
        return dirty

    def select(self, name: str) -> None:
        """Let the links of `name` stand out."""
        self.selected = name
        if self._setting is not None:
            self._lay(self._ground_for[0])

    def set_look(self, name: str, look: Look) -> QRect:
        """Show pointer and keyboard on a card; the part of the widget that looks different now."""
        if name not in self.layout.places or not self.cards.set_look(name, look):
            return QRect()
        return self._put([name], glow=True)

    def paint(self, painter: QPainter, area: QRect) -> None:
        """Paint the present frame inside `area` (device-independent pixels)."""
        if self._setting is None or self._sprites is None:
            return
        ratio, still = self._setting.ratio, self._backdrop.pixmap
        if ratio.is_integer():
            part = QRect(area.topLeft() * int(ratio), area.size() * int(ratio))
            painter.drawPixmap(area, still, part)
        else:
            painter.drawPixmap(QRectF(QPointF(0, 0), self.layout.size), still, QRectF(still.rect()))
        self._cascades.paint(painter, self._setting.theme, self.layout)
        if self._flown.intersects(area):
            if not self._setting.lens.whole:
                sentences = QRegion(self.layout.headline.toRect()) | QRegion(self.layout.legend.toRect())
                painter.setClipRegion(QRegion(area) - sentences)
            self._sprites.paint(painter, self._flight)
            self._sprites.paint_signs(painter, self._flight, self._card_rects)

    def _known(self) -> Setting:
        assert self._setting is not None, "begin() comes first"
        return self._setting

    def _fly(self, flight: Flight) -> None:
        """From now on messages are where `flight` says."""
        assert self._sprites is not None, "begin() comes first"
        self._flight = flight
        self._flown = self._sprites.bounds(flight)
        self.hits.move_tokens(flight)

    def _put(self, names: list[str], *, glow: bool = False) -> QRect:
        """Put freshly painted cards into the backdrop; the part of the widget that looks different now.

        Only with `glow` what is around a card may have changed, too.
        """
        dirty = QRect()
        pieces: list[tuple[str, QPixmap, QRect | None]] = []
        for name in names:
            pixmap = self.cards.pixmap(name)
            if pixmap is not None and (glow or name in self._overlapped):
                pieces.append((name, pixmap, None))
                dirty |= self.cards.bounds(name).toAlignedRect()
            elif pixmap is not None:
                part, seen = self._parts[name]
                pieces.append((name, pixmap, part))
                dirty |= seen
        if pieces:
            self._backdrop.put(pieces)
        return dirty

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

    def _arrange(self, view: ClusterView, setting: Setting, moved: Mapping[str, tuple[float, float]]) -> None:
        whole = arrange(
            setting.size,
            len(view.clients),
            len(view.replicas),
            scale=setting.theme.scale,
            ratio=setting.ratio,
            moved=moved,
        )
        self.layout = magnified(whole, setting.lens, setting.ratio)
        self._card_rects = [place.rect for place in self.layout.places.values()]
        self._parts = {
            place.name: (device_rect(place.rect, setting.ratio), place.rect.toAlignedRect())
            for place in self.layout.places.values()
        }
        self._overlapped = {
            place.name
            for place in self.layout.places.values()
            if any(
                other.moved and other is not place and other.rect.intersects(place.rect)
                for other in self.layout.places.values()
            )
            or place.moved
            or not setting.lens.whole
        }
        self._routes = Routes(self.layout)
        self.hits = HitMap(self.layout)

    def _lay(self, broken: frozenset[LinkSign]) -> None:
        """Paint the ground; the cards come back by themselves."""
        setting, layout = self._known(), self.layout
        self._ground_for = (broken, self.selected)
        self.hits.move_signs(boxes_of(layout, setting.theme, broken))
        areas = {BANNER: layout.headline, LEGEND: layout.legend}
        areas |= {name: card_bounds(place, setting.ratio) for name, place in layout.places.items()}
        self._backdrop.lay(
            {name: device_rect(area, setting.ratio) for name, area in areas.items()},
            lambda painter: paint_ground(painter, layout, setting.theme, broken, self.selected),
        )

    def _put_banner(self, words: Banner) -> QRect:
        self._banner_for = words
        area, theme, scale = self.layout.headline, self._known().theme, self.layout.words_scale
        with self._sheet(BANNER, area) as painter:
            paint_banner(painter, words, theme, area, scale)
        self._backdrop.put([(BANNER, self._sheets[BANNER], None)])
        return area.toAlignedRect()

    def _put_legend(self, words: str) -> QRect:
        self._legend_for, self._legend_ns = words, self._clock()
        area, theme, scale = self.layout.legend, self._known().theme, self.layout.words_scale
        if self._shapes_end is None:
            with self._sheet(LEGEND, area) as painter:
                self._shapes_end = paint_shapes(painter, theme, area, scale)
            self._backdrop.put([(LEGEND, self._sheets[LEGEND], None)])
        part = QRectF(area)
        part.setLeft(self._shapes_end - (PACE_GAP + 2) * scale)
        if self._shapes_end < area.right():  # the shapes stay, and the words right of them are written anew
            with self._drawn_on(LEGEND, area) as painter:
                painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Clear)
                painter.fillRect(part, Qt.GlobalColor.transparent)
                painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
                paint_pace(painter, words, theme, area, scale, self._shapes_end)
        covered = any(rect.intersects(area) for rect in self._card_rects)
        pixels = None if covered else device_rect(part, self._known().ratio)
        self._backdrop.put([(LEGEND, self._sheets[LEGEND], pixels)])
        return area.toAlignedRect()

    def _sheet(self, name: str, area: QRectF) -> QPainter:
        """A painter on a clear pixmap that stands for `area` of the stage."""
        pixmap = self._sheets[name] = QPixmap(device_rect(area, self._known().ratio).size())
        pixmap.fill(Qt.GlobalColor.transparent)
        return self._drawn_on(name, area)

    def _drawn_on(self, name: str, area: QRectF) -> QPainter:
        """A painter on that pixmap as it is."""
        ratio = self._known().ratio
        pixels = device_rect(area, ratio)
        painter = QPainter(self._sheets[name])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(-pixels.topLeft())
        painter.scale(ratio, ratio)
        return painter


def _alike(some: tuple[object, ...], others: tuple[object, ...]) -> bool:
    """The very same objects."""
    return some is others or (len(some) == len(others) and all(map(is_, some, others)))
