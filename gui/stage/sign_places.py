"""Where the words on faulty links stand: beside the replica's end of the link, where nothing covers them.

Cards are painted over the ground, so a sign that reached beneath one could not be read. Each sign takes the
first free place of a list: at the replica's end of its link, on the side from which the link does not come,
then the other side, then along the link. Free is what touches no card, no sentence and no other sign.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from PySide6.QtCore import QPointF, QRectF, QSizeF

from gui.stage.layout import Link, StageLayout
from gui.stage.link_signs import curve

BESIDE, OFF = 7.0, 8.0
"""From the card, and from the link, in base pixels."""
_ALONG = (0.8, 0.68, 0.56, 0.44, 0.32, 0.2)


def place_signs(layout: StageLayout, sizes: Mapping[str, QSizeF]) -> dict[str, QRectF]:
    """A rectangle for each sign, by its link; the first wish where no place is free."""
    stage = QRectF(QPointF(0, 0), layout.size)
    taken = [place.rect for place in layout.places.values()] + [layout.headline, layout.legend]
    boxes: dict[str, QRectF] = {}
    for name in sorted(sizes):
        wishes = [
            QRectF(corner, sizes[name]) for corner in _wishes(layout.links[name], sizes[name], layout.scale)
        ]
        free = (box for box in wishes if stage.contains(box) and not any(map(box.intersects, taken)))
        boxes[name] = next(free, wishes[0])
        taken.append(boxes[name])
    return boxes


def _wishes(link: Link, size: QSizeF, scale: float) -> Iterator[QPointF]:
    """Upper left corners, best first."""
    start, *_, end = link.points
    width, height, beside, off = size.width(), size.height(), BESIDE * scale, OFF * scale
    left = end.x() - beside - width if end.x() > start.x() else end.x() + beside
    over, under = end.y() - off - height, end.y() + off
    for top in (over, under) if start.y() > end.y() else (under, over):
        yield QPointF(left, top)
    path = curve(link)
    for part in _ALONG:
        point = path.pointAtPercent(part)
        for x in (point.x() - off - width, point.x() + off, point.x() - width / 2):
            for y in (point.y() - off - height, point.y() + off):
                yield QPointF(x, y)
