"""The taking side of a state transfer: a new process becomes the state of another, or refuses it.

Chunks are taken in their order and asked for one by one. What has arrived must have the announced length and
hash, must be readable, and the service must accept it; then this replica stands at the donor's number, as if
it had executed everything before. Whether that state is right is for the group to say: the front end lets
nobody join whose digest is not the others'.
"""

from __future__ import annotations

from collections.abc import Callable

from xxhash import xxh3_64_intdigest

from core.effects import Effect, Send
from core.errors import RemoteProtocolError
from core.protocol.codec import decode_image, encode
from core.protocol.handing_over import (
    Image,
    Joined,
    SnapshotBegin,
    SnapshotChunk,
    SnapshotRefused,
    SnapshotRequest,
)

Become = Callable[[int, Image], None]
"""Become the state after this number. Raises ValueError when it is none."""


class Joiner:
    """What has arrived of a snapshot so far."""

    def __init__(self, become: Become) -> None:
        self._become = become
        self._begin: SnapshotBegin | None = None
        self._parts: list[bytes] = []
        self._offset = 0
        self._joined: Joined | None = None

    def begin(self, begin: SnapshotBegin) -> tuple[Effect, ...]:
        """A donor begins, perhaps instead of one that could not go on."""
        if self._joined is not None:
            return (Send(encode(self._joined)),)
        if begin != self._begin:
            self._begin, self._parts, self._offset = begin, [], 0
        return self._next(begin)

    def chunk(self, chunk: SnapshotChunk) -> tuple[Effect, ...]:
        """The next bytes; what is not expected now was overtaken or comes twice."""
        begin = self._begin
        if self._joined is not None:
            return (Send(encode(self._joined)),)
        if begin is None or chunk.seq != begin.seq:
            return ()
        if chunk.offset == self._offset and chunk.data:
            self._parts.append(chunk.data)
            self._offset += len(chunk.data)
        return self._next(begin)

    def _next(self, begin: SnapshotBegin) -> tuple[Effect, ...]:
        if self._offset < begin.length:
            return (Send(encode(SnapshotRequest(begin.seq, self._offset))),)
        data = b"".join(self._parts)
        try:
            if len(data) != begin.length or xxh3_64_intdigest(data) != begin.hash:
                raise ValueError("its bytes do not have the announced hash")
            image = decode_image(data)
            if image.digest != begin.digest:
                raise ValueError("it holds another digest than announced")
            self._become(begin.seq, image)
        except (ValueError, TypeError, KeyError, RemoteProtocolError) as error:
            self._begin, self._parts, self._offset = None, [], 0
            return (Send(encode(SnapshotRefused(begin.seq, str(error)))),)
        self._parts = []
        self._joined = Joined(begin.seq, begin.digest)
        return (Send(encode(self._joined)),)
