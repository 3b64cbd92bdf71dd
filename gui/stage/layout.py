"""Where everything on the stage is: clients left, the front end in the middle, replicas right.

One scale fits a projector and a laptop: type grows with the stage, and where room is short a card shows less
instead of smaller type. Lengths are in device-independent pixels; "base" lengths are at scale 1 (980×560).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from PySide6.QtCore import QPointF, QRectF, QSizeF

from core.ids import client_name, replica_name

FRONT_END = "FE"

BASE_WIDTH, BASE_HEIGHT = 980.0, 560.0
MARGIN = 14.0
HEADLINE_HEIGHT = 58.0
LEGEND_HEIGHT = 26.0
FRONT_END_WIDTH, FRONT_END_HEIGHT = 170.0, 226.0
REPLICA_WIDTH = 336.0
CAPTION_WIDTH = 330.0
MIN_GAP = 46.0  # between columns, so that a message is seen on its way


class ClientDetail(IntEnum):
    """How much a client's card shows."""

    CELL = 0  # colour, name, state
    LINE = 1  # and the last number
    ROW = 2  # and the time; the call below
    CARD = 3  # three lines


class ReplicaDetail(IntEnum):
    """How much a replica's card shows."""

    DENSE = 0  # name, state, expected, digest and strip in one row, slots
    COMPACT = 1  # a strip and slots of full width
    TILES = 2  # and a row of data
    FULL = 3  # and two rows of data


