"""The replica manager: hold back until the expected number comes, execute in order, respond.

The textbook's steps 2 to 4 as one replica sees them (Coulouris et al., section 18.3.2; Schneider 1990):

    coordination   an Order beyond the expected number waits in the hold-back queue
    execution      duplicate? → apply → session table → digest, one request after the other
    agreement      nothing to do: total order and determinism have done it; the digest proves it
    response       one Result for each batch

Pure: bytes in, effects out. `clock` only stamps how long an execution took.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
from xxhash import xxh3_64_intdigest

from core.effects import Effect, Halt, Send
from core.errors import RemoteProtocolError
from core.limits import GAP_NACK_AFTER_NS, INSPECT_ROWS
from core.protocol.codec import encode, last_digest
from core.protocol.handing_over import (
    EpochStart,
    Executed,
    Fence,
    Image,
    Recover,
    SnapshotBegin,
    SnapshotChunk,
    SnapshotEnd,
    SnapshotRequest,
    Tail,
)
from core.protocol.messages import (
    CLOSE_SESSION,
    FRONT_END,
    OPEN_SESSION,
    Failure,
    FromFrontEnd,
    Inspect,
    Nack,
    Order,
    Ping,
    Pong,
    Result,
    ResultBody,
    Snapshot,
    pack_u64,
    unpack_pairs,
)
from core.replica.donor import Donor
from core.replica.executed_tail import ExecutedTail
from core.replica.hold_back_queue import HoldBackQueue
from core.replica.joiner import Joiner
from core.replica.session_table import SessionTable
from core.services.calls import (
    INVALID_OPERATION,
    OK_NOTHING,
    decode_each,
    encode_outcome,
    operation_decoder,
    sessions_outcome,
)
from core.services.machine import Context, Row, Service, encode_value, restore

RENACK_AFTER_NS = 20_000_000
RENACK_AT_MOST_NS = 160_000_000
"""A gap that was asked for and is still open is asked for again after so long, then after twice as long.
A message in two may be lost on each way, so the tries must not get rare."""


class ReplicaManager:
    """One replica's side of active replication over one service."""

    def __init__(self, service: Service, incarnation: int, clock: Callable[[], int]) -> None:
        self.service = service
        self.sessions = SessionTable()
        self.held = HoldBackQueue()
        self.expected = 1
        self.digest = 0
        self.timestamp = 0  # of the last order executed
        self._decode = operation_decoder(service.operations)
        self._incarnation = incarnation
        self._clock = clock
        self._epoch = 0
        self._tail = ExecutedTail()
        self._donor = Donor()
        self._joiner: Joiner | None = Joiner(self._become)  # until it executes something of its own
        self._announced = 0  # the highest number that was surely ordered
        self._renack_after_ns = RENACK_AFTER_NS
        self.nack_at: int | None = None
        """When what is missing is to be asked for: the shell calls `tick` then. None when nothing is."""

    def step(self, message: FromFrontEnd, payload: bytes, now: int) -> tuple[Effect, ...]:
        """Take one message (and the bytes it came in) at monotonic time `now` in nanoseconds.

        Raises RemoteProtocolError when the front end breaks the protocol.
        """
        match message:
            case Order():
                return self._ordered(message, payload, now)
            case Ping():
                self._tail.settled(message.stable)
                self._announce(message.ordered, now)
                return (Send(encode(Pong(message.nonce, self.expected, self.held.ranges(), self.digest))),)
            case Inspect():
                return self._looked_at(message)
            case SnapshotRequest():
                return self._donor.asked(message, self.expected, self.image)
            case SnapshotEnd():
                return self._donor.ended(message)
            case SnapshotBegin() | SnapshotChunk():
                return self._given(message)
            case Fence(epoch):
                return self._fenced(epoch)
            case Recover(epoch, first_seq):
                return self._recounted(epoch, first_seq)
            case EpochStart(epoch, next_seq):
                if epoch == self._epoch:
                    self._announce(next_seq - 1, now)
                return ()
            case _:
                raise RemoteProtocolError(f"Unexpected {type(message).__name__} after the handshake.")

    def tick(self, now: int) -> tuple[Effect, ...]:
        """Ask for what has been missing for too long: the first gap, or what was ordered last."""
        if self.nack_at is None or now < self.nack_at:
            return ()
        self.nack_at = now + self._renack_after_ns
        self._renack_after_ns = min(2 * self._renack_after_ns, RENACK_AT_MOST_NS)
        last = self.held.lowest() - 1 if self.held else self._announced
        return (Send(encode(Nack(self.expected, last))),)

    def _announce(self, last_seq: int, now: int) -> None:
        """Numbers up to this one were ordered: what is missing of them is asked for after a short delay."""
        if last_seq > self._announced:
            self._announced = last_seq
        if self.nack_at is None and self.expected <= self._announced:
            self.nack_at = now + GAP_NACK_AFTER_NS

    def _ordered(self, order: Order, payload: bytes, now: int) -> tuple[Effect, ...]:
        if order.epoch < self._epoch:
            return ()
        count = order.count
        if len(order.operations) != count or len(order.requests) != 8 * count or not count:
            raise RemoteProtocolError(f"The batch at #{order.first_seq} does not hold what it announces.")
        self._epoch = order.epoch
        if order.first_seq != self.expected:
            return self._out_of_order(order, payload, now)
        effects = self._execute(order, now)
        held = self.held
        while held.batches and (following := held.take(self.expected)) is not None:
            effects += self._execute(following, now)
        missing = held.batches or self.expected <= self._announced
        self.nack_at = now + GAP_NACK_AFTER_NS if missing else None
        self._renack_after_ns = RENACK_AFTER_NS
        return effects

    def _out_of_order(self, order: Order, payload: bytes, now: int) -> tuple[Effect, ...]:
        if order.first_seq < self.expected:
            return self._repeated(order)
        self.held.hold(order, payload)  # without room for it, it is asked for when its turn comes
        self._announce(order.first_seq + order.count - 1, now)
        return ()

    def _repeated(self, order: Order) -> tuple[Effect, ...]:
        """What was executed is answered again, once it is sure to be the same."""
        payload = self._tail.answer_to(order)
        if payload is not None:
            return (Send(payload),)
        if order.first_seq + order.count - 1 <= self._tail.stable:
            return ()  # a late copy: everybody has answered it
        raise RemoteProtocolError(f"My answer to #{order.first_seq} is no longer kept.")

    # --- a state transfer, a new front end ----------------------------------------------------------------

    def image(self) -> Image:
        """All of its replicated state, as of `expected - 1`."""
        rows = [(client, *entry) for client, entry in sorted(self.sessions.last.items())]
        state_hash = self.service.state_hash
        snapshot = msgspec.Raw(encode_value(self.service.snapshot()))
        return Image(self.digest, state_hash, self.timestamp, rows, snapshot)

    def _given(self, message: SnapshotBegin | SnapshotChunk) -> tuple[Effect, ...]:
        """Part of a donor's state. Raises RemoteProtocolError once this replica has a life of its own."""
        if self._joiner is None:
            return ()  # a late copy
        if isinstance(message, SnapshotBegin):
            return self._joiner.begin(message)
        return self._joiner.chunk(message)

    def _become(self, seq: int, image: Image) -> None:
        if self.expected != 1:
            raise ValueError("this replica has executed something of its own")
        restore(self.service, bytes(image.service))
        if self.service.state_hash != image.state_hash:  # made anew from every record
            raise ValueError("its data do not have the hash that the donor told")
        self.sessions.last = {client: (number, outcome) for client, number, outcome in image.sessions}
        self.expected, self.digest = seq + 1, image.digest
        self.timestamp = image.timestamp
        self._tail.settled(seq)

    def _fenced(self, epoch: int) -> tuple[Effect, ...]:
        """Obey no older epoch; what was held back was ordered by a front end that is no more (rule 10)."""
        if epoch < self._epoch:
            return ()
        if epoch > self._epoch:
            self._epoch = epoch
            self.held = HoldBackQueue()
            self.nack_at, self._announced = None, 0
        first_seq = self._tail.first_seq or self.expected
        return (Send(encode(Tail(epoch, first_seq, self.expected - 1, self.digest, self.timestamp))),)

    def _recounted(self, epoch: int, first_seq: int) -> tuple[Effect, ...]:
        """Tell a new front end what was executed."""
        if epoch != self._epoch:
            return ()
        return tuple(
            Send(encode(Executed(epoch, encode(order), last_digest(answer))))
            for order, answer in self._tail.since(first_seq)
        )

    # --- execution ----------------------------------------------------------------------------------------

    def _execute(self, order: Order, received_ns: int) -> tuple[Effect, ...]:
        started_ns = self._clock()
        try:
            body = self._execute_each(order)
        except Exception as error:  # a bug in the service: stop, and never answer for half an execution
            return _halt(f"in the batch at #{order.first_seq}", error)
        self._joiner = None
        self.expected += order.count
        self.timestamp = order.timestamp
        payload = encode(
            Result(
                order.epoch,
                self._incarnation,
                order.first_seq,
                order.count,
                received_ns,
                started_ns,
                self._clock(),
                self.digest,
                body,
            )
        )
        self._tail.remember(order, payload)
        return (Send(payload),)

    def _execute_each(self, order: Order) -> bytes:
        ids, requests = unpack_pairs(order.requests), order.operations
        operations = decode_each(self._decode, requests)
        service, last = self.service, self.sessions.last
        apply, seq, timestamp = service.apply, order.first_seq, order.timestamp
        outcomes: list[bytes] = []
        hashes: list[int] = []  # of the state, after each number
        for (client, number), raw, operation in zip(ids, requests, operations, strict=True):
            session = last.get(client)
            if session is None or number <= session[0]:
                outcome = self._without_execution(client, number, raw)
            elif operation is None:
                outcome = self._without_service(client, number, raw)
            else:
                outcome = encode_outcome(apply(operation, Context(seq, timestamp)))
                last[client] = (number, outcome)
            outcomes.append(outcome)
            hashes.append(service.state_hash)
            seq += 1
        digest, digests = self.digest, []
        for raw, outcome, state_hash in zip(requests, outcomes, hashes, strict=True):
            digest = xxh3_64_intdigest(raw + outcome, digest ^ state_hash)
            digests.append(digest)
        self.digest = digest
        return encode(ResultBody(order.requests, pack_u64(digests), outcomes))

    def _without_execution(self, client: int, number: int, raw: bytes) -> bytes:
        """A session opens here; a request that is not new gets its recorded answer (at most once)."""
        if client == FRONT_END:  # a change of the view
            return sessions_outcome(self.sessions.last)
        if raw == OPEN_SESSION and client not in self.sessions.last:
            self.sessions.record(client, number, OK_NOTHING)
            return OK_NOTHING
        recorded = self.sessions.recorded(client, number)
        assert recorded is not None, "a new request of an open session is executed"
        return recorded

    def _without_service(self, client: int, number: int, raw: bytes) -> bytes:
        """A session closes here; other bytes that are no operation are refused, on every replica alike."""
        if raw == CLOSE_SESSION:
            self.sessions.close(client)
            return OK_NOTHING
        self.sessions.record(client, number, INVALID_OPERATION)
        return INVALID_OPERATION

    def _looked_at(self, inspect: Inspect) -> tuple[Effect, ...]:
        try:
            return (Send(encode(self._look(inspect))),)
        except Exception as error:  # a bug in the service, as in `_execute`
            return _halt("while its data was looked at", error)

    def _look(self, inspect: Inspect) -> Snapshot:
        if inspect.limit == 0 and not inspect.path:
            rows = self.service.summary()
            return self._snapshot(inspect, len(rows), rows, ())
        limit = max(0, min(inspect.limit, INSPECT_ROWS))
        page = self.service.inspect(inspect.path, max(0, inspect.offset), limit)
        return self._snapshot(inspect, page.total, page.rows, page.branches)

    def _snapshot(
        self, inspect: Inspect, total: int, rows: Iterable[Row], branches: Sequence[str]
    ) -> Snapshot:
        pairs = tuple((row.key, row.value) for row in rows)
        return Snapshot(
            inspect.nonce,
            self.expected,
            self.digest,
            inspect.path,
            inspect.offset,
            total,
            pairs,
            tuple(branches),
        )


def _halt(when: str, error: Exception) -> tuple[Effect, ...]:
    """Say why, then stop."""
    reason = f"The service failed {when}: {type(error).__name__}: {error}"
    return (Send(encode(Failure(False, reason))), Halt(reason))
