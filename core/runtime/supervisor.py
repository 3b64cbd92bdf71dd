"""Replica daemons as processes: started, watched, fenced, and none left behind.

The key goes to a daemon's standard input, which stays open: its end is the daemon's signal to leave. Output
is always drained, so that a daemon that talks too much never blocks on a full pipe.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import msgspec

from core.errors import StartError, UsageError
from core.ids import replica_name
from core.limits import START_TIMEOUT_NS
from core.protocol.handshake import KEY_BYTES

STDERR_KEPT_BYTES = 8 << 10
ROOT = Path(__file__).resolve().parents[2]


def daemon_command(replica: int, service: str) -> list[str]:
    """The command line of a daemon. Its arguments are only for people who read a process list."""
    label = ["--replica-id", str(replica), "--service", service]
    if getattr(sys, "frozen", False):
        return [sys.executable, "--replica", *label]
    return [sys.executable, "-P", "-m", "replica_daemon", *label]  # -P: no module of the user's directory


class ReplicaProcess(asyncio.SubprocessProtocol):
    """One daemon's process."""

    def __init__(self, replica: int, incarnation: int, exited: Callable[[ReplicaProcess], None]) -> None:
        self.replica = replica
        self.incarnation = incarnation
        self.key = secrets.token_bytes(KEY_BYTES)
        self.pid = 0
        self.status: int | None = None
        self.killed = False  # sent SIGKILL
        self._transport: asyncio.SubprocessTransport | None = None
        self._exited = exited
        self._stdout = b""
        self._stderr = b""
        loop = asyncio.get_running_loop()
        self.port: asyncio.Future[int] = loop.create_future()
        self.ended: asyncio.Future[int] = loop.create_future()

    @property
    def stderr(self) -> str:
        """The end of what the daemon wrote to its standard error."""
        return self._stderr.decode(errors="replace").strip()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self.pid = self._transport.get_pid()

    def tell(self, line: bytes) -> None:
        """Write to the daemon's standard input."""
        assert self._transport is not None
        pipe = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))
        pipe.write(line)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self._stderr = (self._stderr + data)[-STDERR_KEPT_BYTES:]
            return
        self._stdout = (self._stdout + data)[-256:]
        if not self.port.done() and b"\n" in self._stdout:
            word, _, number = self._stdout.partition(b"\n")[0].partition(b" ")
            if word == b"port" and number.isdigit():
                self.port.set_result(int(number))
            else:
                self.port.set_exception(StartError(f"{replica_name(self.replica)} reported no port."))

    def process_exited(self) -> None:
        assert self._transport is not None
        self.status = self._transport.get_returncode()
        if not self.port.done():
            said = f" It said: {self.stderr}" if self.stderr else ""
            self.port.set_exception(
                StartError(
                    f"{replica_name(self.replica)} ended at its start with status {self.status}.{said}"
                )
            )
            self.port.exception()  # seen: `start` may have given up on it already
        if not self.ended.done():
            self.ended.set_result(self.status or 0)
        self._exited(self)

    def signal(self, name: str) -> None:
        """Send a signal by its name. Raises UsageError where the system knows no such signal."""
        number = getattr(signal, name, None)
        if number is None:
            raise UsageError(f"This system has no {name}: it cannot stop a process and let it go on.")
        if self.status is None and self._transport is not None:
            with contextlib.suppress(ProcessLookupError):
                self._transport.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, if it still lives: it ends whatever it is doing, stopped or not."""
        self.killed = True
        if self.status is None and self._transport is not None:
            with contextlib.suppress(ProcessLookupError):
                self._transport.kill()

    def close(self) -> None:
        """End its standard input, which tells it to leave, and let go of its pipes."""
        if self._transport is not None:
            self._transport.close()


class Supervisor:
    """Starts daemons, and at the end sees all of them gone."""

    def __init__(self, cluster: bytes, service: str, exited: Callable[[ReplicaProcess], None]) -> None:
        self._cluster = cluster
        self._service = service
        self._exited = exited
        self.broken: tuple[str, ...] = ()
        """Rules that the daemons are to break."""
        self.processes: dict[int, ReplicaProcess] = {}

    async def start(self, replica: int, incarnation: int) -> ReplicaProcess:
        """Start a daemon and learn its port. Raises StartError when it does not come up."""
        loop = asyncio.get_running_loop()
        environment = {**os.environ, "PYTHONPATH": python_path(), "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            _, process = await loop.subprocess_exec(
                lambda: ReplicaProcess(replica, incarnation, self._exited),
                *daemon_command(replica, self._service),
                env=environment,
            )
        except OSError as error:
            raise StartError(
                f"{replica_name(replica)} could not be started: {error.strerror}.",
                "Close other programs, or ask for fewer replicas.",
            ) from error
        self.processes[replica] = process
        charter = {
            "cluster": self._cluster,
            "key": process.key,
            "replica": replica,
            "incarnation": incarnation,
            "service": self._service,
            "broken": self.broken,
        }
        process.tell(msgspec.json.encode(charter) + b"\n")
        return process

    async def port(self, process: ReplicaProcess) -> int:
        """Where the daemon listens. Raises StartError when it ends or stays silent instead."""
        try:
            return await asyncio.wait_for(asyncio.shield(process.port), START_TIMEOUT_NS / 1e9)
        except TimeoutError as error:
            process.kill()
            raise StartError(
                f"{replica_name(process.replica)} did not start within {START_TIMEOUT_NS // 10**9} s.",
                "The machine may be overloaded: try again, or ask for fewer replicas.",
            ) from error

    async def stop_all(self, patience_s: float) -> None:
        """End every daemon: by closing its input, and after `patience_s` by SIGKILL."""
        living = [process for process in self.processes.values() if process.status is None]
        if living:
            await asyncio.wait([process.ended for process in living], timeout=patience_s)
        for process in living:
            process.kill()
        if living:
            await asyncio.wait([process.ended for process in living], timeout=5.0)
        for process in self.processes.values():
            process.close()


def exit_words(status: int) -> str:
    """How a process ended: "SIGKILL", or "exit code 70"."""
    if status < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-status).name
    return f"exit code {status}"


def python_path() -> str:
    """Where a process of ours finds Lockstep; a service beside the user is found by `load_service`, after
    the rest."""
    return os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
