"""What is painted stands out: every word 4.5:1 from what is beneath it, every mark 3:1 (WCAG 2.2).

Words are measured where they are really written, on the stage in all its states, on the diagram and the
timeline. Marks are measured in pairs, laid over their grounds as the painters lay them.
"""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QSize, QSizeF
from PySide6.QtGui import QColor, QImage

import gui.docks.metrics
import gui.docks.waterfall
import gui.timeline.rail
from core.link_faults import Link, LinkFaults, Way
from core.model.cluster_view import ClusterView, FaultyLink, ReplicaState
from gui.app import application
from gui.space_time import painter as diagram
from gui.space_time.painter import paint_space_time, shades
from gui.stage.layout import arrange
from gui.stage.painters import paint_stage
from gui.theme import THEMES, Theme
from gui.timeline.marks import _COLOURS as MARKS
from tests.gui.replaying import Player, player, recording
from tests.gui.space_time.test_page import page
from tests.gui.spy_painter import SpyPainter, Word, over
from tests.gui.test_theme import contrast
from tests.support.sample_views import KINDS, sample

__all__ = ["page", "player", "recording"]
pytestmark = pytest.mark.gui
both = pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
STAGE = QSize(980, 560)


@pytest.fixture(autouse=True)
def fonts(qapp: object) -> None:
    """The app's own."""
    application()


def in_state(view: ClusterView, state: ReplicaState, detail: str) -> ClusterView:
    first, *others = view.replicas
    return replace(view, replicas=(replace(first, state=state, detail=detail), *others))


def moments() -> dict[str, ClusterView]:
    """Everything that the stage can look like."""
    views = {kind: sample(kind) for kind in KINDS}
    for state in ReplicaState:
        views[state.value] = in_state(sample("waiting"), state, "since 12.1 s")
    views["dead with held"] = in_state(sample("waiting"), ReplicaState.DEAD, "SIGKILL · 12.1 s")
    views["crowd"] = sample("load", replicas=7, clients=64)
    cut = FaultyLink(Link(2, Way.TO), LinkFaults(cut=True))
    lossy = FaultyLink(Link(3, Way.FROM), LinkFaults(loss=0.3, delay_ns=200_000_000))
    views["faults"] = replace(sample("slow"), faulty_links=(cut, lossy), broken=("number",))
    for outcome in ("refused", "unknown", "ok"):
        clients = tuple(
            replace(card, last_outcome=outcome, waiting_since_ns=0) for card in sample("idle").clients
        )
        views[f"clients {outcome}"] = replace(sample("idle"), clients=clients)
    return views


def painted(view: ClusterView, theme: Theme, badge: str = "LIVE", selected: str = "") -> list[Word]:
    image = QImage(STAGE, QImage.Format.Format_RGB32)
    layout = arrange(QSizeF(STAGE), len(view.clients), len(view.replicas), scale=theme.scale)
    with SpyPainter(image) as painter:
        paint_stage(painter, view, theme, layout, badge=badge, selected=selected)
        return painter.words


def faint(words: list[Word]) -> dict[str, float]:
    """Words that stand out too little, and by how much they do."""
    return {
        word.text: round(ratio, 2) for word in words if (ratio := contrast(word.colour, word.ground)) < 4.5
    }


def test_the_spy_sees_what_is_faint(qapp: object) -> None:
    image = QImage(200, 50, QImage.Format.Format_RGB32)
    image.fill(QColor("#ffffff"))
    with SpyPainter(image) as painter:
        painter.setPen(QColor("#777777"))
        painter.drawText(10, 30, "faint")
        painter.setPen(QColor("#000000"))
        painter.drawText(100, 30, "strong")
        painter.setOpacity(0.3)
        painter.drawText(100, 45, "dimmed")
        assert list(faint(painter.words)) == ["faint", "dimmed"]


