"""Where records come from. The picture is fed by a source and does not know whether it is live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.commands import Command
from core.services.machine import OperationSpec
from core.trace.wire_log import Record


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a source can do."""

    control: bool  # it takes commands
    seek: bool
    speed: bool


class Source(Protocol):
    """Live cluster or recording. Every method is called from one thread and returns at once."""

    capabilities: Capabilities

    def drain(self) -> Sequence[Record]:
        """The records since the last call, oldest first. When the caller was too slow, order, result and
        call records may be missing from the middle (never facts): the display may skip, the log never."""

    def now_ns(self) -> int:
        """The moment to draw, on the clock of the records."""

    def send(self, command: Command) -> None:
        """Ask for something; what comes of it is seen in later records."""

    def close(self) -> None:
        """End the run (or let go of the file). Returns at once; `closed` tells when it is done."""

    @property
    def closed(self) -> bool:
        """Everything is down and no process is left."""


class ServiceFace(Protocol):
    """What the picture needs of a service: its operations, and text to bytes and back."""

    name: str
    operations: tuple[OperationSpec, ...]

    def parse_line(self, text: str) -> tuple[bytes, str]:
        """A console line as (encoded operation, the call in words). Raises UsageError."""

    def parse_call(self, name: str, arguments: dict[str, str | int | None]) -> tuple[bytes, str]:
        """A filled-in form as (encoded operation, the call in words). Raises UsageError."""

    def complete(self, text: str) -> list[str]:
        """How the console line could go on."""

    def words(self, operation: bytes) -> str:
        """An encoded operation as a short call in words; "?" when it does not decode."""
