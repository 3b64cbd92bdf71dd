"""The operator's desk: what a person asks of the engine, and what is shown besides the traffic itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, assert_never

import msgspec

from core import __version__
from core.commands import (
    AddReplica,
    Command,
    CommandUnion,
    Continue,
    CrashFrontEnd,
    Delay,
    Deliver,
    Double,
    Heal,
    Kill,
    Look,
    Lose,
    Partition,
    Pause,
    RemoveReplica,
    Revive,
    SetClients,
    SetFault,
    SetLoad,
    SetPace,
    SetPolicies,
    Submit,
    Tamper,
)
from core.errors import LockstepError, UsageError
from core.facts import (
    Answered,
    Checked,
    ClientClosed,
    Counted,
    Delayed,
    KillOrdered,
    LoadSet,
    Pace,
    PaceSet,
    RunEnded,
    RunStarted,
    Said,
)
from core.ids import replica_name
from core.limits import INSPECT_ROWS, MAX_CLIENTS
from core.protocol.codec import encode
from core.protocol.messages import Inspect, Snapshot
from core.runtime.group_desk import GroupDesk
from core.runtime.saboteur import Saboteur
from core.services.calls import anything_words, is_refused
from core.workload.closed_loop import HandAnswer

if TYPE_CHECKING:
    from core.runtime.engine import Engine

LOOK_EVERY_TICKS = 2
COUNT_EVERY_TICKS = 3
KEPT_TROUBLES = 20


class Operator:
    """Takes commands, tells answers to queries by hand, and looks at the replicas' data now and then."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._saboteur = Saboteur(engine)
        self._group_desk = GroupDesk(engine)
        self._ticks = 0
        self.freezes = False
        """The first violation stops everything: somebody watches, and a rule is broken on purpose."""
        self.troubles: list[str] = []
        """What went wrong, in sentences, first things first."""
        self._nonce = 0
        self._seen: dict[int, int] = {}  # replica → what it expected when its data was last looked at

    def tell_start(self, replicas: int, clients: int, seed: int) -> None:
        """Write the first fact of the run."""
        service = self._engine.service
        self._engine.tell(
            RunStarted(
                __version__,
                service.name,
                service.version,
                replicas,
                clients,
                seed,
                reply_policy=str(self._engine.policies.reply),
                failure_policy=self._engine.policies.failure.value,
                wall_ns=time.time_ns(),
                broken=tuple(rule.value for rule in self._engine.broken),
            )
        )

    def freeze(self) -> None:
        """A rule was broken on purpose, and now it shows: stop the picture there, once."""
        if self.freezes:
            self.freezes = False
            self.do(SetLoad(False))
            self.do(SetPace(Pace.STEP, 0))

    def tell_end(self) -> None:
        """Write the last facts of the run."""
        self.tell_counts()
        self._engine.tell(RunEnded())

    def clients_gone(self) -> None:
        """Tell which clients have ended."""
        gone, self._engine.pool.gone = self._engine.pool.gone, []
        for client in gone:
            self._engine.tell(ClientClosed(client))

    def trouble(self, sentence: str) -> None:
        """Keep what a report has to name: at most KEPT_TROUBLES sentences."""
        if len(self.troubles) < KEPT_TROUBLES:
            self.troubles.append(sentence)

    def unknown_answers(self, answers: list[HandAnswer]) -> None:
        """Tell which queries by hand nobody will ever answer."""
        for answer in answers:
            self._tell_answer(answer, 0, "unknown", "nobody is left who could tell")

    def obey(self, command: Command) -> None:
        """Carry out a command; what is wrong with it is said in a fact."""
        try:
            self.do(command)  # type: ignore[arg-type]
        except LockstepError as error:
            self._engine.tell(Said("error", str(error)))

    def do(self, command: CommandUnion) -> None:
        """Carry out a command. Raises UsageError when it makes no sense now."""
        engine = self._engine
        match command:
            case Submit(client, operation, call):
                engine.submit(client, operation, call)
            case Kill(replica):
                self.alive(replica)
                engine.tell(KillOrdered(replica, "user"))
                engine.members.kill(replica)
            case SetPace(pace, delay_ns):
                engine.tell(PaceSet(pace, delay_ns))
                engine.transport.set_pace(pace, delay_ns)
            case Deliver(token):
                if not engine.pacer.deliver(token):
                    raise UsageError("There is no such message on its way.")
            case Delay(token, behind):
                self._delay(token, behind)
            case Lose(token):
                self._on_a_link(token, engine.pacer.lose(token))
            case Double(token):
                self._on_a_link(token, engine.pacer.double(token))
            case SetClients(clients):
                if not 1 <= clients <= MAX_CLIENTS:
                    raise UsageError(f"{clients} clients are not possible: 1 to {MAX_CLIENTS} are.")
                engine.set_clients(clients)
            case SetLoad(running, think_ms, burst):
                self._set_load(running, think_ms, burst)
            case Look(replica, path, offset, limit):
                self.alive(replica)
                self._ask(replica, path, offset, max(1, min(limit, INSPECT_ROWS)))
            case SetFault() | Heal() | Partition() | Pause() | Continue() | Tamper():
                self._saboteur.do(command)
            case SetPolicies() | Revive() | AddReplica() | RemoveReplica() | CrashFrontEnd():
                self._group_desk.do(command)
            case _:
                assert_never(command)

    def _delay(self, token: int, behind: int) -> None:
        pacer = self._engine.pacer
        for wanted in (token, behind) if behind else (token,):
            if not pacer.holds(wanted):
                raise UsageError(f"No message {wanted} is on its way.", "It may have arrived meanwhile.")
        if token == behind:
            raise UsageError("A message cannot be put behind itself.", "Name another one that is on its way.")
        if behind and pacer.pace is not Pace.STEP:
            raise UsageError(
                "Messages that travel by themselves are not put behind one another.",
                "Choose Step (“pace step”) for that, or let it be late by one more delay: delay 12",
            )
        self._engine.tell(Delayed(token, behind, pacer.delay(token, behind)))

    def _on_a_link(self, token: int, found: bool) -> None:
        if not found:
            raise UsageError(
                f"No message {token} is on its way between the front end and a replica.",
                "Only on those links messages are lost or doubled.",
            )

    def hand_answers(self, replica: int) -> None:
        """Tell what the queries by hand were answered, first by `replica`."""
        answers, self._engine.pool.hand_answers = self._engine.pool.hand_answers, []
        for answer in answers:
            outcome = "refused" if is_refused(answer.outcome) else "ok"
            self._tell_answer(answer, replica, outcome, anything_words(answer.outcome))

    def _tell_answer(self, answer: HandAnswer, replica: int, outcome: str, text: str) -> None:
        fact = Answered(
            answer.client,
            answer.number,
            answer.seq,
            replica,
            answer.latency_ns,
            answer.call,
            outcome,
            text,
        )
        self._engine.tell(fact)

    def tick(self) -> None:
        """Ten times a second: look at the data of replicas that moved on, and tell the counters."""
        self._ticks += 1
        engine = self._engine
        if self._ticks % LOOK_EVERY_TICKS == 0:
            for replica in engine.front_end.view.replicas:
                if self._seen.get(replica, 0) < engine.members.status[replica].expected:
                    self.look(replica)
        if self._ticks % COUNT_EVERY_TICKS == 0:
            self.tell_counts()

    def look(self, replica: int) -> None:
        """Ask a replica for the summary of its data, as its card shows it."""
        if replica in self._engine.links:
            self._ask(replica, "", 0, 0)

    def showed(self, replica: int, shown: Snapshot) -> None:
        """A replica showed its data: it need not be asked again before it moves on."""
        if not shown.path:
            self._seen[replica] = shown.expected

    def tell_counts(self) -> None:
        """Write where the checks and the counters stand."""
        engine = self._engine
        engine.bystander.flush()
        engine.tell(Checked((*engine.witness.checks.counts(), *engine.bystander.counts())))
        engine.tell(self.counted())

    def counted(self) -> Counted:
        """The counters of the network and the group, from the start of the run."""
        engine = self._engine
        carried = engine.members.carried()
        return Counted(
            engine.messages,
            carried.frames,
            carried.sent_bytes,
            carried.received_bytes,
            engine.transport.retransmissions,
            engine.front_end.view.executed_by_all(),
            engine.front_end.sequencer.next_seq - 1,
        )

    def _set_load(self, running: bool, think_ms: float | None, burst: int | None) -> None:
        engine = self._engine
        settings = engine.workload.settings
        settings = msgspec.structs.replace(
            settings,
            think_ms=settings.think_ms if think_ms is None else think_ms,
            burst=settings.burst if burst is None else burst,
        )
        engine.workload.settings = settings
        engine.tell(LoadSet(running))
        engine.set_load(running, settings.think_ms > 0)

    def _ask(self, replica: int, path: str, offset: int, limit: int) -> None:
        self._nonce += 1
        self._engine.messages += 1
        inspect = encode(Inspect(self._nonce, path, offset, limit))
        self._engine.transport.send((replica,), inspect, paced=False)

    def alive(self, replica: int) -> None:
        """Raises UsageError when this replica is not there."""
        if replica not in self._engine.links:
            alive = ", ".join(map(replica_name, sorted(self._engine.links))) or "none"
            raise UsageError(f"{replica_name(replica)} is not alive.", f"Alive: {alive}.")