@both
def test_every_word_on_the_stage_reads(theme: Theme, qapp: object) -> None:
    counted, weak = 0, {}
    for name, view in moments().items():
        words = painted(view, theme, selected="R1")
        counted += len(words)
        weak |= {(name, text): ratio for text, ratio in faint(words).items()}
    assert counted > 1_000
    assert weak == {}


@both
def test_every_badge_reads(theme: Theme, qapp: object) -> None:
    for badge in ("LIVE", "PAST", "REPLAY"):
        assert faint(painted(sample("idle"), theme, badge=badge)) == {}


@both
@pytest.mark.parametrize("seq", [0, 4])
def test_every_word_of_the_diagram_reads(
    theme: Theme,
    seq: int,
    page: gui.space_time.page.SpaceTimePage,
) -> None:
    page.diagram.set_theme(theme)
    page.diagram.select(seq, "")
    picture = page.diagram.picture()
    image = QImage(picture.size.toSize(), QImage.Format.Format_RGB32)
    with SpyPainter(image) as painter:
        paint_space_time(painter, picture)
        assert len(painter.words) > 12
        assert faint(painter.words) == {}


@both
def test_every_word_of_the_timeline_reads(
    theme: Theme,
    player: Player,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rail = player.window.timeline.rail
    rail.set_theme(theme)
    image = QImage(rail.size(), QImage.Format.Format_RGB32)
    image.fill(theme.surface)
    words: list[Word] = []

    class OnImage(SpyPainter):
        def __init__(self, pixmap: object) -> None:
            super().__init__(image)
            self.words = words

    monkeypatch.setattr(gui.timeline.rail, "QPainter", OnImage)
    rail._paint_ground(rail._journey.state)
    assert any("R2" in word.text for word in words)
    assert faint(words) == {}


# Marks


def marks_of(theme: Theme) -> dict[str, QColor]:
    clients = {f"client {number}": colour for number, colour in enumerate(theme.clients, start=1)}
    states = {name: getattr(theme, name) for name in ("accent", "ok", "caution", "warn", "bad", "violet")}
    return clients | states | {"edge": theme.outline_strong, "held": theme.held}


@both
def test_marks_stand_out_on_every_ground_of_a_picture(theme: Theme) -> None:
    weak = {
        (name, ground): round(ratio, 2)
        for name, colour in marks_of(theme).items()
        for ground in ("background", "surface", "raised", "sunken")
        if (ratio := contrast(colour, getattr(theme, ground))) < 3
    }
    assert weak == {}
    assert contrast(theme.link, theme.background) >= 3


@both
def test_what_the_diagram_lays_thinly_stands_out_still(theme: Theme) -> None:
    ground = theme.background
    thin = {
        "a question for a missing number": (theme.caution, diagram._QUIET),
        "happened before": (theme.violet, 0.75),
        "may depend on it": (theme.ok, 0.75),
        **{
            f"edge of {kind.value}": (getattr(theme, name), 0.7)
            for kind, (name, _) in diagram._BAND_LOOKS.items()
        },
    }
    seen = {name: contrast(over(colour, part, ground), ground) for name, (colour, part) in thin.items()}
    assert {name: round(ratio, 2) for name, ratio in seen.items() if ratio < 3} == {}


@both
def test_the_density_and_the_marks_of_the_timeline_stand_out(theme: Theme) -> None:
    """The density where it is strongest: how strong it is, is its message."""
    for shade in np.unique(shades(theme), axis=0):
        colour = QColor.fromRgbF(*map(float, shade))
        assert contrast(over(colour, 0.9, theme.background), theme.background) >= 3
    for name in MARKS.values():
        assert contrast(getattr(theme, name), theme.surface) >= 4.5  # its words have the same colour


@both
def test_the_bars_of_a_request_stand_out(theme: Theme) -> None:
    for colour in (*theme.clients, theme.held, theme.ok, theme.accent, theme.text_faint):
        assert contrast(colour, theme.surface) >= 3
        assert contrast(colour, theme.sunken) >= 3
