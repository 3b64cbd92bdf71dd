"""Why a number has not come to a replica."""

from __future__ import annotations

from core.facts import LinkFaulted, Pace, Paused
from core.ids import replica_name
from core.limits import GAP_NACK_AFTER_NS, HEARTBEAT_NS
from core.link_faults import NO_FAULTS, Link, LinkFaults, Way
from core.model.cluster_view import ClusterView, ReplicaCard, Token, TokenKind
from core.model.reason import Cause, Scenery
from core.model.story import Fate, Passage, Story
from core.model.words import duration
from core.rules import Rule

NEVER_NS = 1 << 63

Found = tuple[Cause, list[str]]


def faults_of(view: ClusterView, replica: int, way: Way) -> LinkFaults:
    """What is wrong with one direction of a replica's link."""
    return next((one.faults for one in view.faulty_links if one.link == Link(replica, way)), NO_FAULTS)


def why_missing(scene: Scenery, card: ReplicaCard, story: Story) -> Found:
    """Why the order with this number has not been executed by a replica: where it is, and what comes next."""
    link = Link(card.replica, Way.TO)
    passages = story.orders.get(card.replica, [])
    under_way = [one for one in passages if one.fate is Fate.UNDER_WAY]
    lost = [one for one in passages if one.fate is Fate.LOST]
    if card.paused:
        return Cause.PAUSED, [_paused(scene, card.replica)]
    if under_way:
        cause, sentence = travelling(scene, under_way[-1], f"#{story.seq}", str(link))
        again = [_was_lost(scene, story.seq, link, lost[-1])] if lost else []
        return (Cause.LOST if lost else cause), [*again, sentence]
    if lost and passages[-1].fate is Fate.LOST:
        return _lost(scene, card, story, lost)
    if not passages:
        return _never_seen(scene, card, story)
    sent = passages[-1]
    ago = duration(max(0, scene.view.now_ns - sent.arrived_ns))
    name = replica_name(card.replica)
    if len(passages) > 1 and lost:
        told = [_was_lost(scene, story.seq, link, lost[-1])]
        return Cause.LOST, [*told, f"It was sent again and came {ago} ago."]
    slowed = [harm for harm in card.harms if harm.startswith("slowed")]
    if slowed:
        return Cause.SLOWED, [
            f"#{story.seq} came {ago} ago, and {name} is {slowed[0]} per execution on purpose."
        ]
    return Cause.EXECUTING, [f"#{story.seq} was handed to {name} {ago} ago and is to be executed next."]


def travelling(scene: Scenery, one: Passage, what: str, link: str) -> tuple[Cause, str]:
    """A message is on its way: until when, and why so long."""
    view = scene.view
    token = next((token for token in view.tokens if token.token == one.token), None)
    off = put_off(token)
    if view.pace is Pace.STEP:
        return Cause.STEP, (
            f"{what} is on its way on {link}: under step it arrives when you say so (Space for the next "
            f"message, or click it).{off}"
        )
    left_ns = token.due_ns - view.now_ns if token is not None else 0
    left = f" and arrives in {duration(left_ns)}" if left_ns > 0 else ""
    since = duration(max(0, view.now_ns - one.sent_ns))
    if view.pace is Pace.SLOW and token is not None and token.kind is TokenKind.LATE and not off:
        return Cause.LATE, (
            f"{what} is on its way on {link}{left}. At this pace a message takes {duration(view.delay_ns)}; "
            f"this one takes {duration(token.due_ns - token.sent_ns)}, for the link is slow on purpose."
        )
    if view.pace is Pace.SLOW:
        return Cause.TRAVELS, (
            f"{what} is on its way on {link}{left}: at this pace a message takes "
            f"{duration(view.delay_ns)}.{off}"
        )
    return Cause.LATE, f"{what} has been on its way on {link} for {since}: the link is slow on purpose."


def put_off(token: Token | None) -> str:
    """What somebody's word did to a message, as a sentence to go behind another one; "" when nothing."""
    return f" It was {token.put_off} by hand." if token is not None and token.put_off else ""


def _was_lost(scene: Scenery, seq: int, link: Link, one: Passage) -> str:
    return f"#{seq} was lost on {link} at {scene.at(one.sent_ns)}."


def _lost(scene: Scenery, card: ReplicaCard, story: Story, lost: list[Passage]) -> Found:
    link, name = Link(card.replica, Way.TO), replica_name(card.replica)
    faults = faults_of(scene.view, card.replica, Way.TO)
    times = f", {len(lost)} times by now, the first" if len(lost) > 1 else ""
    told = [f"#{story.seq} was lost on {link}{times} at {scene.at(lost[0].sent_ns)}."]
    if faults.cut:
        told.append(f"The link {link} is cut{since(scene, link)}: nothing gets through until it is healed.")
    elif faults.loss:
        told.append(f"The link {link} is faulty on purpose: {faults.words()}.")
    asked = story.asked.get(card.replica, [])
    if Rule.GAP_REPAIR.value in scene.view.broken:
        told.append("Gap repair is broken on purpose: nobody asks for what was lost.")
        return Cause.RULE_BROKEN, told
    if asked:
        told.append(_asking(scene, name, asked))
    elif not faults.cut:
        told.append(_not_asked(scene, name, lost[-1]))
    return (Cause.CUT if faults.cut else Cause.LOST), told


def _asking(scene: Scenery, name: str, asked: list[Passage]) -> str:
    ago = duration(max(0, scene.view.now_ns - asked[-1].sent_ns))
    times = f", for the {_ordinal(len(asked))} time" if len(asked) > 1 else ""
    if asked[-1].fate is Fate.LOST:
        return f"{name} asked for it {ago} ago{times}; that message was lost as well."
    return f"{name} asked for it {ago} ago{times}."


def _not_asked(scene: Scenery, name: str, lost: Passage) -> str:
    if scene.view.now_ns - lost.sent_ns > HEARTBEAT_NS:  # by then it has heard of later numbers
        return f"No word of {name} that asks for it has come."
    return f"{name} asks for it as soon as the gap has been open for {duration(GAP_NACK_AFTER_NS)}."


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")


def _never_seen(scene: Scenery, card: ReplicaCard, story: Story) -> Found:
    link = Link(card.replica, Way.TO)
    faults = faults_of(scene.view, card.replica, Way.TO)
    if faults.cut:
        return Cause.CUT, [
            f"The link {link} is cut{since(scene, link)}: nothing gets through until it is healed."
        ]
    return Cause.UNTOLD, [f"What became of #{story.seq} on {link} is too long ago to be told."]


def since(scene: Scenery, link: Link, before_ns: int = NEVER_NS) -> str:
    """` since 12.452 s`: when a link was broken last, before that time; "" when that is too long ago."""
    told = scene.past.all(LinkFaulted, link.replica)
    broken_ns = next((at for at, fact in told if fact.way is link.way and at <= before_ns), 0)
    return f" since {scene.at(broken_ns)}" if broken_ns else ""


def _paused(scene: Scenery, replica: int) -> str:
    told = scene.past.last(Paused, replica)
    when = f" at {scene.at(told[0])}" if told else ""
    name = replica_name(replica)
    return f"Somebody stopped the process of {name}{when} (SIGSTOP): it reads nothing until it goes on."
