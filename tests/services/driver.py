"""Drives one service as a replica would: numbers from 1, a timestamp per number, the hash always right."""

from __future__ import annotations

from typing import Any

from core.services.calls import decode_outcome, encode_operation, encode_outcome, operation_decoder
from core.services.machine import Context, Operation, Refused, Value

START_NS = 1_700_000_000_000_000_000


def timestamp(seq: int) -> int:
    return START_NS + seq * 1_000


class Driver:
    """Every operation goes through its bytes, and every answer too."""

    def __init__(self, service: Any) -> None:
        self.service = service
        self.seq = 0
        self._decode = operation_decoder(service.operations)

    def do(self, operation: Operation) -> Value | Refused:
        return decode_outcome(self.raw(encode_operation(operation)))

    def raw(self, operation: bytes) -> bytes:
        self.seq += 1
        before = self.service.snapshot()
        decoded = self._decode(operation)
        outcome = self.service.apply(decoded, Context(self.seq, timestamp(self.seq)))
        assert self.service.state_hash == self.service.recompute_hash()
        if isinstance(outcome, Refused) or decoded.READ_ONLY:
            assert self.service.snapshot() == before
        return encode_outcome(outcome)

    def refused(self, operation: Operation) -> str:
        outcome = self.do(operation)
        assert isinstance(outcome, Refused), outcome
        return outcome.code
