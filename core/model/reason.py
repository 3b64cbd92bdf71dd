"""What an answer to “why?” is made of."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec

from core.model.cluster_view import ClusterView
from core.model.past import Past
from core.model.story import Story, story_of_client, story_of_number
from core.trace.events import EventLog


class Cause(StrEnum):
    """What it comes down to."""

    NOTHING = "nothing waits"
    LOST = "a message was lost"
    CUT = "a link is cut"
    LATE = "a link is slow"
    TRAVELS = "a message is on its way at a visible pace"
    STEP = "a message waits for the user's word"
    PAUSED = "a process is stopped"
    SILENT = "a replica is silent"
    SLOWED = "a replica is slowed on purpose"
    BEHIND = "a replica is behind by itself"
    KILLED = "a process was killed"
    ENDED = "a process ended by itself"
    OUTVOTED = "a replica was outvoted"
    LEFT = "a replica was taken out of the group"
    STARTING = "a process is starting"
    CATCHING_UP = "a replica takes over a state"
    CORRUPTED = "a replica's memory was changed"
    LIES = "a replica answers wrongly on purpose"
    RULE_BROKEN = "a rule is broken on purpose"
    DIVERGED = "states differ, and nobody broke anything that is known"
    TOO_FEW = "fewer replicas live than have to answer"
    MORE_ANSWERS = "not enough equal answers have come yet"
    NO_ROOM = "the front end has no room for more requests"
    NO_FRONT_END = "the front end died, and its successor does not serve yet"
    NOBODY = "no replica is left"
    HELD = "a replica holds it back"
    EXECUTING = "it is being executed"
    UNTOLD = "what happened is too long ago to be told"


class Why(msgspec.Struct, frozen=True):
    """An answer: about what ("R1", "#128", "C3"), what it comes down to, and that in sentences."""

    about: str
    cause: Cause
    sentences: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.sentences)


class Scenery(msgspec.Struct, frozen=True):
    """All that an answer is found from: the picture of the moment and the events that led to it."""

    view: ClusterView
    log: EventLog
    words: Callable[[bytes], str]
    past: Past

    def at(self, time_ns: int) -> str:
        """A moment as a person reads it: `12.452 s`."""
        return f"{(time_ns - self.view.started_ns) / 1e9:.3f} s"

    def number(self, seq: int) -> Story:
        """The story of a number."""
        return story_of_number(self.log, seq, self.words)

    def client(self, client: int) -> Story:
        """The story of a client's newest request."""
        return story_of_client(self.log, client, self.words)


def run_words(numbers: tuple[int, ...], count: int) -> str:
    """Ascending numbers as runs: `#129–#132, #135 and 7 more`; `count` is how many there are in all."""
    runs: list[list[int]] = []
    for seq in numbers:
        if runs and runs[-1][1] == seq - 1:
            runs[-1][1] = seq
        else:
            runs.append([seq, seq])
    told = runs[:3]
    text = ", ".join(f"#{first}" if first == last else f"#{first}–#{last}" for first, last in told)
    left = count - sum(last - first + 1 for first, last in told)
    return f"{text} and {left:,} more" if left > 0 else text
