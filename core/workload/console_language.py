"""What a person types into the console, and a scenario file says, as values.

    C1> post alice "hello"    a query from client 1; `C1` alone makes it the client of the lines that follow
    post alice "hello"        a query from the present client
    kill R2 · pace slow 0.3 · step · delay 12 · clients 8 · load off · look R1 users · help post · clear
    goto 12.4s · goto #128 · why R2 · why #128 · diff R1 R2

Words of the console win over operations of the same name; `C1> step` always asks the service.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from itertools import combinations

import msgspec

from core.commands import CommandUnion, Kill, Look, SetClients, SetLoad, SetPace
from core.errors import UsageError
from core.facts import Pace
from core.ids import client_name, replica_name
from core.limits import MAX_CLIENTS
from core.workload.console_faults import FAULT_WORDS, fault_choices, read_fault
from core.workload.console_group import GROUP_WORDS, group_choices, read_group
from core.workload.console_messages import (
    DELAY_HELP,
    MESSAGE_WORDS,
    message_choices,
    read_delay,
    read_message,
)

CONSOLE_WORDS: dict[str, str] = {
    "kill": "kill R2 — end a replica's process",
    **FAULT_WORDS,
    **GROUP_WORDS,
    "pace": "pace real | slow [seconds] | step — how fast messages travel",
    **MESSAGE_WORDS,
    "delay": f"{FAULT_WORDS['delay']}\n{DELAY_HELP}",
    "clients": "clients 8 — have this many clients",
    "load": "load on | off — let the clients' own workload run or rest",
    "look": "look R1 users — show a page of a replica's data",
    "diff": "diff R1 R2 — what two replicas' data differ in, and from which number on",
    "why": "why R2 | C3 | #128 | digest — why something waits, or what went wrong",
    "goto": "goto 12.4s | #128 | start | end | live — show another moment of the run",
    "help": "help [operation] — this list, or an operation's parameters",
    "clear": "clear — empty the console",
}

_PACES = {"real": Pace.REAL_TIME, "slow": Pace.SLOW, "step": Pace.STEP}
_SWITCH = {"on": True, "run": True, "off": False, "rest": False}
_CLIENT = re.compile(r"^[cC](\d+)\s*(?:[>›:]\s*|\s+|$)(.*)$", re.DOTALL)
_SLOWEST_S, _FASTEST_S = 60.0, 0.001


class Scope(msgspec.Struct, frozen=True):
    """What exists now: a line is read against it."""

    clients: int
    replicas: tuple[int, ...]
    operations: tuple[str, ...]
    messages: tuple[int, ...] = ()
    """On their way, and in a person's hand."""


class Query(msgspec.Struct, frozen=True):
    """A line for the service; `client` 0 means the present one."""

    client: int
    line: str


class Ask(msgspec.Struct, frozen=True):
    """A command for the cluster and what the console says to it."""

    command: CommandUnion
    echo: str


class GoTo(msgspec.Struct, frozen=True):
    """Show another moment."""

    words: str


class Diff(msgspec.Struct, frozen=True):
    """Compare two replicas."""

    one: int
    other: int


class AskWhy(msgspec.Struct, frozen=True):
    """Explain something."""

    subject: str


class UseClient(msgspec.Struct, frozen=True):
    """The lines that follow are this client's."""

    client: int


class Help(msgspec.Struct, frozen=True):
    """Show help, on one operation when `topic` is not empty."""

    topic: str = ""


class Clear(msgspec.Struct, frozen=True):
    """Empty the console."""


Line = Query | Ask | GoTo | Diff | AskWhy | UseClient | Help | Clear


def parse(text: str, scope: Scope) -> Line | None:
    """A console line; None for an empty one. Raises UsageError with what to type instead."""
    text = text.strip()
    if not text:
        return None
    addressed = _CLIENT.match(text)
    if addressed:
        client, rest = _known_client(int(addressed[1]), scope), addressed[2].strip()
        return Query(client, _known_operation(rest, scope)) if rest else UseClient(client)
    word, *arguments = text.split()
    if word.lower() == "delay" and (put_off := read_delay(arguments)):
        return Ask(*put_off)
    if word.lower() in FAULT_WORDS:
        return Ask(*read_fault(word.lower(), arguments, scope.replicas))
    if word.lower() in MESSAGE_WORDS:
        return Ask(*read_message(word.lower(), arguments))
    if word.lower() in GROUP_WORDS:
        return Ask(*read_group(word.lower(), arguments, scope.replicas))
    reader = _READERS.get(word.lower())
    if reader is not None:
        return reader(arguments, scope)
    return Query(0, _known_operation(text, scope))


