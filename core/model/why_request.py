"""Why a request waits, took long, or ended as it did."""

from __future__ import annotations

from itertools import pairwise

from core import facts
from core.errors import UsageError
from core.facts import Pace
from core.ids import replica_name
from core.limits import LAG_REQUESTS, OPEN_BATCHES, WINDOW_REQUESTS
from core.link_faults import Link, Way
from core.model.cluster_view import ClientCard, ReplicaCard, ReplicaState, TokenKind
from core.model.reason import Cause, Scenery
from core.model.story import Fate, Story
from core.model.why_missing import Found, faults_of, put_off, since, travelling, why_missing
from core.model.words import duration
from core.policies import FIRST, ReplyPolicy, read_reply_policy

_AWAY = (ReplicaState.DEAD, ReplicaState.STARTING, ReplicaState.CATCHING_UP)
SLOW_NS = 5_000_000
"""An answer that took longer is explained step by step."""


def why_client(scene: Scenery, card: ClientCard) -> Found:
    """What a client waits for; or how its last request went."""
    story = scene.client(card.client)
    if card.waiting_since_ns:
        waits = duration(max(0, scene.view.now_ns - card.waiting_since_ns))
        cause, told = why_open(scene, story)
        return cause, [
            f"C{card.client} has waited for the answer to {card.call or 'its request'} for {waits}.",
            *told,
        ]
    if not card.call and not card.last_outcome:
        return Cause.NOTHING, [f"C{card.client} has asked nothing yet."]
    if card.last_outcome == "unknown":
        return _unknown(scene, story)
    return _answered(scene, story, f"C{card.client} waits for nothing.")


def why_number(scene: Scenery, seq: int) -> Found:
    """Where the request with this number is, or how it went."""
    if seq >= scene.view.front_end.next_seq:
        return Cause.NOTHING, [
            f"#{seq} has not been given to any request yet: #{scene.view.front_end.next_seq} is next."
        ]
    story = scene.number(seq)
    if not story.ordered_ns and not story.outcome:
        return Cause.UNTOLD, [
            f"#{seq} is too long ago to be told: only the newest events are looked through."
        ]
    who = f"#{seq} is {story.call} ({story.request})." if story.request.client else f"#{seq} is {story.call}."
    if story.outcome == "unknown":
        cause, told = _unknown(scene, story)
    elif story.outcome:
        cause, told = _answered(scene, story, "")
    else:
        cause, told = why_open(scene, story)
    behind = [card for card in _members(scene) if card.expected <= seq]
    if behind and (story.outcome or story.answer_sent_ns):
        cause, why = _not_executed(scene, behind[0], story)  # what waits matters more than how it went
        others = ", ".join(replica_name(card.replica) for card in behind)
        told = [*told, f"{others} {'has' if len(behind) == 1 else 'have'} not executed it yet.", *why]
    return cause, [who, *(one for one in told if one)]


# --- open ---------------------------------------------------------------------------------------------------


def why_open(scene: Scenery, story: Story) -> Found:
    """Where a request is that was not answered."""
    if scene.view.front_end.recovering:
        return Cause.NO_FRONT_END, [
            "The front end died with all that it knew. Its successor asks the replicas how far they are; "
            "then the client asks once more, under the same number."
        ]
    members = _members(scene)
    if not members and scene.view.replicas and all(c.state is ReplicaState.DEAD for c in scene.view.replicas):
        return Cause.NOBODY, ["No replica is left that could answer."]
    if not story.seq:
        return _not_ordered(scene, story, members)
    return _not_answered(scene, story, members)


