"""The stage in a person's hands: clicks and keys become intents. It decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns

from PySide6.QtCore import QEvent, QLineF, QPoint, QPointF, QSizeF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from core.model.cluster_view import ReplicaCard, ReplicaState, Token
from gui.partition import across
from gui.stage.card_frame import CardFrame
from gui.stage.cut_line import crossed, paint_cut_line
from gui.stage.layout import FRONT_END
from gui.stage.replica_card import replica_rows
from gui.stage.tips import card_named
from gui.stage.token_drag import TokenDrag, paint_token_drag, waiting_at
from gui.stage.walking import after, beside
from gui.stage.zooming import STEPS, ZoomingStage
from gui.theme import Theme

_STEP_PX = 24


class StageWidget(ZoomingStage):
    """The cluster at one moment, to be clicked, dragged and walked with the keyboard."""

    clientActivated = Signal(int)
    """A client was clicked, or Enter pressed on it: its number."""
    replicaMenuRequested = Signal(int, QPoint)
    """A replica's menu is wanted: its number, and where (global position)."""
    frontEndMenuRequested = Signal(QPoint)
    """The front end's menu is wanted, and where (global position)."""
    linkMenuRequested = Signal(int, QPoint)
    """The menu of a replica's link is wanted: the replica's number, and where (global position)."""
    replicaKillRequested = Signal(int)
    """The kill button of a replica was clicked, or K pressed on it."""
    tokenActivated = Signal(int)
    """A message in flight was clicked."""
    tokenMenuRequested = Signal(int, QPoint)
    """The menu of a message in flight is wanted: its token, and where (global position)."""

    tokenPutBehind = Signal(int, int)
    """A message was dragged onto another one, to be delivered behind it: both tokens."""
    partitionDrawn = Signal(object)
    """A line was drawn across links: the replicas that are to be cut off from now on (a tuple)."""

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, *, clock: Callable[[], int] = perf_counter_ns
    ) -> None:
        super().__init__(theme, parent, clock=clock)
        self._dragged = self._pressed = ""
        self._press_point = QPointF()
        self._grip = QPointF()
        self._line = QLineF()  # drawn from empty ground, to cut links
        self._may_draw = False
        self._carried: TokenDrag | None = None  # a waiting message under the pressed button
        self._pans = False  # the ground is dragged, looked at more closely

    # Pointer

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        self._press_point = event.position()
        token = self._waiting_at(event.position())
        if token is not None:
            self._carried = TokenDrag(token, event.position())
            return
        self._pressed = self.node_at(event.position())
        if self._pressed:
            self._grip = self._picture.layout.places[self._pressed].rect.center() - event.position()
            self.select(self._pressed)
        elif not self._deliverable_at(event.position()):
            self.select("")
            drawn = self._lens.whole or bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._may_draw = drawn and self._view is not None and self._is_present
            self._pans = not drawn

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position()
        if self._carried is not None:
            if self._carried.move(point):
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self.update()
            return
        if self._pressed and event.buttons() & Qt.MouseButton.LeftButton:
            far = (point - self._press_point).manhattanLength() >= QApplication.startDragDistance()
            if far or self._dragged:
                self._drag_to(point)
            return
        if self._pans and event.buttons() & Qt.MouseButton.LeftButton:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.pan(point - self._press_point)
            self._press_point = point
            return
        if self._may_draw and event.buttons() & Qt.MouseButton.LeftButton:
            self._draw_to(point)
            return
        self._hover(self.node_at(point), bool(self._deliverable_at(point) or self.link_at(point)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        pressed, self._pressed, self._may_draw, self._pans = self._pressed, "", False, False
        if self._carried is not None:
            self._put_down(self._carried)
            return
        if not self._line.isNull():
            self._cut_along()
            return
        if self._dragged:
            self._dragged = ""
            self.nodesMoved.emit()
            return
        token = self._deliverable_at(event.position())
        if token and token == self._deliverable_at(self._press_point):
            self.tokenActivated.emit(token)
        elif pressed and self.node_at(event.position()) == pressed:
            self._clicked(pressed, event.position())
        elif not pressed and (link := self.link_at(event.position())):
            self.linkMenuRequested.emit(int(link[1:]), event.globalPosition().toPoint())

    @property
    def _is_present(self) -> bool:
        """What is shown can be changed."""
        return self._badge in ("LIVE", "")

    def _waiting_at(self, point: QPointF) -> Token | None:
        """The message under a point that can be taken in hand."""
        shown = self._view if self._is_present else None
        return None if shown is None else waiting_at(shown, self._picture.hits, point)

    def _put_down(self, carried: TokenDrag) -> None:
        """A message was let go: where it was pressed, on another one, or anywhere else."""
        behind = None if self._view is None else carried.target(self._view, self._picture.hits)
        if carried.is_click:
            self.tokenActivated.emit(carried.token.token)
        elif behind is not None:
            self.tokenPutBehind.emit(carried.token.token, behind.token)
        self._carried = None
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.update()

    def _deliverable_at(self, point: QPointF) -> int:
        """The message under a point that a click delivers. A sampled one of real time stands for many that
        have long arrived: it must not catch the click on the card below it."""
        return max(0, self.token_at(point))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover("", False)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        token = 0 if by_key else self._deliverable_at(QPointF(event.pos()))
        if token:
            self.tokenMenuRequested.emit(token, event.globalPos())
            return
        name = self._selected if by_key else self.node_at(event.pos())
        if name.startswith("R") or name == FRONT_END:
            self.select(name)
            self._ask_menu(name, None if by_key else event.globalPos())
        elif not by_key and (link := self.link_at(event.pos())):
            self.linkMenuRequested.emit(int(link[1:]), event.globalPos())

    def _clicked(self, name: str, point: QPointF) -> None:
        if name.startswith("C"):
            self.clientActivated.emit(int(name[1:]))
        elif name.startswith("R") and self._on_kill_button(name, point):
            self.replicaKillRequested.emit(int(name[1:]))

    def _on_kill_button(self, name: str, point: QPointF) -> bool:
        place = self._picture.layout.places[name]
        return self._alive(name) and replica_rows(
            CardFrame(place.rect, place.scale, place.detail)
        ).kill.contains(point)

    def _alive(self, name: str) -> bool:
        card = None if self._view is None else card_named(self._view, name)
        return isinstance(card, ReplicaCard) and card.state is not ReplicaState.DEAD

    def _ask_menu(self, name: str, where: QPoint | None) -> None:
        if where is None:
            where = self.mapToGlobal(self._picture.layout.places[name].rect.center().toPoint())
        if name == FRONT_END:
            self.frontEndMenuRequested.emit(where)
        else:
            self.replicaMenuRequested.emit(int(name[1:]), where)

    def _hover(self, name: str, on_token: bool) -> None:
        pointing = on_token or name.startswith("C")
        self.setCursor(Qt.CursorShape.PointingHandCursor if pointing else Qt.CursorShape.ArrowCursor)
        if name != self._hovered:
            before, self._hovered = self._hovered, name
            self._refresh_looks(before, name)

    def _drag_to(self, point: QPointF) -> None:
        if self._view is None:
            return
        self._dragged = self._pressed
        centre = self._lens.meant(point + self._grip, QSizeF(self.size()))
        self._moved[self._dragged] = (
            min(max(centre.x() / self.width(), 0.0), 1.0),
            min(max(centre.y() / self.height(), 0.0), 1.0),
        )
        self._picture.rearrange(self._view, self._moved)
        self.update()

    def _put(self, name: str, step: tuple[int, int]) -> None:
        """Move a card by a key: a card is put elsewhere without a mouse, too."""
        if self._view is None:
            return
        by = self._theme.px(_STEP_PX)
        centre = QPointF(self._picture.layout.places[name].rect.center())
        self._pressed, self._grip = name, QPointF()
        self._drag_to(centre + QPointF(step[0] * by, step[1] * by))
        self._pressed = self._dragged = ""
        self.nodesMoved.emit()

    # A line across links

    def _draw_to(self, point: QPointF) -> None:
        far = (point - self._press_point).manhattanLength() >= QApplication.startDragDistance()
        if far or not self._line.isNull():
            self._line = QLineF(self._press_point, point)
            self.setCursor(Qt.CursorShape.CrossCursor)
            self.update()

    def _cut_along(self) -> None:
        line = self._forget_line()
        if self._view is not None:
            done = across(self._view, crossed(self._picture.layout, line))
            if done.crossed:
                self.partitionDrawn.emit(done.away)

    def _forget_line(self) -> QLineF:
        line, self._line, self._may_draw = self._line, QLineF(), False
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.update()
        return line

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        view, picture = self._view, self._picture
        if view is not None and not self._line.isNull():
            with QPainter(self) as painter:
                paint_cut_line(painter, view, picture.layout, self._theme, self._line)
        elif view is not None and self._carried is not None:
            with QPainter(self) as painter:
                paint_token_drag(painter, view, picture.layout, picture.hits, self._theme, self._carried)

    # Keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, name = event.key(), self._selected
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key in STEPS and held == Qt.KeyboardModifier.AltModifier and name:
            self._put(name, STEPS[Qt.Key(key)])
        elif key in STEPS and not held:
            self.select(beside(self._picture.layout, name, key))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and name.startswith("C"):
            self.clientActivated.emit(int(name[1:]))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and (name.startswith("R") or name == FRONT_END):
            self._ask_menu(name, None)
        elif key == Qt.Key.Key_K and self._alive(name):
            self.replicaKillRequested.emit(int(name[1:]))
        elif key == Qt.Key.Key_Escape and not self._line.isNull():
            self._forget_line()
        elif key == Qt.Key.Key_Escape and self._carried is not None:
            self._carried.give_up()
            self.setCursor(Qt.CursorShape.ArrowCursor)
            self.update()
        elif key == Qt.Key.Key_Escape and name:
            self.select("")
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab walks the nodes first and leaves the stage after the last one."""
        name = after(self._picture.layout, self._selected, 1 if forward else -1)
        if name and self.hasFocus():
            self.select(name)
            return True
        return super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            step = 1 if event.reason() == Qt.FocusReason.TabFocusReason else -1
            self.select(after(self._picture.layout, "", step))
        self._refresh_looks(self._selected)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._refresh_looks(self._selected)
