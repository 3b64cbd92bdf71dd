"""The policies a user may choose: how they read, what they want, what they promise."""

from __future__ import annotations

import pytest

from core.errors import UsageError
from core.policies import FIRST, ReplyPolicy, read_failure_policy, read_reply_policy


@pytest.mark.parametrize("text", ["first", "acks:1", "acks:2", "acks:7", "acks:all", "majority"])
def test_a_reply_policy_reads_as_it_is_written(text: str) -> None:
    assert str(read_reply_policy(text)) == text
    assert read_reply_policy(text).words()
    assert read_reply_policy(text).durability().endswith(".")


@pytest.mark.parametrize(
    "text", ["", "last", "acks", "acks:0", "acks:8", "acks:-1", "acks:x", "first 2", "majority:2"]
)
def test_what_is_no_reply_policy_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(UsageError, match=r"is no reply policy. There are: first"):
        read_reply_policy(text)


@pytest.mark.parametrize(
    ("policy", "needed"),
    [
        ("first", [1, 1, 1, 1, 1, 1, 1]),
        ("acks:2", [2, 2, 2, 2, 2, 2, 2]),
        ("acks:all", [1, 2, 3, 4, 5, 6, 7]),
        ("majority", [1, 2, 2, 3, 3, 4, 4]),
    ],
)
def test_how_many_equal_answers_it_takes(policy: str, needed: list[int]) -> None:
    assert [read_reply_policy(policy).needed(replicas) for replicas in range(1, 8)] == needed


def test_first_is_the_default() -> None:
    assert ReplyPolicy() == FIRST == read_reply_policy(" First ")
    assert FIRST.words() == "first answer wins"
    assert "the only replica that had executed it die together" in FIRST.durability()


def test_failure_policies() -> None:
    assert read_failure_policy("drop") == "drop forever"
    assert read_failure_policy("Revive") == "revive"
    with pytest.raises(UsageError, match=r"is no failure policy. There are: drop, revive"):
        read_failure_policy("pray")
