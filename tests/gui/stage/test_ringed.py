"""The messages of the chosen request wear a ring on the stage."""

from __future__ import annotations

from msgspec.structs import replace
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.facts import Pace
from core.model.cluster_view import Token, TokenKind
from gui.stage.stage_widget import StageWidget
from gui.theme import DARK
from tests.support.sample_views import sample


def ringed(stage: StageWidget, token: int) -> bool:
    """Whether something bright lies where a ring would be, well off the message itself."""
    QApplication.sendPostedEvents()
    point = stage.token_point(token)
    assert point is not None
    image = stage.grab().toImage()
    x, y = round(point.x()), round(point.y())
    bright = [
        image.pixelColor(x + dx, y + dy).lightness()
        for dx in range(-22, 23)
        for dy in range(-22, 23)
        if dx * dx + dy * dy > 10 * 10
    ]
    return sum(lightness > 200 for lightness in bright) > 25


def test_the_messages_of_the_chosen_request_are_ringed(qtbot: QtBot) -> None:
    stage = StageWidget(DARK)
    qtbot.addWidget(stage)
    stage.resize(980, 560)
    view = sample("idle")
    now = view.now_ns
    tokens = (
        Token(1, TokenKind.ORDER, 7, 1, "", "FE", "R1", now - 200_000_000, now + 200_000_000, 1),
        Token(2, TokenKind.ORDER, 8, 2, "", "FE", "R3", now - 200_000_000, now + 200_000_000, 1),
    )
    stage.set_view(replace(view, pace=Pace.SLOW, tokens=tokens))
    stage.show()
    qtbot.waitExposed(stage)
    assert not ringed(stage, 1)
    stage.light(7)
    assert ringed(stage, 1)
    assert not ringed(stage, 2)
    stage.light(0)
    assert not ringed(stage, 1)