def _not_ordered(scene: Scenery, story: Story, members: list[ReplicaCard]) -> Found:
    if story.called_ns and not story.reached_ns:
        off = _put_off(scene, TokenKind.REQUEST, story)
        if scene.view.pace is Pace.STEP:
            return Cause.STEP, [
                "The request is on its way to the front end: under step it arrives when you say so (Space)."
                + off
            ]
        return Cause.TRAVELS, [
            "The request is on its way to the front end: at this pace a message takes "
            f"{duration(scene.view.delay_ns)}.{off}"
        ]
    policy = _policy(scene)
    if len(members) < policy.fewest:
        return Cause.TOO_FEW, [_too_few(policy, len(members))]
    if scene.view.front_end.in_flight >= WINDOW_REQUESTS:
        return Cause.NO_ROOM, [
            f"{scene.view.front_end.in_flight} requests are open, and the front end has no more than "
            f"{WINDOW_REQUESTS} at once: it is ordered when one of them is answered."
        ]
    waited_for = [card for card in members if card.state is not ReplicaState.SUSPECTED]
    slowest = min(waited_for, key=lambda card: card.expected, default=None)
    if slowest is not None and scene.view.front_end.next_seq - slowest.expected >= LAG_REQUESTS:
        behind = scene.view.front_end.next_seq - slowest.expected
        return Cause.NO_ROOM, [
            f"{replica_name(slowest.replica)} is {behind:,} numbers behind, and clients may not run away "
            "from a replica that is waited for: it is ordered when that one has caught up."
        ]
    if not story.called_ns:
        return Cause.UNTOLD, ["Its request is too long ago to be told."]
    return Cause.EXECUTING, [
        "It has reached the front end and goes into the next batch, which is ordered as soon as fewer than "
        f"{OPEN_BATCHES} batches wait for their answer."
    ]


def _put_off(scene: Scenery, kind: TokenKind, story: Story) -> str:
    """What was done to the client's request, or to the answer to it, on its way."""
    client = story.request.client
    return put_off(next((one for one in scene.view.tokens if (one.kind, one.client) == (kind, client)), None))


def _not_answered(scene: Scenery, story: Story, members: list[ReplicaCard]) -> Found:
    policy = _policy(scene)
    needed = policy.needed(len(members))
    told = [f"It is #{story.seq}, ordered at {scene.at(story.ordered_ns)}."]
    if story.answer_sent_ns:
        cause = Cause.STEP if scene.view.pace is Pace.STEP else Cause.TRAVELS
        off = _put_off(scene, TokenKind.ANSWER, story)
        return cause, [*told, f"Its answer is on its way from the front end to the client.{off}"]
    if len(members) < policy.fewest:
        return Cause.TOO_FEW, [*told, _too_few(policy, len(members))]
    done = [card for card in members if card.expected > story.seq]
    arrived = [card for card in done if _heard(story, card.replica)]
    if len(arrived) == len(members) >= needed > 1:
        return Cause.MORE_ANSWERS, [
            *told,
            f"{len(arrived)} replicas have answered, but not {needed} alike: it waits until a replica goes "
            "or comes, or the reply policy changes.",
        ]
    if len(arrived) >= needed == 1:
        by = replica_name(arrived[0].replica)
        return Cause.EXECUTING, [*told, f"{by} has answered, and the front end hands it on next."]
    if needed > 1:
        told.append(f"{needed} equal answers are needed ({policy.words()}), and {len(arrived)} "
                    f"{'has' if len(arrived) == 1 else 'have'} come.")  # fmt: skip
    late = [card for card in members if card not in arrived]
    causes: list[Cause] = []
    for card in late[: max(1, needed)]:
        cause, why = _of_replica(scene, card, story)
        causes.append(cause)
        name = replica_name(card.replica)
        told += [why[0] if why[0].startswith(name) else f"{name}: {why[0]}", *why[1:]]
    quiet = [cause for cause in causes if cause is not Cause.EXECUTING]
    return (quiet or causes or [Cause.EXECUTING])[0], told


def _of_replica(scene: Scenery, card: ReplicaCard, story: Story) -> Found:
    """Why no answer of this replica has come."""
    link = Link(card.replica, Way.FROM)
    results = story.results.get(card.replica, [])
    if results and results[-1].fate is Fate.UNDER_WAY:
        cause, sentence = travelling(scene, results[-1], "its result", str(link))
        return cause, [sentence]
    if results and results[-1].fate is Fate.LOST:
        faults = faults_of(scene.view, card.replica, Way.FROM)
        cut = f" The link {link} is cut{since(scene, link)}." if faults.cut else ""
        cause = Cause.CUT if faults.cut else Cause.LOST
        return cause, [f"its result was lost on {link} at {scene.at(results[-1].sent_ns)}.{cut}"]
    return _not_executed(scene, card, story)


