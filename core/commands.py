"""What a person may ask of a running cluster. The app sends commands and sees only events."""

from __future__ import annotations

import msgspec

from core.facts import Pace
from core.harm import Harm
from core.link_faults import Way
from core.policies import FailurePolicy, ReplyPolicy


class Command(msgspec.Struct, frozen=True):
    """Base of every command."""


class Submit(Command, frozen=True):
    """Send one query from a client, by hand: after the answer to its present request (closed loop).

    `operation` is encoded; `call` is how the person wrote it.
    """

    client: int
    operation: bytes
    call: str


class Kill(Command, frozen=True):
    """Kill a replica's process (SIGKILL)."""

    replica: int


class SetPace(Command, frozen=True):
    """Change the pace; `delay_ns` is the visible delay per message under SLOW."""

    pace: Pace
    delay_ns: int = 600_000_000


class Deliver(Command, frozen=True):
    """Under STEP: deliver a message in flight, the next when `token` is 0: the oldest not put off."""

    token: int = 0


class Delay(Command, frozen=True):
    """Put a message in flight off. Under STEP it is delivered behind the message `behind`, behind all that is
    on its way now when that is 0; under SLOW it arrives one more visible delay later, and `behind` is 0."""

    token: int
    behind: int = 0


class Lose(Command, frozen=True):
    """Let one message on its way between the front end and a replica never arrive."""

    token: int


class Double(Command, frozen=True):
    """Let one message on its way between the front end and a replica travel twice."""

    token: int


class SetClients(Command, frozen=True):
    """Have this many simulated clients from now on."""

    clients: int


class SetLoad(Command, frozen=True):
    """Let the clients' workload run or rest; `think_ms` between an answer and the next request."""

    running: bool
    think_ms: float | None = None
    burst: int | None = None


class Look(Command, frozen=True):
    """Ask a replica for a page of its data."""

    replica: int
    path: str
    offset: int = 0
    limit: int = 100


class SetFault(Command, frozen=True):
    """Change what is wrong with a replica's link (0: with every link), in one direction or both (`way` None).

    What is None stays as it is. See `core.link_faults.LinkFaults`.
    """

    replica: int
    way: Way | None = None
    loss: float | None = None
    duplicate: float | None = None
    delay_ns: int | None = None
    jitter_ns: int | None = None
    reorder: float | None = None
    cut: bool | None = None


class Heal(Command, frozen=True):
    """Nothing is wrong with this link any more (0: with any link), in one direction or both."""

    replica: int = 0
    way: Way | None = None


class Partition(Command, frozen=True):
    """Cut exactly these replicas off from the front end and the others; who was cut off before is joined."""

    away: tuple[int, ...]


class Pause(Command, frozen=True):
    """Stop a replica's process (SIGSTOP): it is silent, but not dead."""

    replica: int


class Continue(Command, frozen=True):
    """Let a stopped process go on (SIGCONT)."""

    replica: int


class Tamper(Command, frozen=True):
    """Do harm inside of a replica. `amount` is as `Harm` says; 0 ends a harm that lasts."""

    replica: int
    harm: Harm
    amount: int = 1


class SetPolicies(Command, frozen=True):
    """Change the reply policy, the failure policy, or whether a replica that is outvoted has to go. What is
    None stays as it is."""

    reply: ReplyPolicy | None = None
    failure: FailurePolicy | None = None
    expel_liars: bool | None = None


class Revive(Command, frozen=True):
    """Start a new process of a replica that went down, and bring it to the group's state."""

    replica: int


class AddReplica(Command, frozen=True):
    """Have one replica more."""


class RemoveReplica(Command, frozen=True):
    """Let a replica leave in peace, for good."""

    replica: int


class CrashFrontEnd(Command, frozen=True):
    """Let the front end die with all that it knows; its successor learns from the replicas where they are."""


CommandUnion = (
    Submit
    | Kill
    | SetPace
    | Deliver
    | Delay
    | Lose
    | Double
    | SetClients
    | SetLoad
    | Look
    | SetFault
    | Heal
    | Partition
    | Pause
    | Continue
    | Tamper
    | SetPolicies
    | Revive
    | AddReplica
    | RemoveReplica
    | CrashFrontEnd
)
