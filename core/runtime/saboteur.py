"""The saboteur: carries out what a person (or chaos) breaks on purpose, and tells it as facts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, assert_never

import msgspec

from core.commands import Continue, Heal, Partition, Pause, SetFault, Tamper
from core.errors import UsageError
from core.facts import Continued, LinkFaulted, Paused, Tampered
from core.harm import Harm
from core.ids import replica_name
from core.link_faults import Link, Way, links_of
from core.protocol import messages
from core.protocol.codec import encode

if TYPE_CHECKING:
    from core.runtime.engine import Engine

MOST = {Harm.SLOW: 10_000_000_000, Harm.LIE: 1_000_000, Harm.CORRUPT: 64, Harm.FLOOD: 64 << 20}
"""The largest amount of each harm."""

FaultCommand = SetFault | Heal | Partition | Pause | Continue | Tamper


class Saboteur:
    """Breaks links and processes, and heals them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def do(self, command: FaultCommand) -> None:
        """Carry out a command. Raises UsageError when it makes no sense now."""
        engine = self._engine
        match command:
            case SetFault():
                self._set_fault(command)
            case Heal(replica, way):
                faults = engine.transport.faults
                self._tell_links(faults.heal(self._links(replica, way)))
            case Partition(away):
                self._partition(away)
            case Pause(replica):
                engine.operator.alive(replica)
                engine.members.supervisor.processes[replica].signal("SIGSTOP")
                engine.tell(Paused(replica))
            case Continue(replica):
                engine.operator.alive(replica)
                engine.members.supervisor.processes[replica].signal("SIGCONT")
                engine.tell(Continued(replica))
            case Tamper(replica, harm, amount):
                self._tamper(replica, harm, amount)
            case _:
                assert_never(command)

    def _set_fault(self, command: SetFault) -> None:
        faults, changed = self._engine.transport.faults, []
        wanted = {
            name: value
            for name in ("loss", "duplicate", "delay_ns", "jitter_ns", "reorder", "cut")
            if (value := getattr(command, name)) is not None
        }
        for link in self._links(command.replica, command.way):
            fault = msgspec.structs.replace(faults.of(link), **wanted)
            if not fault.possible:
                raise UsageError(
                    "A probability lies between 0 and 100 %, a delay between 0 and 60 s.",
                    "For example: drop 30% R2, or delay R3 200ms.",
                )
            if faults.set(link, fault):
                changed.append(link)
        self._tell_links(changed)

    def _partition(self, away: tuple[int, ...]) -> None:
        everybody = self._engine.members.status
        for replica in away:
            if replica not in everybody:
                raise UsageError(f"There is no {replica_name(replica)}.")
        faults = self._engine.transport.faults
        joined = faults.join_up(replica for replica in everybody if replica not in away)
        self._tell_links([*joined, *faults.cut_off(away)])

    def _tamper(self, replica: int, harm: Harm, amount: int) -> None:
        self._engine.operator.alive(replica)
        if not 0 <= amount <= MOST[harm]:
            raise UsageError(f"“{harm.value}” takes an amount from 0 to {MOST[harm]:,}, not {amount:,}.")
        self._engine.tell(Tampered(replica, harm, amount))
        self._engine.transport.instruct(replica, encode(messages.Tamper(harm.value, amount)))

    def _links(self, replica: int, way: Way | None) -> tuple[Link, ...]:
        everybody = sorted(self._engine.members.status)
        if replica and replica not in everybody:
            raise UsageError(f"There is no {replica_name(replica)}.")
        both = [link for one in ([replica] if replica else everybody) for link in links_of(one)]
        return tuple(link for link in both if way is None or link.way is way)

    def _tell_links(self, links: Iterable[Link]) -> None:
        transport = self._engine.transport
        transport.faults_changed()
        for link in links:
            self._engine.tell(LinkFaulted(link.replica, link.way, transport.faults.of(link)))
