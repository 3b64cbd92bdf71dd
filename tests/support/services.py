"""Services that misbehave, to be named as `tests.support.services:Failing`."""

from __future__ import annotations

from typing import Any, ClassVar

from core.services.kv import Increment, KeyValue
from core.services.machine import Context, Page, Refused, Row, Value
from core.services.social import Social


class Failing(KeyValue):
    """Raises when the key `boom` is to be incremented."""

    name: ClassVar[str] = "failing"

    def apply(self, operation: Any, context: Context) -> Value | Refused:
        if type(operation) is Increment and operation.key == "boom":
            raise ZeroDivisionError("boom")
        return super().apply(operation, context)


class Opaque(Social):
    """It may answer differently from what it derives from, and names no parts of its state."""

    name: ClassVar[str] = "opaque"


class FailingLook(KeyValue):
    """Cannot show its data."""

    name: ClassVar[str] = "failing look"

    def summary(self) -> tuple[Row, ...]:
        raise LookupError("no such tile")

    def inspect(self, path: str, offset: int, limit: int) -> Page:
        raise LookupError("no such tile")


class Hashing(KeyValue):
    """Answers with what differs from process to process: the hash of a text."""

    name: ClassVar[str] = "hashing"

    def apply(self, operation: Any, context: Context) -> Value | Refused:
        super().apply(operation, context)
        return hash("a") % 1_000


class FailsLate(KeyValue):
    """Raises at its twentieth number."""

    name: ClassVar[str] = "fails late"

    def apply(self, operation: Any, context: Context) -> Value | Refused:
        if context.seq >= 20:
            raise ZeroDivisionError("too late")
        return super().apply(operation, context)
