"""No word leaves its card or runs into another, from a laptop to 4K, from one client to 64, at any scale."""

from __future__ import annotations

from itertools import combinations

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QRectF, QSize, QSizeF
from PySide6.QtGui import QImage

from core.model.cluster_view import ClusterView, ReplicaState
from gui.stage.layout import StageLayout, arrange
from gui.stage.painters import paint_stage
from gui.theme import DARK, PRESENTATION_SCALE
from tests.gui.spy_painter import SpyPainter, Word
from tests.support.sample_views import sample

SCREENS = {
    "laptop with docks": (QSize(932, 604), 1.0),
    "laptop": (QSize(1366, 600), 1.0),
    "laptop at 125 %": (QSize(1093, 478), 1.25),
    "full HD": (QSize(1400, 880), 1.0),
    "full HD at 150 %": (QSize(1280, 560), 1.5),
    "4K at 200 %": (QSize(1920, 920), 2.0),
    "4K": (QSize(3320, 2000), 1.0),
}
CROWDS = ((1, 1), (1, 7), (3, 3), (4, 5), (6, 2), (9, 4), (16, 3), (25, 7), (40, 6), (64, 1), (64, 7))
RUNS = (87, 123_456, 8_765_432)


def stressed(clients: int, replicas: int, seq: int) -> ClusterView:
    """Every state beside the others, long numbers, long words, gaps."""
    view = sample("waiting", replicas=replicas, clients=clients)
    states = list(ReplicaState)
    details = {
        ReplicaState.DEAD: "SIGKILL · 1,234.5 s",
        ReplicaState.WAITING: f"for #{seq}",
        ReplicaState.LAGGING: "−12,345",
        ReplicaState.SUSPECTED: "silent 12.5 s",
    }
    cards = []
    for place, card in enumerate(view.replicas):
        state = states[(place * 4 + clients) % len(states)]
        held = tuple(seq + 1 + step for step in range(0, 12, 2))
        cards.append(
            replace(
                card,
                state=state,
                detail=details.get(state, ""),
                expected=seq,
                held=held,
                held_count=6,
                differs=state is ReplicaState.DIVERGED,
                first_answers=1_234_567,
                pid=4_194_304,
                harms=("slowed by 20 ms",) if place % 2 else (),
            )
        )
    people = [
        replace(card, call='post alice "a rather long sentence that goes on"', last_seq=seq)
        for card in view.clients
    ]
    people[0] = replace(people[0], last_outcome="unknown", waiting_since_ns=0)
    front = replace(
        view.front_end, next_seq=seq, in_flight=12_345, retransmissions=123_456,
        executed_by_all=seq, epoch=123, durability="answers survive the loss of two replicas",
    )  # fmt: skip
    return replace(
        view, replicas=tuple(cards), clients=tuple(people), front_end=front, tokens=(),
        alert=f"R1 holds #{seq + 1}–#{seq + 11} and waits for #{seq}, which was lost on FE→R1 at 1,234.5 s.",
    )  # fmt: skip


def words_on(view: ClusterView, layout: StageLayout, size: QSize, ratio: float) -> list[Word]:
    image = QImage(size * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    with SpyPainter(image, looks_beneath=False) as painter:
        paint_stage(painter, view, DARK, layout, badge="REPLAY")
        return painter.words


@pytest.mark.parametrize("type_scale", [1.0, PRESENTATION_SCALE])
@pytest.mark.parametrize("screen", SCREENS)
def test_no_word_leaves_its_card_or_runs_into_another(screen: str, type_scale: float) -> None:
    size, ratio = SCREENS[screen]
    stage = QRectF(0, 0, size.width(), size.height())
    wrong: list[str] = []
    for place, (clients, replicas) in enumerate(CROWDS):
        view = stressed(clients, replicas, RUNS[place % len(RUNS)])
        layout = arrange(QSizeF(size), clients, replicas, scale=type_scale, ratio=ratio)
        words = words_on(view, layout, size, ratio)
        assert len(words) > clients + 3 * replicas
        homes = {name: place.rect for name, place in layout.places.items()}
        homes |= {"headline": layout.headline, "legend": layout.legend}
        by_home: dict[str, list[Word]] = {}
        for word in words:
            home = next((name for name, rect in homes.items() if rect.contains(word.rect.center())), "")
            by_home.setdefault(home, []).append(word)
            inside = homes.get(home, stage).adjusted(-1, -1, 1, 1)
            if not inside.contains(word.rect) or not home:
                wrong.append(f"{clients} × {replicas}: “{word.text}” leaves {home or 'every card'}")
        for home, theirs in by_home.items():
            for one, other in combinations(theirs, 2):
                if one.rect.adjusted(1, 1, -1, -1).intersects(other.rect.adjusted(1, 1, -1, -1)):
                    wrong.append(f"{clients} × {replicas}: “{one.text}” and “{other.text}” on {home}")
    assert sorted(set(wrong)) == []


@pytest.mark.parametrize(("held", "said"), [(20, "+5"), (207, "+192"), (40_000, "+39k")])
def test_how_many_more_are_held_is_said_whole(held: int, said: str) -> None:
    size, ratio = SCREENS["laptop with docks"]
    view = sample("waiting", replicas=3, clients=3)
    behind = replace(view.replicas[1], held=tuple(range(129, 145)), held_count=held)
    view = replace(view, replicas=(view.replicas[0], behind, view.replicas[2]))
    words = words_on(view, arrange(QSizeF(size), 3, 3, ratio=ratio), size, ratio)
    more = [word.text for word in words if word.text.startswith("+")]
    assert len(more) == 1 and "…" not in more[0]
    assert len(more[0]) == len(said)


@pytest.mark.parametrize("executed", [9_999, 99_999, 999_999, 9_999_999])
def test_words_and_figures_of_the_front_end_stay_apart(executed: int) -> None:
    size, ratio = SCREENS["laptop"]
    view = sample("load", replicas=3, clients=3)
    view = replace(view, front_end=replace(view.front_end, executed_by_all=executed))
    words = words_on(view, arrange(QSizeF(size), 3, 3, ratio=ratio), size, ratio)
    figure = next(word for word in words if word.text == f"#{executed}")
    label = next(word for word in words if word.text in ("executed by all", "by all"))
    assert figure.rect.left() - label.rect.right() >= 8
