"""The moment at which a broken rule shows: the picture stands still, and both states lie beside each other.

The comparison opens by itself, once, where the replicas that parted stay in sight.
"""

from __future__ import annotations

import re

from PySide6.QtCore import QPoint, QRect, QSize

from core.ids import client_name, replica_name
from core.model.cluster_view import ClusterView, ReplicaState, Violation
from core.rules import Rule
from gui.difference import Difference
from gui.explainer import Explainer
from gui.stage.stage_widget import StageWidget

_EDGE_PX, _TITLE_BAR_PX, _TALLEST_PX = 12, 30, 500
_DIGEST = re.compile(r"\b([0-9a-f]{4})([0-9a-f]{4})[0-9a-f]{8}\b")


def split_by(view: ClusterView) -> tuple[Violation, int, int] | None:
    """The first violation that concerns a replica, a living one to compare it with, and that replica."""
    accused = {violation.replica for violation in view.violations}
    others = [
        card.replica
        for card in view.replicas
        if card.replica not in accused and card.state not in (ReplicaState.DEAD, ReplicaState.STARTING)
    ]
    others += [card.replica for card in view.replicas if card.replica in accused]
    for violation in view.violations:
        other = next((replica for replica in others if replica != violation.replica), 0)
        if violation.replica and other:
            return violation, other, violation.replica
    return None


class FirstDifference:
    """Opens the comparison at the first violation of a run with a broken rule."""

    def __init__(self, comparison: Difference, stage: StageWidget, explainer: Explainer) -> None:
        self._comparison = comparison
        self._stage = stage
        self._explainer = explainer
        self._opened = False

    def watch(self, view: ClusterView) -> None:
        """See whether it is there; cheap, for every frame."""
        if view.broken and view.violations and not self._opened:
            found = split_by(view)
            if found is not None:
                self._opened = True
                self._open(view, *found)

    def _open(self, view: ClusterView, violation: Violation, one: int, other: int) -> None:
        story = self._explainer.story(violation.seq)
        what = f"#{violation.seq}"
        if story.call:
            by = f" of {client_name(story.request.client)}" if story.request.client else ""
            what = f"#{violation.seq}, {story.call}{by},"
        broken = [f"no {rule.value}: {rule.broken}" for rule in Rule if rule.value in view.broken]
        sides = _DIGEST.sub(r"\1·\2", f"expected {violation.expected}, found {violation.found}")
        check = violation.check.replace("_", " ")
        self._comparison.compare(
            one,
            other,
            f"{what} split {replica_name(other)} from {replica_name(one)}.",
            f"Broken on purpose: {'; '.join(broken)}.\nThe check “{check}”: {sides}.",
        )
        self._place()

    def _place(self) -> None:
        """Where the sentences above the stage and the replicas' cards stay in sight: on the stage to the left
        of them; where it is narrow, on the docks to its right, which say again what the comparison says."""
        least: QSize = self._comparison.minimumSize().expandedTo(self._comparison.minimumSizeHint())
        stage, window = self._stage, self._stage.window()
        cards = [name for name in stage.nodes() if name.startswith("R")]
        top = stage.banner_rect().bottom() + _TITLE_BAR_PX
        right = min((stage.node_rect(name).left() for name in cards), default=stage.width())
        room = QRect(QPoint(_EDGE_PX, top), QPoint(right - _EDGE_PX, stage.height() - _EDGE_PX))
        if room.width() < least.width():
            edge = stage.mapFrom(window, window.rect().bottomRight()).x()
            beside = QRect(QPoint(stage.width() + _EDGE_PX, top), QPoint(edge - _EDGE_PX, room.bottom()))
            room = beside if beside.width() >= least.width() else room
        room.setHeight(min(room.height(), _TALLEST_PX))
        room.setSize(room.size().expandedTo(least))
        room.moveTopLeft(stage.mapToGlobal(room.topLeft()))
        self._comparison.setGeometry(room)
