"""Operations as lines of text: typed in a console, completed, and shortened for a card."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from core.errors import UsageError
from core.services.forms import (
    NOTHING,
    TEXT,
    Argument,
    Operations,
    describe,
    find_operation,
    parse_call,
    read_bare,
    usage,
)
from core.services.machine import Operation, OperationSpec, ParameterSpec
from core.services.text import shorten

_word = re.compile(r"""(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+""", re.DOTALL)
_NAME_CHARACTERS = 64
"""A text that may not be longer is a name, and a name has no spaces."""

_blank = re.compile(r"\s*")
_needs_quotes = re.compile(r"""(?s).*[\s"'\\].*|-?[0-9]+|null|""").fullmatch


def parse_line(operations: Operations, text: str) -> Operation:
    """The operation of a line such as `post alice "hello world"` or `put bob 75`. Raises `UsageError`.

    Words are quoted as in a shell. Where a text and an integer are both accepted, `75` is an integer and
    `"75"` a text; `null` without quotes is nothing, where that is accepted.
    """
    words = _split(text)
    if not words:
        names = ", ".join(spec.name for spec in describe(operations))
        raise UsageError("The line is empty.", f"Write one of {names}.")
    (name, _), *rest = words
    spec = find_operation(operations, name)
    if len(rest) > len(spec.parameters):
        raise UsageError(
            f"There are {len(rest) - len(spec.parameters)} words too many for {name}.", _excess(spec, rest)
        )
    pairs = zip(spec.parameters, rest, strict=False)
    arguments = {parameter.name: _argument(parameter, *word) for parameter, word in pairs}
    return parse_call(operations, name, arguments, exact=True)


def complete(operations: Operations, text: str, words: Sequence[str] = ()) -> list[str]:
    """The lines that `text` may become: the name of an operation, or an argument out of `words`.

    `words` are what a person is likely to mean, e.g. names of users or keys; the result keeps their order.
    """
    head, space, last = text.rpartition(" ")
    if not space:
        names = sorted(spec.name for spec in describe(operations))
        return [name for name in names if name.startswith(last) and name != last]
    try:
        given = _split(head)
        spec = find_operation(operations, given[0][0]) if given else None
    except UsageError:
        return []
    if spec is None or len(given) > len(spec.parameters) or TEXT not in spec.parameters[len(given) - 1].kinds:
        return []
    return [f"{head} {_quoted(word)}" for word in words if word.startswith(last) and word != last]


def format_call(operation: Operation, width: int = 32) -> str:
    """The operation in at most `width` characters: `post alice “hello wor…”`. Defaults at the end are left
    out."""
    config = operation.__struct_config__
    values = [getattr(operation, name) for name in operation.__struct_fields__]
    defaults = operation.__struct_defaults__
    required = len(values) - len(defaults)
    while len(values) > required and values[-1] == defaults[len(values) - 1 - required]:
        values.pop()
    line = " ".join([str(config.tag), *map(_shown, values)])
    if len(line) <= width:
        return shorten(line, width)
    closing = "”" if line.rfind("“", 0, width - 2) > line.rfind("”", 0, width - 2) else ""
    return shorten(line, width - len(closing)) + closing


def _split(text: str) -> list[tuple[str, bool]]:
    """The words of a line, each with whether any of it was quoted."""
    words = []
    at = _end_of_blank(text, 0)
    while at < len(text):
        found = _word.match(text, at)
        if found is None or (found.end() < len(text) and not text[found.end()].isspace()):
            raise UsageError(
                "A quote is opened and never closed.",
                """Put an apostrophe in double quotes: "don't".""",
            )
        raw = found.group()
        quoted = any(mark in raw for mark in "\"'\\")
        words.append((shlex.split(raw)[0] if quoted else raw, quoted))
        at = _end_of_blank(text, found.end())
    return words


def _end_of_blank(text: str, at: int) -> int:
    found = _blank.match(text, at)
    return found.end() if found else at


def _argument(parameter: ParameterSpec, word: str, quoted: bool) -> Argument:
    if quoted:
        return word
    if word == "null" and NOTHING in parameter.kinds:
        return None
    return read_bare(parameter, word)


def _excess(spec: OperationSpec, words: list[tuple[str, bool]]) -> str:
    last = len(spec.parameters) - 1
    if last < 0 or not _takes_sentences(spec.parameters[last]):
        return f"Usage: {usage(spec)}"
    before = [_quoted(word) for word, _ in words[:last]]
    text = shorten(" ".join(word for word, _ in words[last:]), 60)
    line = " ".join([spec.name, *before, f'"{text}"'])
    return f"A text with spaces stands in quotes: {line}"


def _takes_sentences(parameter: ParameterSpec) -> bool:
    return TEXT in parameter.kinds and (parameter.max_length or _NAME_CHARACTERS + 1) > _NAME_CHARACTERS


def _quoted(word: str) -> str:
    if not _needs_quotes(word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _shown(value: Argument) -> str:
    if value is None:
        return "null"
    return f"“{value}”" if isinstance(value, str) and _needs_quotes(value) else str(value)
