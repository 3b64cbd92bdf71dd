"""The clients' side of the fold: who waits for what, what came back, how fast.

At full load a frame brings a thousand calls and returns. They are not looked at one by one: the columns of
all records of a flush are joined and read with numpy; of each client only the newest call is ever turned
into words, and only when its card is drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from core.facts import Called, Returned
from core.limits import MAX_CLIENTS, MAX_REPLICAS
from core.model.cluster_view import ClientCard
from core.model.metrics import Ints
from core.trace.wire_log import UNREADABLE

OUTCOMES = ("ok", "refused", "unknown")
REFUSED, UNKNOWN = 1, 2

_CLIENTS = MAX_CLIENTS + 1
_SLOTS = 512
"""Calls per client whose time is remembered, by request number modulo this. When more than that come in one
flush, the older ones give no latency sample; nothing else depends on it."""
_BODIES = 256
"""Call records kept before those that are nobody's newest are let go."""
_CARDS_PER_VIEW = 16
"""Client cards drawn anew in one view, when more changed than a person can follow."""

_called = msgspec.msgpack.Decoder(Called)
_returned = msgspec.msgpack.Decoder(Returned)


class _CalledHead(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="called"):
    """The front of a Called: the request ids without the operations."""

    requests: bytes


_called_head = msgspec.msgpack.Decoder(_CalledHead)


class Flushed(msgspec.Struct, gc=False):
    """What one flush of returns amounted to."""

    answers: int
    latencies_ns: Ints


