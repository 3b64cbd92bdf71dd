"""A picture per card, painted anew only when the card looks different.

Under full load every card changes every frame. A *cut* of the cluster is then taken, its changed cards are
painted over the next frames within a small budget, and only after the last one the next cut is looked at: so
all cards show one moment, numbers can be read, and no frame is slow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter_ns

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from gui.stage.card_frame import GLOW, CardFrame
from gui.stage.layout import Place, StageLayout
from gui.stage.painters import Card, Motif, ground_key, paint_figures_of, paint_ground_of
from gui.theme import Theme

BUDGET_NS = 600_000
"""Time per turn within which cards are painted; one is painted in any case. Many at once are cheaper than a
few now and a few then: what paints them is at hand."""

KEPT_GROUNDS = 2
"""Of each card: under load a replica lags now and then, and a moment later runs again."""

CALM_NS = 80_000_000
"""A card's picture stands at least this long in real time: nobody reads faster."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a person's pointer and keyboard make a card look."""

    selected: bool = False
    hovered: bool = False
    focused: bool = False


PLAIN = Look()


class CardCache:
    """The cards' pictures at one layout, theme and pixel ratio."""

    def __init__(self, clock: Callable[[], int] = perf_counter_ns) -> None:
        self._clock = clock
        self._layout: StageLayout | None = None
        self._theme: Theme | None = None
        self._ratio = 1.0
        self._shown: dict[str, Motif] = {}
        self._looks: dict[str, Look] = {}
        self._frames: dict[str, CardFrame] = {}  # as place and look make them
        self._queue: dict[str, Motif] = {}
        self._grounds: dict[str, list[tuple[object, QPixmap]]] = {}  # the one used last comes first
        self._pixmaps: dict[str, QPixmap] = {}
        self._painted_ns: dict[str, int] = {}
        self._cost_ns: dict[str, int] = {}  # what each card took last time
        self.painted = 0  # cards painted so far, for tests and the bench

    @property
    def busy(self) -> bool:
        """Some cards still show an earlier cut."""
        return bool(self._queue)

    def begin(self, layout: StageLayout, theme: Theme, ratio: float) -> None:
        """Start anew: other sizes or colours."""
        self._layout, self._theme, self._ratio = layout, theme, ratio
        for store in (self._shown, self._queue, self._pixmaps, self._grounds, self._painted_ns, self._frames):
            store.clear()

    def move(self, layout: StageLayout) -> None:
        """The same cards in other places."""
        self._layout = layout
        self._frames.clear()

    def want(self, motifs: Iterable[tuple[str, Motif]]) -> None:
        """Take the next cut: what each card should show."""
        self._queue.clear()
        for name, motif in motifs:
            shown = self._shown.get(name)
            if shown is None or not motif.like(shown):
                self._queue[name] = motif

    def work(self, *, calm_ns: int = 0) -> list[str]:
        """Paint waiting cards, at least one and then as many as the budget has time for; the names of those.

        A card painted less than `calm_ns` ago waits. One that needs another ground is the dearest: in real
        time (`calm_ns`) that is a turn's work of its own.
        """
        now = self._clock()
        end_ns = now + BUDGET_NS
        done: list[str] = []
        for name, motif in list(self._queue.items()):
            if now - self._painted_ns.get(name, -calm_ns) < calm_ns:
                continue
            if done and now + self._cost_ns.get(name, 0) > end_ns:
                break
            if calm_ns and self._kept_ground(name, motif.card) is None:
                if not done:
                    self._make_ground(name, motif.card)
                break
            del self._queue[name]
            self._paint(name, motif)
            done.append(name)
            before, now = now, self._clock()
            self._cost_ns[name] = now - before
        return done

    def set_look(self, name: str, look: Look) -> bool:
        """Show how pointer and keyboard are on a card, at once. False when it looked so already."""
        if self._looks.get(name, PLAIN) == look:
            return False
        self._looks[name] = look
        self._frames.pop(name, None)
        motif = self._queue.pop(name, None) or self._shown.get(name)
        if motif is not None:
            self._paint(name, motif)
        return True

    def pixmap(self, name: str) -> QPixmap | None:
        """A card's picture with room for its glow; None before it was painted."""
        return self._pixmaps.get(name)

    def bounds(self, name: str) -> QRectF:
        """Where a card's picture goes, glow included."""
        assert self._layout is not None, "begin() comes first"
        return card_bounds(self._layout.places[name], self._ratio)

    def _paint(self, name: str, motif: Motif) -> None:
        assert self._theme is not None, "begin() comes first"
        pixmap = self._pixmaps.get(name)
        if pixmap is None:
            pixmap = self._pixmaps[name] = self._blank(self.bounds(name))
        with QPainter(pixmap) as painter:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            ground = self._kept_ground(name, motif.card)
            painter.drawPixmap(0, 0, self._make_ground(name, motif.card) if ground is None else ground)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_figures_of(painter, motif, self._theme, self._frame(name))
        self._shown[name] = motif
        self._painted_ns[name] = self._clock()
        self.painted += 1

    def _frame(self, name: str) -> CardFrame:
        frame = self._frames.get(name)
        if frame is None:
            assert self._layout is not None, "begin() comes first"
            place, look, bounds = self._layout.places[name], self._looks.get(name, PLAIN), self.bounds(name)
            inner = QRectF(place.rect.topLeft() - bounds.topLeft(), place.rect.size())
            frame = CardFrame(inner, place.scale, place.detail, look.selected, look.hovered, look.focused)
            self._frames[name] = frame
        return frame

    def _kept_ground(self, name: str, card: Card) -> QPixmap | None:
        frame, kept = self._frame(name), self._grounds.setdefault(name, [])
        key = frame, ground_key(card, frame)
        for place, (made_for, pixmap) in enumerate(kept):
            if made_for == key:
                if place:
                    kept.insert(0, kept.pop(place))
                return pixmap
        return None

    def _make_ground(self, name: str, card: Card) -> QPixmap:
        assert self._theme is not None, "begin() comes first"
        frame, kept = self._frame(name), self._grounds[name]
        pixmap = self._blank(self.bounds(name))
        with QPainter(pixmap) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_ground_of(painter, card, self._theme, frame)
        kept.insert(0, ((frame, ground_key(card, frame)), pixmap))
        del kept[KEPT_GROUNDS:]
        return pixmap

    def _blank(self, bounds: QRectF) -> QPixmap:
        pixmap = QPixmap((bounds.size() * self._ratio).toSize())
        pixmap.setDevicePixelRatio(self._ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        return pixmap


def card_bounds(place: Place, ratio: float) -> QRectF:
    """A card's rectangle with room for its glow, on whole device pixels."""
    glow = math.ceil(GLOW * place.scale * ratio) / ratio
    return place.rect.adjusted(-glow, -glow, glow, glow)
