"""The console's words for messages on their way, as commands.

step · deliver 12 · delay 12 · delay 12 behind 14 · lose 12 · double 12

`delay` is a word for links, too (`core.workload.console_faults`): a number alone is a message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from core.commands import CommandUnion, Delay, Deliver, Double, Lose
from core.errors import UsageError

MESSAGE_WORDS: dict[str, str] = {
    "step": "step — under pace step: deliver the next message, the oldest that was not put off",
    "deliver": "deliver 12 — under pace step: deliver this message",
    "lose": "lose 12 — under pace slow or step: let this message never arrive",
    "double": "double 12 — under pace slow or step: let this message travel twice",
}

Found = tuple[CommandUnion, str]
"""A command and what the console says to it."""


DELAY_HELP = "delay 12 [behind 14] — under pace slow or step: let this message arrive later"

_DELAY = re.compile(r"#?(\d+)(?:\s+behind\s+#?(\d+))?", re.IGNORECASE)


def read_delay(arguments: Sequence[str]) -> Found | None:
    """The command of a line whose word is “delay”, when it is about a message; None when about a link.
    Raises UsageError with what to type."""
    match = _DELAY.fullmatch(" ".join(arguments))
    if match is None:
        if any(argument.lower() == "behind" for argument in arguments):
            raise UsageError("A message is put behind another one by their numbers.", "delay 12 behind 14")
        return None
    token, behind = int(match[1]), int(match[2] or 0)
    where = f"message {behind}" if behind else "all that is on its way now"
    return Delay(token, behind), f"message {token} arrives after {where}"


def message_choices(word: str, rest: str, messages: Sequence[int]) -> list[str]:
    """What could stand after the word, or go on what stands there; `messages` are on their way."""
    if word == "step":
        return []
    if word == "delay" and (begun := re.match(r"(#?(\d+))\s", rest)):
        return [f"{begun[1]} behind {other}" for other in messages if other != int(begun[2])]
    return [str(token) for token in messages]


def read_message(word: str, arguments: Sequence[str]) -> Found:
    """The command of a line whose word is one of MESSAGE_WORDS. Raises UsageError with what to type."""
    if word == "step":
        if arguments:
            raise UsageError("“step” takes no argument.", "To choose the message: deliver 12")
        return Deliver(), "the next message may arrive"
    if len(arguments) != 1:
        raise UsageError(f"“{word}” takes one argument.", MESSAGE_WORDS[word])
    text = arguments[0].lstrip("#")
    if not text.isdecimal():
        raise UsageError(f"“{text}” is no message.", "A whole number is needed.")
    make, said = _COMMANDS[word]
    return make(int(text)), f"message {int(text)} {said}"


_COMMANDS: dict[str, tuple[Callable[[int], CommandUnion], str]] = {
    "deliver": (Deliver, "may arrive"),
    "lose": (Lose, "never arrives"),
    "double": (Double, "travels twice"),
}
