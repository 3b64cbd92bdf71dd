"""Somebody else on the replica's port: the front end finds out, or gives up."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal

import pytest

from core.errors import RemoteProtocolError
from core.protocol.codec import decode_from_front_end, encode
from core.protocol.framing import Deframer, pack
from core.protocol.handshake import NONCE_BYTES, ReplicaHandshake, welcome
from core.protocol.messages import Challenge, Failure, Message, Welcome
from core.runtime.headless import run_loop
from core.runtime.links import connect
from tests.support.daemons import CLUSTER, KEY, Daemon

pytestmark = pytest.mark.processes


class Owner:
    """Nothing that an impostor sends may come through."""

    def __init__(self) -> None:
        self.lost: list[str] = []

    def link_received(self, replica: int, payloads: list[bytes]) -> None:
        raise AssertionError("an impostor was heard")

    def link_full(self, replica: int) -> None:
        raise AssertionError("nothing was sent")

    def link_drained(self, replica: int) -> None:
        raise AssertionError("nothing was sent")

    def link_lost(self, replica: int, reason: str) -> None:
        self.lost.append(reason)


async def call_impostor(*said: bytes, hangs_up: bool = False) -> None:
    """Connect to a listener that answers the Hello with these bytes."""

    async def impostor(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4)
        for data in said:
            writer.write(data)
        if hangs_up:
            writer.close()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(impostor, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        await connect(Owner(), port, CLUSTER, KEY, 1, 1)


def frame(message: Message) -> bytes:
    return pack(encode(message))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (frame(Challenge(b"n" * 32, b"p" * 32)), "Somebody else answers on the replica's port"),
        (frame(Welcome(1, "3.11", "kv", 1, 1)), "Unexpected Welcome"),
        (frame(Failure(True, "go away")), "turned the front end away: go away"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "was announced"),
        (pack(b"\x91\xa1\xff"), "not a message"),
    ],
    ids=["wrong proof", "welcome at once", "refusal", "a web server", "no text"],
)
def test_an_impostor_is_found_out(said: bytes, sentence: str) -> None:
    with pytest.raises(RemoteProtocolError, match=sentence):
        run_loop(call_impostor(said))


def test_an_impostor_that_hangs_up() -> None:
    with pytest.raises(RemoteProtocolError, match="handshake failed: its connection closed"):
        run_loop(call_impostor(hangs_up=True))


@pytest.mark.parametrize("hang_ups", [1, 2, 3])
def test_a_front_end_that_was_too_slow_for_the_daemon_calls_again(hang_ups: int) -> None:
    """A daemon lets go of a caller that does not answer within half a second: here, of the first ones."""
    callers, owner = itertools.count(1), Owner()

    async def daemon(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller, deframer = next(callers), Deframer()
        guard = ReplicaHandshake(KEY, CLUSTER, 1, 1, b"n" * NONCE_BYTES)
        while not guard.done:
            for payload in deframer.feed(await reader.read(1 << 16)):
                answer = guard.step(decode_from_front_end(payload), welcome("kv", 1, 1))
                writer.write(frame(answer))
            if caller <= hang_ups:
                break
        else:
            await reader.read()
        writer.close()

    async def call() -> Welcome:
        server = await asyncio.start_server(daemon, "127.0.0.1", 0)
        async with server:
            link, welcomed = await connect(owner, server.sockets[0].getsockname()[1], CLUSTER, KEY, 1, 1)
            link.close()
            return welcomed

    if hang_ups < 3:
        assert run_loop(call()).service == "kv"
    else:
        with pytest.raises(RemoteProtocolError, match="its connection closed"):
            run_loop(call())
    assert not owner.lost  # nobody was welcomed, so nobody is gone


def test_an_impostor_that_is_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.runtime.links.HANDSHAKE_TIMEOUT_S", 0.2)
    with pytest.raises(RemoteProtocolError, match="did not answer the handshake"):
        run_loop(call_impostor())


def test_a_stopped_process_accepts_and_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A TCP connection proves nothing: the kernel accepts it for a process that is stopped."""
    monkeypatch.setattr("core.runtime.links.HANDSHAKE_TIMEOUT_S", 0.3)

    async def call(port: int) -> None:
        await connect(Owner(), port, CLUSTER, KEY, 1, 1)

    with Daemon().ready() as daemon:
        daemon.stop()
        with pytest.raises(RemoteProtocolError, match="R1 did not answer the handshake"):
            run_loop(call(daemon.port))
        os.kill(daemon.process.pid, signal.SIGCONT)
        daemon.shake_hands()
