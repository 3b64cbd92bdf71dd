"""The group as the front end sees it: who is a member, who is waited for, how far each has come."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Member:
    """A replica that passed the handshake and was not dropped."""

    replica: int
    incarnation: int
    executed: int
    """It has executed, and its responses were heard, up to this number without a gap."""
    suspected: bool = False
    ahead: dict[int, int] = field(default_factory=dict)
    """Responses heard beyond a gap: first number → last."""
    expected: int = 0
    """What it expected to execute next, as of its last sign of life."""

    def responded(self, first_seq: int, count: int) -> None:
        """Its response to the numbers from `first_seq` on was heard."""
        if first_seq != self.executed + 1:
            if first_seq > self.executed:
                self.ahead[first_seq] = first_seq + count - 1
            return
        self.executed += count
        while self.ahead and (last := self.ahead.pop(self.executed + 1, 0)):
            self.executed = last

    def reached(self, seq: int) -> None:
        """It says that it has executed up to this number; whether its responses were heard is no matter."""
        self.executed = max(self.executed, seq)


class View:
    """The live replicas. One that was dropped never comes back under the same incarnation."""

    def __init__(self) -> None:
        self.members: dict[int, Member] = {}
        self.replicas: tuple[int, ...] = ()
        """The ids of the members, ascending."""
        self.receivers: tuple[int, ...] = ()
        """Who is sent the orders: the members, and who is about to become one."""
        self.mask = 0
        """The members as a bit mask: bit r for Rr."""
        self._coming: set[int] = set()

    def join(self, replica: int, incarnation: int, expected: int) -> None:
        """Count a replica in; it has executed everything before `expected`."""
        self.admit(Member(replica, incarnation, expected - 1))

    def admit(self, member: Member) -> None:
        """Count a replica in that has come as far as it says."""
        self.members[member.replica] = member
        self._coming.discard(member.replica)
        self._changed()

    def coming_in(self, replica: int) -> None:
        """Let a replica have the orders, and no vote yet."""
        self._coming.add(replica)
        self._changed()

    def not_coming(self, replica: int) -> None:
        """It will not become a member."""
        self._coming.discard(replica)
        self._changed()

    def drop(self, replica: int) -> bool:
        """Count it out. False when it was no member."""
        dropped = self.members.pop(replica, None)
        self._changed()
        return dropped is not None

    def _changed(self) -> None:
        self.replicas = tuple(sorted(self.members))
        self.receivers = tuple(sorted({*self.members, *self._coming}))
        self.mask = sum(1 << replica for replica in self.members)

    def executed_by_all(self) -> int:
        """The lowest number that every member has executed; 0 without members."""
        return min((member.executed for member in self.members.values()), default=0)

    def executed_by_waited_for(self) -> int | None:
        """The same over the members that are not suspected; None when there is none."""
        return min((m.executed for m in self.members.values() if not m.suspected), default=None)
