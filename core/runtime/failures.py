"""What the engine does when something fails: a replica goes down, all of them do, the front end dies."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from core import effects, facts
from core.errors import UsageError
from core.group.front_end import FrontEnd
from core.group.sequencer import Requests
from core.ids import replica_name
from core.protocol.codec import decode_from_front_end, encode
from core.protocol.handing_over import Image, SnapshotBegin, SnapshotChunk, SnapshotEnd, SnapshotRequest
from core.protocol.messages import Order, pack_u32, pack_u64
from core.replica.joiner import Joiner
from core.services.calls import anything_words
from core.trace.wire_log import Tap

if TYPE_CHECKING:
    from core.runtime.engine import Engine

REPEAT_AFTER_NS = 250_000_000


class Failures:
    """Performs the rarer effects of the front end, and outlives it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._liars: set[int] = set()
        self._undecided = False
        self._short = False  # fewer replicas than the reply policy needs
        self._between_epochs = False
        self._witness: WitnessRecovery | None = None
        self.answers_lost = 0
        """Answered requests that died with a front end and every replica that had executed them."""

    def perform(self, effect: effects.Effect, now: int) -> None:
        """Do what a step of the front end asks for, but for requests, orders and answers."""
        engine = self._engine
        match effect:
            case effects.ReturnUnknown(requests):
                self.nobody_left(engine.take_waiting(), requests)
            case effects.Suspect(replica, silent_ns):
                engine.tell(facts.Suspected(replica, silent_ns))
            case effects.Trust(replica):
                engine.tell(facts.Trusted(replica))
            case effects.Fence(replica, reason) | effects.Close(replica, reason):
                self.down(replica, reason)
            case effects.Differ():
                pass  # the live checks name it, with both sides
            case effects.Outvoted():
                self._outvoted(effect)
            case effects.Undecided(first_seq, answers, needed):
                self._tell_undecided(first_seq, answers, needed)
            case effects.Ordered(replicas, payload, members):
                order = decode_from_front_end(payload)
                assert isinstance(order, Order)
                engine.messages += len(replicas)
                engine.transport.send(replicas, payload)
                engine.witness.note(engine.witness.checks.ordered, order, members)
            case effects.CatchingUp() | effects.NewMember() | effects.RefusedDonor():
                engine.revival.perform(effect, now)
            case effects.EpochReady(epoch, next_seq):
                self._recovered(epoch, next_seq)
            case _:
                assert_never(effect)  # type: ignore[arg-type]

    def down(self, replica: int, reason: str) -> None:
        """Drop a replica, fenced: its process is killed, whatever it was doing."""
        engine = self._engine
        if engine.stopping or not engine.members.drop(replica):
            return
        engine.transport.forget(replica)
        self._undecided = False
        engine.tell(facts.Dropped(replica, reason))
        engine.operator.trouble(f"{replica_name(replica)} was dropped: {reason}.")
        engine.witness.note(engine.witness.checks.lost, replica)
        now = engine.now()
        for effect in engine.front_end.lost(replica, now):
            engine.perform(effect, now)
        engine.order(now)
        engine.revival.lost(replica)
        engine.changed.set()

    def nobody_left(self, waiting: Requests, ordered: tuple[tuple[int, int, int], ...]) -> None:
        """No replica is left: what was ordered may or may not have been executed; nobody will ever say."""
        engine = self._engine
        if self._between_epochs:  # whatever is open was asked of a front end that died
            self._between_epochs, waiting = False, engine.pool.repeated()
        never_ordered = zip(waiting.ids[::2], waiting.ids[1::2], (0,) * len(waiting), strict=True)
        requests = (*ordered, *never_ordered)
        engine.unknown += len(requests)
        self._tell_unknown(requests)
        engine.witness.note(engine.witness.checks.unknown, requests)
        engine.operator.unknown_answers(engine.pool.unknown(requests))
        text = "No replica is left. Open requests end as unknown; nothing can be asked any more."
        engine.tell(facts.Said("error", text))

    def _tell_unknown(self, requests: tuple[tuple[int, int, int], ...]) -> None:
        if not requests:
            return
        ids = pack_u32([part for client, number, _ in requests for part in (client, number)])
        seqs = pack_u64([seq for _, _, seq in requests])
        fact = facts.Returned(0, ids, seqs, b"\x02" * len(requests))
        self._engine.witness.saw(self._engine.now(), Tap.RETURN_DELIVERED, 0, 0, fact)

    # --- votes --------------------------------------------------------------------------------------------

    def _outvoted(self, effect: effects.Outvoted) -> None:
        """Name a liar, once; expel it if the user says so."""
        engine, replica, seq = self._engine, effect.replica, effect.seq
        if replica in self._liars:
            if engine.policies.expel_liars:  # since it was named
                self.down(replica, f"outvoted at #{seq}")
            return
        self._liars.add(replica)
        told, most = anything_words(effect.outcome), anything_words(effect.majority_outcome)
        if told == most:
            told, most = f"{told}, from another state", f"{most}, from theirs"
        engine.tell(facts.Lied(replica, seq, told, most))
        sentence = f"{replica_name(replica)} was outvoted at #{seq}: it told {told}, most {most}."
        engine.tell(facts.Said("warning", sentence))
        engine.operator.trouble(sentence)
        if engine.policies.expel_liars:
            self.down(replica, f"outvoted at #{seq}")

    def honest_again(self, replica: int) -> None:
        """A new incarnation has told no lie yet."""
        self._liars.discard(replica)

    def _tell_undecided(self, first_seq: int, answers: int, needed: int) -> None:
        if not self._undecided:
            text = (
                f"#{first_seq} has {answers} answers, but not {needed} alike: its clients wait until a "
                "replica goes or comes, or the reply policy changes."
            )
            self._undecided = True
            self._engine.tell(facts.Said("error", text))

    # --- the front end dies -------------------------------------------------------------------------------

    def crash_front_end(self) -> None:
        """The front end dies with all that it knew: numbers, log, responses, suspicions. A successor takes
        over the same processes. Raises UsageError when nobody is left."""
        engine, old = self._engine, self._engine.front_end
        if not engine.links:
            raise UsageError("No replica is left to recover from.", "Start a new session.")
        if engine.witness.held:  # what is noted meanwhile belongs to a history that may be gone already
            raise UsageError(
                "The checks still compare the history that the last front end left.", "Try again in a moment."
            )
        engine.tell(facts.FrontEndCrashed(old.sequencer.epoch))
        for replica in (0, *engine.links):
            engine.transport.forget(replica)
        engine.take_waiting()
        if not old.recovering:
            requests = engine.pool.repeated()
            pairs = zip(requests.ids[::2], requests.ids[1::2], strict=True)
            self._tell_unknown(tuple((client, number, 0) for client, number in pairs))
        for newcomer in [replica for replica in engine.links if replica in old.transfer.newcomers]:
            self.down(newcomer, "its catching up ended with the front end")
        self._between_epochs = True
        epoch, policy = old.sequencer.epoch + 1, engine.policies.reply
        engine.front_end = FrontEnd(epoch, engine.wall_minus_monotonic_ns, policy)
        incarnations = {replica: link.incarnation for replica, link in engine.links.items()}
        now = engine.now()
        for effect in engine.front_end.recover(incarnations, now):
            engine.perform(effect, now)

    def _recovered(self, epoch: int, next_seq: int) -> None:
        """The successor knows where the group is: what does that mean for what clients were told?"""
        engine, checks = self._engine, self._engine.witness.checks
        self._between_epochs = False
        engine.witness.settle()
        for seq, request in checks.recovered(next_seq):
            self.answers_lost += 1
            engine.tell(facts.AnswerLost(seq, request.client, request.number))
            sentence = (
                f"Answered request {request} (#{seq}) is lost: the front end and every replica that had "
                f"executed it are gone."
            )
            engine.tell(facts.Said("error", sentence))
            engine.operator.trouble(sentence)
        engine.tell(facts.EpochStarted(epoch, next_seq, "the front end before it died"))
        if checks.ahead_of(next_seq):
            self._witness = WitnessRecovery(engine, next_seq)
        engine.take_waiting()
        engine.issue(engine.pool.repeated())

    def given(self, replica: int, message: SnapshotBegin | SnapshotChunk) -> None:
        """Part of a replica's state arrived, perhaps for the witness."""
        if self._witness is not None and self._witness.given(replica, message):
            self._witness = None

    def tick(self, now: int) -> None:
        """Ask again for what was not answered; say it when nobody can be answered."""
        engine = self._engine
        alive, fewest = len(engine.front_end.view.members), engine.policies.reply.fewest
        short = 0 < alive < fewest
        if short and not self._short:
            text = (
                f"{fewest} replicas must respond alike, and only {alive} can: nobody is answered until "
                "another joins, or the reply policy changes."
            )
            engine.tell(facts.Said("error", text))
        self._short = short
        if self._witness is not None and self._witness.tick(now):
            self._witness = None


