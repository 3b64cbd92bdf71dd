"""What the user may choose: when a client is answered, and what becomes of a replica that went down.

Reply policies, as they read in a console, a recording and on a command line:

first      one response answers the client (the textbook's default)
acks:K     K replicas must have responded alike; `acks:all`: every live replica that was sent the request
majority   t + 1 equal answers out of 2t + 1: the vote of the live replicas that were sent the request

When replicas go down, those that are left decide: `majority` and `acks:all` count the living. `acks:K` is a
promise and is never lowered: with fewer than K replicas alive nobody is answered, and no request is ordered,
until another joins or the policy is changed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from core.errors import UsageError
from core.limits import MAX_REPLICAS


class FailurePolicy(StrEnum):
    """What becomes of a replica that went down."""

    DROP = "drop forever"
    """It is out for good."""
    REVIVE = "revive"
    """A new process takes its place: a snapshot, the log's tail, and a sequenced join."""


class ReplyPolicy(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How many equal responses answer a client. `str` and `read_reply_policy` are each other's inverse."""

    kind: Literal["first", "acks", "majority"] = "first"
    acks: int = 0
    """Of `acks` alone: how many; 0 stands for every live replica."""

    def __str__(self) -> str:
        return f"acks:{self.acks or 'all'}" if self.kind == "acks" else self.kind

    def needed(self, replicas: int) -> int:
        """How many equal responses answer a request that `replicas` live replicas were sent."""
        if self.kind == "first":
            return 1
        if self.kind == "majority":
            return replicas // 2 + 1
        return self.acks or replicas or 1

    @property
    def fewest(self) -> int:
        """With fewer live replicas nobody can be answered."""
        return self.acks or 1

    def words(self) -> str:
        """For a person, short."""
        if self.kind == "acks":
            return f"{self.acks} equal answers" if self.acks > 1 else _ACKS[self.acks]
        return "first answer wins" if self.kind == "first" else "majority vote"

    def durability(self) -> str:
        """What may fail without an answered request being lost, and whom a client must trust; a sentence."""
        if self.kind == "majority":
            return (
                "An answered request is with a majority: it survives the front end and any minority of the "
                "replicas, and no minority can lie to a client."
            )
        if self.kind == "first" or self.acks == 1:
            return (
                "An answered request survives any replica while the front end lives; it is lost if the front "
                "end and the only replica that had executed it die together."
            )
        if self.acks == 0:
            return (
                "An answered request is with every live replica: it survives the front end and all replicas "
                "but one."
            )
        others = "1 replica" if self.acks == 2 else f"any {self.acks - 1} replicas"
        return (
            f"An answered request is with {self.acks} replicas: it survives the front end and {others} dying "
            f"together. With fewer than {self.acks} alive nobody is answered."
        )


def policy_words(reply: str) -> str:
    """A reply policy, as a fact tells it, in short words; one that is not known as it is called."""
    try:
        return read_reply_policy(reply).words()
    except UsageError:
        return reply


def promise_words(reply: str) -> str:
    """What an answered request survives, in very few words; "" for a policy that is not known."""
    try:
        policy = read_reply_policy(reply)
    except UsageError:
        return ""
    if policy.kind == "majority":
        return "answers survive a minority"
    if policy.kind == "first" or policy.acks == 1:
        return "answers safe while it lives"
    if policy.acks == 0:
        return "answers survive all but one"
    return f"answers survive it and {policy.acks - 1}"


def durability_words(reply: str) -> str:
    """What a reply policy, as a fact tells it, promises; "" for one that is not known."""
    try:
        return read_reply_policy(reply).durability()
    except UsageError:
        return ""


_ACKS = {0: "all live answer alike", 1: "1 answer"}
FIRST = ReplyPolicy()
MAJORITY = ReplyPolicy("majority")
ALL_LIVE = ReplyPolicy("acks", 0)


class Policies(msgspec.Struct, frozen=True):
    """What a run goes by. `expel_liars`: a replica that is outvoted has to go."""

    reply: ReplyPolicy = FIRST
    failure: FailurePolicy = FailurePolicy.DROP
    expel_liars: bool = False


DEFAULTS = Policies()


def read_reply_policy(text: str) -> ReplyPolicy:
    """`first`, `acks:2`, `acks 2`, `acks:all`, `majority`. Raises UsageError for anything else."""
    kind, _, count = text.strip().lower().replace(":", " ").partition(" ")
    count = count.strip()
    if kind in ("first", "majority") and not count:
        return FIRST if kind == "first" else MAJORITY
    if kind == "acks" and count == "all":
        return ALL_LIVE
    if kind == "acks" and count.isdecimal() and 1 <= int(count) <= MAX_REPLICAS:
        return ReplyPolicy("acks", int(count))
    raise UsageError(
        f"“{text}” is no reply policy.",
        f"There are: first, acks:1 to acks:{MAX_REPLICAS}, acks:all, majority.",
    )


def read_failure_policy(text: str) -> FailurePolicy:
    """`drop` or `revive`. Raises UsageError for anything else."""
    word = text.strip().lower()
    if word in ("drop", "drop forever"):
        return FailurePolicy.DROP
    if word == "revive":
        return FailurePolicy.REVIVE
    raise UsageError(f"“{text}” is no failure policy.", "There are: drop, revive.")
