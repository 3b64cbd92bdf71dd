"""Operations and outcomes as bytes."""

from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RemoteProtocolError, ServiceError
from core.services import calls
from core.services.calls import (
    decode_outcome,
    encode_operation,
    encode_outcome,
    is_refused,
    operation_decoder,
    outcome_words,
)
from core.services.kv import KV_OPERATIONS, CompareAndSet, Put
from core.services.machine import Operation, Refused, record_hash
from core.services.social_operations import SOCIAL_OPERATIONS, Post, Register, Timeline
from core.services.social_state import UserRecord

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 63) - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_an_operation_survives_its_bytes() -> None:
    decode = operation_decoder(SOCIAL_OPERATIONS)
    for operation in (Post("alice", "日本"), Timeline("alice"), Timeline("alice", 3)):
        assert decode(encode_operation(operation)) == operation


def test_one_operation_is_enough() -> None:
    decode = operation_decoder((Register,))
    assert decode(encode_operation(Register("a"))) == Register("a")
    with pytest.raises(calls.UNREADABLE):
        decode(encode_operation(Post("a", "b")))


@pytest.mark.parametrize(
    "raw",
    [
        [],
        ["nothing", "a"],
        ["post", "a"],
        ["post", "a", 5],
        ["post", "a", "b", "c"],
        ["timeline", "a", "10"],
        ["timeline", "a", 1.0],
        ["timeline", "a", True],
        "post",
        {"type": "post", "author": "a", "text": "b"},
        None,
    ],
)
def test_what_is_no_operation_does_not_decode(raw: object) -> None:
    with pytest.raises(calls.UNREADABLE):
        operation_decoder(SOCIAL_OPERATIONS)(msgspec.msgpack.encode(raw))


@given(st.binary(max_size=64))
def test_arbitrary_bytes_decode_or_are_unreadable(raw: bytes) -> None:
    with suppress(calls.UNREADABLE):
        assert isinstance(operation_decoder(KV_OPERATIONS)(raw), Operation)


def test_a_value_that_may_be_text_or_integer_or_null_keeps_its_kind() -> None:
    decode = operation_decoder(KV_OPERATIONS)
    for operation in (Put("k", 1), Put("k", "1"), CompareAndSet("k", None, ""), CompareAndSet("k", 0, 0)):
        assert decode(encode_operation(operation)) == operation
    assert encode_operation(Put("k", 1)) != encode_operation(Put("k", "1"))


def test_operations_without_a_name_are_refused() -> None:
    class Nameless(Operation, frozen=True):
        key: str

    with pytest.raises(ServiceError, match="has no name"):
        operation_decoder((Nameless,))
    with pytest.raises(ServiceError, match="no operations"):
        operation_decoder(())


def test_operations_of_one_name_are_refused() -> None:
    class First(Operation, frozen=True, tag="same"):
        key: str

    class Second(Operation, frozen=True, tag="same"):
        key: str

    with pytest.raises(ServiceError, match="cannot be encoded"):
        operation_decoder((First, Second))


@given(VALUES)
def test_an_answer_survives_its_bytes(value: object) -> None:
    outcome = encode_outcome(value)  # type: ignore[arg-type]
    assert decode_outcome(outcome) == value
    assert not is_refused(outcome)
    assert msgspec.msgpack.decode(outcome) == [0, value]


@given(st.text())
def test_a_refusal_survives_its_bytes(code: str) -> None:
    outcome = encode_outcome(Refused(code))
    assert decode_outcome(outcome) == Refused(code)
    assert is_refused(outcome)
    assert msgspec.msgpack.decode(outcome) == [1, code]


def test_a_record_comes_back_as_a_map() -> None:
    assert decode_outcome(encode_outcome([UserRecord("a", 5)])) == [{"name": "a", "registered": 5}]


@pytest.mark.parametrize(
    "raw", [b"", b"\x00", b"\x93\x00\x00\x00", b"\x92\x02\x00", b"\x92\x01\x00", b"\x92\x00\xa1\xff"]
)
def test_a_damaged_outcome_is_the_peers_fault(raw: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_outcome(raw)


def test_the_protocols_own_refusals() -> None:
    for outcome, code in (
        (calls.INVALID_OPERATION, "invalid_operation"),
        (calls.NO_SESSION, "no_session"),
        (calls.STALE_REQUEST, "stale_request"),
    ):
        assert is_refused(outcome)
        assert decode_outcome(outcome) == Refused(code)
        assert outcome_words(outcome) == f"refused: {code}"
    assert outcome_words(calls.OK_NOTHING) == "ok"
    assert outcome_words(encode_outcome(["ä", 1])) == '["ä",1]'


HASH_OF_A_RECORD = 0xF37D844861FDD487

Field = str | int | None
FIELDS = st.lists(st.text() | st.integers(-(1 << 63), (1 << 63) - 1) | st.none(), max_size=4)


@given(FIELDS, FIELDS)
def test_different_records_have_different_hashes(
    one: list[str | int | None], other: list[str | int | None]
) -> None:
    same = [(type(field), field) for field in one] == [(type(field), field) for field in other]
    assert (record_hash(*one) == record_hash(*other)) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1,), ("1",)),
        (("a", "bc"), ("ab", "c")),
        (("a\x1fb",), ("a", "b")),
        (("",), ()),
        (("", "a"), ("a", "")),
        ((None,), ("",)),
        ((12, 3), (1, 23)),
    ],
)
def test_fields_are_joined_without_ambiguity(one: tuple[str | int], other: tuple[str | int]) -> None:
    assert record_hash(*one) != record_hash(*other)


def test_a_hash_is_the_same_everywhere() -> None:
    assert record_hash("post", 1, "é") == HASH_OF_A_RECORD
    assert 0 <= record_hash() < 1 << 64