def complete(text: str, scope: Scope, service: Callable[[str], Iterable[str]]) -> list[str]:
    """Whole lines that `text` could become, the service's own after the console's."""
    addressed = _CLIENT.match(text)
    if addressed and (addressed[2] or text[-1:] in "> ›:"):
        head = text[: len(text) - len(addressed[2])]
        return [head + line for line in service(addressed[2])]
    word, space, rest = text.partition(" ")
    if not space:
        own = [name for name in CONSOLE_WORDS if name.startswith(word.lower())]
        return [*own, *(line for line in service(text) if line not in own)]
    if word.lower() in CONSOLE_WORDS:
        return [
            f"{word} {choice}" for choice in _choices(word.lower(), rest, scope) if choice.startswith(rest)
        ]
    return list(service(text))


def suggestion(word: str, known: Iterable[str]) -> str:
    """ "Did you mean …?" for the nearest known word, or nothing."""
    near = get_close_matches(word.lower(), list(known), n=1, cutoff=0.55)
    return f"Did you mean “{near[0]}”?" if near else ""


class LineHistory(msgspec.Struct):
    """Earlier lines, newest last, walked with up and down; the unfinished line is kept below the newest."""

    lines: list[str] = msgspec.field(default_factory=list)
    limit: int = 200
    _place: int = -1
    _draft: str = ""

    def add(self, line: str) -> None:
        """Remember a line (once when repeated at once) and go back to the bottom."""
        if line and (not self.lines or self.lines[-1] != line):
            self.lines.append(line)
            del self.lines[: -self.limit]
        self._place = -1

    def older(self, draft: str) -> str:
        """The line before the one shown; `draft` is what stands there now."""
        if not self.lines:
            return draft
        if self._place < 0:
            self._draft, self._place = draft, len(self.lines)
        self._place = max(0, self._place - 1)
        return self.lines[self._place]

    def newer(self, draft: str) -> str:
        """The line after the one shown, at last the unfinished one."""
        if self._place < 0:
            return draft
        self._place += 1
        if self._place >= len(self.lines):
            self._place = -1
            return self._draft
        return self.lines[self._place]


def _known_client(client: int, scope: Scope) -> int:
    if not 1 <= client <= scope.clients:
        raise UsageError(f"There is no client {client_name(client)}.", f"There are C1 to C{scope.clients}.")
    return client


def _known_operation(line: str, scope: Scope) -> str:
    word = line.split(maxsplit=1)[0]
    if scope.operations and word not in scope.operations:
        hint = suggestion(word, (*scope.operations, *CONSOLE_WORDS)) or "Type “help” for the list."
        raise UsageError(f"“{word}” is no operation of this service and no word of the console.", hint)
    return line


def _replica(text: str, scope: Scope) -> int:
    match = re.fullmatch(r"[rR]?(\d+)", text)
    if match is None or int(match[1]) not in scope.replicas:
        names = ", ".join(replica_name(replica) for replica in scope.replicas) or "none"
        raise UsageError(f"“{text}” is no replica.", f"There are: {names}.")
    return int(match[1])


def _whole(text: str, what: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"“{text}” is no {what}.", "A whole number is needed.")
    return int(text)


def _one(arguments: list[str], word: str) -> str:
    if len(arguments) != 1:
        raise UsageError(f"“{word}” takes one argument.", CONSOLE_WORDS[word])
    return arguments[0]


def _read_kill(arguments: list[str], scope: Scope) -> Line:
    replica = _replica(_one(arguments, "kill"), scope)
    return Ask(Kill(replica), f"kill {replica_name(replica)}: its process gets SIGKILL")


