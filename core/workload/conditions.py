"""Conditions in words: what a step of a scenario waits for, and what has to hold at its end.

A condition looks at the picture of a moment and at what was heard until then, and is true or not. It needs
neither a cluster nor a window, so a scenario means the same headless and on the stage.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from core.errors import UsageError
from core.facts import Answered, Said
from core.ids import client_name, replica_name
from core.limits import MAX_REPLICAS
from core.model.cluster_view import ClusterView, ReplicaCard, ReplicaState

CONDITION_WORDS = {
    "after 2 s": "so long after the step before",
    "#500 is ordered": "the front end has given this number",
    "#500 is answered": "a client has the answer to it, or to a later one",
    "#500 is executed": "every live replica has executed it",
    "500 requests are answered": "so many answers since the start",
    "every query is answered": "the queries of the steps before have their answers",
    "every request is executed": "and every live replica has executed what was ordered",
    "R2 is dead": "or another state, as its card says: running, waiting, paused, suspected, diverged …",
    "R2 is not suspected": "it is in another state",
    "R2 holds #7": "the number stands in its hold-back queue; “R2 holds messages” for any",
    "R2 expects #7": "the number that it executes next",
    "R2 is incarnation 2": "so many processes have been this replica",
    "C1 is answered ok": "its last query: ok, refused or unknown",
    "C1 is answered “12”": "these words are in the answer to its last query",
    "C1 waits": "it has no answer yet",
    "“outvoted” is said": "a sentence with these words was said",
    "epoch 2 begins": "the front end serves under it",
    "every check holds": "no live check has failed",
    "a check fails": "any; or one by name: digest, reply, real time, at most once, fifo, gap repair, fencing",
    "live replicas are equal": "same number, same digest",
    "no answer is lost": "what was answered, some replica has executed",
    "an answer is lost": "it died with the front end and all who had executed it",
    "no outcome is unknown": "every client knows what became of its requests",
    "an outcome is unknown": "some client does not",
}
"""Every kind of condition by an example, with its meaning."""


class Heard(msgspec.Struct):
    """What was asked by hand and what came back, in the order of time; and since when a step waits."""

    asked: int = 0
    answers: list[Answered] = msgspec.field(default_factory=list)
    sentences: list[str] = msgspec.field(default_factory=list)
    since_ns: int = 0

    def take(self, fact: Answered | Said) -> None:
        """One fact more."""
        if isinstance(fact, Answered):
            self.answers.append(fact)
        else:
            self.sentences.append(fact.text)


Holds = Callable[[ClusterView, Heard], bool]


class Condition(msgspec.Struct, frozen=True):
    """Its words, and whether it holds."""

    words: str
    holds: Holds


def read_condition(text: str, replicas: int, clients: int) -> Condition:
    """A condition of a cluster of this size. Raises UsageError with what can be said instead."""
    words = " ".join(text.split())
    for pattern, make in _READERS:
        match = pattern.fullmatch(words)
        if match is None:
            continue
        if (replica := match.groupdict().get("replica")) and not 1 <= int(replica) <= replicas:
            raise UsageError(f"There is no R{replica}.", f"There are R1 to {replica_name(replicas)}.")
        if (client := match.groupdict().get("client")) and not 1 <= int(client) <= clients:
            raise UsageError(f"There is no C{client}.", f"There are C1 to {client_name(clients)}.")
        return Condition(words, make(match))
    examples = ", ".join(f"“{example}”" for example in list(CONDITION_WORDS)[:6])
    raise UsageError(f"“{words}” is no condition.", f"For example: {examples}; all are in docs/teaching.md.")


ALWAYS = Condition("", lambda view, heard: True)


def _card(view: ClusterView, match: re.Match[str]) -> ReplicaCard | None:
    return next((card for card in view.replicas if card.replica == int(match["replica"])), None)


def _live(view: ClusterView) -> list[ReplicaCard]:
    return [card for card in view.replicas if card.state is not ReplicaState.DEAD]


def _after(match: re.Match[str]) -> Holds:
    wait_ns = round(float(match["number"]) * (1e6 if match["unit"] == "ms" else 1e9))
    return lambda view, heard: view.now_ns - heard.since_ns >= wait_ns


def _ordered(match: re.Match[str]) -> Holds:
    return lambda view, heard: view.front_end.next_seq > int(match["seq"])


def _answered(match: re.Match[str]) -> Holds:
    return lambda view, heard: max((one.last_seq for one in view.clients), default=0) >= int(match["seq"])


def _executed(match: re.Match[str]) -> Holds:
    return lambda view, heard: view.front_end.executed_by_all >= int(match["seq"])


def _count(match: re.Match[str]) -> Holds:
    return lambda view, heard: view.metrics.answered >= int(match["number"])


def _queries(view: ClusterView, heard: Heard) -> bool:
    return len(heard.answers) >= heard.asked


def _level(view: ClusterView, heard: Heard) -> bool:
    nobody_waits = not any(client.waiting_since_ns for client in view.clients)
    live = _live(view)
    executed = all(card.expected == view.front_end.next_seq for card in live)
    return _queries(view, heard) and nobody_waits and bool(live) and executed


def _state(match: re.Match[str]) -> Holds:
    state, wanted = ReplicaState(match["state"].lower()), not match["isnt"]
    return lambda view, heard: (card := _card(view, match)) is not None and (card.state is state) is wanted


def _holds_number(match: re.Match[str]) -> Holds:
    return lambda view, heard: (
        (card := _card(view, match)) is not None
        and (int(match["seq"]) in card.held if match["seq"] else card.held_count > 0)
    )


def _expects(match: re.Match[str]) -> Holds:
    return lambda view, heard: (card := _card(view, match)) is not None and card.expected == int(match["seq"])


def _incarnation(match: re.Match[str]) -> Holds:
    return lambda view, heard: (
        (card := _card(view, match)) is not None
        and (card.incarnation == int(match["number"]) and card.state is ReplicaState.RUNNING)
    )


def _outcome(match: re.Match[str]) -> Holds:
    return lambda view, heard: (
        (last := _last(heard, match)) is not None and last.outcome == match["outcome"].lower()
    )


def _told(match: re.Match[str]) -> Holds:
    return lambda view, heard: (last := _last(heard, match)) is not None and match["text"] in last.text


def _last(heard: Heard, match: re.Match[str]) -> Answered | None:
    own = [answer for answer in heard.answers if answer.client == int(match["client"])]
    return own[-1] if own else None


def _waits(match: re.Match[str]) -> Holds:
    client = int(match["client"])
    return lambda view, heard: any(one.client == client and one.waiting_since_ns > 0 for one in view.clients)


def _said(match: re.Match[str]) -> Holds:
    return lambda view, heard: any(match["text"] in sentence for sentence in heard.sentences)


def _epoch(match: re.Match[str]) -> Holds:
    epoch = int(match["number"])
    return lambda view, heard: view.front_end.epoch >= epoch and not view.front_end.recovering


def _fails(match: re.Match[str]) -> Holds:
    name = match["check"].lower().replace(" ", "_")
    return lambda view, heard: any(one.check == name for one in view.violations)


def _equal(view: ClusterView, heard: Heard) -> bool:
    live = _live(view)
    return bool(live) and len({(card.expected, card.digest) for card in live}) == 1


def _fixed(holds: Holds) -> Callable[[re.Match[str]], Holds]:
    return lambda match: holds


_R, _C = rf"(?P<replica>[1-{MAX_REPLICAS}])", r"(?P<client>\d{1,2})"
_QUOTED = r"[“\"'](?P<text>[^”\"']+)[”\"']"
_STATES = "|".join(state.value for state in ReplicaState)
_CHECKS = "digest|reply|real time|at most once|fifo|linearizability|gap repair|fencing"
_READERS: list[tuple[re.Pattern[str], Callable[[re.Match[str]], Holds]]] = [
    (re.compile(pattern, re.IGNORECASE), make)
    for pattern, make in (
        (r"after (?P<number>\d+(?:\.\d+)?) ?(?P<unit>ms|s)", _after),
        (r"#(?P<seq>\d{1,9}) is ordered", _ordered),
        (r"#(?P<seq>\d{1,9}) is answered", _answered),
        (r"#(?P<seq>\d{1,9}) is executed", _executed),
        (r"(?P<number>\d{1,9}) requests? (?:is|are) answered", _count),
        (r"every query is answered", _fixed(_queries)),
        (r"every request is executed", _fixed(_level)),
        (rf"r{_R} is (?P<isnt>not )?(?P<state>{_STATES})", _state),
        (rf"r{_R} holds (?:messages|#(?P<seq>\d{{1,9}}))", _holds_number),
        (rf"r{_R} expects #(?P<seq>\d{{1,9}})", _expects),
        (rf"r{_R} is incarnation (?P<number>\d{{1,4}})", _incarnation),
        (rf"c{_C} is answered (?P<outcome>ok|refused|unknown)", _outcome),
        (rf"c{_C} is answered {_QUOTED}", _told),
        (rf"c{_C} waits", _waits),
        (rf"{_QUOTED} is said", _said),
        (r"epoch (?P<number>\d{1,4}) begins", _epoch),
        (r"every check holds", _fixed(lambda view, heard: not view.violations)),
        (r"a check fails", _fixed(lambda view, heard: bool(view.violations))),
        (rf"(?P<check>{_CHECKS}) fails", _fails),
        (r"live replicas are equal", _fixed(_equal)),
        (r"no answer is lost", _fixed(lambda view, heard: not view.front_end.answers_lost)),
        (r"an answer is lost", _fixed(lambda view, heard: bool(view.front_end.answers_lost))),
        (r"no outcome is unknown", _fixed(lambda view, heard: not view.metrics.unknown)),
        (r"an outcome is unknown", _fixed(lambda view, heard: view.metrics.unknown > 0)),
    )
]
