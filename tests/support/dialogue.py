"""Records written by hand, so that a test reads like what happened.

    talk = Dialogue(replicas=3, clients=2)
    talk.at(1.0).call((1, 1, "post hi"))
    talk.at(1.1).order(1, (1, 1, "post hi"))
    talk.at(1.2).result(2, first=1, count=1)
    talk.at(1.3).answer(2, (1, 1, 1, "ok"))

A request is (client, number, call in words), an answer (client, number, sequence number, outcome). Digests
are those of `digest`; a replica that is `wrong` from some number on has others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from xxhash import xxh3_64_intdigest

from core import facts
from core.facts import Called, Fact, Returned
from core.model.cluster_view import ClusterView, ReplicaCard
from core.model.fold import Fold
from core.protocol.codec import encode
from core.protocol.messages import Message, Order, Pong, Result, ResultBody, Snapshot, pack_u32, pack_u64
from core.trace.wire_log import Record, Tap, encode_fact

SECOND = 1_000_000_000
OUTCOMES = ("ok", "refused", "unknown")

Request = tuple[int, int, str]
Answer = tuple[int, int, int, str]


def words(operation: bytes) -> str:
    """Operations of a dialogue are their own words."""
    return operation.decode("utf-8", "replace")


def digest(seq: int, wrong: bool = False) -> int:
    """The digest after a number, as every replica has it that is not wrong."""
    return xxh3_64_intdigest(b"%d%d" % (seq, wrong)) if seq else 0


class Dialogue:
    """Gathers records. Time is in seconds since the run began."""

    def __init__(
        self, replicas: int = 3, clients: int = 2, start_s: float = 100.0, join: bool = True
    ) -> None:
        self.records: list[Record] = []
        self.start_s = start_s
        self.time_ns = int(start_s * SECOND)
        self.wrong_from: dict[int, int] = {}
        self.everybody = sum(1 << replica for replica in range(1, replicas + 1))
        self.say(
            facts.RunStarted("1.0", "social", 1, replicas, clients, 7, "first", "drop forever", 0),
            *(facts.Spawned(replica, 1, 400 + replica) for replica in range(1, replicas + 1)),
        )
        if join:
            self.say(*(facts.Joined(replica, 1, 5000 + replica, 1) for replica in range(1, replicas + 1)))
            self.say(facts.EpochStarted(1, 1), *map(facts.ClientOpened, range(1, clients + 1)))

    def at(self, time_s: float) -> Self:
        """What comes next happens at this time."""
        self.time_ns = round((self.start_s + time_s) * SECOND)
        return self

    def say(self, *said: Fact) -> Self:
        for fact in said:
            self.write(Tap.FACT, encode_fact(fact))
        return self

    def write(self, tap: Tap, body: bytes, links: int = 0, token: int = 0) -> Self:
        self.records.append(Record(self.time_ns, tap, links, token, body))
        return self

    # --- clients ---

    def call(self, *requests: Request, tap: Tap = Tap.CALL_DELIVERED, token: int = 0) -> Self:
        called = Called(_ids(requests), [call.encode() for _, _, call in requests])
        return self.write(tap, encode_fact(called), token=token)

    def answer(self, replica: int, *answers: Answer, tap: Tap = Tap.RETURN_DELIVERED, token: int = 0) -> Self:
        returned = Returned(
            replica,
            _ids(answers),
            pack_u64(seq for _, _, seq, _ in answers),
            bytes(OUTCOMES.index(outcome) for _, _, _, outcome in answers),
        )
        return self.write(tap, encode_fact(returned), token=token)

    # --- links ---

    def order(
        self,
        first: int,
        *requests: Request,
        to: Sequence[int] = (),
        tap: Tap = Tap.TO_PASSED,
        token: int = 0,
    ) -> Self:
        operations = [call.encode() for _, _, call in requests]
        order = Order(1, first, len(requests), 0, _ids(requests), operations)
        links = sum(1 << replica for replica in to) or self.everybody
        return self.write(tap, encode(order), links, token)

    def result(
        self,
        replica: int,
        first: int,
        count: int = 1,
        tap: Tap = Tap.FROM_PASSED,
        token: int = 0,
        incarnation: int = 1,
    ) -> Self:
        digests = [self.digest(replica, seq) for seq in range(first, first + count)]
        body = ResultBody(pack_u32(2 * count * [1]), pack_u64(digests), count * [b"\x92\x00\xc0"])
        result = Result(
            1, incarnation, first, count, self.time_ns, self.time_ns, self.time_ns, digests[-1], encode(body)
        )
        return self.frame(replica, result, tap, token)

    def digest(self, replica: int, seq: int) -> int:
        wrong_from = self.wrong_from.get(replica)
        return digest(seq, wrong=wrong_from is not None and seq >= wrong_from)

    def pong(self, replica: int, expected: int, *held: int) -> Self:
        return self.frame(replica, Pong(1, expected, held, self.digest(replica, expected - 1)))

    def summary(
        self, replica: int, expected: int, *rows: tuple[str, str], nonce: int = 1, path: str = ""
    ) -> Self:
        snapshot = Snapshot(nonce, expected, self.digest(replica, expected - 1), path, 0, len(rows), rows)
        return self.frame(replica, snapshot)

    def frame(self, replica: int, message: Message, tap: Tap = Tap.FROM_PASSED, token: int = 0) -> Self:
        return self.write(tap, encode(message), 1 << replica, token)

    # --- what is seen of it ---

    def fold(self) -> Fold:
        """Everything so far, folded in one go."""
        fold = Fold(words)
        fold.apply(self.records)
        return fold

    def view(self, after_s: float = 0.0) -> ClusterView:
        """The view at the last record's time, or some seconds later."""
        return self.fold().view(self.time_ns + round(after_s * SECOND))

    def replica(self, replica: int) -> ReplicaCard:
        """A replica's card now."""
        return next(card for card in self.view().replicas if card.replica == replica)


def _ids(requests: Sequence[Request] | Sequence[Answer]) -> bytes:
    return pack_u32(part for request in requests for part in request[:2])


POST: Request = (1, 1, "post hi")


def one_request(replicas: int = 3) -> Dialogue:
    """C1 asks, every replica executes; R2, where there is one, is the first to answer."""
    first = min(2, replicas)
    talk = Dialogue(replicas)
    talk.at(1.0).call(POST)
    talk.at(1.0001).order(1, POST)
    talk.at(1.0003).result(first, 1).answer(first, (1, 1, 1, "ok"))
    talk.at(1.0004)
    for replica in set(range(1, replicas + 1)) - {first}:
        talk.result(replica, 1)
    return talk
