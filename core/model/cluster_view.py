"""The cluster at one moment, as a person sees it: frozen values that painters turn into a picture.

A card that did not change is the *same object* in the next view, so a painter may cache by identity.
Times are monotonic nanoseconds of the run.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

import msgspec

from core.facts import CheckCount, ConflictCall, Pace
from core.link_faults import Link, LinkFaults

_Self = TypeVar("_Self", bound="Frozen")


class Frozen(msgspec.Struct, frozen=True):
    """Never changes, so a copy of what holds it shares it: checkpoints of the fold cost little."""

    def __deepcopy__(self: _Self, memo: dict[int, object]) -> _Self:
        return self


class ReplicaState(Enum):
    """How a replica is, in the word that the card shows."""

    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"  # holds messages back, for the expected number is missing
    LAGGING = "lagging"
    PAUSED = "paused"
    SUSPECTED = "suspected"
    CATCHING_UP = "catching up"
    DIVERGED = "diverged"
    DEAD = "dead"


class TokenKind(Enum):
    """What travels: it decides colour and shape."""

    REQUEST = "request"  # client → front end
    ORDER = "order"  # front end → replica
    RETRANSMISSION = "retransmission"
    RESULT = "result"  # replica → front end
    ANSWER = "answer"  # front end → client
    LATE = "late"  # an order or a result that a fault delays
    LOST = "lost"


class ClientCard(Frozen, frozen=True):
    """A client: what it waits for, or its last answer."""

    client: int
    call: str  # the open request in words, else the last one; "" before the first
    waiting_since_ns: int  # 0 when it waits for nothing
    last_seq: int  # of the last answer; 0 before the first
    last_outcome: str  # "ok", "refused", "unknown" or ""
    last_latency_ns: int
    answered: int


class FrontEndCard(Frozen, frozen=True):
    """The front end."""

    next_seq: int
    in_flight: int
    retransmissions: int
    executed_by_all: int  # lowest number that every live replica has executed
    reply_policy: str  # as `core.policies` writes it; `policy_words` makes words of it
    epoch: int
    failure_policy: str = "drop forever"
    expel_liars: bool = False
    durability: str = ""  # what the reply policy promises, a sentence
    recovering: bool = False  # it died, and its successor does not serve yet
    answers_lost: tuple[tuple[int, str], ...] = ()  # (sequence number, request) that died with it


class Tile(Frozen, frozen=True):
    """One row of a replica's data. `lit`: the last operation changed it."""

    key: str
    value: str
    lit: bool


class ReplicaCard(Frozen, frozen=True):
    """A replica manager. A dead one keeps its last state."""

    replica: int
    incarnation: int
    pid: int
    port: int
    state: ReplicaState
    detail: str  # after the state: "for #128", "−8", "SIGKILL at 12.1 s"
    expected: int
    held: tuple[int, ...]  # sequence numbers held back, ascending, at most the 16 lowest
    held_count: int
    digest: int  # after `expected - 1`
    strip: tuple[int, ...]  # digests after the last up to 16 numbers `strip_first …`, oldest first
    strip_first: int
    differs: bool  # its digest differs from the other live replicas' at the same number
    tiles: tuple[Tile, ...]
    first_answers: int  # how often its answer was the first
    paused: bool = False  # somebody stopped its process
    harms: tuple[str, ...] = ()  # what somebody did inside of it, in a few words each


class Token(Frozen, frozen=True):
    """A message on its way between two nodes ("C1", "FE", "R2").

    It left at `sent_ns` and arrives at `due_ns`; a `due_ns` of 0 means that it waits for the user's word.
    `sample` > 1: it stands for that many messages (real time shows one of many). `put_off`: what
    somebody did to it, "put behind #6 FE → R1" or "put off by one more delay"; "" when it goes in its turn.
    """

    token: int
    kind: TokenKind
    seq: int
    client: int
    label: str
    source: str
    target: str
    sent_ns: int
    due_ns: int
    sample: int = 1
    put_off: str = ""


class DataPage(Frozen, frozen=True):
    """A page of a replica's data at `path`, as it answered at `at_ns`, after `expected - 1` numbers."""

    replica: int
    path: str
    offset: int
    total: int
    rows: tuple[tuple[str, str], ...]
    branches: tuple[str, ...]  # names of deeper paths
    expected: int
    digest: int
    at_ns: int


class FaultyLink(Frozen, frozen=True):
    """One direction of a link, and what is wrong with it."""

    link: Link
    faults: LinkFaults


class Verdict(Frozen, frozen=True):
    """A live check in words."""

    count: CheckCount
    words: str


class Violation(Frozen, frozen=True):
    """A check that failed: the number and both sides."""

    check: str
    seq: int
    replica: int
    expected: str
    found: str
    calls: tuple[ConflictCall, ...] = ()  # the requests that conflict, where no order explains them
    at_ns: int = 0  # when it was noticed


class Metrics(Frozen, frozen=True):
    """Figures of the last second, and of the whole run where said."""

    throughput_per_s: float
    p50_ns: int
    p99_ns: int
    first_answers: tuple[tuple[int, int], ...]  # (replica, how often) over the run
    messages_per_request: float  # over the run
    bytes_per_request: float  # over the run
    answered: int
    refused: int
    unknown: int
    frames_per_request: float = 0.0  # over the run: a frame carries a batch of messages


class ClusterView(Frozen, frozen=True):
    """Everything that the picture of one moment needs."""

    now_ns: int
    service: str
    pace: Pace
    delay_ns: int
    load_running: bool
    clients: tuple[ClientCard, ...]
    front_end: FrontEndCard
    replicas: tuple[ReplicaCard, ...]
    tokens: tuple[Token, ...]
    sampling: int  # real time: one of so many messages is shown; 1 when all are
    checks: tuple[Verdict, ...]
    violations: tuple[Violation, ...]
    metrics: Metrics
    headline: str  # one sentence over the stage: "3 replicas · first answer wins · tolerates 2 crashes"
    alert: str  # the one thing to know now: "R2 was killed at 12.1 s …"; "" when all is well
    pages: tuple[DataPage, ...] = ()  # the newest of each (replica, path, offset) looked at, latest last
    faulty_links: tuple[FaultyLink, ...] = ()
    broken: tuple[str, ...] = ()  # rules that are broken on purpose
    started_ns: int = 0  # when the run began: a person reads times since then
