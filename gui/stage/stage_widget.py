"""The stage as a widget: it shows views and turns clicks and keys into intents. It decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter_ns
from typing import cast

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from core.model.cluster_view import ClusterView, ReplicaCard, ReplicaState
from gui.stage.card_cache import Look
from gui.stage.card_frame import CardFrame
from gui.stage.replica_card import replica_rows
from gui.stage.stage_picture import Setting, StagePicture
from gui.stage.tips import card_named, describe, tip, token_tip
from gui.stage.walking import after, beside
from gui.theme import Theme

FRAME_MS = 16


class StageWidget(QWidget):
    """The cluster at one moment. Nodes are named "C1", "FE", "R2".

    `set_view` is called once a frame and costs next to nothing when nothing changed.
    """

    clientActivated = Signal(int)
    """A client was clicked, or Enter pressed on it: its number."""
    replicaMenuRequested = Signal(int, QPoint)
    """A replica's menu is wanted: its number, and where (global position)."""
    replicaKillRequested = Signal(int)
    """The kill button of a replica was clicked, or K pressed on it."""
    tokenActivated = Signal(int)
    """A message in flight was clicked."""
    selectionChanged = Signal(str)
    """Another node is selected: its name, or "" for none."""
    nodesMoved = Signal()
    """A person moved a node, or put all of them back."""

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, *, clock: Callable[[], int] = perf_counter_ns
    ) -> None:
        """`clock` counts nanoseconds of a person's time; it limits how often a card changes under load."""
        super().__init__(parent)
        self._theme = theme
        self._badge = "LIVE"
        self._view: ClusterView | None = None
        self._picture = StagePicture(clock)
        self._moved: dict[str, tuple[float, float]] = {}
        self._selected = self._hovered = self._dragged = self._pressed = ""
        self._press_point = QPointF()
        self._grip = QPointF()
        self._rest = QTimer(self, singleShot=True, interval=FRAME_MS)
        self._rest.timeout.connect(self._work_on)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Cluster stage")

    # What it shows

    def view(self) -> ClusterView | None:
        """The view shown last."""
        return self._view

    def set_view(self, view: ClusterView) -> None:
        """Show `view`. Only what looks different is painted again."""
        before, self._view = self._view, view
        if before is None or not _same_nodes(before, view):
            self._begin()
            return
        self._repaint(self._picture.show(before, view))
        if self._picture.pending and not self._rest.isActive():
            self._rest.start()

    def set_theme(self, theme: Theme) -> None:
        """Change colours and type size."""
        self._theme = theme
        self._begin()

    def set_badge(self, badge: str) -> None:
        """Say what is shown: "LIVE", "REPLAY", or "" for no badge."""
        if badge != self._badge:
            self._badge = badge
            self._begin()

    def selection(self) -> str:
        """The selected node, "" for none."""
        return self._selected

    def select(self, name: str) -> None:
        """Select a node ("" for none). Emits `selectionChanged` when it is another one."""
        if name == self._selected or (name and name not in self._picture.layout.places):
            return
        before, self._selected = self._selected, name
        self._picture.select(name)
        self._refresh_looks(before, name)
        self.update()
        self._tell_accessibility()
        self.selectionChanged.emit(name)

    def positions(self) -> dict[str, tuple[float, float]]:
        """The centres of the nodes that a person moved, as parts (0…1) of the stage's width and height."""
        return dict(self._moved)

    def set_positions(self, positions: Mapping[str, tuple[float, float]]) -> None:
        """Put nodes where they were (`positions()` of another day)."""
        self._moved = dict(positions)
        self._begin()

    def reset_positions(self) -> None:
        """Put every node back where the layout wants it."""
        self._moved = {}
        self._begin()
        self.nodesMoved.emit()

    def node_rect(self, name: str) -> QRect:
        """Where a node's card lies; the middle of the stage when there is no such node."""
        place = self._picture.layout.places.get(name)
        return place.rect.toAlignedRect() if place else QRect(self.rect().center(), QSize(1, 1))

    def node_at(self, point: QPoint | QPointF) -> str:
        """The node under a point of this widget, "" for none."""
        return self._picture.hits.node_at(QPointF(point))

    def token_at(self, point: QPoint | QPointF) -> int:
        """The message under a point of this widget, 0 for none."""
        return self._picture.hits.token_at(QPointF(point))

    def token_point(self, token: int) -> QPointF | None:
        """Where a message is in this widget, None when it is not shown."""
        return self._picture.hits.token_point(token)

    def sizeHint(self) -> QSize:
        return QSize(980, 560)

    def minimumSizeHint(self) -> QSize:
        return QSize(640, 400)

    # Painting

    def _repaint(self, part: QRect) -> None:
        """One rectangle around everything that changed: see `backdrop`."""
        if not part.isEmpty():
            self.update(part)

    def _begin(self) -> None:
        if self._view is None or self.width() < 2 or self.height() < 2:
            return
        setting = Setting(
            QSizeF(self.size()), self._theme, self.devicePixelRatioF(), self._badge, dict(self._moved)
        )
        self._picture.begin(self._view, setting)
        if self._selected and self._selected not in self._picture.layout.places:
            self.select("")
        self.update()

    def _work_on(self) -> None:
        if self._view is not None:
            self.set_view(self._view)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._view is None:
            painter.fillRect(self.rect(), self._theme.background)
        else:
            self._picture.paint(painter, event.rect())
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._begin()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._begin()
        elif event.type() == QEvent.Type.ToolTip:
            self._show_tip(cast(QHelpEvent, event))
            return True
        return super().event(event)

    def _show_tip(self, event: QHelpEvent) -> None:
        point = QPointF(event.pos())
        name, token = self.node_at(point), self.token_at(point)
        text = ""
        if self._view is not None and token:
            text = token_tip(self._view, token)
        elif self._view is not None and name:
            text = tip(self._view, self._picture.layout.places[name], point)
        QToolTip.showText(event.globalPos(), text, self)

    # Pointer

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        self._press_point = event.position()
        self._pressed = self.node_at(event.position())
        if self._pressed:
            self._grip = self._picture.layout.places[self._pressed].rect.center() - event.position()
            self.select(self._pressed)
        elif not self.token_at(event.position()):
            self.select("")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position()
        if self._pressed and event.buttons() & Qt.MouseButton.LeftButton:
            far = (point - self._press_point).manhattanLength() >= QApplication.startDragDistance()
            if far or self._dragged:
                self._drag_to(point)
            return
        self._hover(self.node_at(point), bool(self.token_at(point)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        pressed, self._pressed = self._pressed, ""
        if self._dragged:
            self._dragged = ""
            self.nodesMoved.emit()
            return
        token = self.token_at(event.position())
        if token and token == self.token_at(self._press_point):
            self.tokenActivated.emit(token)
        elif pressed and self.node_at(event.position()) == pressed:
            self._clicked(pressed, event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._hover("", False)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        name = self._selected if by_key else self.node_at(event.pos())
        if name.startswith("R"):
            self.select(name)
            self._ask_menu(name, None if by_key else event.globalPos())

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
        centre = point + self._grip
        self._moved[self._dragged] = (
            min(max(centre.x() / self.width(), 0.0), 1.0),
            min(max(centre.y() / self.height(), 0.0), 1.0),
        )
        self._picture.rearrange(self._view, self._moved)
        self.update()

    # Keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, name = event.key(), self._selected
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.select(beside(self._picture.layout, name, key))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and name.startswith("C"):
            self.clientActivated.emit(int(name[1:]))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and name.startswith("R"):
            self._ask_menu(name, None)
        elif key == Qt.Key.Key_K and self._alive(name):
            self.replicaKillRequested.emit(int(name[1:]))
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

    def _refresh_looks(self, *names: str) -> None:
        for name in names:
            look = Look(
                selected=name == self._selected,
                hovered=name == self._hovered,
                focused=name == self._selected and self.hasFocus(),
            )
            self._repaint(self._picture.set_look(name, look))

    def _tell_accessibility(self) -> None:
        text = "" if self._view is None else describe(self._view, self._selected)
        self.setAccessibleDescription(text)
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))


def _same_nodes(one: ClusterView, other: ClusterView) -> bool:
    return len(one.clients) == len(other.clients) and len(one.replicas) == len(other.replicas)
