"""The reference machine: the same service, executed once more beside the cluster, by other code.

It knows no hold-back queue and no session table: it is shown the ordered requests one batch after the other
and says what every replica must answer, byte for byte, and which digest it must show at every number. That
makes one comparison of bytes check answers, digests and at-most-once together.
"""

from __future__ import annotations

from collections.abc import Mapping

from xxhash import xxh3_64_intdigest

from core.protocol.codec import encode
from core.protocol.handing_over import Image
from core.protocol.messages import (
    CLOSE_SESSION,
    FRONT_END,
    OPEN_SESSION,
    Order,
    ResultBody,
    pack_u64,
    unpack_pairs,
)
from core.services.calls import (
    INVALID_OPERATION,
    NO_SESSION,
    OK_NOTHING,
    STALE_REQUEST,
    decode_each,
    encode_outcome,
    operation_decoder,
    sessions_outcome,
)
from core.services.machine import Context, Operation, Service, restore


class ReferenceMachine:
    """Executes orders in their order; remembers which requests came twice and which came out of turn."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._decode = operation_decoder(service.operations)
        self._last: dict[int, tuple[int, bytes]] = {}
        self._given_up: dict[int, int] = {}
        self.digest = 0
        """After the number before `expected`."""
        self.expected = 1
        self.repeated: set[int] = set()
        """Sequence numbers whose request had been ordered before: they must not execute again."""
        self.out_of_turn: list[tuple[int, int, int]] = []
        """(seq, client, request number) of requests that overtook an earlier one of their client."""

    def execute(self, order: Order) -> bytes:
        """The ResultBody that every replica must answer to this batch, encoded."""
        service, last, seq, timestamp = self._service, self._last, order.first_seq, order.timestamp
        ids, requests = unpack_pairs(order.requests), order.operations
        operations = decode_each(self._decode, requests)
        outcomes: list[bytes] = []
        hashes: list[int] = []  # of the state, after each number
        for (client, number), raw, operation in zip(ids, requests, operations, strict=True):
            before = last.get(client)
            if operation is not None and before is not None and number == before[0] + 1:
                outcome = encode_outcome(service.apply(operation, Context(seq, timestamp)))
                last[client] = (number, outcome)
            else:
                outcome = self._unusual(client, number, raw, operation, Context(seq, timestamp))
            outcomes.append(outcome)
            hashes.append(service.state_hash)
            seq += 1
        digest, digests = self.digest, []
        for raw, outcome, state_hash in zip(requests, outcomes, hashes, strict=True):
            digest = xxh3_64_intdigest(raw + outcome, digest ^ state_hash)
            digests.append(digest)
        self.digest, self.expected = digest, seq
        return encode(ResultBody(order.requests, pack_u64(digests), outcomes))

    def mark(self) -> tuple[int, int]:
        """Where it stands: its digest and the hash of its state."""
        return self.digest, self._service.state_hash

    def become(self, next_seq: int, image: Image, mark: tuple[int, int], undone: Mapping[int, int]) -> str:
        """Expect `next_seq` once more, from the state of `image`, if it stood there at `mark`.

        `undone`: the lowest request number of each client among what is undone. Gives what is wrong with the
        image, or "".
        """
        sessions = {client: (number, outcome) for client, number, outcome in image.sessions}
        for client in self._last.keys() | sessions.keys():
            mine, shown = self._last.get(client), sessions.get(client)
            if client not in undone and mine != shown:
                return f"the session of client {client} is not as it was"
            if client in undone and shown is not None and shown[0] >= undone[client]:
                return f"client {client} has executed request {shown[0]}, which nobody has"
        try:
            restore(self._service, bytes(image.service))
        except ValueError as error:
            return str(error)
        if (image.digest, self._service.state_hash) != mark:
            return "the state is not as it was"
        self._last, self.digest, self.expected = sessions, image.digest, next_seq
        self.repeated.clear()
        self.out_of_turn.clear()
        return ""

    def gave_up(self, client: int, number: int) -> None:
        """The client will never repeat this request, whose fate nobody knows: a gap after it is in turn."""
        self._given_up[client] = number

    def _unusual(
        self, client: int, number: int, raw: bytes, operation: Operation | None, context: Context
    ) -> bytes:
        """The outcome of what opens or closes a session, is no operation, or is not the next request."""
        before = self._last.get(client)
        if client == FRONT_END:
            return sessions_outcome(self._last)
        if before is None:
            if raw != OPEN_SESSION:
                return NO_SESSION
            self._last[client] = (number, OK_NOTHING)
            return OK_NOTHING
        if number <= before[0]:
            self.repeated.add(context.seq)
            return before[1] if number == before[0] else STALE_REQUEST
        if number != before[0] + 1 and self._given_up.get(client) != number - 1:
            self.out_of_turn.append((context.seq, client, number))
        if raw == CLOSE_SESSION:
            del self._last[client]
            return OK_NOTHING
        if operation is None:
            outcome = INVALID_OPERATION
        else:
            outcome = encode_outcome(self._service.apply(operation, context))
        self._last[client] = (number, outcome)
        return outcome
