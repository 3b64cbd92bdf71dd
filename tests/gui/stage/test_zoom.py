"""Looking closer, by wheel and keys: what is under the pointer stays there; nothing but places changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.stage.layout import arrange
from gui.stage.lens import MOST, WHOLE, Lens, magnified
from gui.stage.stage_widget import StageWidget
from gui.theme import DARK
from tests.support.sample_views import sample

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SIZE = QSizeF(980, 560)
places = st.floats(0, 1)


@pytest.fixture
def stage(qtbot: QtBot) -> Iterator[StageWidget]:
    widget = StageWidget(DARK)
    qtbot.addWidget(widget)
    widget.resize(980, 560)
    widget.set_view(sample("slow"))
    widget.show()
    qtbot.waitExposed(widget)
    yield widget


def turn_wheel(stage: StageWidget, at: QPointF, notches: int, held: Qt.KeyboardModifier = NONE) -> None:
    event = QWheelEvent(
        at, QPointF(stage.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton, held, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(stage, event)


def pinch(stage: StageWidget, at: QPointF, wider: float) -> None:
    """Two fingers on a touch pad move apart by this part of their distance, as the system tells it."""
    event = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture, QPointingDevice.primaryPointingDevice(), 2,
        at, at, QPointF(stage.mapToGlobal(at.toPoint())), wider, QPointF(),
    )  # fmt: skip
    QApplication.sendEvent(stage, event)


def test_a_pinch_looks_closer_at_what_is_between_the_fingers_and_back(stage: StageWidget) -> None:
    at = QPointF(stage.node_rect("R2").center())
    pinch(stage, at, 0.5)
    pinch(stage, at, 0.2)
    assert stage.lens.zoom == pytest.approx(1.8)
    assert stage.node_rect("R2").contains(at.toPoint())
    for _ in range(20):
        pinch(stage, at, -0.2)
    assert stage.lens == WHOLE


@settings(max_examples=200, deadline=None)
@given(st.floats(1, MOST), places, places, st.floats(0.3, 3), places, places)
def test_a_lens_keeps_the_point_under_the_pointer_and_shows_no_outside(
    zoom: float, x: float, y: float, factor: float, at_x: float, at_y: float
) -> None:
    at = QPointF(at_x * SIZE.width(), at_y * SIZE.height())
    lens = WHOLE.zoomed(zoom, QPointF(x * SIZE.width(), y * SIZE.height()), SIZE)
    meant = lens.meant(at, SIZE)
    back = lens.seen(meant, SIZE)
    assert (back.x(), back.y()) == pytest.approx((at.x(), at.y()), abs=1e-6)
    closer = lens.zoomed(factor, at, SIZE)
    corners = (closer.meant(QPointF(0, 0), SIZE), closer.meant(QPointF(SIZE.width(), SIZE.height()), SIZE))
    assert corners[0].x() >= -1e-6
    assert corners[1].x() <= SIZE.width() + 1e-6
    if (
        closer.zoom > lens.zoom
        and min(corners[0].x(), corners[0].y()) > 1e-6
        and (corners[1].x() < SIZE.width() - 1e-6 and corners[1].y() < SIZE.height() - 1e-6)
    ):
        kept = closer.seen(meant, SIZE)
        assert (kept.x(), kept.y()) == pytest.approx((at.x(), at.y()), abs=1e-6)


def test_the_whole_is_the_layout_itself_and_closer_everything_grows_but_the_sentences() -> None:
    layout = arrange(SIZE, 9, 5)
    assert magnified(layout, WHOLE, 1.0) is layout
    close = magnified(layout, Lens(2.0, 0.5, 0.5), 1.0)
    for name, place in layout.places.items():
        assert close.places[name].rect.width() == pytest.approx(2 * place.rect.width(), abs=1)
        assert close.places[name].scale == 2 * place.scale
        start, end = close.links[name].points[::3] if name in close.links else (QPointF(), QPointF())
        if name in close.links:
            assert close.places[name].rect.adjusted(-2, -2, 2, 2).contains(end)
            assert close.places["FE"].rect.adjusted(-2, -2, 2, 2).contains(start)
    assert close.headline == layout.headline
    assert close.words_scale == layout.scale


def test_the_wheel_looks_closer_at_the_pointer_and_back(stage: StageWidget) -> None:
    centre = QPointF(stage.node_rect("R2").center())
    before = stage.node_rect("R2")
    turn_wheel(stage, centre, 2)
    assert stage.lens.zoom == pytest.approx(1.25**2)
    assert stage.node_at(centre) == "R2"
    assert stage.node_rect("R2").width() > 1.5 * before.width()
    turn_wheel(stage, centre, -9)
    assert stage.lens.whole
    assert stage.node_rect("R2") == before


def test_keys_look_closer_move_along_and_show_the_whole(qtbot: QtBot, stage: StageWidget) -> None:
    stage.setFocus()
    qtbot.keyClick(stage, Qt.Key.Key_Plus)
    qtbot.keyClick(stage, Qt.Key.Key_Plus)
    place = stage.node_rect("FE")
    along = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(stage, Qt.Key.Key_Down, along)
    assert stage.node_rect("FE").top() < place.top()
    qtbot.keyClick(stage, Qt.Key.Key_Minus)
    assert 1 < stage.lens.zoom < 1.5
    qtbot.keyClick(stage, Qt.Key.Key_F)
    assert stage.lens.whole


def test_walking_has_every_node_in_view(qtbot: QtBot, stage: StageWidget) -> None:
    stage.setFocus()
    stage.zoom(2.0, QPointF(0, 0))
    for name in ("C1", "C2", "C3", "FE", "R1", "R2", "R3"):
        qtbot.keyClick(stage, Qt.Key.Key_Tab)
        assert stage.selection() == name
        assert QRectF(stage.rect()).adjusted(-1, -1, 1, 1).contains(QRectF(stage.node_rect(name))), name


def test_a_button_says_how_close_and_shows_the_whole(qtbot: QtBot, stage: StageWidget) -> None:
    assert not stage._back.isVisible()
    stage.zoom(1.5)
    assert stage._back.isVisible()
    assert stage._back.text().startswith("150%")
    qtbot.mouseClick(stage._back, LEFT)
    assert stage.lens.whole
    assert not stage._back.isVisible()


def test_the_ground_is_dragged_when_close_and_draws_a_line_otherwise(
    qtbot: QtBot, stage: StageWidget
) -> None:
    ground = QPoint(stage.node_rect("FE").center().x(), 150)
    stage.zoom(2.0, QPointF(ground))
    before = stage.node_rect("FE").topLeft()
    qtbot.mousePress(stage, LEFT, pos=ground)
    qtbot.mouseMove(stage, ground + QPoint(-40, -30))
    drag(stage, ground + QPoint(-40, -30))
    qtbot.mouseRelease(stage, LEFT, pos=ground + QPoint(-40, -30))
    moved = stage.node_rect("FE").topLeft() - before
    assert abs(moved.x() + 40) <= 1
    assert abs(moved.y() + 30) <= 1
    assert stage._line.isNull()


def drag(stage: StageWidget, to: QPoint) -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    at = QPointF(to)
    everywhere = QPointF(stage.mapToGlobal(to))
    event = QMouseEvent(QEvent.Type.MouseMove, at, everywhere, Qt.MouseButton.NoButton, LEFT, NONE)
    QApplication.sendEvent(stage, event)


def test_a_card_is_dragged_to_where_the_pointer_is_seen(qtbot: QtBot, stage: StageWidget) -> None:
    stage.zoom(1.8, QPointF(stage.node_rect("R2").center()))
    start = stage.node_rect("R2").center()
    qtbot.mousePress(stage, LEFT, pos=start)
    drag(stage, start + QPoint(-90, 40))
    qtbot.mouseRelease(stage, LEFT, pos=start + QPoint(-90, 40))
    assert (stage.node_rect("R2").center() - start - QPoint(-90, 40)).manhattanLength() <= 3
    stage.fit()
    assert set(stage.positions()) == {"R2"}
    assert QRectF(stage.rect()).contains(QRectF(stage.node_rect("R2")))


def test_a_card_is_put_elsewhere_by_keys(qtbot: QtBot, stage: StageWidget) -> None:
    stage.setFocus()
    stage.select("R2")
    before = stage.node_rect("R2").topLeft()
    with qtbot.waitSignal(stage.nodesMoved):
        qtbot.keyClick(stage, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert stage.node_rect("R2").left() == before.x() - 24
    assert stage.selection() == "R2"
    assert "R2" in stage.positions()


def test_cards_at_the_edge_lie_on_the_same_ground_as_elsewhere(stage: StageWidget) -> None:
    """A card that reaches beyond the stage does not shift what lies beneath it."""
    stage.zoom(1.8, QPointF(600, 200))
    stage.pan(QPointF(120, -300))
    shown = stage.grab().toImage()
    stage._begin()
    anew = stage.grab().toImage()
    assert shown == anew
