"""Recordings of older format versions, brought to the present one while they are read.

A step leads from one version to the next, and steps are taken one after the other, so every version needs to
be understood once. What a step changes is the header (as a plain map, before it becomes a `RecordingHeader`)
and the meaning of records. The bytes of a block are another matter: their layout is named by the block's
magic, so a new layout gets a new magic and the reader keeps the old one beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from core.trace.wire_log import Record

FORMAT_VERSION = 2


class Step(NamedTuple):
    """From one version to the next. There are as many records as before, for heads count them."""

    header: Callable[[dict[str, Any]], dict[str, Any]]
    records: Callable[[list[Record]], list[Record]]


STEPS: dict[int, Step] = {
    1: Step(lambda fields: fields, lambda records: records),  # its blocks alone are laid out otherwise
}
"""By the version that a step begins with."""


def can_read(version: int) -> bool:
    """This program understands the version, by itself or by migrating."""
    return version == FORMAT_VERSION or (
        0 < version < FORMAT_VERSION and all(step in STEPS for step in range(version, FORMAT_VERSION))
    )


def migrated_header(fields: dict[str, Any], version: int) -> dict[str, Any]:
    """A header's fields as the present version has them."""
    for step in range(version, FORMAT_VERSION):
        fields = STEPS[step].header(fields)
    return fields


def migrated_records(records: list[Record], version: int) -> list[Record]:
    """Records as the present version means them."""
    for step in range(version, FORMAT_VERSION):
        records = STEPS[step].records(records)
    return records
