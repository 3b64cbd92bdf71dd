"""Opens the menus of what can be broken, where a person pointed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QMenu, QWidget

from core.commands import Delay, Partition
from core.ids import replica_name
from core.link_faults import Way
from core.model.cluster_view import ClusterView, ReplicaState
from core.rules import Rule
from core.session.rebuilt import RebuiltData
from gui.actions import Actions
from gui.difference import Difference
from gui.explainer import Explainer
from gui.fault_figures import FaultFigures
from gui.fault_menus import add_link_faults, fill_faults
from gui.first_difference import FirstDifference
from gui.group_menus import add_membership, fill_group
from gui.intents import Intents
from gui.message_menu import add_messages, fill_message, in_hand, title
from gui.node_menu import pop_up, replica_menu
from gui.selection import Selection
from gui.source_bridge import SourceBridge
from gui.stage.stage_widget import StageWidget
from gui.theme import Theme


class FaultDesk(QObject):
    """Menus of a replica, of its link and of the whole group. `break_rule`: starts a cluster without it."""

    left = Signal()
    """Another cluster is to come in the place of this one."""

    def __init__(
        self,
        window: QWidget,
        intents: Intents,
        selection: Selection,
        actions: Actions,
        theme: Theme,
        break_rule: Callable[[Rule], None] | None,
        rebuilt: RebuiltData | None = None,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._intents = intents
        self._selection = selection
        self._actions = actions
        self._break_rule = break_rule
        self._figures: FaultFigures | None = None
        self.difference = Difference(intents, theme, window, rebuilt)
        self.first: FirstDifference | None = None

    @property
    def figures(self) -> FaultFigures | None:
        """The dialog for a link's figures, once it was wanted."""
        return self._figures

    def attend(self, stage: StageWidget, bridge: SourceBridge, explainer: Explainer) -> None:
        """Answer what a person asks of the stage with a menu or a kill; show in dialogs what comes of it."""
        self.first = FirstDifference(self.difference, stage, explainer)
        bridge.now_and_then(self.difference.isVisible, self.difference.show_view, 8)
        bridge.now_and_then(self._figures_seen, self._show_figures, 4)
        stage.replicaMenuRequested.connect(self.open_replica)
        stage.frontEndMenuRequested.connect(self.open_front_end)
        stage.linkMenuRequested.connect(self.open_link)
        stage.tokenMenuRequested.connect(self.open_message)
        stage.tokenPutBehind.connect(lambda token, behind: self._intents.send(Delay(token, behind)))
        stage.partitionDrawn.connect(lambda away: self._intents.send(Partition(away)))
        stage.replicaKillRequested.connect(self._intents.kill)

    def watch(self, view: ClusterView) -> None:
        """Every frame: the first difference that a broken rule makes is shown at once."""
        if self.first is not None:
            self.first.watch(view)

    def open_replica(self, replica: int, where: QPoint) -> None:
        """Show what can be done to a replica."""
        card, view = self._intents.replica(replica), self._intents.view
        if card is not None and view is not None:
            self._selection.set(replica_name(replica))
            hands = (self._intents.send, self.open_figures, self._window)
            pop_up(replica_menu(card, view, self._actions, *hands), where)

    def open_link(self, replica: int, where: QPoint) -> None:
        """Show what can be wrong with a replica's link."""
        self._selection.set(replica_name(replica))
        menu = self._menu(f"Link of {replica_name(replica)}")
        menu.addSection(f"FE ⇄ {replica_name(replica)}")
        if self._intents.view is not None:
            add_link_faults(menu, replica, self._intents.view, self._intents.send, self.open_figures)
        pop_up(menu, where)

    def open_figures(self, replica: int, way: Way | None = None) -> None:
        """Ask for figures of what is to be wrong with a link (0: with every link); beside the stage."""
        if self._intents.view is None:
            return
        if self._figures is None:
            self._figures = FaultFigures(self._intents, self._window)
        corner = self._window.mapToGlobal(self._window.rect().topRight())
        self._figures.open_for(replica, way, self._intents.view)
        self._figures.move(corner.x() - self._figures.width() - 12, corner.y() + 72)

    def open_message(self, token: int, where: QPoint) -> None:
        """Show what can be done to a message in flight, when it still is."""
        view = self._intents.view
        found = next((one for one in in_hand(view) if one.token == token), None) if view else None
        if view is not None and found is not None:
            menu = self._menu(f"Message {token}")
            menu.addSection(title(found))
            fill_message(menu, found, view, self._intents.send)
            pop_up(menu, where)

    def open_front_end(self, where: QPoint) -> None:
        """Show what can be done to the front end and the group."""
        self._selection.set("FE")
        menu = self._menu("Front end")
        if self._intents.view is not None:
            fill_group(menu, self._intents.view.front_end, self._intents.send)
        pop_up(menu, where)

    def open_below(self, button: QWidget) -> None:
        """Show everything that can be broken, below its button."""
        menu, view, send = self._menu("Faults"), self._intents.view, self._intents.send
        if view is not None:
            break_rule = None if self._break_rule is None else self._break
            fill_faults(menu, view, send, self.open_figures, break_rule)
            menu.addSeparator()
            for card in view.replicas:
                if card.state is ReplicaState.DEAD:
                    add_membership(menu, card, view, send)
            fill_group(menu.addMenu("Front end and group"), view.front_end, send)
            add_messages(menu.addMenu("Messages on their way"), view, send)
        pop_up(menu, button.mapToGlobal(button.rect().bottomLeft()))

    def _figures_seen(self) -> bool:
        return self._figures is not None and self._figures.isVisible()

    def _show_figures(self, view: ClusterView) -> None:
        if self._figures is not None:
            self._figures.show_view(view)

    def _break(self, rule: Rule) -> None:
        if self._break_rule is not None:
            self._break_rule(rule)
            self.left.emit()

    def close(self) -> None:
        """The window goes."""
        self.difference.hide()
        if self._figures is not None:
            self._figures.hide()

    def _menu(self, name: str) -> QMenu:
        menu = QMenu(self._window)
        menu.setAccessibleName(name)
        menu.setToolTipsVisible(True)
        return menu
