"""What a picture needs of a service: its forms, and calls as text, as bytes and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.services.calls import UNREADABLE, encode_operation, operation_decoder
from core.services.console import complete, format_call, parse_line
from core.services.forms import Argument, describe, parse_call
from core.services.machine import Operation, OperationSpec, Service

CALL_CHARACTERS = 60


class Face:
    """The face of one service. It never executes anything."""

    def __init__(self, service: Service | type[Service]) -> None:
        """Raises `ServiceError` when the operations are of no use."""
        self.name: str = service.name
        self.operations: tuple[OperationSpec, ...] = describe(service.operations)
        self._structs = service.operations
        self._decode = operation_decoder(service.operations)

    def parse_line(self, text: str) -> tuple[bytes, str]:
        """A console line as (encoded operation, the call in words). Raises `UsageError`."""
        return self._call(parse_line(self._structs, text))

    def parse_call(self, name: str, arguments: Mapping[str, Argument]) -> tuple[bytes, str]:
        """A filled-in form as (encoded operation, the call in words). Raises `UsageError`."""
        return self._call(parse_call(self._structs, name, arguments))

    def complete(self, text: str, words: Sequence[str] = ()) -> list[str]:
        """How the console line could go on. `words`: those that a person is likely to type as an argument."""
        return complete(self._structs, text, words)

    def words(self, operation: bytes) -> str:
        """An encoded operation as a short call in words; "?" when it does not decode."""
        try:
            return format_call(self._decode(operation))
        except UNREADABLE:
            return "?"

    def _call(self, operation: Operation) -> tuple[bytes, str]:
        return encode_operation(operation), format_call(operation, CALL_CHARACTERS)