class WitnessRecovery:
    """The reference machine has executed what is gone with a front end: it needs the state to go back to.

    It is asked of a replica before anything new is ordered, and taken only if it is what the reference itself
    was at that number. Until then what is to be judged is kept.
    """

    def __init__(self, engine: Engine, next_seq: int) -> None:
        self._engine = engine
        self._next_seq = next_seq
        members = engine.front_end.view.members
        self._replica = max(members, key=lambda replica: members[replica].executed)
        self._joiner = Joiner(self._become)
        self._done = False
        self._asked_ns = 0
        self._request = SnapshotRequest(next_seq - 1, -1)
        engine.witness.held = True
        self._ask(self._request)

    def given(self, replica: int, message: SnapshotBegin | SnapshotChunk) -> bool:
        """Take part of the state. True when it is complete."""
        if replica != self._replica or message.seq != self._next_seq - 1:
            return False
        taking = (
            self._joiner.begin(message) if isinstance(message, SnapshotBegin) else self._joiner.chunk(message)
        )
        for effect in taking:
            assert isinstance(effect, effects.Send)
            if self._done:
                self._ask(SnapshotEnd(self._next_seq - 1))
                return True
            self._engine.transport.instruct(self._replica, effect.payload)
            self._asked_ns = self._engine.now()
        return False

    def tick(self, now: int) -> bool:
        """Ask again. True when there is no hope: the replica is gone."""
        if self._replica not in self._engine.links:
            sentence = "The checks lost their reference with a replica: what follows is not compared."
            self._engine.tell(facts.Said("warning", sentence))
            self._engine.operator.trouble(sentence)
            self._engine.witness.checks.give_up()
            self._release()
            return True
        if now - self._asked_ns >= REPEAT_AFTER_NS:
            self._joiner = Joiner(self._become)
            self._ask(self._request)
        return False

    def _ask(self, message: SnapshotRequest | SnapshotEnd) -> None:
        self._asked_ns = self._engine.now()
        self._engine.transport.instruct(self._replica, encode(message))

    def _become(self, seq: int, image: Image) -> None:
        self._engine.witness.checks.go_back(self._next_seq, image)
        self._release()

    def _release(self) -> None:
        self._done = True
        self._engine.witness.held = False
        self._engine.witness.settle()
