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
