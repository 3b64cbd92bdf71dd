"""`python -m replica_daemon`: one replica, told who it is by one line on standard input."""

from __future__ import annotations

import sys

from replica_daemon.daemon import main

if __name__ == "__main__":
    sys.exit(main())
