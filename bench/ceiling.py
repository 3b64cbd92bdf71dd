"""The ceiling: what this machine can do at best when nothing is ordered, executed or checked.

The same bytes travel to the same number of processes over the same sockets and the same event loop: the
parent sends a frame of `order_bytes` to every process, each answers with a frame of `result_bytes`, unread.
The first answer lets the next frame go, as with closed-loop clients.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from array import array
from pathlib import Path
from typing import cast

from core.protocol.framing import Deframer, pack

ROOT = Path(__file__).resolve().parents[1]


def echo(process: int, result_bytes: int) -> None:
    """Process `process` (from 1) of the ceiling: answers every frame with the same bytes."""
    from replica_daemon.guard import lower_priority, queue_up, report_port

    lower_priority()
    queue_up(process)
    listener = socket.create_server(("127.0.0.1", 0))
    report_port(listener.getsockname()[1])
    peer, _ = listener.accept()
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    deframer, reply = Deframer(), pack(bytes(result_bytes))
    while data := peer.recv(256 << 10):
        for _ in deframer.feed(data):
            peer.sendall(reply)


class _Peer(asyncio.Protocol):
    def __init__(self, fan: FanOut) -> None:
        self._fan = fan
        self._deframer = Deframer()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        for _ in self._deframer.feed(data):
            self._fan.answered(self)


class FanOut:
    """The parent: keeps `window` frames in flight, each on its way until its first answer."""

    def __init__(self, order_bytes: int) -> None:
        self._frame = pack(bytes(order_bytes))
        self._loop = asyncio.get_running_loop()
        self._deadline = 0.0
        self._answers: dict[_Peer, int] = {}
        self._first = 0
        self._sent_ns: dict[int, int] = {}
        self._sent = 0
        self.done: asyncio.Future[None] = self._loop.create_future()
        self.latencies_ns = array("q")

    async def connect(self, ports: list[int]) -> None:
        """Connect to every process."""
        for port in ports:
            _, peer = await self._loop.create_connection(lambda: _Peer(self), "127.0.0.1", port)
            self._answers[peer] = 0

    async def run(self, window: int, seconds: float) -> float:
        """Frames a second."""
        self._deadline = self._loop.time() + seconds
        start = self._loop.time()
        for _ in range(window):
            self._send()
        await self.done
        return self._first / (self._loop.time() - start)

    def _send(self) -> None:
        self._sent += 1
        self._sent_ns[self._sent] = time.monotonic_ns()
        for peer in self._answers:
            assert peer.transport is not None
            peer.transport.write(self._frame)

    def answered(self, peer: _Peer) -> None:
        """A process answered its next frame; the first answer to a frame lets another go."""
        self._answers[peer] += 1
        if self._answers[peer] <= self._first:
            return
        self._first += 1
        self.latencies_ns.append(time.monotonic_ns() - self._sent_ns.pop(self._first))
        if self._loop.time() < self._deadline:
            self._send()
        elif not self.done.done():
            self.done.set_result(None)


async def measure_ceiling(
    processes: int, order_bytes: int, result_bytes: int, window: int, seconds: float
) -> tuple[float, float]:
    """(frames a second, median round trip in µs) of the bare fan-out."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", f"from bench.ceiling import echo; echo({process}, {result_bytes})"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        for process in range(1, processes + 1)
    ]
    try:
        ports = [int(child.stdout.readline().split()[1]) for child in children if child.stdout]
        fan = FanOut(order_bytes)
        await fan.connect(ports)
        frames_per_s = await fan.run(window, seconds)
        latencies = sorted(fan.latencies_ns)
        return frames_per_s, latencies[len(latencies) // 2] / 1e3
    finally:
        for child in children:
            child.kill()
            child.communicate()
