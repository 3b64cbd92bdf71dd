"""The console's words for messages on their way, as commands.

step · deliver 12 · lose 12 · double 12
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.commands import CommandUnion, Deliver, Double, Lose
from core.errors import UsageError

MESSAGE_WORDS: dict[str, str] = {
    "step": "step — under pace step: deliver the oldest message",
    "deliver": "deliver 12 — under pace step: deliver this message",
    "lose": "lose 12 — under pace slow or step: let this message never arrive",
    "double": "double 12 — under pace slow or step: let this message travel twice",
}

Found = tuple[CommandUnion, str]
"""A command and what the console says to it."""


def read_message(word: str, arguments: Sequence[str]) -> Found:
    """The command of a line whose word is one of MESSAGE_WORDS. Raises UsageError with what to type."""
    if word == "step":
        if arguments:
            raise UsageError("“step” takes no argument.", "To choose the message: deliver 12")
        return Deliver(), "the oldest message may arrive"
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
