"""The front end's link to one replica: a TCP connection with the handshake, frames, and a bounded backlog."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Protocol, cast

from core.errors import RemoteProtocolError
from core.limits import LINK_BACKLOG_BYTES
from core.protocol.codec import decode_from_replica, encode
from core.protocol.framing import Deframer, pack
from core.protocol.handshake import NONCE_BYTES, FrontEndHandshake
from core.protocol.messages import Message, Welcome

HANDSHAKE_TIMEOUT_S = 2.0
CALLS = 3
"""A daemon hangs up on a caller that is slow to answer, and listens for the next. On a busy machine that
caller may be the front end, so it calls again."""


class _HungUp(RemoteProtocolError):
    """The connection was closed during the handshake, without a word."""


class LinkOwner(Protocol):
    """Who is told what happens on a link."""

    def link_received(self, replica: int, payloads: list[bytes]) -> None:
        """Frames came in together."""

    def link_full(self, replica: int) -> None:
        """The backlog is full."""

    def link_drained(self, replica: int) -> None:
        """The backlog is empty enough again."""

    def link_lost(self, replica: int, reason: str) -> None:
        """The connection is gone."""


class ReplicaLink(asyncio.Protocol):
    """One connection to a replica. `await welcomed` first; frames flow afterwards."""

    def __init__(self, owner: LinkOwner, cluster: bytes, key: bytes, replica: int, incarnation: int) -> None:
        self._owner = owner
        self.replica = replica
        self.incarnation = incarnation
        self._handshake: FrontEndHandshake | None = FrontEndHandshake(
            key, cluster, replica, incarnation, os.urandom(NONCE_BYTES)
        )
        self._deframer = Deframer()
        self._transport: asyncio.Transport | None = None
        self._closing = False
        self.welcomed: asyncio.Future[Welcome] = asyncio.get_running_loop().create_future()
        self.frames = 0
        self.sent_bytes = 0
        self.received_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=LINK_BACKLOG_BYTES, low=LINK_BACKLOG_BYTES // 4)
        assert self._handshake is not None
        self._transport.write(pack(encode(self._handshake.hello())))

    def hand_over(self, owner: LinkOwner) -> None:
        """From now on somebody else is told what happens here."""
        self._owner = owner

    def write(self, frame: bytes) -> None:
        """Send one frame. What is written to a closed connection is lost, as on any network."""
        assert self._transport is not None
        if self._transport.is_closing():
            return
        self.frames += 1
        self.sent_bytes += len(frame)
        self._transport.write(frame)

    def data_received(self, data: bytes) -> None:
        self.received_bytes += len(data)
        try:
            payloads = self._deframer.feed(data)
            if self._handshake is not None:
                payloads = self._shake_hands(payloads)
        except RemoteProtocolError as error:
            self._refuse(error)
            return
        if payloads:
            self.frames += len(payloads)
            self._owner.link_received(self.replica, payloads)

    def _shake_hands(self, payloads: list[bytes]) -> list[bytes]:
        while payloads and self._handshake is not None:
            reply: Message = self._handshake.step(decode_from_replica(payloads.pop(0)))
            if isinstance(reply, Welcome):
                self._handshake = None
                self.welcomed.set_result(reply)
            else:
                assert self._transport is not None
                self._transport.write(pack(encode(reply)))
        return payloads

    def _refuse(self, error: RemoteProtocolError) -> None:
        self._turned_away(error)
        self.connection_lost(error)
        self.close()

    def pause_writing(self) -> None:
        self._owner.link_full(self.replica)

    def resume_writing(self) -> None:
        self._owner.link_drained(self.replica)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._handshake is not None:  # whoever waits for the welcome is told, and nobody else
            self._turned_away(_HungUp("The handshake failed: its connection closed"))
        elif not self._closing:
            self._closing = True
            reason = str(exc) if isinstance(exc, RemoteProtocolError) else "its connection closed"
            self._owner.link_lost(self.replica, reason)

    def _turned_away(self, error: RemoteProtocolError) -> None:
        if not self.welcomed.done():
            self.welcomed.set_exception(error)
            self.welcomed.exception()  # seen: whoever waited for it may have given up

    def close(self) -> None:
        """Close quietly: the owner knows."""
        self._closing = True
        if self._transport is not None:
            self._transport.abort()


async def connect(
    owner: LinkOwner, port: int, cluster: bytes, key: bytes, replica: int, incarnation: int
) -> tuple[ReplicaLink, Welcome]:
    """Connect to a daemon and prove each other. Raises RemoteProtocolError or OSError when that fails; a TCP
    connection alone proves nothing, for a stopped process accepts too."""
    for _ in range(CALLS - 1):
        with contextlib.suppress(_HungUp):
            return await _call(owner, port, cluster, key, replica, incarnation)
    return await _call(owner, port, cluster, key, replica, incarnation)


async def _call(
    owner: LinkOwner, port: int, cluster: bytes, key: bytes, replica: int, incarnation: int
) -> tuple[ReplicaLink, Welcome]:
    loop = asyncio.get_running_loop()
    _, link = await loop.create_connection(
        lambda: ReplicaLink(owner, cluster, key, replica, incarnation), "127.0.0.1", port
    )
    try:
        welcome = await asyncio.wait_for(asyncio.shield(link.welcomed), HANDSHAKE_TIMEOUT_S)
    except TimeoutError as error:
        link.close()
        raise RemoteProtocolError(
            f"R{replica} did not answer the handshake within {HANDSHAKE_TIMEOUT_S} s."
        ) from error
    return link, welcome
