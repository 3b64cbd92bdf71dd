"""Makes what a schedule says come true, and heals it."""

from __future__ import annotations

from core.link_faults import NO_FAULTS, Link, LinkFaults
from core.simulation.cluster import SimulatedCluster
from core.simulation.process import SimulatedProcess
from core.simulation.schedule import Kind, Trouble


class Troubles:
    """Begins each trouble of the cluster's schedule at its request, until the healing phase."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._cluster = cluster
        self._to_come = list(reversed(cluster.schedule.troubles))
        self._lasting: list[tuple[Trouble, SimulatedProcess]] = []
        self._healed = False
        self.silencing: set[int] = set()
        """Replicas that something kept from being heard: dropping them for their silence is right."""

    def ordered(self, seq: int) -> None:
        """Requests up to this number are ordered: what is to follow on one of them begins."""
        while self._to_come and self._to_come[-1].at_seq <= seq:
            trouble = self._to_come.pop()
            clock = self._cluster.clock
            clock.at(clock.now + trouble.after_ns, self._begin, trouble)

    def heal(self) -> None:
        """Nothing is wrong any more, and nothing will be."""
        self._healed = True
        self._to_come.clear()
        while self._lasting:
            self._end(*self._lasting[-1])
        self._cluster.upheavals.promise_nothing()

    def _begin(self, trouble: Trouble) -> None:
        if self._healed:
            return
        cluster = self._cluster
        if trouble.kind is Kind.LEAVE:
            cluster.close_client(trouble.whom)
            cluster.open_client(trouble.whom)
            return
        if trouble.kind is Kind.SLEEP:
            cluster.sleep(trouble.for_ns)
        elif trouble.kind is Kind.ADD:
            cluster.upheavals.add()
        elif trouble.kind is Kind.REMOVE:
            cluster.upheavals.remove(trouble.whom)
        elif trouble.kind is Kind.SUCCESSION:
            cluster.upheavals.crash_front_end()
        elif cluster.processes[trouble.whom].alive:
            self._befall(trouble, cluster.processes[trouble.whom])

    def _befall(self, trouble: Trouble, process: SimulatedProcess) -> None:
        cluster = self._cluster
        if trouble.kind is Kind.CRASH:
            process.kill()
            return
        if trouble.kind is Kind.VANISH:
            self.silencing.add(trouble.whom)
            cluster.vanished.add(process)
            process.kill()
            return
        self.silencing.add(trouble.whom)
        self._lasting.append((trouble, process))
        if trouble.kind is Kind.PAUSE:
            process.pause()
        else:
            self._set_links(trouble, process)
        cluster.clock.at(cluster.clock.now + trouble.for_ns, self._end, trouble, process)

    def _end(self, trouble: Trouble, process: SimulatedProcess) -> None:
        if (trouble, process) not in self._lasting:
            return
        self._lasting.remove((trouble, process))
        if trouble.kind is Kind.PAUSE:
            process.go_on()
        else:
            self._set_links(trouble, process)

    def _set_links(self, changed: Trouble, process: SimulatedProcess) -> None:
        """On the ways of a trouble that began or ended: the sum of all that last."""
        for way in changed.ways:
            faults = NO_FAULTS
            for trouble, whose in self._lasting:
                if whose is process and way in trouble.ways:
                    faults = _worse(faults, trouble.faults)
            self._cluster.network.faults.set(Link(process.replica, way), faults)


def _worse(one: LinkFaults, other: LinkFaults) -> LinkFaults:
    return LinkFaults(
        loss=max(one.loss, other.loss),
        duplicate=max(one.duplicate, other.duplicate),
        delay_ns=max(one.delay_ns, other.delay_ns),
        jitter_ns=max(one.jitter_ns, other.jitter_ns),
        reorder=max(one.reorder, other.reorder),
        reorder_by_ns=max(one.reorder_by_ns, other.reorder_by_ns),
        cut=one.cut or other.cut,
    )
