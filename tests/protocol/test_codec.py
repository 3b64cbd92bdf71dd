"""Every message comes back as it was; every other byte string is a RemoteProtocolError and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import RemoteProtocolError
from core.protocol.codec import decode_body, decode_from_front_end, decode_from_replica, encode
from core.protocol.messages import (
    Bye,
    Challenge,
    Failure,
    Hello,
    Inspect,
    Message,
    Nack,
    Order,
    Ping,
    Pong,
    Proof,
    Result,
    ResultBody,
    Snapshot,
    Welcome,
    pack_u32,
    pack_u64,
    unpack_u32,
    unpack_u64,
)

BODY: ResultBody = ResultBody(pack_u32([1, 1]), pack_u64([7]), [b"\x92\x00\xc0"])
TO_REPLICA: list[Message] = [
    Hello(1, b"cluster", 2, 1, b"nonce"),
    Proof(b"proof"),
    Order(1, 5, 1, 123, pack_u32([1, 1]), [b"operation"]),
    Ping(3),
    Inspect(4, "users/alice", 10, 20),
    Bye(),
    Failure(True, "no"),
]
TO_FRONT_END: list[Message] = [
    Challenge(b"nonce", b"proof"),
    Welcome(1, "3.11.2", "social", 1, 1),
    Result(1, 1, 5, 1, 10, 20, 30, 7, encode(BODY)),
    Nack(5, 9),
    Pong(3, 5, (7, 9), 2**64 - 1),
    Snapshot(4, 5, 7, "users", 0, 1, (("alice", "3 posts"),), ("alice",)),
    Failure(False, "half"),
]
DECODERS = [decode_from_front_end, decode_from_replica, decode_body]
Decode = Callable[[bytes], Any]


@pytest.mark.parametrize("message", TO_REPLICA, ids=lambda message: type(message).__name__)
def test_a_replica_reads_what_a_front_end_says(message: Message) -> None:
    assert decode_from_front_end(encode(message)) == message


@pytest.mark.parametrize("message", TO_FRONT_END, ids=lambda message: type(message).__name__)
def test_a_front_end_reads_what_a_replica_says(message: Message) -> None:
    assert decode_from_replica(encode(message)) == message


def test_a_result_body_comes_back() -> None:
    assert decode_body(encode(BODY)) == BODY


@pytest.mark.parametrize("message", TO_REPLICA[:-1], ids=lambda message: type(message).__name__)
def test_a_front_end_is_not_addressed_like_a_replica(message: Message) -> None:
    with pytest.raises(RemoteProtocolError, match="not a message"):
        decode_from_replica(encode(message))


@pytest.mark.parametrize("message", TO_FRONT_END[:-1], ids=lambda message: type(message).__name__)
def test_a_replica_is_not_addressed_like_a_front_end(message: Message) -> None:
    with pytest.raises(RemoteProtocolError, match="not a message"):
        decode_from_front_end(encode(message))


@pytest.mark.parametrize("decode", DECODERS)
@given(junk=st.binary(max_size=200))
@example(junk=b"")
@example(junk=b"\x91\xa1\xff")  # a tag that is no UTF-8
@example(junk=b"\x92\xa7failure\xa1\xff")
@example(junk=b"\x91" * 5_000)  # nested deeper than the decoder goes
@example(junk=encode(TO_REPLICA[2])[:-1])
@example(junk=encode(TO_FRONT_END[2]) + b"\x00")
def test_junk_is_the_peers_fault(decode: Decode, junk: bytes) -> None:
    try:
        decode(junk)
    except RemoteProtocolError as error:
        assert str(error).endswith(").")


@pytest.mark.parametrize("decode", DECODERS)
@given(data=st.data())
def test_one_changed_byte_is_never_our_fault(decode: Decode, data: st.DataObject) -> None:
    every: list[Message | ResultBody] = [*TO_REPLICA, *TO_FRONT_END, BODY]
    said = data.draw(st.sampled_from(every))
    payload = bytearray(encode(said))
    payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(RemoteProtocolError):
        decode(bytes(payload))


def test_an_outcome_has_a_kind() -> None:
    for outcome in (b"", b"\x92"):
        with pytest.raises(RemoteProtocolError, match="cannot be read"):
            decode_body(encode(ResultBody(BODY.requests, BODY.digests, [outcome])))


@given(st.lists(st.integers(0, 2**32 - 1)), st.lists(st.integers(0, 2**64 - 1)))
def test_columns_come_back(small: list[int], large: list[int]) -> None:
    assert list(unpack_u32(pack_u32(small))) == small
    assert list(unpack_u64(pack_u64(large))) == large


def test_a_column_is_little_endian_everywhere() -> None:
    assert pack_u32([1]) == b"\x01\x00\x00\x00"
    assert pack_u64([1]) == b"\x01\x00\x00\x00\x00\x00\x00\x00"


def test_a_cut_column_is_seen() -> None:
    with pytest.raises(ValueError, match="multiple of item size"):
        unpack_u32(b"\x01\x00\x00")
    with pytest.raises(ValueError, match="multiple of item size"):
        unpack_u64(b"\x01\x00\x00\x00")
