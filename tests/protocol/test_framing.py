"""Frames survive any cut of the stream, and nobody is made to hold what is too long."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import LocalProtocolError, RemoteProtocolError
from core.limits import FRAME_BYTES
from core.protocol.framing import HEAD_BYTES, Deframer, pack

PAYLOADS = [b"", b"a", b"two words", bytes(300)]
STREAM = b"".join(map(pack, PAYLOADS))


def test_a_frame_is_its_length_and_its_payload() -> None:
    assert pack(b"hello") == b"\x00\x00\x00\x05hello"


@pytest.mark.parametrize("cut", range(len(STREAM) + 1))
def test_a_stream_may_be_cut_at_every_byte(cut: int) -> None:
    deframer = Deframer()
    assert deframer.feed(STREAM[:cut]) + deframer.feed(STREAM[cut:]) == PAYLOADS


def test_a_stream_may_come_byte_by_byte() -> None:
    deframer = Deframer()
    assert [payload for byte in STREAM for payload in deframer.feed(bytes([byte]))] == PAYLOADS


@given(st.lists(st.binary(max_size=40), max_size=12), st.lists(st.integers(0, 500), max_size=12))
def test_any_payloads_come_through_any_cuts(payloads: list[bytes], cuts: list[int]) -> None:
    stream, deframer, seen = b"".join(map(pack, payloads)), Deframer(), []
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for start, stop in itertools.pairwise(places):
        seen += deframer.feed(stream[start:stop])
    assert seen == payloads


def test_a_payload_comes_as_soon_as_it_is_whole() -> None:
    deframer = Deframer()
    assert deframer.feed(pack(b"first") + pack(b"second")[:-1]) == [b"first"]
    assert deframer.feed(b"d") == [b"second"]


def test_a_frame_that_is_too_long_is_refused_at_its_announcement() -> None:
    announced = (FRAME_BYTES + 1).to_bytes(HEAD_BYTES, "big")
    with pytest.raises(RemoteProtocolError, match="16,777,217 bytes was announced"):
        Deframer().feed(announced)


def test_the_longest_frame_is_accepted() -> None:
    payload = bytes(FRAME_BYTES)
    assert Deframer().feed(pack(payload)) == [payload]


def test_we_never_send_what_the_other_side_would_refuse() -> None:
    with pytest.raises(LocalProtocolError, match="exceeds the limit"):
        pack(bytes(FRAME_BYTES + 1))
