"""The members of the group as processes and links: started together, dropped one by one, ended together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import RemoteProtocolError, StartError
from core.facts import EpochStarted, Exited, Joined, Spawned
from core.ids import replica_name
from core.protocol.codec import encode
from core.protocol.framing import pack
from core.protocol.messages import Bye, Result
from core.runtime.links import ReplicaLink, connect
from core.runtime.supervisor import ReplicaProcess, Supervisor, exit_words

if TYPE_CHECKING:
    from core.runtime.engine import Engine

LEAVE_PATIENCE_S = 1.0


@dataclass(slots=True)
class Carried:
    """What links carried: frames and bytes, both directions."""

    frames: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0

    def add(self, link: ReplicaLink) -> None:
        """Count what this link carried."""
        self.frames += link.frames
        self.sent_bytes += link.sent_bytes
        self.received_bytes += link.received_bytes


@dataclass(slots=True)
class ReplicaStatus:
    """How a replica stands, as the engine last heard."""

    pid: int
    port: int = 0
    state: str = "starting"
    last: Result | None = None  # its response to the highest number

    def responded(self, result: Result) -> None:
        """It answered; results that are late, or repeated, tell nothing new."""
        if self.last is None or result.first_seq > self.last.first_seq:
            self.last = result

    @property
    def expected(self) -> int:
        """The number that it executes next."""
        return 1 if self.last is None else self.last.first_seq + self.last.count

    @property
    def digest(self) -> int:
        """Its digest after the number before."""
        return 0 if self.last is None else self.last.last_digest


class Members:
    """Processes and links of the replicas 1…n."""

    def __init__(self, engine: Engine, cluster: bytes, service: str) -> None:
        self._engine = engine
        self._cluster = cluster
        self._stopping = False
        self._gone = Carried()
        self.supervisor = Supervisor(cluster, service, self._exited)
        self.links: dict[int, ReplicaLink] = {}
        self.diverged: set[int] = set()
        self.status: dict[int, ReplicaStatus] = {}
        self.removed: set[int] = set()
        """Replicas that were asked to leave: they do not come back by themselves."""

    async def start(self, replicas: int) -> None:
        """Start the daemons, all at once. Raises StartError; nothing is left running then."""
        starts = [self._start(replica) for replica in range(1, replicas + 1)]
        for outcome in await asyncio.gather(*starts, return_exceptions=True):
            if not isinstance(outcome, BaseException):
                continue
            await self.stop()
            if isinstance(outcome, RemoteProtocolError | OSError):
                raise StartError(
                    f"The cluster did not start: {outcome}", "Try again; `doctor` looks for causes."
                ) from outcome
            raise outcome
        epoch = self._engine.front_end.sequencer.epoch
        self._engine.tell(EpochStarted(epoch, self._engine.front_end.sequencer.next_seq))

    async def _start(self, replica: int) -> None:
        engine = self._engine
        expected = await self.launch(replica, 1)
        engine.front_end.joined(replica, 1, expected, engine.now())
        self.status[replica].state = "running"
        engine.tell(Joined(replica, 1, self.status[replica].port, expected))

    async def launch(self, replica: int, incarnation: int) -> int:
        """Start a process and shake hands with it; gives the number that it expects. Raises StartError,
        RemoteProtocolError, OSError."""
        engine = self._engine
        process = await self.supervisor.start(replica, incarnation)
        self.status[replica] = ReplicaStatus(process.pid)
        engine.tell(Spawned(replica, process.incarnation, process.pid))
        port = self.status[replica].port = await self.supervisor.port(process)
        link, welcome = await connect(engine, port, self._cluster, process.key, replica, process.incarnation)
        service = engine.service
        if (welcome.service, welcome.service_version) != (service.name, service.version):
            link.close()
            raise RemoteProtocolError(
                f"{replica_name(replica)} runs {welcome.service} {welcome.service_version}, "
                f"the front end {service.name} {service.version}."
            )
        self.links[replica] = link
        return welcome.expected

    def farewell(self, replica: int) -> None:
        """Let a replica leave in peace."""
        self.links[replica].write(pack(encode(Bye())))

    def kill(self, replica: int) -> None:
        """SIGKILL."""
        self.supervisor.processes[replica].kill()

    def ends(self, replica: int) -> bool:
        """Its process is gone, or will be in a moment."""
        process = self.supervisor.processes[replica]
        return process.killed or process.status is not None

    def drop(self, replica: int) -> bool:
        """Close a replica's link and kill its process. False when it is down already."""
        link = self.links.pop(replica, None)
        if link is None:
            return False
        self._gone.add(link)
        link.close()
        self.kill(replica)
        self.status[replica].state = "dead"
        return True

    def carried(self) -> Carried:
        """What all links have carried since the start, those that are down too."""
        total = Carried(self._gone.frames, self._gone.sent_bytes, self._gone.received_bytes)
        for link in self.links.values():
            total.add(link)
        return total

    async def stop(self) -> None:
        """End every daemon and wait until it is gone."""
        self._stopping = True
        farewell = pack(encode(Bye()))
        for link in self.links.values():
            link.write(farewell)
        await self.supervisor.stop_all(LEAVE_PATIENCE_S)
        for link in self.links.values():
            link.close()

    def _exited(self, process: ReplicaProcess) -> None:
        if not self._stopping:
            status = process.status or 0
            self._engine.tell(Exited(process.replica, status, process.stderr))
            if self.supervisor.processes.get(process.replica) is process:  # and not a life before
                self._engine.down(process.replica, f"its process ended ({exit_words(status)})")
