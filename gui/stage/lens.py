"""Looking closer: the same layout, so many times as large, around another point."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, QSizeF

from gui.stage.layout import Link, Place, StageLayout

MOST = 3.0


@dataclass(frozen=True, slots=True)
class Lens:
    """How close, and which point of the whole stage is in the middle (0…1 of its width and height)."""

    zoom: float = 1.0
    x: float = 0.5
    y: float = 0.5

    @property
    def whole(self) -> bool:
        """Everything is seen."""
        return self.zoom <= 1.0

    def seen(self, point: QPointF, size: QSizeF) -> QPointF:
        """Where a point of the whole stage is seen."""
        return QPointF(
            (point.x() - self.x * size.width()) * self.zoom + size.width() / 2,
            (point.y() - self.y * size.height()) * self.zoom + size.height() / 2,
        )

    def meant(self, point: QPointF, size: QSizeF) -> QPointF:
        """Which point of the whole stage is seen at `point`."""
        return QPointF(
            (point.x() - size.width() / 2) / self.zoom + self.x * size.width(),
            (point.y() - size.height() / 2) / self.zoom + self.y * size.height(),
        )

    def zoomed(self, factor: float, at: QPointF, size: QSizeF) -> Lens:
        """So many times as close, while what is seen at `at` stays there."""
        zoom = min(MOST, max(1.0, self.zoom * factor))
        kept = self.meant(at, size)
        x = (kept.x() - (at.x() - size.width() / 2) / zoom) / max(1.0, size.width())
        y = (kept.y() - (at.y() - size.height() / 2) / zoom) / max(1.0, size.height())
        return _inside(zoom, x, y)

    def moved(self, by: QPointF, size: QSizeF) -> Lens:
        """What is seen moves by so many pixels; never past an edge of the stage."""
        x = self.x - by.x() / self.zoom / max(1.0, size.width())
        y = self.y - by.y() / self.zoom / max(1.0, size.height())
        return _inside(self.zoom, x, y)

    def showing(self, rect: QRectF, size: QSizeF) -> Lens:
        """The same closeness, moved as little as it takes to have `rect` (as it is seen now) in view."""
        room = QRectF(QPointF(0, 0), size)
        dx = max(0.0, room.left() - rect.left()) - max(0.0, rect.right() - room.right())
        dy = max(0.0, room.top() - rect.top()) - max(0.0, rect.bottom() - room.bottom())
        return self.moved(QPointF(dx, dy), size) if dx or dy else self


WHOLE = Lens()


def _inside(zoom: float, x: float, y: float) -> Lens:
    edge = 0.5 / zoom
    return Lens(zoom, min(1 - edge, max(edge, x)), min(1 - edge, max(edge, y)))


def magnified(layout: StageLayout, lens: Lens, ratio: float) -> StageLayout:
    """The layout as it is seen through the lens: nodes, links and messages are larger, sentences are not."""
    if lens.whole:
        return layout
    places = {name: _place(place, lens, layout.size, ratio) for name, place in layout.places.items()}
    links = {name: _link(link, lens, layout.size) for name, link in layout.links.items()}
    return replace(
        layout, scale=layout.scale * lens.zoom, words_scale=layout.words_scale, places=places, links=links
    )


def _place(place: Place, lens: Lens, size: QSizeF, ratio: float) -> Place:
    corner = lens.seen(place.rect.topLeft(), size)
    left, top = round(corner.x() * ratio) / ratio, round(corner.y() * ratio) / ratio
    width = int(place.rect.width() * lens.zoom * ratio) / ratio
    height = int(place.rect.height() * lens.zoom * ratio) / ratio
    return replace(place, rect=QRectF(left, top, width, height), scale=place.scale * lens.zoom)


def _link(link: Link, lens: Lens, size: QSizeF) -> Link:
    start, one, two, end = (lens.seen(point, size) for point in link.points)
    return Link(link.name, (start, one, two, end))
