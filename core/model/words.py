"""What the fold knows, in sentences for a person: the headline, the one alert, a verdict per check."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.facts import CheckCount
from core.ids import replica_name
from core.model.cluster_view import ReplicaCard, ReplicaState, Verdict, Violation
from core.model.replica import Replica
from core.policies import policy_words

SIGNALS = {1: "SIGHUP", 2: "SIGINT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 9: "SIGKILL", 11: "SIGSEGV",
           13: "SIGPIPE", 15: "SIGTERM", 24: "SIGXCPU"}  # fmt: skip
"""A recording is read on any system, so the names do not come from the one that it is read on."""

_FINE = {
    "digest": "All replicas agree after every number.",
    "real_time": "No request was ordered before one that had been answered earlier.",
    "reply": "Every answer equals the reference's.",
    "at_most_once": "No request was executed twice.",
    "fifo": "Each client's requests were executed in the order it sent them.",
    "linearizability": "Some order explains every answer, by calls and returns alone.",
}
"""How often each has looked stands beside it, and changes all the time: a sentence stands still."""
_BROKEN = {
    "digest": "Replicas disagree: {1:,} of {0:,} digests differ.",
    "real_time": "{1:,} of {0:,} requests were ordered before one that had been answered earlier.",
    "reply": "{1:,} of {0:,} answers differ from the reference's.",
    "at_most_once": "{1:,} of {0:,} requests were executed more than once.",
    "fifo": "{1:,} of {0:,} requests were executed before an earlier one of the same client.",
    "linearizability": "No order explains {1:,} parts of the history; {0:,} requests judged.",
}


def duration(ns: int) -> str:
    """Nanoseconds with two or three figures: `240 µs`, `4.1 ms`, `1.2 s`."""
    if ns < 1_000_000:
        return f"{ns / 1e3:.0f} µs"
    if ns < 100_000_000:
        return f"{ns / 1e6:.1f} ms"
    if ns < 1_000_000_000:
        return f"{ns / 1e6:.0f} ms"
    return f"{ns / 1e9:.1f} s"


def seconds(duration_ns: int) -> str:
    """`12.1 s`."""
    return f"{duration_ns / 1e9:.1f} s"


def ended_by(status: int) -> str:
    """An exit status in a word: `SIGKILL`, `exit 1`."""
    if status < 0:
        return SIGNALS.get(-status, f"signal {-status}")
    return f"exit {status}"


def verdict(count: CheckCount) -> Verdict:
    """A live check's standing in words."""
    if count.unjudged and not count.violations:
        share = 100 * count.checked // (count.checked + count.unjudged)
        return Verdict(count, f"{share} % judged in the time there was, all as they should be.")
    if not count.checked and not count.violations:
        return Verdict(count, "Nothing to check yet.")
    sentences, default = _FINE, "All as they should be."
    if count.violations:
        sentences, default = _BROKEN, "{1:,} of {0:,} are not as they should be."
    return Verdict(count, sentences.get(count.name, default).format(count.checked, count.violations))


def headline(replicas: int, live: int, reply_policy: str) -> str:
    """One sentence over the stage: how many replicas, whose answer counts, how much may still fail."""
    majority = "major" in reply_policy or "vote" in reply_policy
    how = policy_words(reply_policy)
    spare = live - (replicas // 2 + 1) if majority else live - 1
    if live == replicas:
        return f"{_count(replicas, 'replica')} · {how} · {_may_crash(spare, 'up to ')}"
    return f"{live} of {_count(replicas, 'replica')} · {how} · {_may_crash(spare, '', ' more')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _may_crash(spare: int, before: str, after: str = "") -> str:
    return f"{before}{spare}{after} may crash" if spare > 0 else f"none{after} may crash"


def death(known: Replica) -> str:
    """How a replica left, e.g. `R2 was killed at 12.1 s.`"""
    name, when = replica_name(known.replica), seconds(known.died_ns)
    if known.killed_by == "fence":
        return f"{name} was silent too long and was killed at {when}."
    if known.killed_by:
        return f"{name} was killed at {when}."
    if known.ended.startswith(("SIG", "signal")):
        return f"{name} was ended from outside by {known.ended} at {when}."
    if known.ended:
        return f"{name} ended by itself ({known.ended}) at {when}."
    return f"{name} was dropped at {when}."


def alert(
    replicas: Sequence[Replica],
    cards: Sequence[ReplicaCard],
    violations: Sequence[Violation],
    unknown: int,
    said: tuple[str, str],
) -> str:
    """The one thing to know now; "" when all is well. `unknown` counts requests that ended so, `said` is the
    latest (level, sentence) that is still fresh."""
    return (
        _everybody_dead(replicas, unknown)
        or _disagreement(cards, violations)
        or (said[1] if said[0] == "error" else "")
        or _departed(replicas, unknown)
        or _in_state(cards, ReplicaState.SUSPECTED, _suspicion)
        or _in_state(cards, ReplicaState.WAITING, _waiting)
        or (said[1] if said[0] == "warning" else "")
    )


def _in_state(cards: Sequence[ReplicaCard], state: ReplicaState, say: Callable[[ReplicaCard], str]) -> str:
    return " ".join(say(card) for card in cards if card.state is state)


def _suspicion(card: ReplicaCard) -> str:
    return f"{replica_name(card.replica)} has been {card.detail or 'silent'}: it is no longer waited for."


def _waiting(card: ReplicaCard) -> str:
    first = min(card.held, default=card.expected)
    last = first
    for number in card.held:
        if number != last + 1 and number != first:
            break
        last = number
    run = f"#{first}–#{last}" if last > first else f"#{first}"
    more = card.held_count - (last - first + 1)
    rest = f" and {more:,} more" if more > 0 else ""
    return f"{replica_name(card.replica)} holds {run}{rest} and waits for #{card.expected}."


def _everybody_dead(replicas: Sequence[Replica], unknown: int) -> str:
    if not replicas or not all(known.dead for known in replicas):
        return ""
    last = max(replicas, key=lambda known: known.died_ns)
    return f"{death(last)} No replica is left: {_count(unknown, 'request')} ended with unknown outcome."


def _disagreement(cards: Sequence[ReplicaCard], violations: Sequence[Violation]) -> str:
    diverged = [card for card in cards if card.state is ReplicaState.DIVERGED]
    if diverged:
        return " ".join(f"{replica_name(c.replica)} differs from the others {c.detail}." for c in diverged)
    if violations:
        first = violations[0]
        where = f" on {replica_name(first.replica)}" if first.replica else ""
        return (
            f"Check “{first.check}” failed at #{first.seq}{where}: {first.found} instead of {first.expected}."
        )
    return ""


def _departed(replicas: Sequence[Replica], unknown: int) -> str:
    gone = [known for known in replicas if known.dead]
    if not gone:
        return ""
    last = max(gone, key=lambda known: known.died_ns)
    lost = f"{_count(unknown, 'request')} ended with unknown outcome" if unknown else "0 requests lost"
    others = "The others go on" if len(replicas) - len(gone) > 1 else "The other goes on"
    return f"{death(last)} {others}: {lost}."
