"""Where in a TOML text a value stands: the standard parser does not say, and an error has to.

It reads headers and keys line by line and passes over what lies in strings of several lines. Where it cannot
tell (a table within a line, say) it gives the nearest place around it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\-\s]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*(?P<key>[\w-]+)\s*=\s*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_LONG = ('"""', "'''")


class Place(NamedTuple):
    """Line and column, from 1."""

    line: int
    column: int


def place_of(text: str, path: Sequence[str | int]) -> Place:
    """The place of the value at `path`, or of the nearest that contains it."""
    places = _places(text)
    known = tuple(path)
    while known and known not in places:
        known = known[:-1]
    return places.get(known, Place(1, 1))


def _places(text: str) -> dict[tuple[str | int, ...], Place]:
    """Every key and every text in a list, with its place."""
    found: dict[tuple[str | int, ...], Place] = {}
    counts: dict[str, int] = {}
    table: tuple[str | int, ...] = ()
    array: tuple[str | int, ...] | None = None  # the list that goes on in the next line
    items = 0
    closing = ""  # the quotes that end the long string we are in
    for number, line in enumerate(text.splitlines(), start=1):
        if closing:
            closing = "" if closing in line else closing
            continue
        header = _HEADER.match(line) if array is None else None
        if header:
            table = _table(header[1] == "[[", header[2], counts)
            found.setdefault(table, Place(number, header.start(1) + 1))
            continue
        start = 0
        key = _KEY.match(line) if array is None else None
        if key:
            path = (*table, key["key"])
            found.setdefault(path, Place(number, key.end() + 1))
            start = key.end()
            if line[start : start + 1] == "[":
                array, items = path, 0
            closing = next((quotes for quotes in _LONG if line[start:].startswith(quotes)), "")
            if closing and closing in line[start + 3 :]:
                closing = ""
        if array is not None:
            for string in _STRING.finditer(line, start):
                found[*array, items] = Place(number, string.start() + 1)
                items += 1
            if "]" in _STRING.sub("", line[start:]).partition("#")[0]:
                array = None
    return found


def _table(many: bool, name: str, counts: dict[str, int]) -> tuple[str | int, ...]:
    parts = [part.strip() for part in name.split(".")]
    if many:
        counts[name] = counts.get(name, -1) + 1
    path: list[str | int] = []
    for length, part in enumerate(parts, start=1):
        path.append(part)
        if ".".join(parts[:length]) in counts:
            path.append(counts[".".join(parts[:length])])
    return tuple(path)
