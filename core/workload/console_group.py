"""The console's words for the group as a whole, as commands.

policy first | acks 2 | acks all | majority · failures drop | revive · liars expel | keep
revive R2 · add · remove R3 · crash fe
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from core.commands import AddReplica, CommandUnion, CrashFrontEnd, RemoveReplica, Revive, SetPolicies
from core.errors import UsageError
from core.ids import replica_name
from core.policies import FailurePolicy, read_failure_policy, read_reply_policy

GROUP_WORDS: dict[str, str] = {
    "policy": "policy first | acks 2 | acks all | majority — whose answers a client waits for",
    "failures": "failures drop | revive — what becomes of a replica that goes down",
    "liars": "liars expel | keep — what becomes of a replica that is outvoted",
    "revive": "revive R2 — a new process takes the place of one that went down",
    "add": "add — have one replica more",
    "remove": "remove R3 — let a replica leave in peace",
    "crash": "crash fe — let the front end die with all that it knows",
}

Found = tuple[CommandUnion, str]
"""A command and what the console says to it."""


def read_group(word: str, arguments: Sequence[str], replicas: tuple[int, ...]) -> Found:
    """The command of a line whose word is one of GROUP_WORDS. Raises UsageError with what to type instead."""
    return _READERS[word](" ".join(arguments).lower(), replicas)


def group_choices(word: str, replicas: tuple[int, ...]) -> list[str]:
    """What could stand after the word."""
    if word in ("revive", "remove"):
        return [replica_name(replica) for replica in replicas]
    return {
        "policy": ["first", "acks 2", "acks all", "majority"],
        "failures": ["drop", "revive"],
        "liars": ["expel", "keep"],
        "crash": ["fe"],
    }.get(word, [])


def _wrong(word: str, text: str) -> UsageError:
    return UsageError(f"“{text}” is not understood here.", GROUP_WORDS[word])


def _replica(text: str, replicas: tuple[int, ...]) -> int:
    match = re.fullmatch(r"r?(\d+)", text)
    if match is None or int(match[1]) not in replicas:
        names = ", ".join(map(replica_name, replicas)) or "none"
        raise UsageError(f"“{text}” is no replica.", f"There are: {names}.")
    return int(match[1])


def _policy(text: str, replicas: tuple[int, ...]) -> Found:
    policy = read_reply_policy(text)
    return SetPolicies(reply=policy), f"{policy.words()}. {policy.durability()}"


def _failures(text: str, replicas: tuple[int, ...]) -> Found:
    policy = read_failure_policy(text)
    revives = policy is FailurePolicy.REVIVE
    echo = "who goes down comes back, as a new process" if revives else "who goes down is out for good"
    return SetPolicies(failure=policy), echo


def _liars(text: str, replicas: tuple[int, ...]) -> Found:
    if text not in ("expel", "keep"):
        raise _wrong("liars", text)
    echo = "who is outvoted has to go" if text == "expel" else "who is outvoted is named, and stays"
    return SetPolicies(expel_liars=text == "expel"), echo


def _revive(text: str, replicas: tuple[int, ...]) -> Found:
    replica = _replica(text, replicas)
    return Revive(replica), f"revive {replica_name(replica)}: a new process catches up, then joins"


def _add(text: str, replicas: tuple[int, ...]) -> Found:
    if text:
        raise _wrong("add", text)
    return AddReplica(), "one replica more: it catches up, then joins"


def _remove(text: str, replicas: tuple[int, ...]) -> Found:
    replica = _replica(text, replicas)
    return RemoveReplica(replica), f"remove {replica_name(replica)}: it leaves in peace"


def _crash(text: str, replicas: tuple[int, ...]) -> Found:
    if text not in ("fe", "front end"):
        raise _wrong("crash", text)
    return CrashFrontEnd(), "the front end dies; its successor asks the replicas where they are"


_READERS: dict[str, Callable[[str, tuple[int, ...]], Found]] = {
    "policy": _policy,
    "failures": _failures,
    "liars": _liars,
    "revive": _revive,
    "add": _add,
    "remove": _remove,
    "crash": _crash,
}
