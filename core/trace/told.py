"""Messages and facts in words, one line each, as the event log tells them."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple, assert_never

from core import facts
from core.facts import FactUnion
from core.harm import Harm
from core.ids import RequestId, client_name, replica_name
from core.link_faults import Link
from core.policies import policy_words
from core.protocol import handing_over as over
from core.protocol import messages
from core.protocol.messages import FromFrontEnd, FromReplica


class EventKind(StrEnum):
    """What an event is about, for the filter."""

    REQUEST = "request"
    ORDER = "order"
    RESULT = "result"
    ANSWER = "answer"
    GAP = "gap"  # a replica misses a number and asks for it
    HEARTBEAT = "heartbeat"  # signs of life, and counts told now and then
    LOOK = "look"  # a page of a replica's data
    CLUSTER = "cluster"  # processes, suspicion, epochs, clients
    CONTROL = "control"  # what a person set
    FAULT = "fault"  # what somebody broke on purpose, and what became of it
    CHECK = "check"
    NOTE = "note"


class Told(NamedTuple):
    """Who, what kind, which numbers (0: none), and the line."""

    node: str
    kind: EventKind
    seq: int
    last_seq: int
    text: str


def run_of(first: int, last: int) -> str:
    """`#128` or `#128–#191`."""
    return f"#{first}" if first == last else f"#{first}–#{last}"


def of_message(message: FromFrontEnd | FromReplica, words: Callable[[bytes], str]) -> Told:
    """A message without its ends."""
    match message:
        case messages.Order():
            return _order(message, words)
        case messages.Result():
            last = message.first_seq + message.count - 1
            micros = (message.finished_ns - message.started_ns) / 1_000
            run = run_of(message.first_seq, last)
            text = f"executed {run} in {micros:,.0f} µs, digest {message.last_digest:016x}"
            return Told("", EventKind.RESULT, message.first_seq, last, text)
        case messages.Nack(first, last):
            return Told("", EventKind.GAP, first, last, f"misses {run_of(first, last)}")
        case messages.Ping():
            return Told("", EventKind.HEARTBEAT, 0, 0, "are you there?")
        case messages.Pong():
            runs = [run_of(*pair) for pair in zip(message.held[::2], message.held[1::2], strict=True)]
            holds = f", holds {' '.join(runs[:4])}" if runs else ""
            return Told("", EventKind.HEARTBEAT, 0, 0, f"alive, expects #{message.expected}{holds}")
        case messages.Inspect():
            return Told("", EventKind.LOOK, 0, 0, f"show {message.path or 'your data'}")
        case messages.Snapshot():
            rows = f"{len(message.rows)} of {message.total} rows"
            text = f"shows {message.path or 'its data'} before #{message.expected}: {rows}"
            return Told("", EventKind.LOOK, 0, 0, text)
        case over.Tail() | over.Executed() | over.Recover():
            return Told("", EventKind.CLUSTER, *_recovery(message))
        case over.Fence(epoch):
            return Told("", EventKind.CLUSTER, 0, 0, f"epoch {epoch} begins: obey no older one")
        case over.EpochStart(epoch, next_seq):
            return Told(
                "", EventKind.CLUSTER, next_seq, next_seq, f"epoch {epoch} serves from #{next_seq} on"
            )
        case (
            over.SnapshotRequest()
            | over.SnapshotBegin()
            | over.SnapshotChunk()
            | over.SnapshotEnd()
            | over.Joined()
            | over.SnapshotRefused()
        ):
            return Told("", EventKind.CLUSTER, message.seq, message.seq, _transfer(message))
        case messages.Failure(definite, text):
            surely = "surely not done" if definite else "perhaps done"
            return Told("", EventKind.CLUSTER, 0, 0, f"fails ({surely}): {text}")
        case messages.Tamper(harm, amount):
            return Told("", EventKind.FAULT, 0, 0, f"harm yourself: {harm} {amount:,}")
        case messages.Bye():
            return Told("", EventKind.CLUSTER, 0, 0, "leave in peace")
        case messages.Hello() | messages.Challenge() | messages.Proof() | messages.Welcome():
            name = type(message).__name__.lower()
            return Told("", EventKind.CLUSTER, 0, 0, f"handshake: {name}")
        case _:
            assert_never(message)


def _recovery(message: over.Tail | over.Executed | over.Recover) -> tuple[int, int, str]:
    match message:
        case over.Tail():
            last = message.last_seq
            return last, last, f"obeys epoch {message.epoch}, has executed up to #{last}"
        case over.Recover(_, first_seq):
            return first_seq, first_seq, f"tell what you executed from #{first_seq} on"
        case over.Executed(_, order, digest):
            return 0, 0, f"executed an order of {len(order):,} bytes, digest {digest:016x}"


def _transfer(
    message: over.SnapshotRequest
    | over.SnapshotBegin
    | over.SnapshotChunk
    | over.SnapshotEnd
    | over.Joined
    | over.SnapshotRefused,
) -> str:
    match message:
        case over.SnapshotRequest(seq, offset):
            return f"asks for the state after #{seq}" + (f" from byte {offset:,} on" if offset > 0 else "")
        case over.SnapshotBegin(seq, digest, length):
            return f"the state after #{seq}: {length:,} bytes, digest {digest:016x}"
        case over.SnapshotChunk(seq, offset, data):
            return f"the state after #{seq}: bytes {offset:,} to {offset + len(data):,}"
        case over.SnapshotEnd(seq):
            return f"the state after #{seq} is needed no more"
        case over.Joined(seq, digest):
            return f"has become the state after #{seq}, digest {digest:016x}"
        case over.SnapshotRefused(seq, reason):
            return f"refuses the state after #{seq}: {reason}"


def _order(order: messages.Order, words: Callable[[bytes], str]) -> Told:
    last = order.first_seq + order.count - 1
    text = f"ordered {run_of(order.first_seq, last)}"
    if order.count == 1 and order.operations:
        text = f"{text} {words(order.operations[0])}"
    return Told("", EventKind.ORDER, order.first_seq, last, text)


def of_fact_kind(body: bytes) -> EventKind:
    """The kind of an encoded fact, by its tag alone."""
    length = body[1] & 0x1F if len(body) > 1 else 0
    return _KINDS.get(body[2 : 2 + length], EventKind.CLUSTER)


_KINDS = {
    b"policy_set": EventKind.CONTROL, b"pace_set": EventKind.CONTROL, b"load_set": EventKind.CONTROL,
    b"delayed": EventKind.CONTROL,
    b"link_faulted": EventKind.FAULT, b"paused": EventKind.FAULT, b"continued": EventKind.FAULT,
    b"tampered": EventKind.FAULT,
    b"checked": EventKind.HEARTBEAT, b"violated": EventKind.CHECK, b"diverged": EventKind.CHECK,
    b"counted": EventKind.HEARTBEAT, b"said": EventKind.NOTE, b"answered": EventKind.NOTE,
    b"called": EventKind.REQUEST, b"returned": EventKind.ANSWER,
}  # fmt: skip


def of_fact(fact: FactUnion) -> Told:
    """A fact in words."""
    match fact:
        case facts.Diverged(replica, seq):
            return Told(replica_name(replica), EventKind.CHECK, seq, seq, f"differs from #{seq} on")
        case facts.Checked(counts):
            parts = [f"{c.name} {c.checked:,}" + (f" ({c.violations} failed)" if c.violations else "")
                     for c in counts]  # fmt: skip
            return Told("checks", EventKind.HEARTBEAT, 0, 0, ", ".join(parts))
        case facts.Violated():
            node = replica_name(fact.replica) if fact.replica else "checks"
            text = f"{fact.check} failed: expected {fact.expected}, found {fact.found}"
            return Told(node, EventKind.CHECK, fact.seq, fact.seq, text)
        case facts.PaceSet(pace, delay_ns):
            delay = f", {delay_ns / 1e6:,.0f} ms a message" if pace is facts.Pace.SLOW else ""
            return Told("FE", EventKind.CONTROL, 0, 0, f"pace: {pace.value}{delay}")
        case facts.Delayed(token, behind, later_ns):
            late = f"off by {later_ns / 1e6:,.0f} ms"
            where = late if later_ns else f"behind message {behind}" if behind else "last"
            return Told("FE", EventKind.CONTROL, 0, 0, f"message {token} put {where}")
        case facts.PolicySet(reply, failure, expel_liars):
            liars = ", liars are expelled" if expel_liars else ""
            return Told("FE", EventKind.CONTROL, 0, 0, f"{policy_words(reply)} · {failure}{liars}")
        case facts.LoadSet(running):
            return Told("FE", EventKind.CONTROL, 0, 0, f"load {'runs' if running else 'rests'}")
        case facts.LinkFaulted(replica, way, faults):
            text = f"{Link(replica, way)}: {faults.words() or 'healed'}"
            return Told(replica_name(replica), EventKind.FAULT, 0, 0, text)
        case facts.Paused(replica):
            return Told(replica_name(replica), EventKind.FAULT, 0, 0, "stopped by hand (SIGSTOP)")
        case facts.Continued(replica):
            return Told(replica_name(replica), EventKind.FAULT, 0, 0, "goes on (SIGCONT)")
        case facts.Tampered(replica, harm, amount):
            return Told(replica_name(replica), EventKind.FAULT, 0, 0, harm_words(harm, amount))
        case facts.Counted():
            text = f"{fact.requests:,} requests, {fact.messages:,} messages, {fact.frames:,} frames"
            return Told("FE", EventKind.HEARTBEAT, 0, 0, text)
        case facts.Said(level, text):
            return Told("FE", EventKind.NOTE, 0, 0, text if level == "info" else f"{level}: {text}")
        case facts.Answered():
            text = f"{fact.call}: {fact.outcome}, {fact.text}"
            return Told(client_name(fact.client), EventKind.NOTE, fact.seq, fact.seq, text)
        case facts.Called(_, operations):
            return Told("clients", EventKind.REQUEST, 0, 0, f"{len(operations)} requests")
        case facts.Returned(_, _, _, outcomes):
            return Told("clients", EventKind.ANSWER, 0, 0, f"{len(outcomes)} answers")
        case _:
            node, text = _of_the_cluster(fact)
            return Told(node, EventKind.CLUSTER, 0, 0, text)


def harm_words(harm: Harm, amount: int) -> str:
    """What somebody did inside of a replica, or ended."""
    match harm:
        case Harm.SLOW:
            return f"every execution takes {amount / 1e6:,.3g} ms longer" if amount else "at full speed again"
        case Harm.LIE:
            how_often = "every answer" if amount == 1 else f"one answer in {amount}"
            return f"lies: {how_often} is wrong" if amount else "honest again"
        case Harm.CORRUPT:
            return (
                "a bit of its memory was turned"
                if amount == 1
                else f"{amount} bits of its memory were turned"
            )
        case Harm.FLOOD:
            return f"writes {amount / 1e6:,.3g} MB to its log"


_OfTheCluster = (
    facts.RunStarted
    | facts.RunEnded
    | facts.EpochStarted
    | facts.Spawned
    | facts.Joined
    | facts.KillOrdered
    | facts.Exited
    | facts.Suspected
    | facts.Trusted
    | facts.Dropped
    | facts.ClientOpened
    | facts.ClientClosed
    | facts.FrontEndCrashed
    | facts.AnswerLost
    | facts.Lied
    | facts.Reviving
    | facts.SnapshotSent
    | facts.CaughtUp
    | facts.DonorRefused
)


def _of_the_cluster(fact: _OfTheCluster) -> tuple[str, str]:
    match fact:
        case facts.RunStarted():
            text = f"run started: {fact.service}, {fact.replicas} replicas, {fact.clients} clients"
            return "FE", text
        case facts.RunEnded():
            return "FE", "run ended"
        case facts.EpochStarted(epoch, next_seq, reason):
            return "FE", f"epoch {epoch} begins at #{next_seq}" + (f": {reason}" if reason else "")
        case facts.FrontEndCrashed(epoch):
            return "FE", f"the front end of epoch {epoch} died with all that it knew"
        case facts.AnswerLost(seq, client, number):
            return "FE", f"answered request {RequestId(client, number)} (#{seq}) is lost"
        case facts.Lied(replica, seq, told, majority):
            return replica_name(replica), f"outvoted at #{seq}: it told {told}, most {majority}"
        case facts.Reviving(replica, incarnation, donor):
            text = f"incarnation {incarnation} takes the state of {replica_name(donor)}"
            return replica_name(replica), text
        case facts.SnapshotSent(replica, donor, seq, sent, total):
            text = f"has {sent:,} of {total:,} bytes of {replica_name(donor)}'s state after #{seq}"
            return replica_name(replica), text
        case facts.CaughtUp(replica, incarnation, seq, took_ns):
            text = f"incarnation {incarnation} joined at #{seq}, {took_ns / 1e9:.2f} s after its start"
            return replica_name(replica), text
        case facts.DonorRefused(replica, donor, reason):
            return replica_name(replica), f"refuses the state of {replica_name(donor)}: {reason}"
        case facts.ClientOpened(client):
            return client_name(client), "begins"
        case facts.ClientClosed(client):
            return client_name(client), "ends"
        case facts.Spawned(replica, incarnation, pid):
            return replica_name(replica), f"process {pid} started, incarnation {incarnation}"
        case facts.Joined(replica, _, port, expected):
            return replica_name(replica), f"joined on port {port}, expects #{expected}"
        case facts.KillOrdered(replica, by):
            return replica_name(replica), f"to be killed by {by}"
        case facts.Exited(replica, status, _):
            how = f"signal {-status}" if status < 0 else f"status {status}"
            return replica_name(replica), f"process ended with {how}"
        case facts.Suspected(replica, silent_ns):
            return replica_name(replica), f"suspected: silent for {silent_ns / 1e6:,.0f} ms"
        case facts.Trusted(replica):
            return replica_name(replica), "trusted again"
        case facts.Dropped(replica, reason):
            return replica_name(replica), f"dropped: {reason}"
        case _:
            assert_never(fact)
