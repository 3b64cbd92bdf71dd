"""A small reader of EDN (github.com/edn-format/edn), enough for histories. Keywords come back as `Word`."""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(r'[\s,]*("(?:\\.|[^"\\])*"|[\[\]{}()]|[^\s,\[\]{}()"]+)')


class Word(str):
    """A keyword, without its colon."""


def read_edn(text: str) -> Any:
    """The one value in a text. Raises ValueError when there is anything else."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != re.sub(r'[\s,]+(?=(?:[^"\\]|\\.|"(?:\\.|[^"\\])*")*$)', "", text):
        raise ValueError(f"not all of it is EDN: {text!r}")
    value, rest = _value(tokens)
    if rest:
        raise ValueError(f"more than one value: {rest}")
    return value


def _value(tokens: list[str]) -> tuple[Any, list[str]]:
    token, rest = tokens[0], tokens[1:]
    if token in "[(":
        return _until(rest, "])")
    if token == "{":
        items, rest = _until(rest, "}")
        if len(items) % 2:
            raise ValueError("a map with a key too many")
        return dict(zip(items[::2], items[1::2], strict=True)), rest
    if token.startswith('"'):
        return re.sub(r"\\(.)", lambda found: _LETTERS.get(found[1], found[1]), token[1:-1]), rest
    if token.startswith(":"):
        return Word(token[1:]), rest
    if token in _NAMES:
        return _NAMES[token], rest
    return int(token), rest


def _until(tokens: list[str], ends: str) -> tuple[list[Any], list[str]]:
    items = []
    while tokens[0] not in ends:
        item, tokens = _value(tokens)
        items.append(item)
    return items, tokens[1:]


_LETTERS = {"n": "\n", "t": "\t", "r": "\r"}
_NAMES = {"nil": None, "true": True, "false": False}
