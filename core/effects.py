"""What a pure step asks of the shell around it. A step returns its effects in the order to perform them."""

from __future__ import annotations

import msgspec


class Effect(msgspec.Struct, frozen=True, gc=False):
    """Base of every effect."""


# --- of a replica manager ---------------------------------------------------------------------------------


class Send(Effect, frozen=True):
    """Send this payload to the front end."""

    payload: bytes


class Halt(Effect, frozen=True):
    """Stop this replica at once and say why: it must not go on with half an execution behind it."""

    reason: str


# --- of the front end -------------------------------------------------------------------------------------


class Multicast(Effect, frozen=True):
    """Send the same payload to each of these replicas."""

    replicas: tuple[int, ...]
    payload: bytes


class Retransmit(Effect, frozen=True):
    """Send a payload again to one replica that misses it (or was too slow for it before)."""

    replica: int
    payload: bytes


class Return(Effect, frozen=True):
    """Answer these clients: pairs (client, number) as a flat u32 sequence, numbered from `first_seq` on,
    with the encoded outcomes of replica `replica`, the first to answer."""

    replica: int
    first_seq: int
    requests: bytes
    outcomes: list[bytes]


class ReturnUnknown(Effect, frozen=True):
    """Tell these clients that nobody knows whether their requests were executed: (client, number, seq)."""

    requests: tuple[tuple[int, int, int], ...]


class Differ(Effect, frozen=True):
    """Two replicas answered `seq` differently: agreement is broken, and both sides are kept."""

    seq: int
    first_replica: int
    first_outcome: bytes
    replica: int
    outcome: bytes


class Outvoted(Effect, frozen=True):
    """Under a majority vote this replica answered `seq` otherwise than most: it lies, or is broken. When the
    outcomes are equal its digest differs."""

    seq: int
    replica: int
    outcome: bytes
    majority_outcome: bytes


class Undecided(Effect, frozen=True):
    """Every live replica has answered the batch at `first_seq`, but not `needed` of them alike: its clients
    wait until a replica goes or comes, or the policy changes."""

    first_seq: int
    answers: int
    needed: int


class Ordered(Effect, frozen=True):
    """The front end ordered something of its own, a change of the view: send this encoded Order to all of
    `replicas`; those in `members` (a bit mask) answer for it."""

    replicas: tuple[int, ...]
    payload: bytes
    members: int


class CatchingUp(Effect, frozen=True):
    """A newcomer has `offset` of the `length` bytes of the donor's state after `seq` (0: not begun)."""

    replica: int
    donor: int
    seq: int
    offset: int
    length: int


class NewMember(Effect, frozen=True):
    """A newcomer's digest at `seq` is the group's: it is a member from there on."""

    replica: int
    incarnation: int
    seq: int


class RefusedDonor(Effect, frozen=True):
    """The state that `donor` gave to `replica` does not hold."""

    replica: int
    donor: int
    reason: str


class EpochReady(Effect, frozen=True):
    """A new front end knows where the group is: it serves under `epoch` from `next_seq` on."""

    epoch: int
    next_seq: int


class Suspect(Effect, frozen=True):
    """This replica was silent for `silent_ns`; it is no longer waited for."""

    replica: int
    silent_ns: int


class Trust(Effect, frozen=True):
    """A suspected replica spoke again."""

    replica: int


class Fence(Effect, frozen=True):
    """Kill and reap this replica's process, so that it can never speak again."""

    replica: int
    reason: str


class Close(Effect, frozen=True):
    """Close the link of a replica that broke the protocol."""

    replica: int
    reason: str
