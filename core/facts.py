"""What can happen besides frames on links: the control facts and the clients' calls and returns.

Facts go into the wire log beside the frames. Together they are all that replay, checks and picture know.
Columns (`requests`, `seqs`) are raw little-endian bytes as in `core.protocol.messages`.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from core.harm import Harm
from core.link_faults import LinkFaults, Way


class Pace(StrEnum):
    """How fast messages travel: untouched, by a visible delay each, or one by one on the user's word."""

    REAL_TIME = "real time"
    SLOW = "slow"
    STEP = "step"


class Fact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Base of every fact."""


class RunStarted(Fact, tag="run_started", frozen=True):
    """First fact of a run. `wall_ns` is the wall clock at monotonic `time 0` of this record."""

    version: str
    service: str
    service_version: int
    replicas: int
    clients: int
    seed: int
    reply_policy: str
    failure_policy: str
    wall_ns: int
    broken: tuple[str, ...] = ()
    """Rules that are broken on purpose (`core.rules.Rule`)."""


class RunEnded(Fact, tag="run_ended", frozen=True):
    """Last fact of a run that ended as it should."""


class EpochStarted(Fact, tag="epoch_started", frozen=True):
    """The front end serves under this epoch from `next_seq` on. `reason` says why a new one was needed."""

    epoch: int
    next_seq: int
    reason: str = ""


class FrontEndCrashed(Fact, tag="front_end_crashed", frozen=True):
    """The front end of this epoch died with all that it knew. Open requests end as unknown; their clients ask
    once more, under the same request numbers, when the next epoch serves."""

    epoch: int


class AnswerLost(Fact, tag="answer_lost", frozen=True):
    """A client had been answered, and nobody alive has executed the request: it is as if it never was."""

    seq: int
    client: int
    number: int


class PolicySet(Fact, tag="policy_set", frozen=True):
    """These policies hold from now on, in the words of `core.policies`. `expel_liars`: who is outvoted has to
    go."""

    reply: str
    failure: str
    expel_liars: bool


class Lied(Fact, tag="lied", frozen=True):
    """A replica was outvoted for the first time: what it answered to `seq`, and what most did, in words."""

    replica: int
    seq: int
    told: str
    majority: str


class Reviving(Fact, tag="reviving", frozen=True):
    """A fresh process of this replica is brought to the group's state, which `donor` gives."""

    replica: int
    incarnation: int
    donor: int


class SnapshotSent(Fact, tag="snapshot_sent", frozen=True):
    """`sent` of the `total` bytes of the donor's state after `seq` have reached the replica."""

    replica: int
    donor: int
    seq: int
    sent: int
    total: int


class CaughtUp(Fact, tag="caught_up", frozen=True):
    """A replica joined the group at `seq`, with the others' digest, so long after its process was started."""

    replica: int
    incarnation: int
    seq: int
    took_ns: int


class DonorRefused(Fact, tag="donor_refused", frozen=True):
    """The state that `donor` gave to `replica` does not hold."""

    replica: int
    donor: int
    reason: str


class Spawned(Fact, tag="spawned", frozen=True):
    """A replica's process was started."""

    replica: int
    incarnation: int
    pid: int


class Joined(Fact, tag="joined", frozen=True):
    """A replica passed the handshake and receives orders from `expected` on."""

    replica: int
    incarnation: int
    port: int
    expected: int


class KillOrdered(Fact, tag="kill_ordered", frozen=True):
    """Somebody asked for a replica to be killed: `by` is "user" or "fence"."""

    replica: int
    by: str


class Exited(Fact, tag="exited", frozen=True):
    """A replica's process ended. `status` is its exit code, negative for the signal that ended it."""

    replica: int
    status: int
    stderr: str


class Suspected(Fact, tag="suspected", frozen=True):
    """A replica was silent too long; it is no longer waited for. `silent_ns` says how long."""

    replica: int
    silent_ns: int


class Trusted(Fact, tag="trusted", frozen=True):
    """A suspected replica spoke again in time."""

    replica: int


class Dropped(Fact, tag="dropped", frozen=True):
    """A replica left the view; only a new incarnation can come back. `reason` is one sentence."""

    replica: int
    reason: str


class Diverged(Fact, tag="diverged", frozen=True):
    """A replica's answer or digest differs from the reference from `seq` on."""

    replica: int
    seq: int