def _read_pace(arguments: list[str], scope: Scope) -> Line:
    word = arguments[0].lower() if arguments else ""
    pace = _PACES.get(word)
    if pace is None:
        raise UsageError(f"“{word}” is no pace.", CONSOLE_WORDS["pace"])
    if len(arguments) == 1:
        return Ask(SetPace(pace), f"pace: {pace.value}")
    try:
        seconds = float(arguments[1].removesuffix("s"))
    except ValueError:
        seconds = -1.0
    if pace is not Pace.SLOW or not _FASTEST_S <= seconds <= _SLOWEST_S:
        raise UsageError(f"“{arguments[1]}” is no delay.", "Seconds go with slow: pace slow 0.3")
    return Ask(SetPace(pace, round(seconds * 1e9)), f"pace: slow, {seconds:g} s per message")


def _read_clients(arguments: list[str], scope: Scope) -> Line:
    clients = _whole(_one(arguments, "clients"), "number of clients")
    if not 1 <= clients <= MAX_CLIENTS:
        raise UsageError(f"{clients} clients cannot be.", f"1 to {MAX_CLIENTS} can.")
    return Ask(SetClients(clients), f"clients: {clients}")


def _read_load(arguments: list[str], scope: Scope) -> Line:
    running = _SWITCH.get(_one(arguments, "load").lower())
    if running is None:
        raise UsageError(f"Load cannot be “{arguments[0]}”.", CONSOLE_WORDS["load"])
    return Ask(SetLoad(running), "the clients' workload runs" if running else "the clients' workload rests")


def _read_look(arguments: list[str], scope: Scope) -> Line:
    if not 1 <= len(arguments) <= 2:
        raise UsageError("“look” takes a replica and a path.", CONSOLE_WORDS["look"])
    replica, path = _replica(arguments[0], scope), arguments[1] if len(arguments) == 2 else ""
    return Ask(Look(replica, path), f"look {replica_name(replica)} {path}".rstrip())


def _read_diff(arguments: list[str], scope: Scope) -> Line:
    if len(arguments) != 2 or arguments[0].lower() == arguments[1].lower():
        raise UsageError("“diff” takes two replicas.", CONSOLE_WORDS["diff"])
    return Diff(_replica(arguments[0], scope), _replica(arguments[1], scope))


def _read_goto(arguments: list[str], scope: Scope) -> Line:
    return GoTo(_one(arguments, "goto"))


def _read_why(arguments: list[str], scope: Scope) -> Line:
    if not arguments:
        raise UsageError("“why” needs something to explain.", CONSOLE_WORDS["why"])
    return AskWhy(" ".join(arguments))


def _read_help(arguments: list[str], scope: Scope) -> Line:
    return Help(arguments[0] if arguments else "")


def _read_clear(arguments: list[str], scope: Scope) -> Line:
    return Clear()


_READERS: dict[str, Callable[[list[str], Scope], Line]] = {
    "kill": _read_kill,
    "pace": _read_pace,
    "clients": _read_clients,
    "load": _read_load,
    "look": _read_look,
    "diff": _read_diff,
    "goto": _read_goto,
    "why": _read_why,
    "help": _read_help,
    "clear": _read_clear,
}


def _choices(word: str, rest: str, scope: Scope) -> list[str]:
    if word == "delay":
        return [*fault_choices(word, scope.replicas), *message_choices(word, rest, scope.messages)]
    if word in FAULT_WORDS:
        return fault_choices(word, scope.replicas)
    if word in MESSAGE_WORDS:
        return message_choices(word, rest, scope.messages)
    if word in GROUP_WORDS:
        return group_choices(word, scope.replicas)
    if word == "why":
        names = map(replica_name, scope.replicas), map(client_name, range(1, scope.clients + 1))
        return [*names[0], *names[1]]
    if word == "diff":
        return [f"{replica_name(a)} {replica_name(b)}" for a, b in combinations(scope.replicas, 2)]
    if word in ("kill", "look"):
        return [replica_name(replica) for replica in scope.replicas]
    return {
        "pace": ["real", "slow", "step"],
        "load": ["on", "off"],
        "goto": ["start", "end", "live"],
        "help": list(scope.operations),
    }.get(word, [])
