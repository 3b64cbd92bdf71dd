"""Simulated clients and the network around them, which holds requests until the test has them answered.

loop = crowd(1, 2)                      # their sessions are open
assert loop.run() == ["C1 work", "C2 work"]
assert loop.answer(2) == ["C2 work"]
"""

from __future__ import annotations

from core.group.sequencer import Requests
from core.protocol.messages import CLOSE_SESSION, OPEN_SESSION
from core.workload.closed_loop import ClientPool

OK = b"\x92\x00\xc0"
NAMES = {OPEN_SESSION: "open", CLOSE_SESSION: "close"}


class Script:
    """A workload whose requests say whose they are; thinks for a fixed time."""

    def __init__(self, think_ns: int = 0) -> None:
        self.thinks = think_ns

    def next(self, client: int) -> bytes:
        return b"work"

    def think_ns(self, client: int) -> int:
        return self.thinks


class Crowd:
    """A pool, the requests that are open, and a clock."""

    def __init__(self, budget: int | None = None, think_ns: int = 0) -> None:
        self.script = Script(think_ns)
        self.pool = ClientPool(self.script, budget)
        self.open: dict[int, tuple[int, str]] = {}  # client → (number, what it asked)
        self.numbers: dict[int, int] = {}
        self.now = 0
        self.seq = 1

    def take(self, requests: Requests) -> list[str]:
        """Requests leave their clients: at most one each, numbered without gaps."""
        told = []
        for client, number, raw in zip(
            requests.ids[::2], requests.ids[1::2], requests.operations, strict=True
        ):
            assert client not in self.open, f"C{client} has an open request already"
            assert number == self.numbers.get(client, 0) + 1, f"C{client} numbers its requests without gaps"
            self.numbers[client] = number
            self.open[client] = (number, NAMES.get(raw) or raw.decode())
            told.append(f"C{client} {self.open[client][1]}")
        return told

    def begin(self, *clients: int) -> list[str]:
        return [said for client in clients for said in self.take(self.pool.open(client, self.now))]

    def end(self, client: int) -> list[str]:
        return self.take(self.pool.close(client, self.now))

    def ask(self, client: int, call: str) -> list[str]:
        return self.take(self.pool.submit(client, call.encode(), call, self.now))

    def run(self, running: bool = True, thinks: bool = False) -> list[str]:
        return self.take(self.pool.set_running(running, thinks, self.now))

    def answer(self, *clients: int) -> list[str]:
        """The open requests of these clients (of all, without any) are answered together."""
        ids: list[int] = []
        for client in clients or tuple(self.open):
            ids += (client, self.open.pop(client)[0])
        first, self.seq = self.seq, self.seq + len(ids) // 2
        return self.take(self.pool.answered(ids, first, [OK] * (len(ids) // 2), self.now))

    def due(self, now: int) -> list[str]:
        self.now = now
        return self.take(self.pool.due(now))


def crowd(*clients: int, budget: int | None = None, think_ns: int = 0) -> Crowd:
    """Clients whose sessions are open and who rest."""
    made = Crowd(budget, think_ns)
    made.begin(*clients)
    assert made.answer() == []
    return made
