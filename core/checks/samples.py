"""What crosses between the engine and the process that judges histories, and what is open in a gap.

The engine shows records and never waits. When the judging process cannot follow, whole stretches are left
out. After such a gap a sound judgement must know what was under way in it, so that is kept here: cheaply, by
the request ids alone, without looking into any operation.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat

import msgspec

from core.checks.history import FOREVER, Call
from core.facts import Called, ConflictCall
from core.ids import RequestId
from core.protocol.messages import CLOSE_SESSION, OPEN_SESSION, unpack_u32
from core.trace.wire_log import UNREADABLE, Record, Tap, decode_fact

TAPS = frozenset(
    {Tap.CALL_SENT, Tap.CALL_DELIVERED, Tap.RETURN_DELIVERED, Tap.FROM_PASSED, Tap.FROM_DELIVERED}
)
"""Where calls, returns and answers are seen."""

_CALLS = (Tap.CALL_SENT, Tap.CALL_DELIVERED)
_UNKNOWN = 2


class Charter(msgspec.Struct, frozen=True):
    """The first line that the judging process is told."""

    service: str


class Shown(msgspec.Struct, frozen=True, array_like=True, tag="shown"):
    """The next records."""

    records: list[Record]


Pending = tuple[int, int, bytes, int]
"""client, request number, operation, called_ns"""


class Gap(msgspec.Struct, frozen=True, array_like=True, tag="gap"):
    """Records were left out up to `until_ns`, with so many requests. Of them, and of those before, these are
    still open, and those ended as unknown meanwhile."""

    until_ns: int
    requests: int
    still_open: list[Pending]
    unknown: list[Pending]


class Over(msgspec.Struct, frozen=True, array_like=True, tag="over"):
    """Nothing more will come."""


class Found(msgspec.Struct, frozen=True):
    """A window that no order explains: the number of its last request, both sides in words, and the requests
    that conflict."""

    seq: int
    expected: str
    found: str
    calls: tuple[ConflictCall, ...] = ()


class Standing(msgspec.Struct, frozen=True):
    """Where the judging process stands: requests judged and given up; what it found since it last said so.
    `gave_up`: it cannot judge what follows. `over`: it has judged everything that it was shown."""

    checked: int
    unjudged: int
    violations: int
    found: list[Found]
    gave_up: bool = False
    over: bool = False


class _Head(msgspec.Struct, frozen=True, array_like=True, tag="called"):
    requests: bytes


class _Answers(msgspec.Struct, frozen=True, array_like=True, tag="returned"):
    replica: int
    requests: bytes
    seqs: bytes
    outcomes: bytes


_decode_call = msgspec.msgpack.Decoder(_Head).decode
_decode_return = msgspec.msgpack.Decoder(_Answers).decode


class OpenRequests:
    """Follows which requests are open, batch by batch."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}  # client → its last request
        self._records: dict[int, Record] = {}  # client → the record of its call
        self._returned: dict[int, int] = {}  # client → the last request that was answered
        self._ended: list[tuple[int, int, Record]] = []  # unknown: they may still take effect
        self.called = 0
        """Requests seen, but for the first of each client, which opens its session."""
        self.blind = False
        """A request ended as unknown and nobody knows any more what it was."""

    def follow(self, record: Record) -> None:
        """A record of a call or a return."""
        try:
            if record.tap in _CALLS:
                ids = unpack_u32(_decode_call(record.body).requests)
                clients, numbers = ids[::2], ids[1::2]
                if (
                    self._numbers.get(clients[0], 0) < numbers[0]
                ):  # not the same calls, delivered or sent again
                    self.called += len(numbers) - numbers.count(1)
                    self._numbers.update(zip(clients, numbers, strict=True))
                    self._records.update(zip(clients, repeat(record), strict=False))
                return
            answers = _decode_return(record.body)
        except UNREADABLE:
            return
        ids = unpack_u32(answers.requests)
        if _UNKNOWN in answers.outcomes:
            self._end(ids[::2], ids[1::2], answers.outcomes)
        else:
            self._returned.update(zip(ids[::2], ids[1::2], strict=True))

    def forget_ended(self) -> None:
        """Somebody else keeps in mind what has ended as unknown so far."""
        self._ended.clear()

    def still_open(self) -> list[Pending]:
        """The requests that have not returned."""
        return [
            _pending(client, number, self._records[client])
            for client, number in self._numbers.items()
            if number > self._returned.get(client, 0)
        ]

    def unknown(self) -> list[Pending]:
        """The requests that ended as unknown since `forget_ended`."""
        return [_pending(*one) for one in self._ended]

    def _end(self, clients: Iterable[int], numbers: Iterable[int], outcomes: bytes) -> None:
        for client, number, code in zip(clients, numbers, outcomes, strict=False):
            if code == _UNKNOWN:
                if self._numbers.get(client) == number:
                    self._ended.append((client, number, self._records[client]))
                else:
                    self.blind = True
            self._returned[client] = number


def _pending(client: int, number: int, record: Record) -> Pending:
    fact = decode_fact(record.body)
    assert isinstance(fact, Called)
    ids = unpack_u32(fact.requests)
    place = next(at for at in range(0, len(ids), 2) if (ids[at], ids[at + 1]) == (client, number)) // 2
    return client, number, fact.operations[place], record.time_ns


def calls_of(pending: Iterable[Pending]) -> list[Call]:
    """Pending requests as calls whose outcome nobody knows yet."""
    return [
        Call(RequestId(client, number), operation, called_ns, FOREVER, None)
        for client, number, operation, called_ns in pending
        if operation not in (OPEN_SESSION, CLOSE_SESSION)
    ]