class ClientBook:
    """Every client's open call and last answer, and exact counts of outcomes."""

    def __init__(self, words: Callable[[bytes], str]) -> None:
        self._words = words
        self.answered = 0
        self.refused = 0
        self.unknown = 0
        self.first_answers: dict[int, int] = {}
        self.unreadable = 0
        self._open = [False] * _CLIENTS
        self._bodies: dict[int, bytes] = {}
        self._operations: tuple[int, tuple[bytes, ...]] = (0, ())  # of the record that was read last
        self._serial = 0
        self._slot_key: Ints = np.full((_CLIENTS + 1) * _SLOTS, -1, np.int64)
        self._slot_time: Ints = np.zeros((_CLIENTS + 1) * _SLOTS, np.int64)
        # one row per client: number called last, when, in which record, at which place of it;
        # number answered last, its sequence number, outcome, latency; answers so far
        self._call_number, self._called_ns, self._record, self._place = _columns(4, -1)
        self._return_number, self._seq, self._outcome, self._latency_ns = _columns(4, -1)
        (self._answers,) = _columns(1, 0)
        self._changed: npt.NDArray[np.bool_] = np.zeros(_CLIENTS, np.bool_)
        self._cards: dict[int, ClientCard] = {}

    def __len__(self) -> int:
        """Client ids that can be, 0 among them: the length of every column by client id."""
        return _CLIENTS

    def opened(self, client: int) -> None:
        """A client began: its card appears."""
        if 0 < client < _CLIENTS:
            self._forget(client)
            self._open[client] = True
            self._changed[client] = True

    def closed(self, client: int) -> None:
        """A client ended: its card goes."""
        if 0 < client < _CLIENTS:
            self._forget(client)
            self._open[client] = False

    def _forget(self, client: int) -> None:
        for column in (self._call_number, self._return_number, self._record, self._outcome):
            column[client] = -1
        for column in (self._seq, self._latency_ns, self._answers, self._called_ns):
            column[client] = 0
        self._slot_key[client * _SLOTS : (client + 1) * _SLOTS] = -1
        self._cards.pop(client, None)

    def call(self, times_ns: Sequence[int], bodies: Sequence[bytes]) -> Ints:
        """Calls of one flush, oldest first. Gives the number of calls by client id."""
        columns, times, counts = [], [], []
        first_serial = self._serial + 1
        for time_ns, body in zip(times_ns, bodies, strict=True):
            try:
                column = _called_head.decode(body).requests
            except UNREADABLE:
                column = b"?"
            if len(column) & 7:
                self.unreadable += 1
                continue
            self._serial += 1
            self._bodies[self._serial] = body
            columns.append(column)
            times.append(time_ns)
            counts.append(len(column) >> 3)
        keys, clients = _requests(columns)
        slots = _slots(keys, clients)
        time_column = np.repeat(np.array(times, np.int64), counts)
        if self.unknown:  # who asks again under the same number knows in the end
            self.unknown -= min(self.unknown, int(np.count_nonzero(self._slot_key[slots] == keys)))
        self._slot_key[slots] = keys
        self._slot_time[slots] = time_column
        who, rows = self._newest(clients)
        ends = np.cumsum(np.array(counts, np.int64))
        record = np.searchsorted(ends, rows, "right")
        self._call_number[who] = keys[rows] >> 32
        self._called_ns[who] = time_column[rows]
        self._record[who] = first_serial + record
        self._place[who] = rows - (ends - counts)[record] if len(rows) else 0
        self._drop_old_bodies()
        return np.bincount(clients, minlength=_CLIENTS)[:_CLIENTS]

    def answer(self, times_ns: Sequence[int], bodies: Sequence[bytes]) -> tuple[Flushed, Ints]:
        """Returns of one flush, oldest first. Gives their sum and the number of returns by client id."""
        columns, times, seqs, outcomes = [], [], [], []
        for time_ns, body in zip(times_ns, bodies, strict=True):
            try:
                returned = _returned.decode(body)
            except UNREADABLE:
                self.unreadable += 1
                continue
            count = len(returned.outcomes)
            lengths = (len(returned.requests), len(returned.seqs))
            if lengths != (8 * count, 8 * count) or not 0 <= returned.replica <= MAX_REPLICAS:
                self.unreadable += 1
                continue
            columns.append(returned.requests)
            times.append(time_ns)
            seqs.append(returned.seqs)
            outcomes.append(returned.outcomes)
            if returned.replica:
                first = self.first_answers
                first[returned.replica] = first.get(returned.replica, 0) + count
        all_outcomes = b"".join(outcomes)
        unknown = all_outcomes.count(UNKNOWN)
        answers = len(all_outcomes) - unknown
        self.refused += all_outcomes.count(REFUSED)
        self.unknown += unknown
        self.answered += answers
        keys, clients = _requests(columns)
        slots = _slots(keys, clients)
        known = self._slot_key[slots] == keys
        time_column = np.repeat(np.array(times, np.int64), list(map(len, outcomes)))
        latencies = time_column - self._slot_time[slots]
        outcome_column = np.frombuffer(all_outcomes, np.uint8)
        who, rows = self._newest(clients)
        self._return_number[who] = keys[rows] >> 32
        self._seq[who] = np.frombuffer(b"".join(seqs), "<i8")[rows]
        self._outcome[who] = outcome_column[rows]
        self._latency_ns[who] = np.where(known[rows], latencies[rows], 0)
        by_client = np.bincount(clients, minlength=_CLIENTS)[:_CLIENTS]
        self._answers += by_client
        if unknown:
            self._answers -= np.bincount(clients[outcome_column == UNKNOWN], minlength=_CLIENTS)[:_CLIENTS]
        return Flushed(answers, latencies if known.all() else latencies[known]), by_client

    def _newest(self, clients: Ints) -> tuple[Ints, Ints]:
        """(which clients, the last row of each) of a column of client ids; their cards have changed."""
        row = np.full(_CLIENTS + 1, -1, np.int64)
        # of a repeated index the last assignment stays
        row[clients] = np.arange(len(clients))
        row[_CLIENTS] = -1
        who = np.flatnonzero(row >= 0)
        self._changed[who] = True
        return who, row[who]

    def waiting(self) -> int:
        """Clients that wait for an answer. They call one at a time, so this is the requests in flight."""
        return int(np.count_nonzero(self._call_number > self._return_number))

    def open_call(self, client: int) -> str:
        """A client's newest call in words; "" when it is not known."""
        try:
            return self._words(self._read(int(self._record[client]))[int(self._place[client])])
        except (*UNREADABLE, IndexError):
            return ""

    def _read(self, serial: int) -> tuple[bytes, ...]:
        """The operations of a record of calls. One record holds the calls of many clients."""
        known, operations = self._operations
        if known != serial:
            body = self._bodies.get(serial)
            operations = tuple(_called.decode(body).operations) if body is not None else ()
            self._operations = serial, operations
        return operations

    def last_seq(self, client: int) -> int:
        """Sequence number of a client's last answer; 0 before the first."""
        return max(0, int(self._seq[client]))

    def cards(self, every: bool) -> tuple[ClientCard, ...]:
        """The cards in order of client id. Unless `every` is set, of many changed cards only some are drawn
        anew, the others in the next views."""
        changed = np.flatnonzero(self._changed).tolist()
        if not every and len(changed) > _CARDS_PER_VIEW:
            start = self._serial % len(changed)
            changed = (changed[start:] + changed[:start])[:_CARDS_PER_VIEW]
        for client in changed:
            self._changed[client] = False
            if self._open[client] or self._call_number[client] >= 0:
                self._open[client] = True
                self._cards[client] = self._card(client)
        return tuple(self._cards[client] for client in sorted(self._cards))

    @property
    def settled(self) -> bool:
        """Every card is up to date."""
        return not self._changed.any()

    def _card(self, client: int) -> ClientCard:
        waits = self._call_number[client] > self._return_number[client]
        outcome = int(self._outcome[client])
        return ClientCard(
            client=client,
            call=self.open_call(client),
            waiting_since_ns=int(self._called_ns[client]) if waits else 0,
            last_seq=self.last_seq(client),
            last_outcome=OUTCOMES[outcome] if 0 <= outcome < len(OUTCOMES) else "",
            last_latency_ns=max(0, int(self._latency_ns[client])),
            answered=int(self._answers[client]),
        )

    def _drop_old_bodies(self) -> None:
        if len(self._bodies) < _BODIES:
            return
        newest = set(self._record.tolist())
        self._bodies = {serial: body for serial, body in self._bodies.items() if serial in newest}


def _columns(count: int, value: int) -> list[Ints]:
    return [np.full(_CLIENTS, value, np.int64) for _ in range(count)]


def _requests(columns: list[bytes]) -> tuple[Ints, Ints]:
    """Joined columns of pairs as (pairs as one number, client ids). A client that cannot be, in a broken
    recording, gets the id `_CLIENTS`, of which nothing is kept."""
    keys = np.frombuffer(b"".join(columns), "<i8")
    return keys, np.minimum(keys & 0xFFFF_FFFF, _CLIENTS)


def _slots(keys: Ints, clients: Ints) -> Ints:
    """Where the time of each call is remembered: by client, and by number modulo `_SLOTS`."""
    return clients * _SLOTS + ((keys >> 32) & (_SLOTS - 1))
