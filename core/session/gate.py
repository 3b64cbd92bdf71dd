"""The gate between the thread that makes the picture and the one that runs the cluster.

Both need the interpreter lock. Nearly every call into Qt lets go of it for a microsecond, and each time the
system wakes whoever waits for it, who finds it taken again: dozens of times in a frame, a seventh of what the
frame costs. So the cluster's thread waits here instead, asleep, and is woken once.
"""

from __future__ import annotations

import threading
import time
from types import TracebackType

PATIENCE_S = 0.01
"""A frame that takes longer stops nobody any more: the cluster must not stand still for its picture."""


class Gate:
    """Closed by the picture's thread while it makes a frame (`with gate:`); the other one passes through."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until_s = 0.0
        self.closed = False
        """Written by the picture's thread alone."""

    def __enter__(self) -> None:
        if not self.closed and self._lock.acquire(blocking=False):  # else somebody is just passing
            self._until_s = time.monotonic() + PATIENCE_S
            self.closed = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.closed:  # not when a frame within this one, in a dialog's own loop, has opened it already
            self.closed = False
            self._lock.release()

    def pass_through(self) -> None:
        """Wait as long as it is closed, until PATIENCE_S after that at most."""
        if self._lock.locked():
            left_s = self._until_s - time.monotonic()
            if left_s > 0 and self._lock.acquire(timeout=left_s):
                self._lock.release()
