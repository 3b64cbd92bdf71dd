"""The shell around a replica manager: one socket, one thread, no clock of its own but the monotonic one.

A replica has exactly one peer, so a blocking loop serves it best: it starts in a third of the time that an
event loop takes, costs one system call per batch each way, and a front end that does not read makes it wait.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import socket
import sys
import time

from core.effects import Effect, Halt, Send
from core.errors import LockstepError, RemoteProtocolError
from core.protocol.codec import decode_from_front_end, encode
from core.protocol.framing import Deframer, pack
from core.protocol.handshake import NONCE_BYTES, ReplicaHandshake, welcome
from core.protocol.messages import Bye, Failure, Ping, Tamper, Welcome
from core.replica.memory_watch import MemoryWatch
from core.replica.replica_manager import ReplicaManager
from core.services.registry import load_service
from replica_daemon.guard import (
    Charter,
    leave_with_parent,
    lower_priority,
    queue_up,
    read_charter,
    report_port,
)
from replica_daemon.tampering import tampered

RECEIVE_BYTES = 256 << 10
HANDSHAKE_TIMEOUT_S = 0.5
"""For the whole handshake of one caller: a silent one must not keep the front end out, which waits 2 s."""

GOODBYE_S = 0.5
"""How long the end of a replica that has something to say may take."""


class _Ended(Exception):
    """The conversation is over; `status` is the exit code."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Conversation:
    """One accepted connection: the handshake, then orders and results until the front end leaves."""

    def __init__(self, peer: socket.socket, manager: ReplicaManager, charter: Charter) -> None:
        self._peer = peer
        self._manager = manager
        self._charter = charter
        self._deframer = Deframer()

    def handshake(self) -> bool:
        """True when the peer is this replica's front end; otherwise the connection is of no use."""
        charter, manager = self._charter, self._manager
        guard = ReplicaHandshake(
            charter.key, charter.cluster, charter.replica, charter.incarnation, os.urandom(NONCE_BYTES)
        )
        greeting = welcome(manager.service.name, manager.service.version, manager.expected)
        deadline = time.monotonic() + HANDSHAKE_TIMEOUT_S
        try:
            while not guard.done:
                self._peer.settimeout(max(0.001, deadline - time.monotonic()))
                data = self._peer.recv(RECEIVE_BYTES)
                if not data:
                    return False
                self._answer(guard, data, greeting)
        except (OSError, RemoteProtocolError):
            return False
        self._peer.settimeout(None)
        return True

    def _answer(self, guard: ReplicaHandshake, data: bytes, greeting: Welcome) -> None:
        """Raises RemoteProtocolError, of which the caller was told."""
        try:
            for payload in self._deframer.feed(data):
                self._peer.sendall(pack(encode(guard.step(decode_from_front_end(payload), greeting))))
        except RemoteProtocolError as error:
            self._peer.sendall(pack(encode(Failure(True, str(error)))))
            raise

    def serve(self) -> None:
        """Execute what comes until the front end leaves. Raises _Ended when this replica must stop."""
        peer, manager, clock = self._peer, self._manager, time.monotonic_ns
        watch = MemoryWatch(manager, self._charter.replica, clock)
        buffer = bytearray(RECEIVE_BYTES)  # kept: a fresh one would cost a system call each time
        view = memoryview(buffer)
        while True:
            if manager.nack_at is not None:
                readable = _readable(peer, manager.nack_at - clock())
                self._perform(manager.tick(clock()))  # also when messages never stop coming
                if not readable:
                    continue
            received = peer.recv_into(buffer)
            if not received:
                raise _Ended(0)
            now = clock()
            for payload in self._deframer.feed(bytes(view[:received])):
                message = decode_from_front_end(payload)
                kind = type(message)
                if kind is Bye:
                    raise _Ended(0)
                if kind is Ping:
                    watch.pinged(now)
                elif isinstance(message, Tamper):
                    manager = self._manager = tampered(manager, message)
                    continue
                self._perform(manager.step(message, payload, now))

    def _perform(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            match effect:
                case Send(payload):
                    self._peer.sendall(pack(payload))
                case Halt(reason):
                    sys.stderr.write(f"{reason}\n")
                    raise _Ended(70)


def _readable(peer: socket.socket, within_ns: int) -> bool:
    return bool(select.select((peer,), (), (), max(0, within_ns) / 1e9)[0])


def _listen() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(4)
    return listener


def _say_goodbye(peer: socket.socket) -> None:
    """Let the last words arrive: a socket that is closed with orders unread resets the connection, and what
    was sent is lost with it. The front end hears them and closes."""
    deadline = time.monotonic() + GOODBYE_S
    with contextlib.suppress(OSError):
        peer.shutdown(socket.SHUT_WR)
        while (left := deadline - time.monotonic()) > 0:
            peer.settimeout(left)
            if not peer.recv(RECEIVE_BYTES):
                return


def _serve_for_ever(listener: socket.socket, manager: ReplicaManager, charter: Charter) -> int:
    """Take callers one after the other until one proves to be the front end; serve that one to its end."""
    while True:
        peer, _ = listener.accept()
        with peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            conversation = Conversation(peer, manager, charter)
            if not conversation.handshake():
                continue
            try:
                conversation.serve()
            except _Ended as end:
                if end.status:
                    _say_goodbye(peer)
                return end.status
            except RemoteProtocolError as error:
                sys.stderr.write(f"{error}\n")
                with contextlib.suppress(OSError):
                    peer.sendall(pack(encode(Failure(True, str(error)))))
                _say_goodbye(peer)
                return 76
            except OSError as error:
                sys.stderr.write(f"The front end is gone: {error}\n")
                return 0


def main() -> int:
    """Run one replica daemon. Exit code: 0 in peace, 64 bad start, 70 failed service, 76 broken protocol."""
    lower_priority()
    try:
        charter = read_charter(sys.stdin.buffer)
        service = load_service(charter.service)
    except (LockstepError, ValueError) as error:
        sys.stderr.write(f"This replica cannot start: {error}\n")
        return 64
    queue_up(charter.replica)
    leave_with_parent(sys.stdin.buffer)
    if charter.broken:
        from core.replica.broken_rules import broken_manager

        manager = broken_manager(charter.broken, service, charter.incarnation, time.monotonic_ns)
    else:
        manager = ReplicaManager(service, charter.incarnation, time.monotonic_ns)
    listener = _listen()
    report_port(listener.getsockname()[1])
    gc.freeze()
    gc.disable()  # nothing here makes reference cycles; a collection would only stall the group
    with listener:
        return _serve_for_ever(listener, manager, charter)
