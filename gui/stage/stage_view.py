"""The stage as a widget that shows views: what is painted, selected and placed where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter_ns
from typing import cast

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from core.facts import Pace
from core.model.cluster_view import ClusterView
from gui.stage.card_cache import Look
from gui.stage.hit_map import TOKEN_REACH
from gui.stage.lens import WHOLE
from gui.stage.link_signs import curve
from gui.stage.stage_picture import Setting, StagePicture
from gui.stage.tips import describe, link_tip, tip, token_tip
from gui.stage.twins import stage_twins
from gui.theme import Theme
from gui.twins.sheet import Twin

FRAME_MS = 16


class StageView(QWidget):
    """The cluster at one moment. Nodes are named "C1", "FE", "R2".

    `set_view` is called once a frame and costs next to nothing when nothing changed.
    """

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
        self.explain: Callable[[str], str] = lambda name: ""
        """Why a node waits or went wrong, a sentence a line; "" when it does not."""
        self._view: ClusterView | None = None
        self._picture = StagePicture(clock)
        self._moved: dict[str, tuple[float, float]] = {}
        self._lens = WHOLE
        self._selected = self._hovered = ""
        self._lit = 0
        self._rest = QTimer(self, singleShot=True, interval=2 * FRAME_MS)  # not while views keep coming
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
        self.go_on(view)
        if self.renew():
            self._rest.start()

    def go_on(self, view: ClusterView) -> bool:
        """Show where messages are at the moment of `view`; cards and sentences wait for `renew`, but under
        slow and step, where nothing is left to be shown later. True when something moved."""
        before, self._view = self._view, view
        if before is None or not _same_nodes(before, view):
            self._begin()
            return True
        moved = self._picture.move(before, view)
        self._repaint(moved)
        if view.pace is not Pace.REAL_TIME:
            self.renew()
        return not moved.isEmpty()

    def renew(self) -> bool:
        """Bring cards and sentences up to the view that was shown last; false when all of them are."""
        if self._view is None:
            return False
        self._repaint(self._picture.renew(self._view))
        return self._picture.pending

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

    def light(self, seq: int) -> None:
        """Ring the messages about a sequence number; 0 for none."""
        if seq != self._lit:
            self._lit = seq
            self.update()

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

    def nodes(self) -> tuple[str, ...]:
        """The names of the nodes, as the keyboard walks them."""
        return tuple(self._picture.layout.places)

    def banner_rect(self) -> QRect:
        """Where the sentences above the stage are."""
        return self._picture.layout.headline.toAlignedRect()

    def node_rect(self, name: str) -> QRect:
        """Where a node's card lies; the middle of the stage when there is no such node."""
        place = self._picture.layout.places.get(name)
        return place.rect.toAlignedRect() if place else QRect(self.rect().center(), QSize(1, 1))

    def caption_room(self) -> QRect:
        """Where a sentence can stand over the stage and cover no card."""
        room = self._picture.layout.caption
        return room.toAlignedRect() if not room.isEmpty() else self.rect()

    def node_at(self, point: QPoint | QPointF) -> str:
        """The node under a point of this widget, "" for none."""
        return self._picture.hits.node_at(QPointF(point))

    def link_at(self, point: QPoint | QPointF) -> str:
        """The replica whose link is under a point of this widget, "" for none."""
        return self._picture.hits.link_at(QPointF(point))

    def link_point(self, name: str) -> QPointF | None:
        """The middle of a node's link in this widget, None when there is no such node."""
        link = self._picture.layout.links.get(name)
        return curve(link).pointAtPercent(0.5) if link else None

    def token_at(self, point: QPoint | QPointF) -> int:
        """The message under a point of this widget, 0 for none."""
        return self._picture.hits.token_at(QPointF(point))

    def token_point(self, token: int) -> QPointF | None:
        """Where a message is in this widget, None when it is not shown."""
        return self._picture.hits.token_point(token)

    def twins(self) -> tuple[Twin, ...]:
        """What it draws, as tables."""
        return stage_twins()

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
            QSizeF(self.size()),
            self._theme,
            self.devicePixelRatioF(),
            self._badge,
            dict(self._moved),
            self._lens,
        )
        self._picture.begin(self._view, setting)
        if self._selected and self._selected not in self._picture.layout.places:
            self.select("")
        self.update()

    def _work_on(self) -> None:
        if self._view is not None:
            self.set_view(self._view)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            if self._view is None:
                painter.fillRect(self.rect(), self._theme.background)
            else:
                self._picture.paint(painter, event.rect())
                if self._lit:
                    self._paint_rings(painter, self._view)

    def _paint_rings(self, painter: QPainter, view: ClusterView) -> None:
        """Around every message about the chosen request; inside of what is painted anew when it moves."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.text, self._theme.px(2)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        radius = TOKEN_REACH * self._picture.layout.scale
        for token in view.tokens:
            point = self.token_point(token.token) if token.seq == self._lit else None
            if point is not None:
                painter.drawEllipse(point, radius, radius)

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
            text = tip(self._view, self._picture.layout.places[name], point, self.explain)
        elif self._view is not None and (link := self.link_at(point)):
            text = link_tip(self._view, link)
        QToolTip.showText(event.globalPos(), text, self)

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
