"""Answers as a person reads them. What is recorded stays the exact text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from core.services.text import shorten

MOST_ROWS = 12
_VALUE_CHARACTERS = 60
_LIST_CHARACTERS = 240
_EPOCH_NS = range(10**18, 4 * 10**18)
"""Whole numbers between 2001 and 2096 in nanoseconds since 1970: more likely a time than a count."""


def answer_lines(text: str) -> tuple[str, ...]:
    """An answer's text, as facts carry it, in lines: rows of a table one by one, names in a row.

    What is no JSON (`refused: unknown_user`, `ok`) stays as it is.
    """
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return tuple(text.splitlines())
    if not isinstance(value, list):
        return (_written(value),)
    if not value:
        return ("nothing",)
    if not any(isinstance(row, (Mapping, list)) for row in value):
        listed = ", ".join(map(_written, value))
        return (f"{len(value)}: {shorten(listed, _LIST_CHARACTERS)}",)
    rows = [_written(row) for row in value[:MOST_ROWS]]
    more = len(value) - len(rows)
    return (*rows, f"… and {more} more") if more else tuple(rows)


def _written(value: object) -> str:
    if isinstance(value, Mapping):
        return " · ".join(_field(str(name), field) for name, field in value.items())
    if isinstance(value, str):
        return shorten(value, _VALUE_CHARACTERS)
    return shorten(msgspec.json.encode(value).decode(), _VALUE_CHARACTERS)


def _field(name: str, value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        if name == "id":
            return f"#{value}"
        if value in _EPOCH_NS:
            return f"{datetime.fromtimestamp(value / 1e9, UTC):%H:%M:%S} UTC"
    if isinstance(value, str) and (" " in value or not value):
        return f"{name} “{shorten(value, _VALUE_CHARACTERS)}”"
    return f"{name} {_written(value)}"
