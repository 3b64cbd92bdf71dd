"""The giving side of a state transfer: a snapshot, made in one go, handed out chunk by chunk as asked.

The whole state at one number: the service's snapshot, the session table, the digest. To make it of 50,000
posts takes a few ms of this replica's time; the chunks go out between the batches, one for each request,
so nobody is kept waiting. Nothing is lost for good: whoever misses a chunk asks for it again.
"""

from __future__ import annotations

from collections.abc import Callable

from xxhash import xxh3_64_intdigest

from core.effects import Effect, Send
from core.limits import CHUNK_BYTES
from core.protocol.codec import encode, encode_image
from core.protocol.handing_over import Image, SnapshotBegin, SnapshotChunk, SnapshotEnd, SnapshotRequest


class Donor:
    """At most one snapshot, kept until nobody needs it."""

    def __init__(self) -> None:
        self._begin: SnapshotBegin | None = None
        self._image = b""

    def asked(
        self, request: SnapshotRequest, expected: int, image: Callable[[], Image]
    ) -> tuple[Effect, ...]:
        """Begin with an image of now, if this replica has come as far as is wanted; or go on with it."""
        begin = self._begin
        if begin is None or request.seq > begin.seq:
            if request.seq >= expected:
                return ()  # not there yet: the request comes again
            taken = image()
            self._image = encode_image(taken)
            begin = SnapshotBegin(
                expected - 1, taken.digest, len(self._image), xxh3_64_intdigest(self._image)
            )
            self._begin = begin
        if request.seq != begin.seq or request.offset < 0:
            return (Send(encode(begin)),)
        data = self._image[request.offset : request.offset + CHUNK_BYTES]
        return (Send(encode(SnapshotChunk(begin.seq, request.offset, data))),)

    def ended(self, end: SnapshotEnd) -> tuple[Effect, ...]:
        """Let the snapshot go."""
        if self._begin is not None and self._begin.seq <= end.seq:
            self._begin, self._image = None, b""
        return ()
