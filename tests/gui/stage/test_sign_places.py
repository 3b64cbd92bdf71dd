"""Words about faulty links: each is read, whatever is wrong with how many links."""

from __future__ import annotations

from itertools import combinations

import pytest
from PySide6.QtCore import QSizeF

from core.facts import LinkFaulted
from core.link_faults import LinkFaults, Way
from gui.stage.hit_map import HitMap
from gui.stage.layout import arrange
from gui.stage.link_signs import link_signs
from gui.stage.scenery import boxes_of
from gui.theme import DARK
from tests.support.dialogue import Dialogue

ONE_WAY = {Way.TO: LinkFaults(loss=0.3)}
BOTH = {
    Way.TO: LinkFaults(delay_ns=200_000_000, jitter_ns=50_000_000),
    Way.FROM: LinkFaults(delay_ns=200_000_000, jitter_ns=50_000_000, duplicate=0.1),
}
CUT = {way: LinkFaults(cut=True) for way in Way}
STAGES = [(932, 694), (1_400, 1_006), (980, 560)]
"""The stage of a window of 1366×768, of one of 1920×1080, and at its own size."""


@pytest.mark.parametrize("size", STAGES)
@pytest.mark.parametrize("replicas", [3, 5, 7])
@pytest.mark.parametrize("faults", [ONE_WAY, BOTH, CUT], ids=["one way", "both ways", "cut"])
def test_no_sign_is_beneath_a_card_or_another_sign(
    qapp: object, size: tuple[int, int], replicas: int, faults: dict[Way, LinkFaults]
) -> None:
    talk = Dialogue(replicas)
    for replica in range(1, replicas + 1):
        talk.say(*(LinkFaulted(replica, way, what) for way, what in faults.items()))
    layout = arrange(QSizeF(*size), 3, replicas)
    boxes = boxes_of(layout, DARK, link_signs(talk.view()))
    assert len(boxes) == replicas
    for name, box in boxes.items():
        covering = [place.name for place in layout.places.values() if place.rect.intersects(box)]
        assert not covering, f"{name} is beneath {covering}"
        assert not box.intersects(layout.headline), name
    for (one, box), (other, its) in combinations(boxes.items(), 2):
        assert not box.intersects(its), f"{one} on {other}"


def test_a_sign_keeps_clear_of_a_card_that_a_person_moved(qapp: object) -> None:
    talk = Dialogue(3).say(LinkFaulted(1, Way.TO, LinkFaults(loss=0.3)))
    layout = arrange(QSizeF(932, 694), 3, 3, moved={"R2": (0.62, 0.3)})
    (box,) = boxes_of(layout, DARK, link_signs(talk.view())).values()
    assert not any(place.rect.intersects(box) for place in layout.places.values())


def test_a_click_on_the_words_is_a_click_on_the_link(qapp: object) -> None:
    talk = Dialogue(3).say(LinkFaulted(3, Way.TO, LinkFaults(loss=0.3)))
    layout = arrange(QSizeF(932, 694), 3, 3)
    boxes = boxes_of(layout, DARK, link_signs(talk.view()))
    hits = HitMap(layout)
    corner = boxes["R3"].bottomLeft()
    assert hits.link_at(corner) == ""
    hits.move_signs(boxes)
    assert hits.link_at(corner) == "R3"
