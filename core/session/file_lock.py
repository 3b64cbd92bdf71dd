"""A lock that a recorder holds on its file: who opens the file knows whether it is still being written.

It goes with the process, whatever ends that: a recording without end mark and lock was left by a crash.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":

    def try_lock(file: int) -> bool:
        """Nothing to hold: Windows has no advisory locks."""
        return True

else:
    import fcntl

    def try_lock(file: int) -> bool:
        """Hold the lock of an open file until it is closed; false when another process holds it. A file
        system without locks lets everybody pass."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True
