"""Why a replica is as it is: dead, silent, stopped, behind, waiting, or unlike the others."""

from __future__ import annotations

from core import facts
from core.facts import Pace
from core.harm import Harm
from core.ids import replica_name
from core.limits import DROP_AFTER_NS
from core.link_faults import Link, LinkFaults, Way
from core.model.cluster_view import ReplicaCard, ReplicaState, Violation
from core.model.reason import Cause, Scenery, run_words
from core.model.why_missing import Found, faults_of, since, why_missing
from core.model.words import duration, ended_by
from core.rules import Rule


def why_replica(scene: Scenery, card: ReplicaCard) -> Found:
    """What keeps this replica from being like the others, or that nothing does."""
    match card.state:
        case ReplicaState.DEAD:
            return _dead(scene, card)
        case ReplicaState.SUSPECTED:
            return _suspected(scene, card)
        case ReplicaState.PAUSED:
            return _paused(scene, card)
        case ReplicaState.STARTING:
            return Cause.STARTING, [
                f"Process {card.pid} of {replica_name(card.replica)} has not connected yet."
            ]
        case ReplicaState.CATCHING_UP:
            return _catching_up(scene, card)
        case ReplicaState.DIVERGED:
            return _diverged(scene, card)
        case ReplicaState.WAITING:
            return _waiting(scene, card)
        case ReplicaState.LAGGING:
            return _lagging(scene, card)
        case ReplicaState.RUNNING:
            return _running(scene, card)


# --- gone ---------------------------------------------------------------------------------------------------


def _dead(scene: Scenery, card: ReplicaCard) -> Found:
    name, past = replica_name(card.replica), scene.past
    dropped, exited = past.last(facts.Dropped, card.replica), past.last(facts.Exited, card.replica)
    killed = past.last(facts.KillOrdered, card.replica)
    if dropped is not None and not (killed and killed[1].by == "user" and killed[0] <= dropped[0]):
        cause, told = _dropped(scene, card, *dropped)
    elif killed is not None:
        cause, told = Cause.KILLED, [f"Somebody killed {name} at {scene.at(killed[0])} (SIGKILL)."]
    elif exited is not None:
        cause, told = Cause.ENDED, [_ended(scene, name, *exited)]
    else:
        cause, told = Cause.UNTOLD, [f"{name} went down ({card.detail}), too long ago to be told why."]
    return cause, [*told, _after_death(scene, name)]


def _dropped(scene: Scenery, card: ReplicaCard, time_ns: int, fact: facts.Dropped) -> Found:
    name, when = replica_name(card.replica), scene.at(time_ns)
    if fact.reason.startswith("silent"):
        told = [
            f"{name} was dropped at {when}: {fact.reason}, and after {DROP_AFTER_NS / 1e9:.0f} s nobody can "
            "tell slow from dead. Its process was killed, so that the suspicion became true."
        ]
        cause, silence = _silence(scene, card, before_ns=time_ns)
        return cause, [*told, *silence]
    if fact.reason.startswith("outvoted"):
        lied = scene.past.last(facts.Lied, card.replica)
        sides = f": it told {lied[1].told}, most {lied[1].majority}" if lied else ""
        return Cause.OUTVOTED, [f"{name} was expelled at {when}, {fact.reason}{sides}."]
    exited = scene.past.last(facts.Exited, card.replica)
    if exited is not None and exited[0] <= time_ns:
        return Cause.ENDED, [_ended(scene, name, *exited)]
    return Cause.LEFT, [f"{name} was dropped at {when}: {fact.reason}."]


def _ended(scene: Scenery, name: str, time_ns: int, fact: facts.Exited) -> str:
    how = ended_by(fact.status)
    who = "from outside by" if fact.status < 0 else "by itself with"
    last = fact.stderr.strip().rpartition("\n")[2]
    said = f" The last it said: {last}" if last else ""
    return f"The process of {name} was ended {who} {how} at {scene.at(time_ns)}.{said}"


def _after_death(scene: Scenery, name: str) -> str:
    if scene.view.front_end.failure_policy == "revive":
        return "A new process takes its place: it takes over the state of another replica, then it joins."
    return f"Nobody waits for it any more; “revive {name}” lets a new process take its place."


# --- silent -------------------------------------------------------------------------------------------------


