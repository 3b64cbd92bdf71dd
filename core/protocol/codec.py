"""Messages to bytes and back. The only place where bytes from a peer become values."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from core.errors import RemoteProtocolError
from core.protocol.handing_over import Image
from core.protocol.messages import FromFrontEnd, FromReplica, Message, Result, ResultBody

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding may raise: a tag or text that is not UTF-8 is no DecodeError."""

_encoder = msgspec.msgpack.Encoder()
_from_front_end: msgspec.msgpack.Decoder[FromFrontEnd] = msgspec.msgpack.Decoder(FromFrontEnd)
_from_replica: msgspec.msgpack.Decoder[FromReplica] = msgspec.msgpack.Decoder(FromReplica)
_body = msgspec.msgpack.Decoder(ResultBody)
_image = msgspec.msgpack.Decoder(Image)


encode: Callable[[Message | ResultBody], bytes] = _encoder.encode
"""A message's bytes, without the length that `framing.pack` puts before them."""


def decode_from_front_end(payload: bytes) -> FromFrontEnd:
    """What a replica received. Raises RemoteProtocolError when it is not a message of a front end."""
    try:
        return _from_front_end.decode(payload)
    except _UNREADABLE as error:
        raise RemoteProtocolError(f"The front end sent what is not a message ({error}).") from error


def is_order(payload: bytes) -> bool:
    """Whether an encoded message is an Order; looks at its tag alone."""
    return payload[2:7] == b"order"


def decode_from_replica(payload: bytes) -> FromReplica:
    """What the front end received. Raises RemoteProtocolError when it is not a message of a replica."""
    try:
        return _from_replica.decode(payload)
    except _UNREADABLE as error:
        raise RemoteProtocolError(f"A replica sent what is not a message ({error}).") from error


def last_digest(result: bytes) -> int:
    """The digest after the last number of an encoded Result. Raises RemoteProtocolError when it is none."""
    message = decode_from_replica(result)
    if type(message) is not Result:
        raise RemoteProtocolError("That is no result.")
    return message.last_digest


def encode_image(image: Image) -> bytes:
    """The bytes of a snapshot."""
    return _encoder.encode(image)


def decode_image(data: bytes) -> Image:
    """A snapshot's bytes as what they hold. Raises RemoteProtocolError when they hold something else."""
    try:
        return _image.decode(data)
    except _UNREADABLE as error:
        raise RemoteProtocolError(f"The snapshot cannot be read ({error}).") from error


def decode_body(body: bytes) -> ResultBody:
    """The body of a Result. Raises RemoteProtocolError when it is none."""
    try:
        return _body.decode(body)
    except _UNREADABLE as error:
        raise RemoteProtocolError(f"A replica sent a result that cannot be read ({error}).") from error
