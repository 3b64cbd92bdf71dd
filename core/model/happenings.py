"""The facts' side of the fold: what was announced, and what it does to the replicas."""

from __future__ import annotations

from collections import deque
from typing import assert_never

from core import facts
from core.facts import FactUnion, Pace
from core.harm import Harm
from core.ids import RequestId, replica_name
from core.link_faults import NO_FAULTS, Link, LinkFaults
from core.model.clients import ClientBook
from core.model.cluster_view import DataPage, FaultyLink, ReplicaState, Tile, Verdict, Violation
from core.model.replica import Replica
from core.model.replicas import ReplicaBook
from core.model.tokens import TokenBoard
from core.model.words import ended_by, seconds, verdict
from core.protocol.messages import Snapshot

SAID_SHOWN_NS = 10_000_000_000
MAX_VIOLATIONS = 100
MAX_PAGES = 32
NEVER_NS = 1 << 63


class Happenings:
    """What the facts said. `urgent`: something happened that the picture must show at once."""

    def __init__(self, clients: ClientBook, replicas: ReplicaBook, tokens: TokenBoard) -> None:
        self._clients = clients
        self._replicas = replicas
        self._tokens = tokens
        self.urgent = False
        self.started_ns = 0
        self.service = ""
        self.replicas = 0
        self.reply_policy = "first"
        self.failure_policy = "drop forever"
        self.expel_liars = False
        self.recovering = False
        self.answers_lost: tuple[tuple[int, str], ...] = ()
        self.broken: tuple[str, ...] = ()
        self.epoch = 0
        self.pace = Pace.REAL_TIME
        self.delay_ns = 0
        self.load_running = False
        self.checks: tuple[Verdict, ...] = ()
        self.violations: tuple[Violation, ...] = ()
        self.pages: tuple[DataPage, ...] = ()
        self.faulty_links: tuple[FaultyLink, ...] = ()
        self.counted = facts.Counted(0, 0, 0, 0, 0, 0, 0)
        self.until_ns = NEVER_NS
        """When the last sentence stops being news."""
        self._sentence = ("", "")
        self._looks: deque[tuple[int, int]] = deque(maxlen=256)

    def faults_of(self, link: Link) -> LinkFaults:
        """What is wrong with one direction of a link."""
        return next((one.faults for one in self.faulty_links if one.link == link), NO_FAULTS)

    def fresh(self, now_ns: int) -> tuple[str, str]:
        """The latest sentence, as (level, text), while it is news."""
        if now_ns >= self.until_ns:
            self._sentence, self.until_ns = ("", ""), NEVER_NS
        return self._sentence

    def obey(self, time_ns: int, fact: FactUnion) -> None:
        """Take one fact."""
        self.urgent = self.urgent or not isinstance(fact, facts.Counted | facts.Checked)
        match fact:
            case facts.RunStarted():
                self.started_ns = time_ns
                self.service = fact.service
                self.replicas = fact.replicas
                self.reply_policy, self.failure_policy = fact.reply_policy, fact.failure_policy
                self.broken = fact.broken
            case facts.PolicySet(reply, failure, expel_liars):
                self.reply_policy, self.failure_policy, self.expel_liars = reply, failure, expel_liars
            case facts.EpochStarted():
                self.epoch, self.recovering = fact.epoch, False
            case facts.FrontEndCrashed():
                self.recovering = True
                self._tokens.lost("FE", time_ns)
            case facts.AnswerLost(seq, client, number):
                lost = (*self.answers_lost, (seq, str(RequestId(client, number))))
                self.answers_lost = lost[:MAX_VIOLATIONS]
            case facts.ClientOpened(client):
                self._clients.opened(client)
            case facts.ClientClosed(client):
                self._clients.closed(client)
            case facts.PaceSet(pace, delay_ns):
                self.pace, self.delay_ns = pace, delay_ns if pace is Pace.SLOW else 0
                self._tokens.repaced(self.delay_ns, time_ns)
            case facts.Delayed(token, behind, later_ns):
                self._tokens.put_off(token, behind, later_ns, time_ns)
            case facts.LoadSet(running):
                self.load_running = running
            case facts.LinkFaulted(replica, way, faults):
                link = Link(replica, way)
                others = tuple(one for one in self.faulty_links if one.link != link)
                self.faulty_links = (*others, FaultyLink(link, faults)) if faults.any else others
            case facts.Checked(counts):
                self.checks = _verdicts(self.checks, counts)
            case facts.Violated():
                found = Violation(
                    fact.check, fact.seq, fact.replica, fact.expected, fact.found, fact.calls, time_ns
                )
                if len(self.violations) < MAX_VIOLATIONS or self._is_first(fact.check):
                    self.violations = (*self.violations, found)
            case facts.Counted():
                self.counted = fact
            case facts.Said(level, text):
                self._sentence, self.until_ns = (level, text), time_ns + SAID_SHOWN_NS
            case facts.RunEnded() | facts.Answered() | facts.Called() | facts.Returned():
                pass
            case _:
                self._of_a_replica(time_ns, fact)

    def _of_a_replica(self, time_ns: int, fact: _OfAReplica) -> None:
        known = self._replicas.get(fact.replica)
        if known is None:
            return
        match fact:
            case facts.Spawned():
                known.spawned(fact.incarnation, fact.pid)
            case facts.Joined():
                known.incarnation, known.port = fact.incarnation, fact.port
                known.phase, known.detail = ReplicaState.RUNNING, ""
                known.reached(fact.expected, known.digest)
                known.level_ns = time_ns
            case facts.Suspected():
                if known.up:
                    known.phase, known.detail = (
                        ReplicaState.SUSPECTED,
                        f"silent for {seconds(fact.silent_ns)}",
                    )
            case facts.Trusted():
                if known.up:
                    known.phase, known.detail = _phase(known), ""
            case facts.Paused() | facts.Continued():
                known.paused = isinstance(fact, facts.Paused)
                if known.phase in (ReplicaState.RUNNING, ReplicaState.PAUSED):
                    known.phase, known.detail = _phase(known), ""
            case facts.Tampered():
                known.harms.pop(fact.harm, 0)
                if fact.amount and fact.harm is not Harm.FLOOD:
                    known.harms[fact.harm] = fact.amount
            case facts.Reviving(_, incarnation, donor):
                known.incarnation = incarnation
                known.phase, known.detail = ReplicaState.CATCHING_UP, f"from {replica_name(donor)}"
            case facts.SnapshotSent(_, donor, _, sent, total):
                if known.phase is ReplicaState.CATCHING_UP and total:
                    known.detail = f"{100 * sent // total} % from {replica_name(donor)}"
            case facts.CaughtUp():
                known.diverged_seq = 0
            case facts.Lied() | facts.DonorRefused():
                pass  # said in a sentence, and shown where it comes to a change of state
            case facts.Diverged():
                known.diverged_seq = min(known.diverged_seq or fact.seq, fact.seq)
            case facts.KillOrdered():
                known.killed_by = fact.by
                self._died(time_ns, fact.replica, "SIGKILL")
            case facts.Exited():
                known.ended = ended_by(fact.status)
                self._died(time_ns, fact.replica, known.ended)
            case facts.Dropped():
                if fact.reason.startswith("silent"):
                    known.killed_by = "fence"
                    known.silence = fact.reason
                self._died(time_ns, fact.replica, "dropped")
            case _:
                assert_never(fact)

    def _died(self, time_ns: int, replica: int, how: str) -> None:
        """The first word of its death gives the time, its exit status the manner."""
        known = self._replicas.all[replica]
        if not known.dead:
            known.died_ns = time_ns - self.started_ns
            known.phase = ReplicaState.DEAD
            self._tokens.lost(replica_name(replica), time_ns)
        if known.silence:
            known.detail = known.silence
        elif how != "dropped" or not known.detail.endswith(" s"):
            known.detail = f"{how} · {seconds(known.died_ns)}"

    # --- the replicas' data -------------------------------------------------------------------------------

    def asked(self, links: int, nonce: int) -> None:
        """A look at a page of a replica's data, which is not its summary."""
        self._looks.append((links, nonce))

    def _is_first(self, check: str) -> bool:
        """No violation of this check is kept yet."""
        return all(violation.check != check for violation in self.violations)

    def showed(self, time_ns: int, links: int, shown: Snapshot) -> None:
        """A replica's answer to a look: its summary becomes its tiles, a page is kept."""
        known = self._replicas.get(links.bit_length() - 1)
        if known is None:
            return
        known.reached(shown.expected, shown.digest)
        if (links, shown.nonce) in self._looks:
            page = DataPage(
                known.replica, shown.path, shown.offset, shown.total, shown.rows, shown.branches,
                shown.expected, shown.digest, time_ns,
            )  # fmt: skip
            name = (page.replica, page.path, page.offset)
            others = [other for other in self.pages if (other.replica, other.path, other.offset) != name]
            self.pages = (*others, page)[-MAX_PAGES:]
            self.urgent = True
        elif not shown.path:
            before = {tile.key: tile.value for tile in known.tiles}
            lit = bool(before)
            known.tiles = tuple(Tile(key, text, lit and before.get(key) != text) for key, text in shown.rows)


_OfAReplica = (
    facts.Spawned
    | facts.Joined
    | facts.KillOrdered
    | facts.Exited
    | facts.Suspected
    | facts.Trusted
    | facts.Dropped
    | facts.Diverged
    | facts.Paused
    | facts.Continued
    | facts.Tampered
    | facts.Reviving
    | facts.SnapshotSent
    | facts.CaughtUp
    | facts.Lied
    | facts.DonorRefused
)


def _phase(known: Replica) -> ReplicaState:
    return ReplicaState.PAUSED if known.paused else ReplicaState.RUNNING


def _verdicts(old: tuple[Verdict, ...], counts: tuple[facts.CheckCount, ...]) -> tuple[Verdict, ...]:
    same = {one.count: one for one in old}
    return tuple(same.get(count) or verdict(count) for count in counts)
