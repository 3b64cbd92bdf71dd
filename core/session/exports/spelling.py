"""Operations and outcomes as plain values, for formats that other programs read."""

from __future__ import annotations

from typing import Any

import msgspec

from core.errors import RemoteProtocolError
from core.services.calls import UNREADABLE, decode_outcome, operation_decoder
from core.services.machine import Refused, Service
from core.session.history import Fate, Request


class Spelling:
    """Spells the requests of one service."""

    def __init__(self, service: Service) -> None:
        self._decode = operation_decoder(service.operations)

    def call(self, operation: bytes) -> tuple[str, dict[str, Any]]:
        """(name, arguments by name). Bytes that are no operation of the service are called `invalid`."""
        try:
            decoded = self._decode(operation)
        except UNREADABLE:
            return "invalid", {"bytes": operation.hex()}
        return str(decoded.__struct_config__.tag), msgspec.structs.asdict(decoded)

    def result(self, request: Request) -> Any:
        """What was answered; the code of a refusal; None when nobody knows."""
        if request.outcome is None or request.fate is Fate.UNKNOWN:
            return None
        try:
            answer = decode_outcome(request.outcome)
        except RemoteProtocolError:
            return None
        return answer.code if isinstance(answer, Refused) else answer
