"""What a person wants, as commands. Every control of the window ends here, whatever it looks like."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from core.commands import (
    Command,
    Continue,
    Deliver,
    Heal,
    Kill,
    Look,
    Pause,
    Revive,
    SetClients,
    SetFault,
    SetLoad,
    SetPace,
    Submit,
)
from core.facts import Pace
from core.ids import client_name, replica_name
from core.limits import MAX_CLIENTS
from core.model.cluster_view import ClientCard, ClusterView, ReplicaCard, ReplicaState
from core.session.source import Source

SLOWEST_NS, FASTEST_NS = 2_000_000_000, 100_000_000
"""Ends of the slow pace's slider."""


class Intents(QObject):
    """Turns wishes into commands, or into a sentence that says why not."""

    said = Signal(str, str)
    """A sentence for the person: level, text."""
    sent = Signal(object)
    """A command that left for the source."""

    def __init__(self, source: Source, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self.view: ClusterView | None = None
        self._pace_asked = (0.0, Pace.REAL_TIME)
        self.delay_ns = 600_000_000

    def send(self, command: Command) -> bool:
        """Hand a command to the source, when it takes any."""
        if not self._source.capabilities.control:
            self.said.emit("warning", self._source.capabilities.why_no_control)
            return False
        self._source.send(command)
        self.sent.emit(command)
        return True

    def submit(self, client: int, operation: bytes, call: str) -> bool:
        """Send a query by hand."""
        if self.client(client) is None:
            self.said.emit("warning", f"There is no client {client_name(client)} any more.")
            return False
        return self.send(Submit(client, operation, call))

    def kill(self, replica: int) -> None:
        """Kill a replica's process; 0 stands for "the selected one", and none is."""
        card = self.replica(replica)
        if card is None:
            self.said.emit("warning", "Select a replica first: click its card, then press K.")
        elif card.state is ReplicaState.DEAD:
            self.said.emit("warning", f"{replica_name(replica)} is dead already.")
        else:
            self.send(Kill(replica))

    def pause_or_continue(self, replica: int) -> None:
        """Stop a replica's process, or let it go on when it was stopped; 0 stands for none selected."""
        card = self.replica(replica)
        if card is None or card.state is ReplicaState.DEAD:
            self.said.emit("warning", "Select a living replica first: click its card, then press P.")
        elif card.state is ReplicaState.PAUSED or (card.paused and card.state is ReplicaState.SUSPECTED):
            self.send(Continue(replica))
        else:
            self.send(Pause(replica))

    def revive(self, replica: int) -> None:
        """Bring a dead replica back; 0 stands for none selected."""
        card = self.replica(replica)
        if card is None or card.state is not ReplicaState.DEAD:
            self.said.emit("warning", "Select a dead replica first: click its card, then press R.")
        else:
            self.send(Revive(replica))

    def cut_or_heal(self, replica: int) -> None:
        """Cut a replica's link, or heal it when something is wrong with it; 0 stands for none selected."""
        card = self.replica(replica)
        if card is None or self.view is None or card.state is ReplicaState.DEAD:
            self.said.emit("warning", "Select a living replica first: click its card, then press C.")
        elif any(one.link.replica == replica for one in self.view.faulty_links):
            self.send(Heal(replica))
        else:
            self.send(SetFault(replica, cut=True))

    def set_pace(self, pace: Pace) -> None:
        """Change how fast messages travel."""
        self._pace_asked = (time.monotonic(), pace)
        self.send(SetPace(pace, self.delay_ns))

    def set_delay(self, delay_ns: int) -> None:
        """Change the visible delay; at once when the pace is slow."""
        self.delay_ns = min(SLOWEST_NS, max(FASTEST_NS, delay_ns))
        if self.pace is Pace.SLOW:
            self.set_pace(Pace.SLOW)

    def step(self) -> None:
        """Deliver the next message; stop first when messages travel by themselves."""
        if self.pace is Pace.STEP:
            self.send(Deliver())
        else:
            self.set_pace(Pace.STEP)
            self.said.emit("info", "Stopped. Every press of Space now delivers one message.")

    def deliver(self, token: int) -> None:
        """Deliver the message that a person pointed at; only under step."""
        if self.pace is Pace.STEP:
            self.send(Deliver(token))
        else:
            self.said.emit("info", "Messages travel by themselves. Choose Step to deliver them one by one.")

    def set_clients(self, clients: int) -> None:
        """Have so many clients."""
        self.send(SetClients(min(MAX_CLIENTS, max(1, clients))))

    def set_load(self, running: bool) -> None:
        """Let the clients' own workload run or rest."""
        self.send(SetLoad(running))

    def look(self, replica: int, path: str = "", offset: int = 0, limit: int = 100) -> None:
        """Ask a living replica for a page of its data."""
        card = self.replica(replica)
        if card is not None and card.state is not ReplicaState.DEAD and self._source.capabilities.control:
            self._source.send(Look(replica, path, offset, limit))

    @property
    def can_ask(self) -> bool:
        """There is a cluster at the other end that can be asked now."""
        return self._source.capabilities.control

    @property
    def moves(self) -> bool:
        """Another moment is shown with every frame: the present, or a past that plays."""
        travel = self._source.travel
        return travel is None or travel.state.live or travel.state.playing

    def copy_pid(self, replica: int) -> None:
        """Copy a replica's process id; 0 stands for none selected."""
        card = self.replica(replica)
        if card is None:
            self.said.emit("warning", "Select a replica first: click its card.")
            return
        QGuiApplication.clipboard().setText(str(card.pid))
        self.said.emit("info", f"Copied {card.pid}, the pid of {replica_name(replica)}.")

    @property
    def pace(self) -> Pace:
        """The pace last asked for, until the cluster has had time to say its own."""
        asked_s, pace = self._pace_asked
        if self.view is None or time.monotonic() - asked_s < 0.5:
            return pace
        return self.view.pace

    def replica(self, replica: int) -> ReplicaCard | None:
        """A replica's card as it is now."""
        cards = self.view.replicas if self.view else ()
        return next((card for card in cards if card.replica == replica), None)

    def client(self, client: int) -> ClientCard | None:
        """A client's card as it is now."""
        cards = self.view.clients if self.view else ()
        return next((card for card in cards if card.client == client), None)
