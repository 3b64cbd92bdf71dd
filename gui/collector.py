"""Collects garbage on the GUI thread alone, and while nothing moves.

Left to itself Python collects on whatever thread happens to allocate: on the engine's it would destroy Qt
objects where they must not be touched, and stall every client. So automatic collection is off while a window
is open. Under load next to no garbage needs a collector (a handful of objects in a quarter of a minute, the
rest goes by itself), but looking for it costs whole milliseconds of a frame, the more the longer a run has
been remembered. So what has come to stay is set aside unseen, which costs nothing, and looked through when
the window rests.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

LOOK_MS = 1_000
YOUNG = 3_000
"""So many objects more than before are set aside."""
SETTLE_MS = 1_500
"""What start-up made is set aside then."""
FULL_AFTER_S = 120.0
"""Between two looks through everything."""


class Collector(QObject):
    """On from `start` to `stop`. `rests` says whether nothing moves in the window."""

    def __init__(self, parent: QObject, rests: Callable[[], bool]) -> None:
        super().__init__(parent)
        self._rests = rests
        self._full_after_s = 0.0
        self._set_aside = 0  # times since everything was looked through
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self.look)

    def start(self) -> None:
        """Take collection over from Python."""
        gc.disable()
        self._look.start()
        QTimer.singleShot(SETTLE_MS, self, self._settle)

    def stop(self) -> None:
        """Give it back."""
        self._look.stop()
        gc.unfreeze()
        gc.enable()

    def look(self) -> None:
        """Set aside what has come to stay; collect when there is time for it."""
        if gc.get_count()[0] >= YOUNG:
            gc.freeze()
            self._set_aside += 1
        elif self._set_aside and self._rests() and time.monotonic() > self._full_after_s:
            gc.unfreeze()
            gc.collect()
            gc.freeze()
            self._set_aside = 0
            self._full_after_s = time.monotonic() + FULL_AFTER_S

    def _settle(self) -> None:
        if self._look.isActive():
            gc.freeze()
