"""What is under a point: nodes and messages, without an object per thing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from gui.stage.flight import NOTHING, Flight
from gui.stage.layout import StageLayout
from gui.stage.link_signs import REACH, distance

TOKEN_REACH = 14.0
"""How near to a message's middle a click counts, in base pixels."""


class HitMap:
    """The nodes of a layout and the messages of a moment, as areas."""

    def __init__(self, layout: StageLayout) -> None:
        self._layout = layout
        self._flight = NOTHING
        self._signs: Mapping[str, QRectF] = {}

    def move_tokens(self, flight: Flight) -> None:
        """From now on messages are where `flight` says."""
        self._flight = flight

    def move_signs(self, boxes: Mapping[str, QRectF]) -> None:
        """From now on words about links stand there."""
        self._signs = boxes

    def node_at(self, point: QPointF) -> str:
        """The name of the node under `point`, the one painted last if several are; else ""."""
        for name in reversed(self._layout.places):
            if self._layout.places[name].rect.contains(point):
                return name
        return ""

    def link_at(self, point: QPointF) -> str:
        """The replica whose link is nearest to `point` within reach, or the words about it under `point`, and
        no node over it; else ""."""
        if self.node_at(point):
            return ""
        for name, box in self._signs.items():
            if box.contains(point):
                return name
        away = {
            name: distance(link, point) for name, link in self._layout.links.items() if name.startswith("R")
        }
        nearest = min(away, key=lambda name: away[name], default="")
        return nearest if nearest and away[nearest] <= REACH * self._layout.scale else ""

    def token_at(self, point: QPointF) -> int:
        """The number of the message nearest to `point` within reach; 0 for none."""
        if not self._flight.tokens:
            return 0
        away = np.hypot(self._flight.x - point.x(), self._flight.y - point.y())
        nearest = int(np.argmin(away))
        if away[nearest] > TOKEN_REACH * self._layout.scale:
            return 0
        return self._flight.tokens[nearest].token

    def token_point(self, token: int) -> QPointF | None:
        """The middle of a message, None when it is not shown."""
        for place, shown in enumerate(self._flight.tokens):
            if shown.token == token:
                return QPointF(float(self._flight.x[place]), float(self._flight.y[place]))
        return None
