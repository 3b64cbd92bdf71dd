"""Real daemons for tests: one process each, spoken to by hand, and gone when the test ends."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from core.protocol.codec import decode_from_replica, encode
from core.protocol.framing import Deframer, pack
from core.protocol.handshake import KEY_BYTES, NONCE_BYTES, FrontEndHandshake
from core.protocol.messages import FromReplica, Message, Welcome

ROOT = Path(__file__).resolve().parents[2]
KEY = bytes(range(KEY_BYTES))
CLUSTER = b"cluster of tests"
PATIENCE_S = 20.0
"""Until a test gives up. What must happen sooner says so itself."""


def until(condition: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until the condition holds. Raises AssertionError when it does not come."""
    deadline, pause = time.monotonic() + patience_s, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"not within {patience_s} s: {what}"
        pause.wait(0.005)


def ended_within(pid: int, seconds: float) -> bool:
    """Whether a process has ended (reaped or not), waiting for it for at most so long."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], seconds)[0])
    finally:
        os.close(handle)


def children(pid: int, kind: bytes = b"replica_daemon") -> list[int]:
    """The daemons (or the processes of another kind) that a process has started and that live."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(") ")[2].split()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if parent[1] == str(pid) and parent[0] != "Z" and kind in command:
            found.append(int(folder.name))
    return sorted(found)


class Daemon:
    """One replica daemon, and the front end's side of its connection."""

    def __init__(self, service: str = "kv", key: bytes = KEY, replica: int = 1) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "replica_daemon", "--replica-id", str(replica), "--service", service],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.key = key
        charter = {
            "cluster": CLUSTER, "key": key, "replica": replica, "incarnation": 1, "service": service
        }  # fmt: skip
        self.tell(msgspec.json.encode(charter) + b"\n")
        self._deframer = Deframer()
        self._received: list[bytes] = []
        self._socket: socket.socket | None = None
        self.port = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def tell(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def ready(self) -> Self:
        """Wait for its port."""
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], PATIENCE_S)[0], "the daemon reports no port"
        word, number = self.process.stdout.readline().split()
        assert word == b"port"
        self.port = int(number)
        return self

    def stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        until(lambda: state_of(self.process.pid) == "T", "stopped")

    def call(self) -> socket.socket:
        """A bare connection, as anybody on the machine can open one."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def shake_hands(self) -> Welcome:
        """Connect as the front end."""
        self._socket = self.call()
        handshake = FrontEndHandshake(self.key, CLUSTER, 1, 1, os.urandom(NONCE_BYTES))
        self.send(handshake.hello())
        while not isinstance(reply := handshake.step(self.receive()), Welcome):
            self.send(reply)
        return reply

    def send(self, message: Message) -> None:
        assert self._socket is not None
        self._socket.sendall(pack(encode(message)))

    def receive(self) -> FromReplica:
        assert self._socket is not None
        while not self._received:
            data = self._socket.recv(1 << 16)
            assert data, "the daemon closed the connection"
            self._received += self._deframer.feed(data)
        return decode_from_replica(self._received.pop(0))

    def hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()


def state_of(pid: int) -> str:
    """A process's state as the kernel says it: R, S, T (stopped), Z …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


def lockstep(
    *arguments: str, cwd: Path = ROOT, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    command = [sys.executable, str(ROOT / "main.py"), *arguments]
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def start_lockstep(arguments: Sequence[str], cwd: Path = ROOT) -> subprocess.Popen[str]:
    """Start the program, to be watched while it runs."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "main.py"), *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hear_interrupts,
    )


def _hear_interrupts() -> None:
    """A shell that runs the tests in the background lets them, and all that they start, ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
