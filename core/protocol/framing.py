"""Frames on a byte stream: a four-byte big-endian length, then that many bytes of payload."""

from __future__ import annotations

from core.errors import LocalProtocolError, RemoteProtocolError
from core.limits import FRAME_BYTES

HEAD_BYTES = 4


def pack(payload: bytes) -> bytes:
    """The payload as a frame. Raises LocalProtocolError beyond FRAME_BYTES."""
    if len(payload) > FRAME_BYTES:
        raise LocalProtocolError(f"A frame of {len(payload):,} bytes exceeds the limit of {FRAME_BYTES:,}.")
    return len(payload).to_bytes(HEAD_BYTES, "big") + payload


class Deframer:
    """Cuts a byte stream into payloads. Never holds more than one unfinished frame."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads that `data` completes, in order.

        Raises RemoteProtocolError as soon as a length beyond FRAME_BYTES is announced.
        """
        if self._rest:
            data = self._rest + data
        payloads: list[bytes] = []
        start, end = 0, len(data)
        while end - start >= HEAD_BYTES:
            length = int.from_bytes(data[start : start + HEAD_BYTES], "big")
            if length > FRAME_BYTES:
                raise RemoteProtocolError(
                    f"A frame of {length:,} bytes was announced; {FRAME_BYTES:,} is the limit."
                )
            stop = start + HEAD_BYTES + length
            if stop > end:
                break
            payloads.append(data[start + HEAD_BYTES : stop])
            start = stop
        self._rest = data[start:] if start < end else b""
        return payloads
