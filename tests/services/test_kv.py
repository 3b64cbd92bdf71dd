"""The key-value store, to the letter."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core.services import kv
from core.services.kv import Append, CompareAndSet, Delete, Get, Increment, KeyValue, Put
from core.services.machine import LARGEST_INTEGER, SMALLEST_INTEGER, Refused
from tests.services.driver import Driver


@pytest.fixture
def store() -> Driver:
    return Driver(KeyValue())


@pytest.mark.parametrize("value", ["", "text", "日本", 0, -5, LARGEST_INTEGER, SMALLEST_INTEGER])
def test_put_then_get(store: Driver, value: str | int) -> None:
    assert store.do(Put("k", value)) is None
    answer = store.do(Get("k"))
    assert answer == value
    assert type(answer) is type(value)


def test_put_replaces_a_value_of_another_kind(store: Driver) -> None:
    store.do(Put("k", 1))
    store.do(Put("k", "1"))
    assert store.do(Get("k")) == "1"


def test_get_of_an_absent_key_is_null(store: Driver) -> None:
    assert store.do(Get("k")) is None


def test_delete_says_whether_it_was_there(store: Driver) -> None:
    store.do(Put("k", 0))
    assert store.do(Delete("k")) is True
    assert store.do(Delete("k")) is False
    assert store.do(Get("k")) is None
    assert store.service.state_hash == 0


def test_increment_answers_the_sum(store: Driver) -> None:
    store.do(Put("k", 40))
    assert store.do(Increment("k", 2)) == 42
    assert store.do(Increment("k", -50)) == -8
    assert store.do(Increment("k")) == -7


def test_an_absent_key_counts_as_zero_to_increment(store: Driver) -> None:
    assert store.do(Increment("k", 5)) == 5
    assert store.do(Increment("other", 0)) == 0
    assert store.do(Get("other")) == 0


@pytest.mark.parametrize("text", ["", "1", "abc"])
def test_increment_refuses_a_text(store: Driver, text: str) -> None:
    store.do(Put("k", text))
    assert store.refused(Increment("k", 1)) == "not_an_integer"


def test_append_answers_the_new_length_in_characters(store: Driver) -> None:
    store.do(Put("k", "日"))
    assert store.do(Append("k", "本👟")) == 3
    assert store.do(Get("k")) == "日本👟"


def test_an_absent_key_counts_as_the_empty_string_to_append(store: Driver) -> None:
    assert store.do(Append("k", "")) == 0
    assert store.do(Get("k")) == ""


def test_append_refuses_an_integer(store: Driver) -> None:
    store.do(Put("k", 0))
    assert store.refused(Append("k", "x")) == "not_a_string"


def test_compare_and_set(store: Driver) -> None:
    store.do(Put("k", 1))
    assert store.do(CompareAndSet("k", 2, 3)) is False
    assert store.do(CompareAndSet("k", "1", 3)) is False
    assert store.do(CompareAndSet("k", None, 3)) is False
    assert store.do(Get("k")) == 1
    assert store.do(CompareAndSet("k", 1, "x")) is True
    assert store.do(Get("k")) == "x"


def test_an_absent_key_counts_as_null_to_compare(store: Driver) -> None:
    assert store.do(CompareAndSet("k", 0, 1)) is False
    assert store.do(CompareAndSet("k", "", 1)) is False
    assert store.do(CompareAndSet("k", None, 1)) is True
    assert store.do(Get("k")) == 1


@pytest.mark.parametrize(
    ("value", "by"), [(LARGEST_INTEGER, 1), (SMALLEST_INTEGER, -1), (LARGEST_INTEGER, LARGEST_INTEGER)]
)
def test_a_sum_beyond_64_bits_is_refused(store: Driver, value: int, by: int) -> None:
    store.do(Put("k", value))
    assert store.refused(Increment("k", by)) == "out_of_range"
    assert store.do(Get("k")) == value


def test_the_ends_of_the_range_can_be_reached(store: Driver) -> None:
    store.do(Put("k", LARGEST_INTEGER - 1))
    assert store.do(Increment("k", 1)) == LARGEST_INTEGER
    assert store.do(Increment("k", SMALLEST_INTEGER)) == -1
    assert store.do(Increment("k", SMALLEST_INTEGER + 1)) == SMALLEST_INTEGER


@pytest.mark.parametrize(
    "raw",
    [
        ["put", "k", 1 << 63],
        ["put", "k", (1 << 64) - 1],
        ["increment", "k", (1 << 64) - 1],
        ["compare_and_set", "k", None, 1 << 63],
    ],
)
def test_an_unsigned_integer_beyond_the_range_is_refused(store: Driver, raw: list[Any]) -> None:
    assert store.raw(msgspec.msgpack.encode(raw)) == msgspec.msgpack.encode([1, "out_of_range"])


def test_a_text_grows_to_its_bound(store: Driver) -> None:
    most = kv.MAX_VALUE_CHARACTERS
    store.do(Put("k", "é" * (most - 1)))
    assert store.do(Append("k", "é")) == most
    assert store.refused(Append("k", "é")) == "value_too_long"
    assert store.refused(Put("k", "é" * (most + 1))) == "value_too_long"
    assert store.refused(CompareAndSet("j", None, "é" * (most + 1))) == "value_too_long"
    assert store.do(Append("k", "")) == most


def test_keys_are_bounded(store: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.do(Put("k" * 256, 1)) is None
    assert store.refused(Put("k" * 257, 1)) == "key_too_long"
    assert store.refused(Increment("k" * 257)) == "key_too_long"
    assert store.do(Get("k" * 257)) is None
    assert store.do(Delete("k" * 257)) is False
    monkeypatch.setattr(kv, "MAX_KEYS", 2)
    assert store.do(Put("b", 1)) is None
    assert store.refused(Put("c", 1)) == "too_many_keys"
    assert store.do(Put("b", 2)) is None


def test_equal_contents_have_equal_hashes_whatever_led_to_them(store: Driver) -> None:
    other = Driver(KeyValue())
    for key, value in (("a", 1), ("b", "x")):
        store.do(Put(key, value))
    for operation in (Put("b", "x"), Put("c", 9), Increment("a", 3), Delete("c"), Increment("a", -2)):
        other.do(operation)
    assert store.service.state_hash == other.service.state_hash
    assert store.service.snapshot() == other.service.snapshot() == [["a", 1], ["b", "x"]]


def test_a_tile_stays_where_it_is_while_values_change(store: Driver) -> None:
    for key in "dbca":
        store.do(Put(key, 1))
    before = [row.key for row in store.service.summary()]
    store.do(Increment("c", 5))
    assert [row.key for row in store.service.summary()] == before == ["a", "b", "c", "d"]
    assert store.service.summary()[2].value == "6"


def test_the_eight_keys_written_last_are_on_the_card(store: Driver) -> None:
    for number in range(12):
        store.do(Put(f"k{number:02}", "long " * 20))
    assert [row.key for row in store.service.summary()] == [f"k{number:02}" for number in range(4, 12)]
    store.do(Delete("k11"))
    rows = store.service.summary()
    assert [row.key for row in rows] == ["k04", "k05", "k06", "k07", "k08", "k09", "k10"]
    assert all(len(row.value) <= 32 for row in rows)


def test_inspect_pages_through_the_keys_in_order(store: Driver) -> None:
    for key in ("b", "a", "c"):
        store.do(Put(key, key * 2))
    assert store.service.inspect("", 0, 10).branches == ("keys",)
    page = store.service.inspect("keys", 1, 1)
    assert (page.total, [(row.key, row.value) for row in page.rows]) == (3, [("b", "bb")])
    store.do(Delete("a"))
    assert [row.key for row in store.service.inspect("keys", 0, 10).rows] == ["b", "c"]
    assert store.service.inspect("nowhere", 0, 10).total == 0
    assert store.service.inspect("keys", 99, 10).rows == ()


def test_every_refusal_is_known() -> None:
    codes = {value.code for value in vars(kv).values() if isinstance(value, Refused)}
    assert codes == {
        "key_too_long",
        "not_a_string",
        "not_an_integer",
        "out_of_range",
        "too_many_keys",
        "value_too_long",
    }
