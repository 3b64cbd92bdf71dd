"""Dialogues with the front end, written down: `tests/transcripts/*.txt`.

A line at the margin is what happens, the indented lines under it are all that the front end does about it:

    request C1.1 C2.1
      order #1..2 to R1 R2 R3
    R2 answers #1..2
      return #1..2 from R2 to C1.1 C2.1

Time stands still until `at 0.5 s`. `#` at the margin opens a comment. What can be said is `Stage.do`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.effects import (
    Differ,
    Effect,
    Fence,
    Multicast,
    Outvoted,
    Retransmit,
    Return,
    ReturnUnknown,
    Suspect,
    Trust,
    Undecided,
)
from core.errors import RemoteProtocolError
from core.group.front_end import FrontEnd
from core.group.sequencer import Requests
from core.ids import RequestId, replica_name
from core.policies import read_reply_policy
from core.protocol.codec import decode_from_front_end
from core.protocol.messages import Failure, FromReplica, Nack, Order, Ping, Pong, unpack_u32
from core.services.calls import encode_outcome, outcome_words
from tests.support.group import SECOND, respond


@dataclass(frozen=True)
class Turn:
    """One thing that happens, and what the transcript says comes of it."""

    line: int
    said: str
    expected: list[str]


def turns(path: Path) -> Iterator[Turn]:
    """The turns of a transcript."""
    turn: Turn | None = None
    for line, text in enumerate(path.read_text().splitlines(), 1):
        if not text.strip() or text.startswith("#"):
            continue
        if text[0] == " ":
            assert turn is not None, "a transcript begins with something that happens"
            turn.expected.append(text.strip())
            continue
        if turn is not None:
            yield turn
        turn = Turn(line, text.strip(), [])
    if turn is not None:
        yield turn


class Stage:
    """A front end, the orders that it sent, and the clock."""

    def __init__(self) -> None:
        self.front_end = FrontEnd(1, 0)
        self.now = 0
        self.orders: dict[int, Order] = {}

    def play(self, path: Path) -> None:
        """Every turn of a transcript. Raises AssertionError at the first that goes otherwise."""
        for turn in turns(path):
            seen = self.do(turn.said)
            assert seen == turn.expected, f"{path.name}, line {turn.line}: {turn.said}"

    def do(self, said: str) -> list[str]:
        """Let something happen; what the front end does, in words."""
        words = said.split()
        try:
            match words:
                case ["at", seconds, "s"]:
                    self.now = round(float(seconds) * SECOND)
                    return []
                case ["tick"]:
                    return self._words(self.front_end.tick(self.now))
                case ["room"]:
                    return [f"{self.front_end.room()} more"]
                case ["policy", *policy]:
                    return self._words(self.front_end.set_policy(read_reply_policy(" ".join(policy))))
                case ["log"]:
                    return [f"holds {self.front_end.log.bytes} bytes"]
                case ["request", *requests]:
                    return self._request(requests)
                case [replica, *rest]:
                    return self._words(self._replica(int(replica.removeprefix("R")), rest))
        except RemoteProtocolError as error:
            return [f"error: {error}"]
        raise AssertionError(f"not understood: {said}")

    def _request(self, names: Sequence[str]) -> list[str]:
        requests = Requests()
        for name in names:
            found = re.fullmatch(r"C(\d+)\.(\d+)(?:-(\d+))?", name)
            assert found is not None, f"not a request: {name}"
            client, first, last = found.groups()
            for number in range(int(first), int(last or first) + 1):
                requests.add(int(client), number, b"%d" % number)
        order, multicast = self.front_end.request(requests, self.now)
        self.orders[order.first_seq] = order
        return self._words((multicast,))

    def _replica(self, replica: int, words: Sequence[str]) -> tuple[Effect, ...]:
        front_end = self.front_end
        match words:
            case ["joins"]:
                front_end.joined(replica, 1, front_end.sequencer.next_seq, self.now)
                return ()
            case ["joins", "expecting", number]:
                front_end.joined(replica, 1, _numbers(number)[0], self.now)
                return ()
            case ["is", "lost"]:
                return front_end.lost(replica, self.now)
            case ["link", "is", "full"]:
                front_end.link_full(replica)
                return ()
            case ["link", "is", "drained"]:
                return front_end.link_drained(replica)
        return front_end.received(replica, self._message(words), self.now)

    def _message(self, words: Sequence[str]) -> FromReplica:
        match words:
            case ["answers", number]:
                return respond(self.orders[_numbers(number)[0]])
            case ["answers", number, "with", "digests", *digests]:
                return respond(self.orders[_numbers(number)[0]], digests=list(map(int, digests)))
            case ["answers", number, *outcomes]:
                order = self.orders[_numbers(number)[0]]
                return respond(order, [encode_outcome(outcome) for outcome in outcomes])
            case ["of", "a", "past", "life", "answers", number]:
                return msgspec.structs.replace(respond(self.orders[_numbers(number)[0]]), incarnation=0)
            case ["misses", numbers]:
                return Nack(*_numbers(numbers))
            case ["pongs", "expecting", number]:
                return Pong(1, _numbers(number)[0], (), 0)
            case ["fails", *reason]:
                return Failure(False, " ".join(reason))
            case ["says", "ping"]:
                return Ping(1)  # type: ignore[return-value]
        raise AssertionError(f"not understood: {' '.join(words)}")

    def _words(self, effects: Sequence[Effect]) -> list[str]:
        return [self._word(effect) for effect in effects]

    def _word(self, effect: Effect) -> str:
        match effect:
            case Multicast(replicas, payload):
                return f"{_payload(payload)} to {' '.join(map(replica_name, replicas)) or 'nobody'}"
            case Retransmit(replica, payload):
                return f"{_payload(payload)} again to {replica_name(replica)}"
            case Return(replica, first_seq, requests, outcomes):
                ids = unpack_u32(requests)
                names = " ".join(map(str, map(RequestId, ids[::2], ids[1::2])))
                return f"return {_range(first_seq, len(outcomes))} from R{replica} to {names}"
            case ReturnUnknown(requests):
                names = ", ".join(f"{RequestId(client, number)} #{seq}" for client, number, seq in requests)
                return f"unknown: {names or 'nothing'}"
            case Differ(seq, first_replica, first, replica, other):
                sides = f"R{first_replica} said {outcome_words(first)}, R{replica} {outcome_words(other)}"
                return f"differ at #{seq}: {sides}"
            case Outvoted(seq, replica, lie, truth):
                return (
                    f"outvoted at #{seq}: R{replica} said {outcome_words(lie)}, most {outcome_words(truth)}"
                )
            case Undecided(first_seq, answers, needed):
                return f"undecided at #{first_seq}: {answers} answers, {needed} alike are needed"
            case Suspect(replica, silent_ns):
                return f"suspect R{replica}, silent for {silent_ns / SECOND:g} s"
            case Trust(replica):
                return f"trust R{replica}"
            case Fence(replica, reason):
                return f"fence R{replica}: {reason}"
        raise AssertionError(f"no words for {effect}")


def _payload(payload: bytes) -> str:
    message = decode_from_front_end(payload)
    if isinstance(message, Order):
        return f"order {_range(message.first_seq, message.count)}"
    assert isinstance(message, Ping)
    return "ping"


def _range(first: int, count: int) -> str:
    return f"#{first}" if count == 1 else f"#{first}..{first + count - 1}"


def _numbers(text: str) -> list[int]:
    first, _, last = text.removeprefix("#").partition("..")
    return [int(first), int(last or first)]
