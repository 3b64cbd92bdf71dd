"""Answers are lines that a person reads, whatever the service."""

from __future__ import annotations

import pytest

from core.services.answers import MOST_ROWS, answer_lines

POST = '{"id":130,"author":"alice","timestamp":1700000000000000000,"text":"hello world"}'


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"[{POST}]", ("#130 · author alice · 22:13:20 UTC · text “hello world”",)),
        ('["alice","bob"]', ("2: alice, bob",)),
        ("[]", ("nothing",)),
        ('{"name":"alice","followers":2}', ("name alice · followers 2",)),
        ("127", ("127",)),
        ("true", ("true",)),
        ('"75"', ("75",)),
        ("refused: unknown_user", ("refused: unknown_user",)),
        ("ok", ("ok",)),
        ("alice: hi\nbob: ho", ("alice: hi", "bob: ho")),
    ],
)
def test_an_answer_in_lines(text: str, lines: tuple[str, ...]) -> None:
    assert answer_lines(text) == lines


def test_many_rows_are_counted_and_long_texts_cut() -> None:
    rows = answer_lines("[" + ",".join([POST.replace("hello", "x" * 300)] * 40) + "]")
    assert len(rows) == MOST_ROWS + 1
    assert rows[-1] == f"… and {40 - MOST_ROWS} more"
    assert max(map(len, rows)) < 140
