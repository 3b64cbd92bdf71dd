"""The form of each operation, read from its struct, and an operation made from a filled-in form.

Every failure is a `UsageError` that says what to write instead. A replica would refuse most of these too, by
a code; here a person has not sent anything yet and learns more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from inspect import cleandoc
from typing import Any

import msgspec
from msgspec import inspect as introspection

from core.errors import ServiceError, UsageError
from core.limits import OPERATION_BYTES
from core.services.calls import encode_operation, operation_decoder
from core.services.machine import (
    LARGEST_INTEGER,
    SMALLEST_INTEGER,
    Operation,
    OperationSpec,
    ParameterSpec,
    Service,
)

Argument = str | int | None
Operations = tuple[type[Operation], ...]

TEXT, INTEGER, NOTHING = "text", "integer", "nothing"

_plain_integer = re.compile(r"-?(0|[1-9][0-9]*)").fullmatch
_any_integer = re.compile(r"[+-]?[0-9]+").fullmatch


def describe(service: Service | type[Service] | Operations) -> tuple[OperationSpec, ...]:
    """The operations as a form, a console or a help page shows them, in the order of the service.

    Raises `ServiceError` when a parameter is neither text nor integer.
    """
    return _describe(service if isinstance(service, tuple) else service.operations)


def usage(spec: OperationSpec) -> str:
    """`timeline <user> [limit]`: what to type, with optional parameters in brackets."""
    parts = [f"<{one.name}>" if one.required else f"[{one.name}]" for one in spec.parameters]
    return " ".join([spec.name, *parts])


def parse_call(
    operations: Operations, name: str, arguments: Mapping[str, Argument], *, exact: bool = False
) -> Operation:
    """The operation `name` with `arguments` by parameter. Raises `UsageError`.

    A string is read as a person typed it into a field: where an integer is accepted, `75` is an integer and
    `"75"`, in quotes, a text; an empty field is the default, or nothing, where there is one. With `exact`, a
    string is the text that it is.
    """
    spec = find_operation(operations, name)
    known = {one.name for one in spec.parameters}
    for argument in arguments:
        if argument not in known:
            raise UsageError(f"{name} has no parameter {argument!r}.", f"Usage: {usage(spec)}")
    values: dict[str, Argument] = {}
    for parameter in spec.parameters:
        if parameter.name in arguments:
            value = arguments[parameter.name]
            if isinstance(value, str) and not exact:
                if value == "" and not parameter.required:
                    continue
                value = read_field(parameter, value)
            _check(spec, parameter, value)
            values[parameter.name] = _as_accepted(spec, parameter, value)
        elif parameter.required:
            raise UsageError(f"{name} needs {parameter.name}.", f"Usage: {usage(spec)}")
    return _build(operations, name, values)


def find_operation(operations: Operations, name: str) -> OperationSpec:
    """The operation called `name`. Raises `UsageError` with the nearest names."""
    specs = {spec.name: spec for spec in _describe(operations)}
    if name in specs:
        return specs[name]
    near = get_close_matches(name, specs, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(specs)}."
    raise UsageError(f"There is no operation called {name[:40]!r}.", hint)


def read_field(parameter: ParameterSpec, text: str) -> Argument:
    """What a person means by `text` in the field of `parameter`, which may also be a text in quotes."""
    if TEXT in parameter.kinds and len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1] if len(parameter.kinds) > 1 else text
    if NOTHING in parameter.kinds and text in ("", "null"):
        return None
    return read_bare(parameter, text)


def read_bare(parameter: ParameterSpec, text: str) -> Argument:
    """`text` as an integer where both kinds are accepted and it is written as one; as it is otherwise."""
    both = INTEGER in parameter.kinds and TEXT in parameter.kinds
    return _to_integer(parameter, text) if both and _plain_integer(text) else text


@lru_cache(maxsize=32)
def _describe(operations: Operations) -> tuple[OperationSpec, ...]:
    return tuple(map(_describe_one, operations))


def _describe_one(operation: type[Operation]) -> OperationSpec:
    info = introspection.type_info(operation)
    assert isinstance(info, introspection.StructType)
    return OperationSpec(
        name=str(info.tag),
        description=cleandoc(operation.__doc__ or "").partition("\n\n")[0].replace("\n", " "),
        read_only=operation.READ_ONLY,
        parameters=tuple(_describe_field(operation, field) for field in info.fields),
    )


def _describe_field(operation: type[Operation], field: introspection.Field) -> ParameterSpec:
    description, max_length = "", None
    kinds: set[str] = set()
    pending: list[Any] = [field.type]
    while pending:
        node = pending.pop()
        if isinstance(node, introspection.Metadata):
            description = description or (node.extra_json_schema or {}).get("description", "")
            max_length = max_length or (node.extra or {}).get("max_length")
            pending.append(node.type)
        elif isinstance(node, introspection.UnionType):
            pending.extend(node.types)
        elif isinstance(node, introspection.StrType):
            kinds.add(TEXT)
            max_length = max_length or node.max_length
        elif isinstance(node, introspection.IntType):
            kinds.add(INTEGER)
        elif isinstance(node, introspection.NoneType):
            kinds.add(NOTHING)
        else:
            raise ServiceError(
                f"The parameter {field.name} of {operation.__name__} is neither text nor integer.",
                "Parameters are str, int, or a union of these and None.",
            )
    return ParameterSpec(
        name=field.name,
        kinds=tuple(kind for kind in (TEXT, INTEGER, NOTHING) if kind in kinds),
        description=description,
        required=field.required,
        default=None if field.default is msgspec.NODEFAULT else field.default,
        max_length=max_length,
    )


def _check(spec: OperationSpec, parameter: ParameterSpec, value: Argument) -> None:
    limit = parameter.max_length
    if not isinstance(value, str):
        return
    if limit is not None and len(value) > limit:
        parts = -(-len(value) // limit)
        raise UsageError(
            f"The {parameter.name} is {len(value):,} characters long; {spec.name} takes at most {limit:,}.",
            f"Shorten it by {len(value) - limit:,} characters, or split it into {parts:,} parts.",
        )
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise UsageError(f"The {parameter.name} holds half a character (a lone surrogate).", "Type it again.")


def _as_accepted(spec: OperationSpec, parameter: ParameterSpec, value: Argument) -> Argument:
    if value is None:
        if NOTHING in parameter.kinds:
            return None
        raise UsageError(f"{spec.name} needs {parameter.name}.", f"Usage: {usage(spec)}")
    if isinstance(value, str):
        if TEXT in parameter.kinds:
            return value
        return _to_integer(parameter, value)
    if INTEGER in parameter.kinds:
        return _in_range(parameter, value)
    return str(value)


def _to_integer(parameter: ParameterSpec, text: str) -> int:
    digits = text.strip()
    if not _any_integer(digits):
        shown = text if len(text) <= 40 else text[:39] + "…"
        raise UsageError(
            f"{parameter.name} is a whole number, and {shown!r} is none.", "Write one such as 10."
        )
    if len(digits) > 20:  # longer than any 64-bit integer, and Python refuses to read thousands of digits
        return _in_range(parameter, LARGEST_INTEGER + 1)
    return _in_range(parameter, int(digits))


def _in_range(parameter: ParameterSpec, value: int) -> int:
    if SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
        return value
    hint = f"It may lie between {SMALLEST_INTEGER:,} and {LARGEST_INTEGER:,}."
    if TEXT in parameter.kinds:
        hint += " In quotes it is a text."
    raise UsageError(f"{parameter.name} does not fit into 64 bits.", hint)


@lru_cache(maxsize=32)
def _builders(operations: Operations) -> tuple[dict[str, type[Operation]], Callable[[bytes], Operation]]:
    by_name = {str(one.__struct_config__.tag): one for one in operations}
    return by_name, operation_decoder(operations)


def _build(operations: Operations, name: str, values: dict[str, Argument]) -> Operation:
    by_name, decode = _builders(operations)
    encoded = encode_operation(by_name[name](**values))
    if len(encoded) > OPERATION_BYTES:
        raise UsageError(
            f"This {name} is {len(encoded):,} bytes long; an operation may have {OPERATION_BYTES:,}.",
            "Shorten its texts.",
        )
    try:
        return decode(encoded)  # so that a limit of the struct itself is met here and not on the replicas
    except msgspec.ValidationError as error:
        raise UsageError(f"This {name} cannot be sent: {error}.") from error