def _not_executed(scene: Scenery, card: ReplicaCard, story: Story) -> Found:
    """Why this replica has not executed it: it has not come, or a number before it has not."""
    came = any(one.arrived_ns for one in story.orders.get(card.replica, ()))
    if card.expected < story.seq and card.held_count and came:
        cause, why = why_missing(scene, card, scene.number(card.expected))
        name = replica_name(card.replica)
        return cause, [
            f"{name} holds #{story.seq} back: #{card.expected} has to be executed before it.",
            *why,
        ]
    return why_missing(scene, card, story)


def _heard(story: Story, replica: int) -> bool:
    return any(one.arrived_ns for one in story.results.get(replica, ()))


# --- done ---------------------------------------------------------------------------------------------------


def _answered(scene: Scenery, story: Story, first: str) -> Found:
    """How long each part of the way took."""
    if not (story.called_ns and story.answered_ns):
        return Cause.NOTHING, [first or "It was answered."]
    took_ns = story.answered_ns - story.called_ns
    by = replica_name(story.answered_by) if story.answered_by else "nobody"
    told = [first] if first else []
    told.append(f"It was answered as #{story.seq} after {duration(took_ns)}, by {by} first.")
    parts = _parts(story)
    if parts:
        longest = max(parts, key=lambda part: part[1])
        told.append(f"Most of that, {duration(longest[1])}, was {longest[0]}.")
        if scene.view.pace is not Pace.REAL_TIME:
            told.append("The pace is set by hand: messages are held on purpose.")
            return (Cause.STEP if scene.view.pace is Pace.STEP else Cause.TRAVELS), told
    return Cause.NOTHING, told


def _parts(story: Story) -> list[tuple[str, int]]:
    """The stages of an answered request with their lengths, as far as they are known."""
    execution = story.executions.get(story.answered_by)
    if execution is None or not story.ordered_ns:
        return []
    name = replica_name(story.answered_by)
    moments = (
        story.called_ns,
        story.ordered_ns,
        execution.received_ns,
        execution.started_ns,
        execution.finished_ns,
        story.answered_ns,
    )
    names = (
        "until the front end ordered it",
        f"the way to {name}",
        f"waiting at {name}",
        f"the execution at {name}, with the batch that it was in",
        f"the way back from {name}",
    )
    return [(what, max(0, end - start)) for what, (start, end) in zip(names, pairwise(moments), strict=True)]


def _unknown(scene: Scenery, story: Story) -> Found:
    told = [
        "It ended with unknown outcome: it may have been executed, or may never be; a client must not take "
        "it for failed."
    ]
    crashed = scene.past.last(facts.FrontEndCrashed)
    ended_ns = story.answered_ns or scene.view.now_ns
    if crashed is not None and crashed[0] <= ended_ns and not _all_dead(scene):
        return Cause.NO_FRONT_END, [
            *told,
            f"The front end died at {scene.at(crashed[0])}, and with it what it knew of the request.",
        ]
    if _all_dead(scene):
        last = max((at for at, _ in scene.past.all(facts.Dropped)), default=0)
        when = f" at {scene.at(last)}" if last else ""
        return Cause.NOBODY, [*told, f"The last replica went down{when} before it was answered."]
    return Cause.UNTOLD, [*told, "What went before is too long ago to be told."]


def _all_dead(scene: Scenery) -> bool:
    return all(card.state is ReplicaState.DEAD for card in scene.view.replicas)


def _members(scene: Scenery) -> list[ReplicaCard]:
    return [card for card in scene.view.replicas if card.state not in _AWAY]


def _policy(scene: Scenery) -> ReplyPolicy:
    try:
        return read_reply_policy(scene.view.front_end.reply_policy)
    except UsageError:
        return FIRST


def _too_few(policy: ReplyPolicy, live: int) -> str:
    who = "replica lives" if live == 1 else "replicas live"
    return (
        f"The reply policy asks for {policy.fewest} equal answers, and only {live} {who}: nobody is answered "
        "until another joins, or the policy changes."
    )
