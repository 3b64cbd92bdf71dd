"""Operations from forms and console lines, and what a person is told when that fails."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from core.errors import ServiceError, UsageError
from core.services import kv
from core.services import social_operations as ops
from core.services.calls import encode_operation
from core.services.console import complete, format_call, parse_line
from core.services.face import Face
from core.services.forms import describe, parse_call, usage
from core.services.kv import KV_OPERATIONS, KeyValue
from core.services.machine import Operation
from core.services.social import Social
from core.services.social_operations import SOCIAL_OPERATIONS

SOCIAL, KV = SOCIAL_OPERATIONS, KV_OPERATIONS


def test_describe_tells_a_form_what_it_needs() -> None:
    specs = {spec.name: spec for spec in describe(Social())}
    assert list(specs)[:4] == ["register", "follow", "unfollow", "post"]
    text = specs["post"].parameters[1]
    assert (text.name, text.kinds, text.max_length, text.required) == ("text", ("text",), 280, True)
    limit = specs["timeline"].parameters[1]
    assert (limit.kinds, limit.default, limit.required) == (("integer",), 10, False)
    assert specs["timeline"].read_only and not specs["post"].read_only
    assert all(spec.description and "\n" not in spec.description for spec in specs.values())
    assert all(parameter.description for spec in specs.values() for parameter in spec.parameters)
    expected = describe(KeyValue)[5].parameters[1]
    assert expected.kinds == ("text", "integer", "nothing")
    assert describe(KV) == describe(KeyValue())


def test_usage_puts_what_may_be_left_out_in_brackets() -> None:
    assert usage(describe(SOCIAL)[5]) == "timeline <user> [limit]"


def test_describe_refuses_what_no_form_can_hold() -> None:
    class Odd(Operation, frozen=True, tag="odd"):
        ratio: float

    with pytest.raises(ServiceError, match="ratio of Odd is neither text nor integer"):
        describe((Odd,))


@pytest.mark.parametrize(
    ("operations", "line", "expected"),
    [
        (SOCIAL, 'post alice "hello world"', ops.Post("alice", "hello world")),
        (SOCIAL, "  post\talice   'hello world' ", ops.Post("alice", "hello world")),
        (SOCIAL, 'post alice "don\'t \\"panic\\""', ops.Post("alice", 'don\'t "panic"')),
        (SOCIAL, "post alice hello\\ world", ops.Post("alice", "hello world")),
        (SOCIAL, "post alice 75", ops.Post("alice", "75")),
        (SOCIAL, "post alice null", ops.Post("alice", "null")),
        (SOCIAL, "post alice 日本", ops.Post("alice", "日本")),
        (SOCIAL, "post alice ''", ops.Post("alice", "")),
        (SOCIAL, "follow alice bob", ops.Follow("alice", "bob")),
        (SOCIAL, "timeline alice", ops.Timeline("alice")),
        (SOCIAL, "timeline alice 5", ops.Timeline("alice", 5)),
        (SOCIAL, 'timeline alice "5"', ops.Timeline("alice", 5)),
        (SOCIAL, "timeline alice -1", ops.Timeline("alice", -1)),
        (SOCIAL, "users", ops.Users()),
        (KV, "put bob 75", kv.Put("bob", 75)),
        (KV, "put bob -75", kv.Put("bob", -75)),
        (KV, 'put bob "75"', kv.Put("bob", "75")),
        (KV, "put bob '75'", kv.Put("bob", "75")),
        (KV, "put bob 007", kv.Put("bob", "007")),
        (KV, "put bob 7x", kv.Put("bob", "7x")),
        (KV, "put bob ٣", kv.Put("bob", "٣")),
        (KV, "put 7 8", kv.Put("7", 8)),
        (KV, "put bob 9223372036854775807", kv.Put("bob", (1 << 63) - 1)),
        (KV, "increment bob -9223372036854775808", kv.Increment("bob", -(1 << 63))),
        (KV, "increment bob", kv.Increment("bob", 1)),
        (KV, "append bob 5", kv.Append("bob", "5")),
        (KV, "compare_and_set bob null 5", kv.CompareAndSet("bob", None, 5)),
        (KV, 'compare_and_set bob "null" 5', kv.CompareAndSet("bob", "null", 5)),
        (KV, 'compare_and_set bob "" 5', kv.CompareAndSet("bob", "", 5)),
    ],
)
def test_parse_line(operations: Any, line: str, expected: Operation) -> None:
    assert parse_line(operations, line) == expected


@pytest.mark.parametrize(
    ("operations", "line", "sentences"),
    [
        (SOCIAL, "", ["line is empty", "register, follow"]),
        (SOCIAL, "pots alice hi", ["no operation called 'pots'", "Did you mean post?"]),
        (SOCIAL, "xyzzy", ["no operation called 'xyzzy'", "There are register,"]),
        (SOCIAL, "post alice", ["post needs text", "Usage: post <author> <text>"]),
        (SOCIAL, "follow", ["follow needs follower", "Usage: follow <follower> <followed>"]),
        (SOCIAL, "post alice hello world", ["quotes", 'post alice "hello world"']),
        (SOCIAL, "timeline alice 5 6", ["too many", "Usage: timeline <user> [limit]"]),
        (SOCIAL, "register two words", ["too many", "Usage: register <user>"]),
        (SOCIAL, "timeline alice ten", ["limit is a whole number", "'ten'"]),
        (SOCIAL, "timeline alice 1.5", ["limit is a whole number"]),
        (SOCIAL, "timeline alice 1_0", ["limit is a whole number"]),
        (SOCIAL, "post alice don't", ["quote is opened and never closed"]),
        (SOCIAL, 'post alice "hi"there"', ["quote is opened and never closed"]),
        (SOCIAL, "post alice hi\\", ["quote is opened and never closed"]),
        (SOCIAL, f"post alice {'x' * 10_000}", ["10,000 characters", "at most 280", "Shorten it by 9,720"]),
        (SOCIAL, "post alice \ud800", ["half a character"]),
        (KV, "increment bob 9223372036854775808", ["does not fit into 64 bits"]),
        (KV, "put bob 9223372036854775808", ["does not fit into 64 bits", "In quotes it is a text"]),
        (KV, f"put bob -{'9' * 9_000}", ["does not fit into 64 bits"]),
        (KV, f"put {'k' * 300} 1", ["300 characters", "at most 256"]),
    ],
)
def test_parse_line_helps(operations: Any, line: str, sentences: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        parse_line(operations, line)
    for sentence in sentences:
        assert sentence in str(caught.value)


@pytest.mark.parametrize("operations", [SOCIAL, KV])
@given(line=st.text(max_size=40) | st.from_regex(r"(post|put|users) .{0,20}", fullmatch=True))
def test_a_line_is_an_operation_or_a_usage_error(operations: Any, line: str) -> None:
    try:
        encode_operation(parse_line(operations, line))
    except UsageError as error:
        assert str(error)


def test_parse_call_reads_fields_as_a_person_fills_them() -> None:
    assert parse_call(KV, "put", {"key": "k", "value": "75"}) == kv.Put("k", 75)
    assert parse_call(KV, "put", {"key": "k", "value": '"75"'}) == kv.Put("k", "75")
    assert parse_call(KV, "put", {"key": "k", "value": 75}) == kv.Put("k", 75)
    assert parse_call(KV, "put", {"key": "75", "value": 1}) == kv.Put("75", 1)
    assert parse_call(SOCIAL, "post", {"author": "a", "text": '"hi"'}) == ops.Post("a", '"hi"')
    assert parse_call(SOCIAL, "timeline", {"user": "a", "limit": ""}) == ops.Timeline("a")
    assert parse_call(SOCIAL, "timeline", {"user": "a", "limit": " 7 "}) == ops.Timeline("a", 7)
    assert parse_call(SOCIAL, "post", {"author": "a", "text": 5}) == ops.Post("a", "5")
    cas = {"key": "k", "expected": "", "value": "x"}
    assert parse_call(KV, "compare_and_set", cas) == kv.CompareAndSet("k", None, "x")
    assert parse_call(KV, "put", {"key": "k", "value": "75"}, exact=True) == kv.Put("k", "75")


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("put", {"key": "k"}, "put needs value"),
        ("put", {"key": None, "value": 1}, "put needs key"),
        ("put", {"key": "k", "value": 1, "extra": 2}, "no parameter 'extra'"),
        ("put", {"key": "k", "value": 1 << 63}, "64 bits"),
        ("increment", {"key": "k", "by": "x"}, "by is a whole number"),
        ("up", {}, "no operation called 'up'"),
    ],
)
def test_parse_call_helps(name: str, arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        parse_call(KV, name, arguments)


def test_limits_of_a_struct_and_of_the_protocol_are_met_early() -> None:
    class Bounded(Operation, frozen=True, tag="bounded"):
        amount: Annotated[int, Meta(ge=1)] = 1
        note: str = ""

    with pytest.raises(UsageError, match="cannot be sent"):
        parse_line((Bounded,), "bounded 0")
    with pytest.raises(UsageError, match="bytes long"):
        parse_line((Bounded,), f"bounded 1 {'x' * 70_000}")
    assert parse_line((Bounded,), "bounded 2") == Bounded(2)


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        (ops.Post("alice", "hello"), "post alice hello"),
        (ops.Post("alice", "hello world"), "post alice “hello world”"),
        (ops.Post("alice", "one two three four five six seven"), "post alice “one two three four…”"),
        (ops.Post("alice", "a\nb"), "post alice “a b”"),
        (ops.Timeline("alice"), "timeline alice"),
        (ops.Timeline("alice", 3), "timeline alice 3"),
        (ops.Users(20, "bob"), "users 20 bob"),
        (ops.Users(), "users"),
        (kv.Put("bob", 75), "put bob 75"),
        (kv.Put("bob", "75"), "put bob “75”"),
        (kv.CompareAndSet("bob", None, "null"), "compare_and_set bob null “null”"),
        (kv.Append("bob", ""), "append bob “”"),
    ],
)
def test_format_call(operation: Operation, text: str) -> None:
    assert format_call(operation) == text


@given(st.text(max_size=60), st.integers(1, 60))
def test_a_formatted_call_keeps_to_its_width(text: str, width: int) -> None:
    line = format_call(ops.Post("alice", text), width)
    assert len(line) <= width
    assert line.isprintable()


def test_complete() -> None:
    assert complete(SOCIAL, "fo") == ["follow", "followers", "following"]
    assert len(complete(SOCIAL, "")) == len(SOCIAL)
    assert complete(SOCIAL, "users") == []
    assert complete(SOCIAL, "follow alice b", ["alice", "bob", "bea"]) == [
        "follow alice bob",
        "follow alice bea",
    ]
    assert complete(SOCIAL, "follow ", ["two words"]) == ['follow "two words"']
    assert complete(SOCIAL, "timeline alice 1", ["10"]) == []
    assert complete(SOCIAL, "follow alice bob c", ["carol"]) == []
    assert complete(SOCIAL, "nonsense a", ["alice"]) == []
    assert complete(SOCIAL, "post 'alice b", ["bob"]) == []


def test_face_goes_from_text_to_bytes_and_back() -> None:
    face = Face(Social())
    encoded, call = face.parse_line('post alice "hello world"')
    assert (encoded, call) == (encode_operation(ops.Post("alice", "hello world")), "post alice “hello world”")
    assert face.parse_call("post", {"author": "alice", "text": "hello world"}) == (encoded, call)
    assert face.words(encoded) == call
    assert face.words(b"\xff") == "?"
    assert face.complete("profile a", ["alice"]) == ["profile alice"]
    assert (face.name, face.operations) == ("social", describe(Social))
