"""Messages move along their links, and those that wait stand in a queue in which each can be seen."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPointF, QSizeF

from core.model.cluster_view import Token, TokenKind
from gui.stage.flight import SETTLE_NS, Routes
from gui.stage.hit_map import HitMap
from gui.stage.layout import FRONT_END, arrange

LAYOUT = arrange(QSizeF(980, 560), 3, 3)
SECOND = 1_000_000_000


def order(number: int, target: str = "R1", due_ns: int = 2 * SECOND) -> Token:
    return Token(number, TokenKind.ORDER, number, 1, f"#{number}", "FE", target, SECOND, due_ns)


def waiting(number: int, target: str = "R1") -> Token:
    return order(number, target, due_ns=0)


def test_a_message_leaves_one_card_and_arrives_at_the_other() -> None:
    routes, token = Routes(LAYOUT), order(1)
    way = [routes.flight((token,), SECOND + part * SECOND // 10) for part in range(11)]
    xs = [float(flight.x[0]) for flight in way]
    assert xs == sorted(xs)
    assert abs(xs[0] - LAYOUT.places[FRONT_END].rect.right()) < 2
    assert abs(xs[-1] - LAYOUT.places["R1"].rect.left()) < 2
    steps = np.diff(xs)
    assert steps.max() < 2.5 * np.median(steps)  # smooth: no jump


def test_it_does_not_go_further_than_its_target_nor_start_early() -> None:
    routes, token = Routes(LAYOUT), order(1)
    at_end, later = (routes.flight((token,), now) for now in (2 * SECOND, 9 * SECOND))
    at_start, before = (routes.flight((token,), now) for now in (SECOND, 0))
    assert later.x[0] == at_end.x[0]
    assert before.x[0] == at_start.x[0]


@pytest.mark.parametrize(("token", "at_the_ends"), [(7, 1.0), (-7, 0.0)])
def test_a_sampled_message_is_seen_between_the_cards_alone(token: int, at_the_ends: float) -> None:
    """It may be there a moment before and after; one that is really on its way waits to be delivered."""
    routes, travelling = Routes(LAYOUT), (replace(order(7), token=token),)
    times = [SECOND - 1, SECOND, SECOND + SECOND // 2, 2 * SECOND, 2 * SECOND + 1]
    seen = [float(routes.flight(travelling, now).opacity[0]) for now in times]
    assert seen == [at_the_ends, at_the_ends, 1.0, at_the_ends, at_the_ends]


def test_both_directions_keep_to_their_own_lane() -> None:
    answer = replace(order(2), kind=TokenKind.RESULT, source="R1", target="FE")
    flight = Routes(LAYOUT).flight((order(1), answer), SECOND + SECOND // 2)
    assert 8 < np.hypot(*(np.diff(flight.x)[0], np.diff(flight.y)[0])) < 40


def test_a_lost_message_fades_on_its_way() -> None:
    lost = replace(order(1), kind=TokenKind.LOST)
    routes = Routes(LAYOUT)
    middle, end = (routes.flight((lost,), now) for now in (SECOND + SECOND // 2, 2 * SECOND))
    assert middle.opacity[0] == 1
    assert end.opacity[0] == 0
    assert end.x[0] < LAYOUT.places["R1"].rect.left() - 20


@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_waiting_messages_stand_apart_in_delivery_order(count: int) -> None:
    tokens = tuple(waiting(number) for number in reversed(range(1, count + 1)))
    flight = Routes(LAYOUT).flight(tokens, 5 * SECOND)
    assert flight.tokens == tokens  # the order of their delivery, whatever their numbers are
    assert all(first > second for first, second in pairwise(flight.x))  # the next is nearest to its target
    for (x1, y1), (x2, y2) in combinations(zip(flight.x, flight.y, strict=True), 2):
        assert np.hypot(x1 - x2, y1 - y2) >= 16  # larger than a message
    assert flight.tokens[flight.next_index].token == count
    assert flight.resting.all()


def test_queues_on_different_links_do_not_disturb_one_another() -> None:
    alone = Routes(LAYOUT).flight((waiting(1),), 5 * SECOND)
    both = Routes(LAYOUT).flight((waiting(1), waiting(2, "R2")), 5 * SECOND)
    assert both.x[0] == alone.x[0]


def test_a_message_settles_before_it_rests() -> None:
    routes, tokens = Routes(LAYOUT), (waiting(1),)
    moving = routes.flight(tokens, SECOND + SETTLE_NS // 2)
    resting = routes.flight(tokens, SECOND + SETTLE_NS)
    assert moving.x[0] < resting.x[0]
    assert not moving.resting[0]
    assert resting.resting[0]


def test_a_message_of_an_unknown_node_is_left_out() -> None:
    flight = Routes(LAYOUT).flight((order(1, "R9"), order(2)), SECOND)
    assert [token.token for token in flight.tokens] == [2]
    assert Routes(LAYOUT).flight((order(1, "R9"),), SECOND).next_index == -1


def test_the_hit_map_finds_messages_and_nodes_and_nothing_between() -> None:
    hits = HitMap(LAYOUT)
    flight = Routes(LAYOUT).flight((waiting(7), waiting(8)), 5 * SECOND)
    assert hits.token_at(QPointF(flight.x[0], flight.y[0])) == 0
    hits.move_tokens(flight)
    for index, number in ((0, 7), (1, 8)):
        assert hits.token_at(QPointF(flight.x[index] + 3, flight.y[index] - 3)) == number
    assert hits.token_at(QPointF(5, 5)) == 0
    for name, place in LAYOUT.places.items():
        assert hits.node_at(place.rect.center()) == name
        assert hits.node_at(place.rect.topLeft() - QPointF(2, 2)) == ""


def test_the_node_painted_last_is_the_one_that_is_hit() -> None:
    layout = arrange(QSizeF(980, 560), 3, 3, moved={"R2": (0.8, 0.2)})
    both = layout.places["R1"].rect.intersected(layout.places["R2"].rect)
    assert HitMap(layout).node_at(both.center()) == "R2"


def test_messages_of_the_inner_clients_stay_beneath_the_cells_of_the_others() -> None:
    layout = arrange(QSizeF(980, 690), 64, 7)
    cells = [place.rect for name, place in layout.places.items() if name.startswith("C")]
    end = max(cell.right() for cell in cells)
    inner = min(cells, key=lambda cell: cell.left())
    name = next(name for name, place in layout.places.items() if place.rect == inner)
    request = Token(1, TokenKind.REQUEST, 1, int(name[1:]), "post", name, "FE", SECOND, 2 * SECOND)
    routes = Routes(layout)
    for part in range(11):
        flight = routes.flight((request,), SECOND + part * SECOND // 10)
        assert flight.opacity[0] == 0 if flight.x[0] <= end else flight.opacity[0] > 0
    assert flight.opacity[0] == 1