def _suspected(scene: Scenery, card: ReplicaCard) -> Found:
    name = replica_name(card.replica)
    told = scene.past.last(facts.Suspected, card.replica)
    if told is not None:
        heard_ns = told[0] - told[1].silent_ns
        silent = duration(max(0, scene.view.now_ns - heard_ns))
        first = f"Nothing has come from {name} for {silent}; it has been suspected since {scene.at(told[0])}."
    else:
        first = f"{name} is {card.detail or 'silent'}."
    cause, silence = _silence(scene, card, before_ns=scene.view.now_ns)
    after = (
        f"Its answers are not waited for meanwhile. Silent for {DROP_AFTER_NS / 1e9:.0f} s in all, it is "
        "dropped and its process killed; one word from it before, and it is trusted again."
    )
    return cause, [first, *silence, after]


def _silence(scene: Scenery, card: ReplicaCard, before_ns: int) -> Found:
    """What made a replica silent that was silent at that time."""
    stopped_ns = _stopped(scene, card, before_ns)
    if stopped_ns is not None:
        when = f" at {scene.at(stopped_ns)}" if stopped_ns else ""
        return Cause.PAUSED, [f"Somebody had stopped its process{when} (SIGSTOP)."]
    links = [(Link(card.replica, way), _faults_then(scene, card.replica, way, before_ns)) for way in Way]
    for link, faults in links:
        if faults.cut:
            lost = (
                "What it says does not get through"
                if link.way is Way.FROM
                else "It hears nothing to answer to"
            )
            return Cause.CUT, [f"The link {link} had been cut{since(scene, link, before_ns)}. {lost}."]
    faulty = " and ".join(f"{link} ({faults.words()})" for link, faults in links if faults.any)
    if faulty:
        return Cause.LATE, [f"The link was faulty on purpose: {faulty}."]
    if card.harms:
        return Cause.SLOWED, [f"On purpose it is {', '.join(card.harms)}."]
    name = replica_name(card.replica)
    return Cause.SILENT, [
        f"Nobody broke anything that is known: {name} may be slow, stuck, or stopped from outside."
    ]


def _stopped(scene: Scenery, card: ReplicaCard, before_ns: int) -> int | None:
    """When the process was stopped that was silent then; 0: too long ago to be told, None: it was not."""
    stopped_ns = next((at for at, _ in scene.past.all(facts.Paused, card.replica) if at <= before_ns), 0)
    if not stopped_ns:
        return 0 if card.paused else None
    went_on_ns = next((at for at, _ in scene.past.all(facts.Continued, card.replica) if at > stopped_ns), 0)
    told = next(
        ((at, fact) for at, fact in scene.past.all(facts.Suspected, card.replica) if at <= before_ns), None
    )
    heard_ns = told[0] - told[1].silent_ns if told else before_ns
    return stopped_ns if not went_on_ns or went_on_ns > heard_ns else None


def _faults_then(scene: Scenery, replica: int, way: Way, before_ns: int) -> LinkFaults:
    """What was wrong with a direction of its link at that time."""
    told = (
        fact.faults
        for at, fact in scene.past.all(facts.LinkFaulted, replica)
        if at <= before_ns and fact.way is way
    )
    return next(told, faults_of(scene.view, replica, way))


def _paused(scene: Scenery, card: ReplicaCard) -> Found:
    name, told = replica_name(card.replica), scene.past.last(facts.Paused, card.replica)
    when = f" at {scene.at(told[0])}" if told else ""
    return Cause.PAUSED, [
        f"Somebody stopped the process of {name}{when} (SIGSTOP).",
        "It is not dead: what is sent to it waits in its socket, and it executes all of it when it goes on.",
        f"Silent for {DROP_AFTER_NS / 1e9:.0f} s in all, it is taken for dead.",
    ]


# --- behind -------------------------------------------------------------------------------------------------


def _catching_up(scene: Scenery, card: ReplicaCard) -> Found:
    name, told = replica_name(card.replica), scene.past.last(facts.Reviving, card.replica)
    donor = f" of {replica_name(told[1].donor)}" if told else ""
    taken = scene.past.last(facts.SnapshotSent, card.replica)
    if taken and taken[1].total:
        fact = taken[1]
        have = f"It has {fact.sent:,} of {fact.total:,} bytes, the state after #{fact.seq}."
    else:
        have = "Nothing of it has come yet."
    refused = scene.past.last(facts.DonorRefused, card.replica)
    no = (
        [f"It refused the state of {replica_name(refused[1].donor)}: {refused[1].reason}."] if refused else []
    )
    return Cause.CATCHING_UP, [
        f"{name} is a new process (incarnation {card.incarnation}) and takes over the state{donor}.",
        *no,
        have,
        "Then it executes what was ordered meanwhile and joins at a number, with the others' digest.",
    ]