class ClientOpened(Fact, tag="client_opened", frozen=True):
    """A simulated client began."""

    client: int


class ClientClosed(Fact, tag="client_closed", frozen=True):
    """A simulated client ended."""

    client: int


class Called(Fact, tag="called", frozen=True):
    """Clients sent requests at this moment: pairs (client, number) and their encoded operations."""

    requests: bytes
    operations: list[bytes]


class Returned(Fact, tag="returned", frozen=True):
    """Clients got their answers at this moment, from `replica` (0: from nobody, outcome unknown).

    `requests` are pairs (client, number), `seqs` their u64 sequence numbers (0 when never ordered),
    `outcomes` one byte each: 0 ok, 1 refused, 2 unknown.
    """

    replica: int
    requests: bytes
    seqs: bytes
    outcomes: bytes


class Answered(Fact, tag="answered", frozen=True):
    """The text of an answer to a request that a person made by hand, as the console shows it."""

    client: int
    number: int
    seq: int
    replica: int
    latency_ns: int
    call: str
    outcome: str
    text: str


class PaceSet(Fact, tag="pace_set", frozen=True):
    """Messages travel at this pace from now on; `delay_ns` per message under SLOW."""

    pace: Pace
    delay_ns: int


class Delayed(Fact, tag="delayed", frozen=True):
    """Somebody put a message off that is on its way. It is delivered behind the message `behind` (0: behind
    all that is on its way now), under SLOW by `later_ns` later than it would have been."""

    token: int
    behind: int
    later_ns: int


class LoadSet(Fact, tag="load_set", frozen=True):
    """The clients' own workload runs or rests."""

    running: bool


class LinkFaulted(Fact, tag="link_faulted", frozen=True):
    """From now on this, and nothing else, is wrong with one direction of a replica's link."""

    replica: int
    way: Way
    faults: LinkFaults


class Paused(Fact, tag="paused", frozen=True):
    """Somebody stopped a replica's process (SIGSTOP)."""

    replica: int


class Continued(Fact, tag="continued", frozen=True):
    """Somebody let a stopped process go on (SIGCONT)."""

    replica: int


class Tampered(Fact, tag="tampered", frozen=True):
    """Somebody did harm inside of a replica, or ended it (`amount` 0)."""

    replica: int
    harm: Harm
    amount: int


class CheckCount(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How much one live check has looked at, and how often it failed. `unjudged` is what it did not get to:
    nothing is claimed of that."""

    name: str
    checked: int
    violations: int
    unjudged: int = 0


class Checked(Fact, tag="checked", frozen=True):
    """Where the live checks stand."""

    counts: tuple[CheckCount, ...]


class ConflictCall(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A request of a history that no order explains. `returned_ns` 0: never; `answer` "": nobody knows it."""

    client: int
    number: int
    seq: int
    called_ns: int
    returned_ns: int
    call: str
    answer: str


class Violated(Fact, tag="violated", frozen=True):
    """A live check failed at `seq`. `expected` and `found` are both sides, in words. `calls`, of the check of
    histories alone: the fewest requests that conflict, and those that may have taken effect meanwhile."""

    check: str
    seq: int
    replica: int
    expected: str
    found: str
    calls: tuple[ConflictCall, ...] = ()


class Counted(Fact, tag="counted", frozen=True):
    """The front end's counters, now and then: network overhead, both directions.

    A message is one order or one result for one replica (or a sign of life, a look); a frame carries a batch
    of them.
    """

    messages: int
    frames: int
    sent_bytes: int
    received_bytes: int
    retransmissions: int
    answered_by_all: int
    requests: int


class Said(Fact, tag="said", frozen=True):
    """A sentence for the person in front of it; `level` is "info", "warning" or "error"."""

    level: str
    text: str


FactUnion = (
    RunStarted | RunEnded | EpochStarted | FrontEndCrashed | AnswerLost | PolicySet | Lied | Reviving
    | SnapshotSent | CaughtUp | DonorRefused | Spawned | Joined | KillOrdered | Exited | Suspected
    | Trusted | Dropped | Diverged | ClientOpened | ClientClosed | Called | Returned | Answered | PaceSet
    | Delayed | LoadSet | LinkFaulted | Paused | Continued | Tampered | Checked | Violated | Counted | Said
)  # fmt: skip
