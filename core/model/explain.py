"""The answer to “why?”: for everything that waits or went wrong, in words.

`why` looks at the picture of the moment for what there is to explain, and into the events that led to it for
what brought it about. It is asked when a person asks, so nothing is prepared while the cluster runs. What the
events do not tell is not guessed: the answer then says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from core.errors import UsageError
from core.ids import client_name, replica_name
from core.model.cluster_view import ClusterView, ReplicaState
from core.model.past import Past
from core.model.reason import Cause, Scenery, Why
from core.model.why_missing import Found
from core.model.why_replica import why_replica, why_violation
from core.model.why_request import why_client, why_number
from core.trace.events import EventLog

LONG_NS = 100_000_000
"""Who waits longer for an answer makes a person ask."""

_SUBJECT = re.compile(r"(?P<kind>[rRcC#])(?P<number>\d+)|(?P<front_end>[fF][eE])")


def why(view: ClusterView, log: EventLog, words: Callable[[bytes], str], subject: str) -> Why:
    """Why "R2", "C3", "#128", "FE", or a check by its name ("digest"), is as it is.

    `words` turns an encoded operation into a short call. Raises UsageError when there is no such thing.
    """
    scene = Scenery(view, log, words, Past(log))
    cause, sentences = _found(scene, subject.strip())
    return Why(subject.strip(), cause, tuple(sentences))


def is_puzzling(view: ClusterView, name: str) -> bool:
    """Whether a node ("R2", "C3", "FE") makes a person ask by how it looks; known without the events."""
    for card in view.replicas:
        if replica_name(card.replica) == name:
            return card.state is not ReplicaState.RUNNING or bool(card.harms)
    for client in view.clients:
        if client_name(client.client) == name:
            waits = client.waiting_since_ns and view.now_ns - client.waiting_since_ns > LONG_NS
            return bool(waits) or client.last_outcome == "unknown"
    return name == "FE" and view.front_end.recovering


def _found(scene: Scenery, subject: str) -> Found:
    match = _SUBJECT.fullmatch(subject)
    if match is None:
        return _check(scene, subject)
    if match["front_end"]:
        return _front_end(scene)
    number = int(match["number"])
    if match["kind"] == "#":
        return why_number(scene, number)
    if match["kind"] in "rR":
        for replica in scene.view.replicas:
            if replica.replica == number:
                return why_replica(scene, replica)
        raise UsageError(f"There is no replica {replica_name(number)}.", _HINT)
    for client in scene.view.clients:
        if client.client == number:
            return why_client(scene, client)
    raise UsageError(f"There is no client {client_name(number)}.", _HINT)


def _check(scene: Scenery, name: str) -> Found:
    wanted = name.replace(" ", "_").lower()
    for violation in scene.view.violations:
        if violation.check == wanted:
            return why_violation(scene, violation)
    for verdict in scene.view.checks:
        if verdict.count.name == wanted:
            looked = f" {verdict.count.checked:,} checked." if verdict.count.checked else ""
            return Cause.NOTHING, [verdict.words + looked]
    raise UsageError(f"“{name}” is nothing that can be explained.", _HINT)


def _front_end(scene: Scenery) -> Found:
    card = scene.view.front_end
    if card.recovering:
        return Cause.NO_FRONT_END, [
            "The front end died with all that it knew; its successor asks the replicas how far they are."
        ]
    waiting = [client for client in scene.view.clients if client.waiting_since_ns]
    if waiting:
        oldest = min(waiting, key=lambda client: client.waiting_since_ns)
        return why_client(scene, oldest)
    return Cause.NOTHING, [f"Nothing waits: the next request becomes #{card.next_seq}."]


_HINT = "Ask for a replica (why R2), a client (why C1), a number (why #128) or a check (why digest)."
