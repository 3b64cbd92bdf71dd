"""What a person may ask of a running cluster. The app sends commands and sees only events."""

from __future__ import annotations

import msgspec

from core.facts import Pace


class Command(msgspec.Struct, frozen=True):
    """Base of every command."""


class Submit(Command, frozen=True):
    """Send one query from a client, by hand: after the answer to its present request (closed loop).

    `operation` is encoded; `call` is how the person wrote it.
    """

    client: int
    operation: bytes
    call: str


class Kill(Command, frozen=True):
    """Kill a replica's process (SIGKILL)."""

    replica: int


class SetPace(Command, frozen=True):
    """Change the pace; `delay_ns` is the visible delay per message under SLOW."""

    pace: Pace
    delay_ns: int = 600_000_000


class Deliver(Command, frozen=True):
    """Under STEP: deliver a message in flight, the oldest when `token` is 0."""

    token: int = 0


class SetClients(Command, frozen=True):
    """Have this many simulated clients from now on."""

    clients: int


class SetLoad(Command, frozen=True):
    """Let the clients' workload run or rest; `think_ms` between an answer and the next request."""

    running: bool
    think_ms: float | None = None
    burst: int | None = None


class Look(Command, frozen=True):
    """Ask a replica for a page of its data."""

    replica: int
    path: str
    offset: int = 0
    limit: int = 100


CommandUnion = Submit | Kill | SetPace | Deliver | SetClients | SetLoad | Look
