"""One daemon as a process: who is let in, what it tells nobody, and when it leaves."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.protocol.codec import encode
from core.protocol.framing import pack
from core.protocol.handshake import FrontEndHandshake
from core.protocol.messages import Bye, Failure, Inspect, Nack, Ping, Pong, Result, Snapshot
from replica_daemon.guard import NICE
from tests.support.daemons import CLUSTER, KEY, PATIENCE_S, ROOT, Daemon, ended_within
from tests.support.group import OPEN, batch, increment, put

pytestmark = pytest.mark.processes


def test_it_executes_and_shows_its_data() -> None:
    with Daemon().ready() as daemon:
        welcome = daemon.shake_hands()
        assert (welcome.service, welcome.expected) == ("kv", 1)
        daemon.send(batch(1, (1, 1, OPEN), (1, 2, put("a", 5))))
        result = daemon.receive()
        assert isinstance(result, Result) and result.count == 2
        daemon.send(Ping(3))
        assert daemon.receive() == Pong(3, 3, (), result.last_digest)
        daemon.send(Inspect(4, "keys", 0, 10))
        page = daemon.receive()
        assert isinstance(page, Snapshot) and page.rows == (("a", "5"),)
        daemon.send(Bye())
        assert daemon.process.wait(PATIENCE_S) == 0


def test_a_gap_is_asked_for_by_itself() -> None:
    with Daemon().ready() as daemon:
        daemon.shake_hands()
        daemon.send(batch(2, (1, 2, put("a", 5))))
        assert daemon.receive() == Nack(1, 1)


@pytest.mark.parametrize(("replica", "behind"), [(1, 0), (2, 1), (3, 2), (4, 2), (7, 2)])
def test_it_gives_way_to_the_app_and_stands_behind_the_replica_before(replica: int, behind: int) -> None:
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    with Daemon(replica=replica).ready() as daemon:
        niceness = os.getpriority(os.PRIO_PROCESS, daemon.process.pid)
    assert niceness == min(mine + NICE + behind, 19)


def test_the_key_is_nowhere_to_be_read() -> None:
    with Daemon().ready() as daemon:
        folder = Path(f"/proc/{daemon.process.pid}")
        for name in ("cmdline", "environ"):
            content = (folder / name).read_bytes()
            for secret in (KEY, KEY.hex().encode(), b"AAECAwQFBgcICQ"):
                assert secret not in content, name


def test_it_leaves_when_its_parent_closes_its_input() -> None:
    with Daemon().ready() as daemon:
        daemon.shake_hands()
        assert daemon.process.stdin is not None
        daemon.process.stdin.close()
        assert ended_within(daemon.process.pid, 1.0)
        assert daemon.process.wait(PATIENCE_S) == 0


def test_it_leaves_before_anybody_called_too() -> None:
    with Daemon().ready() as daemon:
        assert daemon.process.stdin is not None
        daemon.process.stdin.close()
        assert ended_within(daemon.process.pid, 1.0)


@pytest.mark.parametrize("charter", [b"\n", b"not json\n", b'{"replica": 1}\n'])
def test_without_a_charter_it_does_not_start(charter: bytes) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "replica_daemon"],
        cwd=ROOT,
        input=charter,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 64
    assert done.stdout == b""
    assert done.stderr.startswith(b"This replica cannot start: ") and b"Traceback" not in done.stderr


# --- callers without the key ---


def says_no(caller: socket.socket) -> bytes:
    """What the daemon says before it hangs up."""
    said = b""
    while data := caller.recv(1 << 16):
        said += data
    return said


def executes(daemon: Daemon) -> bool:
    """The real front end is still let in."""
    daemon.shake_hands()
    daemon.send(batch(1, (1, 1, OPEN)))
    return isinstance(daemon.receive(), Result)


def test_a_caller_without_the_key_is_turned_away() -> None:
    with Daemon().ready() as daemon:
        with daemon.call() as caller:
            impostor = FrontEndHandshake(b"x" * 32, CLUSTER, 1, 1, b"n" * 32)
            caller.sendall(pack(encode(impostor.hello())))
            caller.recv(1 << 16)
            caller.sendall(pack(encode(batch(1, (1, 1, OPEN)))))
            assert b"Unexpected Order during the handshake" in says_no(caller)
        assert executes(daemon)


@pytest.mark.parametrize(
    "junk",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        pack(b"\xc1"),
        pack(b"\x91\xa1\xff"),
        pack(encode(Ping(1))),
    ],
    ids=["a browser", "no message", "no text", "a ping"],
)
def test_a_caller_that_talks_nonsense_is_turned_away(junk: bytes) -> None:
    with Daemon().ready() as daemon:
        with daemon.call() as caller:
            caller.sendall(junk)
            assert b"failure" in says_no(caller)
        assert executes(daemon)


@pytest.mark.parametrize("junk", [b"", pack(b"\xc1"), pack(encode(Ping(1))) * 100])
def test_a_caller_that_slams_the_door_does_no_harm(junk: bytes) -> None:
    """The connection is reset while the daemon answers it."""
    with Daemon().ready() as daemon:
        for _ in range(20):
            with daemon.call() as caller:
                caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                caller.sendall(junk)
        assert executes(daemon)


def test_a_caller_that_says_nothing_does_not_keep_the_front_end_out() -> None:
    """The daemon serves one caller after the other: the silent one must be given up before the front end
    gives up itself, after two seconds."""
    with Daemon().ready() as daemon, daemon.call(), daemon.call() as trickling:
        trickling.sendall(b"\x00")
        start = time.monotonic()
        assert executes(daemon)
        assert time.monotonic() - start < 2.0


# --- failures ---


def test_a_service_that_fails_ends_its_daemon_with_a_reason() -> None:
    with Daemon("tests.support.services:Failing").ready() as daemon:
        daemon.shake_hands()
        daemon.send(batch(1, (1, 1, OPEN), (1, 2, increment("boom"))))
        reason = "The service failed in the batch at #1: ZeroDivisionError: boom"
        assert daemon.receive() == Failure(False, reason)
        assert daemon.process.wait(PATIENCE_S) == 70
        assert daemon.process.stderr is not None
        assert daemon.process.stderr.read().decode() == f"{reason}\n"


def test_a_front_end_that_breaks_the_protocol_ends_the_daemon() -> None:
    with Daemon().ready() as daemon:
        daemon.shake_hands()
        daemon.send(batch(9, (1, 1, OPEN)))
        daemon.send(batch(9, (2, 1, OPEN)))
        while isinstance(said := daemon.receive(), Nack):
            continue  # it may have asked for the gap before
        assert said == Failure(True, "#9 arrived twice with different contents.")
        assert daemon.process.wait(PATIENCE_S) == 76


def test_a_front_end_that_vanishes_ends_the_daemon_in_peace() -> None:
    with Daemon().ready() as daemon:
        daemon.shake_hands()
        daemon.hang_up()
        assert daemon.process.wait(PATIENCE_S) == 0
        assert daemon.process.stderr is not None
        assert b"Traceback" not in daemon.process.stderr.read()