CLIENT_SIZES = {
    ClientDetail.CARD: (158.0, 68.0, 9.0),  # width, height, gap
    ClientDetail.ROW: (158.0, 44.0, 8.0),
    ClientDetail.LINE: (118.0, 30.0, 6.0),
    ClientDetail.CELL: (60.0, 25.0, 5.0),
}
REPLICA_SIZES = {
    ReplicaDetail.FULL: (206.0, 12.0),  # height, gap
    ReplicaDetail.TILES: (162.0, 10.0),
    ReplicaDetail.COMPACT: (114.0, 8.0),
    ReplicaDetail.DENSE: (70.0, 6.0),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node is, how large its type is, and how much it shows."""

    name: str
    rect: QRectF
    scale: float
    detail: int  # a ClientDetail or ReplicaDetail; 0 for the front end
    moved: bool = False  # by a person


@dataclass(frozen=True, slots=True)
class Link:
    """A cubic curve from the front end (0) outward to a client or replica (1)."""

    name: str
    points: tuple[QPointF, QPointF, QPointF, QPointF]

    def length(self) -> float:
        """About how long the curve is, in pixels: half way between its chord and its polygon."""
        start, one, two, end = self.points
        polygon = _distance(start, one) + _distance(one, two) + _distance(two, end)
        return (polygon + _distance(start, end)) / 2


@dataclass(frozen=True, slots=True)
class StageLayout:
    """A whole stage. `places` is in the order in which the keyboard walks."""

    size: QSizeF
    scale: float
    places: dict[str, Place]
    links: dict[str, Link]
    headline: QRectF
    legend: QRectF
    caption: QRectF = field(default_factory=QRectF)  # below the front end: a sentence has room there
    words_scale: float = 1.0  # of headline and legend


def arrange(
    size: QSizeF,
    clients: int,
    replicas: int,
    *,
    scale: float = 1.0,
    ratio: float = 1.0,
    moved: Mapping[str, tuple[float, float]] | None = None,
) -> StageLayout:
    """Lay out a stage of `size` with nodes C1…, FE, R1….

    `scale` enlarges type where there is room (presentation); edges lie on whole pixels of a device with
    `ratio` of them per device-independent pixel. `moved` are the centres of nodes that a person
    dragged, as parts of the stage's width and height; they are kept inside the stage.
    """
    k = _type_scale(size, scale)
    right = _replica_column(size, k, replicas)
    left_width = min((place.rect.left() for place in right), default=size.width()) - MARGIN * k
    zone = QRectF(
        MARGIN * k,
        (MARGIN + HEADLINE_HEIGHT) * k + 2,
        left_width - (FRONT_END_WIDTH + 2 * MIN_GAP + MARGIN) * k,
        size.height() - (MARGIN + HEADLINE_HEIGHT + LEGEND_HEIGHT) * k - 8 * k - 4,
    )
    left = _client_columns(zone, k, clients)
    front = _front_end(size, k, left, right)
    places = {place.name: _on_pixels(place, ratio) for place in (*left, front, *right)}
    legend = QRectF(0, size.height() - (LEGEND_HEIGHT + 4) * k, left_width, LEGEND_HEIGHT * k)
    for name, centre in (moved or {}).items():
        if name in places:
            places[name] = _moved(places[name], size, centre, ratio)
    return StageLayout(
        size=size,
        scale=k,
        places=places,
        links=_links(places, k),
        headline=QRectF(MARGIN * k, MARGIN * k, left_width - MARGIN * k, HEADLINE_HEIGHT * k),
        legend=legend,
        words_scale=k,
        caption=_caption(front, left, right, size, legend.top(), k),
    )


def _type_scale(size: QSizeF, scale: float) -> float:
    """Type grows a little slower than the stage, so that a larger stage also shows more."""
    fit = min(size.width() / BASE_WIDTH, size.height() / BASE_HEIGHT)
    wanted = scale * (fit**0.8 if fit > 1 else fit)
    most = min(size.width() / 840, size.height() / 440)
    return max(0.3, min(wanted, most))


def _replica_column(size: QSizeF, k: float, replicas: int) -> list[Place]:
    """The replica cards, with as much detail as fits without making their type much smaller."""
    if not replicas:
        return []
    room = size.height() - 2 * MARGIN * k
    detail, scale = ReplicaDetail.DENSE, k
    for detail in sorted(ReplicaDetail, reverse=True):
        height, gap = REPLICA_SIZES[detail]
        scale = min(k, room / (height * replicas + gap * (replicas - 1)))
        if scale >= k * 0.86:
            break
    height, gap = (value * scale for value in REPLICA_SIZES[detail])
    spare = room - height * replicas - gap * (replicas - 1)
    if replicas > 1:
        gap += min(spare / (replicas - 1), 24 * k - gap if gap < 24 * k else 0)
    width = min(REPLICA_WIDTH * k, 0.36 * size.width())
    x = size.width() - MARGIN * k - width
    y = (size.height() - height * replicas - gap * (replicas - 1)) / 2
    return [
        Place(replica_name(n + 1), QRectF(x, y + n * (height + gap), width, height), scale, detail)
        for n in range(replicas)
    ]


def _client_columns(zone: QRectF, k: float, clients: int) -> list[Place]:
    """One column of cards, one of rows, or a grid of cells: the richest that fits into `zone`."""
    if not clients:
        return []
    for detail, columns in _CLIENT_CHOICES:
        width, height, gap = CLIENT_SIZES[detail]
        rows = -(-clients // columns)
        scale = min(
            k,
            zone.height() / (rows * height + (rows - 1) * gap),
            zone.width() / (columns * width + (columns - 1) * gap),
        )
        if scale >= k * 0.94:
            break
    width, height, gap = width * scale, height * scale, gap * scale
    spare = zone.height() - rows * height - (rows - 1) * gap
    row_gap = gap + (min(spare / (rows - 1), 28 * k) if rows > 1 else 0) * (columns == 1)
    top = zone.center().y() - (rows * height + (rows - 1) * row_gap) / 2
    return [
        Place(
            client_name(n + 1),
            QRectF(
                zone.left() + (n // rows) * (width + gap),
                top + (n % rows) * (height + row_gap),
                width,
                height,
            ),
            scale,
            detail,
        )
        for n in range(clients)
    ]


_CLIENT_CHOICES = (
    (ClientDetail.CARD, 1),
    (ClientDetail.ROW, 1),
    (ClientDetail.LINE, 1),
    (ClientDetail.LINE, 2),
    *((ClientDetail.CELL, columns) for columns in range(2, 7)),
)


def _front_end(size: QSizeF, k: float, left: list[Place], right: list[Place]) -> Place:
    """Between the columns, nearer to the clients: the longer way is the one with more to see."""
    from_x = max((place.rect.right() for place in left), default=MARGIN * k)
    to_x = min((place.rect.left() for place in right), default=size.width() - MARGIN * k)
    width, height = FRONT_END_WIDTH * k, FRONT_END_HEIGHT * k
    gaps = to_x - from_x - width
    x = from_x + max(MIN_GAP * k, 0.38 * gaps)
    low = (MARGIN + HEADLINE_HEIGHT) * k + 2
    high = size.height() - (LEGEND_HEIGHT + 10) * k - height
    y = min(max((low + high) / 2, low), max(low, high))
    return Place(FRONT_END, QRectF(x, y, width, height), k, 0)


def _caption(
    front: Place, left: list[Place], right: list[Place], size: QSizeF, bottom: float, k: float
) -> QRectF:
    """Between clients and replicas, below the front end. Where that is narrow, it covers clients before
    replicas."""
    from_x = max((place.rect.right() for place in left), default=0.0) + MARGIN * k
    to_x = min((place.rect.left() for place in right), default=size.width()) - MARGIN * k
    from_x = max(MARGIN * k, min(from_x, to_x - CAPTION_WIDTH * k))
    top = front.rect.bottom() + 8 * k
    return QRectF(from_x, top, to_x - from_x, max(0.0, bottom - 4 * k - top))


def _on_pixels(place: Place, ratio: float) -> Place:
    """Edges on whole pixels are crisp."""
    rect = place.rect
    left, top = round(rect.x() * ratio) / ratio, round(rect.y() * ratio) / ratio
    whole = QRectF(left, top, int(rect.width() * ratio) / ratio, int(rect.height() * ratio) / ratio)
    return replace(place, rect=whole)


def _moved(place: Place, size: QSizeF, centre: tuple[float, float], ratio: float) -> Place:
    rect = QRectF(place.rect)
    rect.moveCenter(QPointF(centre[0] * size.width(), centre[1] * size.height()))
    rect.moveLeft(min(max(rect.left(), 0.0), size.width() - rect.width()))
    rect.moveTop(min(max(rect.top(), 0.0), size.height() - rect.height()))
    return _on_pixels(replace(place, rect=rect, moved=True), ratio)


def _links(places: Mapping[str, Place], k: float) -> dict[str, Link]:
    """A curve from the front end to every other node, their ends spread along its two edges."""
    front = places[FRONT_END].rect
    sides: dict[bool, list[Place]] = {False: [], True: []}
    for place in places.values():
        if place.name != FRONT_END:
            sides[place.rect.center().x() > front.center().x()].append(place)
    links: dict[str, Link] = {}
    for to_right, nodes in sides.items():
        nodes.sort(key=lambda place: (place.rect.center().y(), place.rect.center().x()))
        step = min(30 * k, front.height() * 0.74 / max(1, len(nodes) - 1))
        y = front.center().y() - step * (len(nodes) - 1) / 2
        for index, place in enumerate(nodes):
            links[place.name] = _link(front, place, to_right, y + index * step, k)
    return {name: links[name] for name in places if name in links}


def _link(front: QRectF, place: Place, to_right: bool, y: float, k: float) -> Link:
    start = QPointF(front.right() if to_right else front.left(), y)
    end = QPointF(place.rect.left() if to_right else place.rect.right(), place.rect.center().y())
    reach = max(28 * k, abs(end.x() - start.x()) * 0.5) * (1 if to_right else -1)
    return Link(
        place.name, (start, QPointF(start.x() + reach, start.y()), QPointF(end.x() - reach, end.y()), end)
    )


def _distance(one: QPointF, other: QPointF) -> float:
    delta = other - one
    return float((delta.x() ** 2 + delta.y() ** 2) ** 0.5)
