"""The brief moment when a gap closes: the held-back numbers run one after another, seen in the slots."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter

from core.ids import replica_name
from core.model.cluster_view import ClusterView
from gui.stage.card_frame import CardFrame
from gui.stage.ink import Ink
from gui.stage.layout import StageLayout
from gui.stage.replica_card import replica_rows
from gui.stage.slots import MAX_SLOTS, paint_cascade
from gui.theme import Theme

STEP_NS = 80_000_000
"""How long one number takes in the cascade."""


@dataclass(frozen=True, slots=True)
class _Cascade:
    first: int
    count: int
    began_ns: int

    @property
    def span_ns(self) -> int:
        return STEP_NS * (self.count + 3)


class Cascades:
    """Those that run at the moment, at most one per replica."""

    def __init__(self) -> None:
        self._running: dict[str, _Cascade] = {}
        self._now_ns = 0

    def clear(self) -> None:
        """Forget them all."""
        self._running.clear()

    def watch(self, before: ClusterView, view: ClusterView) -> None:
        """Begin one wherever a replica got past a gap and executed what it held."""
        for old, new in zip(before.replicas, view.replicas, strict=False):
            if old is new or not old.held or old.replica != new.replica:
                continue
            count = min(new.expected - old.expected, MAX_SLOTS)
            if count > 1 and old.held[0] < new.expected:
                self._running[replica_name(new.replica)] = _Cascade(old.expected, count, view.now_ns)

    def advance(self, now_ns: int, layout: StageLayout) -> list[QRect]:
        """Go on to `now_ns`; the rectangles that look different now."""
        if not self._running:
            return []
        self._now_ns = now_ns
        dirty = [self._slots(name, layout).toAlignedRect().adjusted(-2, -2, 2, 2) for name in self._running]
        self._running = {
            name: cascade
            for name, cascade in self._running.items()
            if 0 <= now_ns - cascade.began_ns < cascade.span_ns and name in layout.places
        }
        return dirty

    def paint(self, painter: QPainter, theme: Theme, layout: StageLayout) -> None:
        """Paint them over the slots of their cards."""
        if not self._running:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for name, cascade in self._running.items():
            ink = Ink(painter, theme, layout.places[name].scale)
            part = (self._now_ns - cascade.began_ns) / cascade.span_ns
            paint_cascade(ink, self._slots(name, layout), cascade.first, cascade.count, part)

    def _slots(self, name: str, layout: StageLayout) -> QRectF:
        place = layout.places[name]
        return replica_rows(CardFrame(place.rect, place.scale, place.detail)).slots
