"""The console's words for faults, as commands.

    cut R2 · cut FE->R2 · drop 30% R2 · drop 30% R2->FE · delay R3 200ms 50ms · duplicate 10% R1
    reorder 20% R1 · partition R1 R2 | R3 · heal R2 · heal · pause R2 · continue R2 · slow R2 5ms · lie R2
    corrupt R2 · flood R2

The front end stands on the first side of a partition.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from core.commands import CommandUnion, Continue, Heal, Partition, Pause, SetFault, Tamper
from core.errors import UsageError
from core.harm import Harm
from core.ids import replica_name
from core.link_faults import Way

FAULT_WORDS: dict[str, str] = {
    "pause": "pause R2 — stop a replica's process: silent, but not dead",
    "continue": "continue R2 — let a stopped process go on",
    "slow": "slow R2 5ms — let each execution take so much longer; slow R2 off",
    "lie": "lie R2 [10] — let every answer, or one in ten, be wrong; lie R2 off",
    "corrupt": "corrupt R2 — turn a bit of a replica's memory",
    "flood": "flood R2 [10] — write so many megabytes to a replica's log",
    "cut": "cut R2 | FE->R2 | R2->FE — let nothing through a link, or one way of it",
    "drop": "drop 30% [R2 | FE->R2] — lose so many messages, of one link or of all",
    "delay": "delay [R2] 200ms [50ms] — let messages of a link, or of all, be late, and up to so much more",
    "duplicate": "duplicate 10% [R2] — let so many messages arrive twice",
    "reorder": "reorder 10% [R2] — let so many messages be overtaken",
    "partition": "partition R1 R2 | R3 — cut the second side off from the front end and the first",
    "heal": "heal [R2 | FE->R2] — nothing is wrong with a link any more, or with any",
}

_LINK = re.compile(r"(?:(?:fe)(?:->|→)r?(\d+)|r?(\d+)(?:->|→)fe|r(\d+))", re.IGNORECASE)
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_TIME = re.compile(r"(\d+(?:\.\d+)?)(us|µs|ms|s)?", re.IGNORECASE)
_UNITS = {"us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_OFF = ("off", "0", "stop")

Found = tuple[CommandUnion, str]
"""A command and what the console says to it."""


def read_fault(word: str, arguments: Sequence[str], replicas: tuple[int, ...]) -> Found:
    """The command of a line whose word is one of FAULT_WORDS. Raises UsageError with what to type instead."""
    return _READERS[word](list(arguments), replicas)


def fault_choices(word: str, replicas: tuple[int, ...]) -> list[str]:
    """What could stand after the word."""
    names = [replica_name(replica) for replica in replicas]
    ways = [f"{one}" for name in names for one in (f"FE->{name}", f"{name}->FE")]
    if word in ("cut", "heal"):
        return [*names, *ways]
    if word in ("drop", "duplicate", "reorder"):
        return [f"30% {where}" for where in (*names, *ways)]
    if word == "delay":
        return [f"{where} 200ms" for where in (*names, *ways)]
    if word == "partition":
        return [f"{' '.join(n for n in names if n != away)} | {away}" for away in names]
    return [f"{name} 5ms" for name in names] if word == "slow" else names


def _wrong(word: str, text: str) -> UsageError:
    return UsageError(f"“{text}” is not understood here.", FAULT_WORDS[word])


def _replica(word: str, text: str, replicas: tuple[int, ...]) -> int:
    match = re.fullmatch(r"[rR]?(\d+)", text)
    if match is None or int(match[1]) not in replicas:
        names = ", ".join(map(replica_name, replicas)) or "none"
        raise UsageError(f"“{text}” is no replica.", f"There are: {names}.")
    return int(match[1])


def _link(word: str, text: str, replicas: tuple[int, ...]) -> tuple[int, Way | None]:
    match = _LINK.fullmatch(text)
    if match is None:
        raise _wrong(word, text)
    to, back, both = match.groups()
    way = Way.TO if to else Way.FROM if back else None
    return _replica(word, to or back or both, replicas), way


def _place(word: str, arguments: list[str], replicas: tuple[int, ...]) -> tuple[int, Way | None]:
    """Takes the one argument that names a link; every link when there is none."""
    for argument in arguments:
        if _LINK.fullmatch(argument):
            arguments.remove(argument)
            return _link(word, argument, replicas)
    return 0, None


def _where(replica: int, way: Way | None) -> str:
    if not replica:
        return "every link"
    name = replica_name(replica)
    return {None: f"the link of {name}", Way.TO: f"FE→{name}", Way.FROM: f"{name}→FE"}[way]


_CHANCES = {
    "loss": ("drop", "lost"),
    "duplicate": ("duplicate", "doubled"),
    "reorder": ("reorder", "overtaken"),
}


def _chance(field: str) -> Callable[[list[str], tuple[int, ...]], Found]:
    word, said = _CHANCES[field]

    def read(arguments: list[str], replicas: tuple[int, ...]) -> Found:
        replica, way = _place(word, arguments, replicas)
        match = _PERCENT.fullmatch("".join(arguments))
        if match is None or float(match[1]) > 100:
            raise _wrong(word, " ".join(arguments))
        wanted: dict[str, Any] = {field: float(match[1]) / 100}
        return SetFault(replica, way, **wanted), f"{match[1]} % {said} on {_where(replica, way)}"

    return read


def _nanoseconds(word: str, text: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        raise _wrong(word, text)
    return round(float(match[1]) * _UNITS[(match[2] or "ms").lower()])


def _delay(arguments: list[str], replicas: tuple[int, ...]) -> Found:
    replica, way = _place("delay", arguments, replicas)
    if not 1 <= len(arguments) <= 2:
        raise _wrong("delay", " ".join(arguments))
    late, *more = (_nanoseconds("delay", text) for text in arguments)
    jitter = more[0] if more else 0
    command = SetFault(replica, way, delay_ns=late, jitter_ns=jitter)
    return command, f"{late / 1e6:g} ms late on {_where(replica, way)}"


def _cut(arguments: list[str], replicas: tuple[int, ...]) -> Found:
    if len(arguments) != 1:
        raise _wrong("cut", " ".join(arguments))
    replica, way = _link("cut", arguments[0], replicas)
    return SetFault(replica, way, cut=True), f"cut: {_where(replica, way)}"


def _heal(arguments: list[str], replicas: tuple[int, ...]) -> Found:
    replica, way = _link("heal", arguments[0], replicas) if arguments else (0, None)
    return Heal(replica, way), f"healed: {_where(replica, way)}"


def _partition(arguments: list[str], replicas: tuple[int, ...]) -> Found:
    near, bar, far = " ".join(arguments).partition("|")
    if not bar or not far.split():
        raise _wrong("partition", " ".join(arguments))
    for text in near.split():
        _replica("partition", text, replicas)
    away = tuple(_replica("partition", text, replicas) for text in far.split())
    return Partition(away), f"cut off: {', '.join(map(replica_name, away))}"


def _on_replica(word: str, arguments: list[str], replicas: tuple[int, ...]) -> tuple[int, str]:
    if not 1 <= len(arguments) <= 2:
        raise _wrong(word, " ".join(arguments))
    return _replica(word, arguments[0], replicas), arguments[1] if len(arguments) == 2 else ""


def _pause(arguments: list[str], replicas: tuple[int, ...]) -> Found:
    replica, _ = _on_replica("pause", arguments, replicas)
    return Pause(replica), f"{replica_name(replica)} stops (SIGSTOP)"


def _continue(arguments: list[str], replicas: tuple[int, ...]) -> Found:
    replica, _ = _on_replica("continue", arguments, replicas)
    return Continue(replica), f"{replica_name(replica)} goes on (SIGCONT)"


def _slow(arguments: list[str], replicas: tuple[int, ...]) -> Found:
    replica, text = _on_replica("slow", arguments, replicas)
    amount = 0 if text in _OFF else _nanoseconds("slow", text or "5ms")
    name = replica_name(replica)
    said = f"each execution of {name} takes {amount / 1e6:g} ms longer" if amount else f"{name} at full speed"
    return Tamper(replica, Harm.SLOW, amount), said


def _lie(arguments: list[str], replicas: tuple[int, ...]) -> Found:
    replica, text = _on_replica("lie", arguments, replicas)
    if text and text not in _OFF and not text.isdecimal():
        raise _wrong("lie", text)
    amount = 0 if text in _OFF else int(text or 1)
    return Tamper(replica, Harm.LIE, amount), f"{replica_name(replica)} {'lies' if amount else 'is honest'}"


def _corrupt(arguments: list[str], replicas: tuple[int, ...]) -> Found:
    replica, _ = _on_replica("corrupt", arguments, replicas)
    return Tamper(replica, Harm.CORRUPT, 1), f"a bit in the memory of {replica_name(replica)} is turned"


def _flood(arguments: list[str], replicas: tuple[int, ...]) -> Found:
    replica, text = _on_replica("flood", arguments, replicas)
    if text and not text.isdecimal():
        raise _wrong("flood", text)
    megabytes = int(text or 10)
    return (
        Tamper(replica, Harm.FLOOD, megabytes * 1_000_000),
        f"{replica_name(replica)} writes {megabytes} MB to its log",
    )


_READERS: dict[str, Callable[[list[str], tuple[int, ...]], Found]] = {
    "pause": _pause,
    "continue": _continue,
    "slow": _slow,
    "lie": _lie,
    "corrupt": _corrupt,
    "flood": _flood,
    "cut": _cut,
    "drop": _chance("loss"),
    "delay": _delay,
    "duplicate": _chance("duplicate"),
    "reorder": _chance("reorder"),
    "partition": _partition,
    "heal": _heal,
}
