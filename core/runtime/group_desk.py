"""What a person asks of the group as a whole: policies, who belongs to it, and a front end that dies."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from core.commands import AddReplica, CrashFrontEnd, RemoveReplica, Revive, SetPolicies
from core.errors import UsageError
from core.facts import PolicySet
from core.ids import replica_name
from core.policies import Policies

if TYPE_CHECKING:
    from core.runtime.engine import Engine

GroupCommand = SetPolicies | Revive | AddReplica | RemoveReplica | CrashFrontEnd


class GroupDesk:
    """Carries out the commands that concern the group."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def do(self, command: GroupCommand) -> None:
        """Carry out a command. Raises UsageError when it makes no sense now."""
        engine = self._engine
        match command:
            case SetPolicies():
                self._set_policies(command)
            case Revive(replica):
                engine.revival.revive(replica)
            case AddReplica():
                engine.revival.add()
            case RemoveReplica(replica):
                self._remove(replica)
            case CrashFrontEnd():
                engine.failures.crash_front_end()
            case _:
                assert_never(command)

    def _set_policies(self, command: SetPolicies) -> None:
        engine, old = self._engine, self._engine.policies
        new = Policies(
            old.reply if command.reply is None else command.reply,
            old.failure if command.failure is None else command.failure,
            old.expel_liars if command.expel_liars is None else command.expel_liars,
        )
        engine.policies = new
        engine.tell(PolicySet(str(new.reply), new.failure.value, new.expel_liars))
        if new.reply != old.reply:
            now = engine.now()
            for effect in engine.front_end.set_policy(new.reply):
                engine.perform(effect, now)
            engine.order(now)

    def _remove(self, replica: int) -> None:
        engine = self._engine
        engine.operator.alive(replica)
        members = engine.front_end.view.members
        if replica not in members or len(members) == 1:
            raise UsageError(
                f"{replica_name(replica)} cannot leave now.",
                "Somebody must be left, and it must have joined.",
            )
        now = engine.now()
        engine.members.removed.add(replica)
        for effect in engine.front_end.leave(replica, now):
            engine.perform(effect, now)
        engine.members.farewell(replica)
        engine.down(replica, "it was asked to leave")
