"""How figures are written on the stage."""

from __future__ import annotations

from core.facts import Pace
from core.model.cluster_view import ClientCard, ClusterView, ReplicaCard, ReplicaState
from core.model.words import duration as duration

FIRST_SENTENCE = "Click a client to send a query. Right-click a replica to kill it."

_OPEN_SESSION = "open session"
"""The call that every client makes by itself, before a person asks anything."""


def waited(ns: int) -> str:
    """A wait that is still growing, in steps coarse enough to read while it does."""
    if ns < 100_000_000:
        return duration(max(0, ns))
    return f"{ns // 100_000_000 / 10:.1f} s"


def shortened(count: int) -> str:
    """A count in at most four characters or so: `88`, `8.3k`, `1.2M`."""
    for unit, name in ((1_000_000, "M"), (1_000, "k")):
        if count >= unit:
            return f"{count / unit:.1f}{name}" if count < 100 * unit else f"{count // unit}{name}"
    return str(count)


def digest_text(digest: int) -> str:
    """The upper half of a 64-bit digest: `9f3a·c41e`."""
    text = f"{digest & (1 << 64) - 1:016x}"
    return f"{text[:4]}·{text[4:8]}"


def slot_text(seq: int) -> str:
    """A number as a slot shows it: its last three digits when it is long."""
    return str(seq) if seq < 1000 else f"{seq % 1000:03d}"


def client_status(card: ClientCard, now_ns: int) -> str:
    """What a client waits for or last got, in words."""
    if card.waiting_since_ns:
        return f"waiting · {waited(now_ns - card.waiting_since_ns)}"
    if card.last_outcome == "ok":
        return f"#{card.last_seq} · {duration(card.last_latency_ns)}"
    if card.last_outcome:
        return card.last_outcome + (f" · #{card.last_seq}" if card.last_seq else "")
    return "no query yet"


def brief_status(card: ClientCard, number: int) -> str:
    """The same where there is hardly any room: `waiting`, `#127`; a state's name alone when `number` is 0."""
    if card.waiting_since_ns:
        return "waiting"
    return f"{card.last_outcome} #{number}" if number else card.last_outcome


def replica_status(card: ReplicaCard) -> str:
    """A replica's state in words: `waiting for #128`, `dead · SIGKILL · 12.1 s`."""
    joint = " · " if card.state is ReplicaState.DEAD else " "
    return card.state.value + (joint + card.detail if card.detail else "")


def guidance(view: ClusterView) -> str:
    """What to do first, as long as nothing was ever asked; else ""."""
    untouched = all(card.call in ("", _OPEN_SESSION) for card in view.clients)
    return FIRST_SENTENCE if untouched and not view.alert and not view.load_running else ""


def pace_words(view: ClusterView) -> str:
    """How fast messages travel, and how many of them are shown."""
    if view.pace is Pace.SLOW:
        return f"slow: {duration(view.delay_ns)} a message"
    if view.pace is Pace.STEP:
        return "step: click a message"
    return f"showing 1 of {view.sampling:,}" if view.sampling > 1 else "real time"
