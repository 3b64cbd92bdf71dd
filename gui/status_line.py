"""The line at the bottom: what runs, how many processes live, what a frame costs."""

from __future__ import annotations

import os
from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from core.facts import RunStarted
from core.model.cluster_view import ClusterView, ReplicaState
from gui.frame_meter import FrameMeter
from gui.steady_label import SteadyLabel

_SENTENCE_MS = 6_000
_HINTS = "Space step · Q query · K kill · Ctrl+K everything · ? shortcuts"


class StatusLine(QStatusBar):
    """Figures on the left; on the right a hint, or the newest sentence for a while."""

    def __init__(self, meter: FrameMeter, title: Callable[[], str], parent: QWidget) -> None:
        """`title` says what is shown: "live"."""
        super().__init__(parent)
        self._meter = meter
        self._title = title
        self._seed: int | None = None
        self.setSizeGripEnabled(False)
        self.figures = SteadyLabel(self)
        self.figures.setAccessibleName("State of the run")
        self.sentence = QLabel(_HINTS, self)
        self.addWidget(self.figures)
        self.addPermanentWidget(self.sentence)
        self._back = QTimer(self, singleShot=True, interval=_SENTENCE_MS)
        self._back.timeout.connect(lambda: self._show("muted", _HINTS))

    def started(self, fact: RunStarted) -> None:
        """A run began."""
        self._seed = fact.seed

    def say(self, level: str, text: str) -> None:
        """Show a sentence for a while."""
        self._show({"warning": "warn", "error": "bad"}.get(level, "ok"), text)
        self._back.start()

    def show_view(self, view: ClusterView) -> None:
        """Figures of now."""
        frames_per_s, milliseconds = self._meter.recent()
        alive = sum(card.state is not ReplicaState.DEAD for card in view.replicas)
        parts = [
            f"{self._title()} · {view.service}" if view.service else self._title(),
            f"{alive} of {len(view.replicas)} processes alive",
            f"{frames_per_s:.0f} fps",
            f"{milliseconds:.1f} ms/frame",
        ]
        if self._seed is not None:
            parts.append(f"seed {self._seed}")
        self.figures.setText(" · ".join([*parts, f"pid {os.getpid()}"]))

    def _show(self, role: str, text: str) -> None:
        self.sentence.setProperty("role", role)
        self.sentence.style().polish(self.sentence)
        self.sentence.setText(text)