def _waiting(scene: Scenery, card: ReplicaCard) -> Found:
    cause, told = why_missing(scene, card, scene.number(card.expected))
    return cause, [_holds(card), *told]


def _holds(card: ReplicaCard) -> str:
    what = run_words(card.held, card.held_count)
    it = "it" if card.held_count == 1 else "them"
    return f"{replica_name(card.replica)} holds {what}. It may not execute {it} before #{card.expected}."


def _lagging(scene: Scenery, card: ReplicaCard) -> Found:
    behind = scene.view.front_end.next_seq - card.expected
    first = f"{replica_name(card.replica)} is {behind:,} numbers behind the front end."
    slowed = [harm for harm in card.harms if harm.startswith("slowed")]
    if slowed:
        return Cause.SLOWED, [first, f"On purpose, each of its executions is {slowed[0]}."]
    cause, told = why_missing(scene, card, scene.number(card.expected))
    if cause is Cause.EXECUTING or cause is Cause.UNTOLD:
        told = ["Nobody slowed it on purpose: its process gets less of the machine, or has more to do."]
        cause = Cause.BEHIND
    held = [_holds(card)] if card.held_count else []
    return cause, [first, *held, *told, "The others answer meanwhile."]


def _running(scene: Scenery, card: ReplicaCard) -> Found:
    name, behind = replica_name(card.replica), scene.view.front_end.next_seq - card.expected
    links = [Link(card.replica, way) for way in Way if faults_of(scene.view, card.replica, way).any]
    odd = [f"{link} is faulty on purpose: {faults_of(scene.view, *link).words()}." for link in links]
    odd += [f"On purpose it is like this: {harm}." for harm in card.harms]
    if behind > 0 and (scene.view.pace is not Pace.REAL_TIME or links):
        cause, told = why_missing(scene, card, scene.number(card.expected))
        return cause, [f"{name} expects #{card.expected} next.", *told]
    cause = Cause.NOTHING
    if any(harm == "lies" for harm in card.harms):
        cause = Cause.LIES
    elif card.harms:
        cause = Cause.SLOWED if card.harms[0].startswith("slowed") else Cause.CORRUPTED
    elif links:
        cause = Cause.CUT if any(faults_of(scene.view, *link).cut for link in links) else Cause.LATE
    well = f"{name} has executed every number up to #{card.expected - 1} and holds nothing back."
    return cause, [well, *odd]


# --- unlike the others --------------------------------------------------------------------------------------


def _diverged(scene: Scenery, card: ReplicaCard) -> Found:
    found = next((one for one in scene.view.violations if one.replica == card.replica), None)
    if found is None:
        return Cause.DIVERGED, [f"{replica_name(card.replica)} differs from the others {card.detail}."]
    return why_violation(scene, found)


def why_violation(scene: Scenery, violation: Violation) -> Found:
    """A check failed: at which number, both sides, the operation, and what was broken before."""
    seq, name = violation.seq, replica_name(violation.replica) if violation.replica else ""
    story = scene.number(seq)
    who = f" at {name}" if name else ""
    told = [
        f"The check “{violation.check.replace('_', ' ')}” failed for #{seq}{who}: expected "
        f"{violation.expected}, found {violation.found}."
    ]
    if story.call:
        by = f" of {story.request}" if story.request.client else ""
        told.append(f"#{seq} is {story.call}{by}.")
    for rule in Rule:
        if rule.value in scene.view.broken:
            told.append(f"The rule “{rule.value}” is broken on purpose: {rule.broken}.")
            return Cause.RULE_BROKEN, told
    cause, harm = _harmed(scene, violation.replica)
    return cause, [*told, *harm]


def _harmed(scene: Scenery, replica: int) -> Found:
    name = replica_name(replica)
    for time_ns, fact in scene.past.all(facts.Tampered, replica):
        if fact.harm is Harm.CORRUPT:
            return Cause.CORRUPTED, [
                f"A bit of {name}'s memory was turned on purpose at {scene.at(time_ns)}."
            ]
        if fact.harm is Harm.LIE and fact.amount:
            return Cause.LIES, [f"{name} was told to answer wrongly at {scene.at(time_ns)}."]
    return Cause.DIVERGED, ["Nobody broke anything that is known: look at the operation, and at the service."]
