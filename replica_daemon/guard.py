"""What keeps a daemon honest: its key, and its parent's life.

The key and the names come in one line on standard input, never on the command line, where every user of the
machine could read them. The pipe stays open for as long as the parent lives: its end of file, which the
kernel sends whatever the parent died of, ends this process too. (PR_SET_PDEATHSIG would fire when the
launching *thread* ends.)
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import BinaryIO

import msgspec

from core.protocol.handshake import KEY_BYTES

NICE = 10
"""Daemons run at a lower priority than the app, so that a click is answered while they are busy."""

STEPS = 2
"""By how much the last of the daemons is nicer than the first."""


class Charter(msgspec.Struct, frozen=True):
    """What a daemon is told at its start: who it is, what it runs, and the key."""

    cluster: bytes
    key: bytes
    replica: int
    incarnation: int
    service: str
    broken: tuple[str, ...] = ()
    """Rules to break on purpose (`core.rules.Rule`)."""


def read_charter(stream: BinaryIO) -> Charter:
    """The first line of standard input. Raises ValueError when it is not a charter."""
    line = stream.readline(1 << 16)
    try:
        charter = msgspec.json.decode(line, type=Charter)
    except msgspec.DecodeError as error:
        raise ValueError(f"standard input does not begin with a charter ({error})") from error
    if len(charter.key) != KEY_BYTES:
        raise ValueError(f"the key has {len(charter.key)} bytes instead of {KEY_BYTES}")
    return charter


def leave_with_parent(stream: BinaryIO) -> None:
    """From now on, end this process as soon as `stream` ends."""

    descriptor = (
        stream.fileno()
    )  # a thread inside `stream.read` would hold its lock and abort a peaceful exit

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(descriptor, 256):
                pass
        os._exit(0)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def lower_priority() -> None:
    """Give way to the app, and leave Ctrl+C to it.

    A process group of its own, not a session: Linux shares the processor between sessions first (autogroup),
    and a niceness counts only within one. In sessions of their own seven daemons kept the window waiting for
    20 ms a frame.
    """
    with contextlib.suppress(OSError, AttributeError):
        os.setpgid(0, 0)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def queue_up(replica: int) -> None:
    """Stand one step behind the replica before, the third and all later ones two behind the first.

    With fewer cores than processes, equals take turns after every batch, and each finds its caches filled by
    another. Among unequals one goes ahead, which is enough for an answer, and the others then take several
    batches in one turn: 3 replicas on two cores order some 6 % more requests a second.
    """
    with contextlib.suppress(OSError, AttributeError):
        os.nice(min(replica, STEPS + 1) - 1)


def report_port(port: int) -> None:
    """Tell the parent where this daemon listens."""
    sys.stdout.write(f"port {port}\n")
    sys.stdout.flush()
