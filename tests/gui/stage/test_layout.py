"""Everything has its place, whatever the window and however many nodes."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRectF, QSizeF

from gui.stage.layout import (
    FRONT_END,
    ClientDetail,
    ReplicaDetail,
    StageLayout,
    arrange,
)

any_size = st.builds(QSizeF, st.integers(640, 3840), st.integers(400, 2160))
clients = st.integers(1, 64)
replicas = st.integers(1, 7)
LAPTOP = QSizeF(980, 560)


def overlaps(layout: StageLayout) -> list[tuple[str, str]]:
    return [
        (one.name, other.name)
        for one, other in combinations(layout.places.values(), 2)
        if one.rect.intersects(other.rect)
    ]


@settings(max_examples=250, deadline=None)
@given(any_size, clients, replicas, st.sampled_from([1.0, 1.3]))
def test_nothing_overlaps_and_nothing_leaves_the_stage(
    size: QSizeF, client_count: int, replica_count: int, scale: float
) -> None:
    layout = arrange(size, client_count, replica_count, scale=scale)
    stage = QRectF(0, 0, size.width(), size.height())
    assert len(layout.places) == client_count + replica_count + 1
    assert overlaps(layout) == []
    assert [place.name for place in layout.places.values() if not stage.contains(place.rect)] == []
    for words in (layout.headline, layout.legend):
        assert stage.contains(words)
        assert not [place.name for place in layout.places.values() if place.rect.intersects(words)]


@settings(max_examples=100, deadline=None)
@given(clients, replicas)
def test_messages_are_seen_between_the_columns(client_count: int, replica_count: int) -> None:
    layout = arrange(LAPTOP, client_count, replica_count)
    front = layout.places[FRONT_END].rect
    assert min(link.length() for link in layout.links.values()) >= 40
    assert layout.places["R1"].rect.left() - front.right() >= 80


@settings(max_examples=100, deadline=None)
@given(any_size, clients, replicas)
def test_links_touch_both_cards(size: QSizeF, client_count: int, replica_count: int) -> None:
    layout = arrange(size, client_count, replica_count)
    front = layout.places[FRONT_END].rect.adjusted(-1, -1, 1, 1)
    assert set(layout.links) == set(layout.places) - {FRONT_END}
    for name, link in layout.links.items():
        assert front.contains(link.points[0])
        assert layout.places[name].rect.adjusted(-1, -1, 1, 1).contains(link.points[3])


def test_type_stays_readable_on_a_laptop_with_everything_on_it() -> None:
    for client_count in (1, 6, 12, 25, 64):
        for replica_count in range(1, 8):
            layout = arrange(LAPTOP, client_count, replica_count)
            assert layout.scale >= 0.95
            assert min(place.scale for place in layout.places.values()) >= 0.86


def test_a_card_shows_less_before_its_type_shrinks() -> None:
    details = [arrange(LAPTOP, 3, count).places["R1"].detail for count in range(1, 8)]
    assert details == sorted(details, reverse=True)
    assert details[0] == ReplicaDetail.FULL
    assert details[2] == ReplicaDetail.TILES
    assert details[6] == ReplicaDetail.DENSE
    shown = [arrange(LAPTOP, count, 3).places["C1"].detail for count in (6, 9, 16, 64)]
    assert shown == [ClientDetail.CARD, ClientDetail.ROW, ClientDetail.LINE, ClientDetail.CELL]


def test_a_projector_gets_larger_type_and_a_presentation_larger_still() -> None:
    laptop, projector = arrange(LAPTOP, 3, 3), arrange(QSizeF(1960, 1120), 3, 3)
    assert projector.scale > 1.5 * laptop.scale
    assert arrange(QSizeF(1960, 1120), 3, 3, scale=1.3).scale > 1.2 * projector.scale


def test_a_moved_node_is_where_it_was_put_and_inside_the_stage() -> None:
    layout = arrange(LAPTOP, 3, 3, moved={"R2": (0.5, 0.2), "C1": (2.0, -1.0), "R9": (0, 0)})
    centre = layout.places["R2"].rect.center()
    assert abs(centre.x() - 490) <= 1
    assert abs(centre.y() - 112) <= 1
    assert QRectF(0, 0, 980, 560).contains(layout.places["C1"].rect)
    assert layout.places["R3"] == arrange(LAPTOP, 3, 3).places["R3"]


def test_a_link_leaves_the_front_end_on_the_side_where_the_node_is() -> None:
    layout = arrange(LAPTOP, 3, 3, moved={"R1": (0.05, 0.9)})
    front = layout.places[FRONT_END].rect
    assert layout.links["R1"].points[0].x() == front.left()
    assert layout.links["R2"].points[0].x() == front.right()
