"""What can be done to the group as a whole, as menus: policies, who belongs to it, a front end that dies."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu

from core.commands import AddReplica, CrashFrontEnd, RemoveReplica, Revive, SetPolicies
from core.ids import replica_name
from core.model.cluster_view import ClusterView, FrontEndCard, ReplicaCard, ReplicaState
from core.policies import ALL_LIVE, FIRST, MAJORITY, FailurePolicy, ReplyPolicy
from gui.fault_menus import Send, entry

REPLY_POLICIES = (FIRST, ReplyPolicy("acks", 2), ALL_LIVE, MAJORITY)
_FAILURES = {
    FailurePolicy.DROP: "A replica that went down is out for good",
    FailurePolicy.REVIVE: "A new process takes its place: a snapshot, the log's tail, a sequenced join",
}


def add_membership(menu: QMenu, card: ReplicaCard, view: ClusterView, send: Send) -> None:
    """Whether a replica belongs to the group."""
    name = replica_name(card.replica)
    if card.state is ReplicaState.DEAD:
        entry(menu, f"Revive {name}", _FAILURES[FailurePolicy.REVIVE], send, Revive(card.replica))
    elif sum(other.state is not ReplicaState.DEAD for other in view.replicas) > 1:
        entry(menu, f"Let {name} leave", "It leaves in peace, for good", send, RemoveReplica(card.replica))


def fill_group(menu: QMenu, card: FrontEndCard, send: Send) -> None:
    """The menu of the front end."""
    entry(
        menu,
        "Crash the front end",
        "It dies with all that it knew; its successor asks the replicas where they are",
        send,
        CrashFrontEnd(),
    )
    entry(menu, "Add a replica", "A new process joins with the group's state", send, AddReplica())
    menu.addSeparator()
    reply = menu.addMenu("Reply policy")
    reply.setToolTipsVisible(True)
    for policy in REPLY_POLICIES:
        action = entry(reply, policy.words(), policy.durability(), send, SetPolicies(reply=policy))
        action.setCheckable(True)
        action.setChecked(str(policy) == card.reply_policy)
    failures = menu.addMenu("When a replica goes down")
    failures.setToolTipsVisible(True)
    for failure, tip in _FAILURES.items():
        action = entry(failures, failure.value, tip, send, SetPolicies(failure=failure))
        action.setCheckable(True)
        action.setChecked(failure.value == card.failure_policy)
    expel = entry(
        menu,
        "Expel who is outvoted",
        "A replica that answers unlike the majority has to go",
        send,
        SetPolicies(expel_liars=not card.expel_liars),
    )
    expel.setCheckable(True)
    expel.setChecked(card.expel_liars)
