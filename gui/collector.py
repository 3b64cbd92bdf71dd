"""Collects garbage on the GUI thread alone.

Left to itself Python collects on whatever thread happens to allocate: on the engine's it would destroy Qt
objects where they must not be touched, and stall every client. So automatic collection is off while a window
is open, and a timer does the same work here, by the same thresholds. What start-up made is set aside once.
"""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, QTimer

LOOK_MS, SELDOM_MS = 50, 400
"""Between two looks; seldom while next to nothing is made."""
SETTLE_MS = 1_500
YOUNG, YOUNG_PER_MIDDLE, MIDDLE_PER_FULL = 3_000, 10, 10
FULL_SHARE = 500
"""A full collection that took a moment comes again after so many such moments, at the earliest."""


class Collector(QObject):
    """On from `start` to `stop`."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._full_after_s = 0.0
        self._young = 0  # at the last look
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self.look)

    def start(self) -> None:
        """Take collection over from Python."""
        gc.disable()
        self._look.start()
        QTimer.singleShot(SETTLE_MS, self, self._set_aside)

    def stop(self) -> None:
        """Give it back."""
        self._look.stop()
        gc.unfreeze()
        gc.enable()

    def look(self) -> None:
        """Collect the youngest generation that is due, if any is."""
        young, middle, full = gc.get_count()
        if young < YOUNG:
            self._look_every(SELDOM_MS if young - self._young < YOUNG // 10 else LOOK_MS)
            self._young = young
            return
        self._young = 0
        self._look_every(LOOK_MS)
        if full >= MIDDLE_PER_FULL and middle >= YOUNG_PER_MIDDLE and time.monotonic() > self._full_after_s:
            before_s = time.monotonic()
            gc.collect()
            now_s = time.monotonic()
            self._full_after_s = now_s + FULL_SHARE * (now_s - before_s)
        elif middle >= YOUNG_PER_MIDDLE:
            gc.collect(1)
        else:
            gc.collect(0)

    def _look_every(self, interval_ms: int) -> None:
        if self._look.interval() != interval_ms:
            self._look.setInterval(interval_ms)

    def _set_aside(self) -> None:
        """Without a collection first: that would stop the window for a tenth of a second."""
        if self._look.isActive():
            gc.freeze()
