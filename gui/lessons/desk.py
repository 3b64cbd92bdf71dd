"""Plays a lesson in the window: the director looks at the same view as the stage, its commands leave like a
person's. While a question is open the run rests."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from core.commands import SetLoad, SetPace
from core.facts import Answered, Pace, Said
from core.model.cluster_view import ClusterView
from core.session.annotations import Note
from core.workload.director import Director
from core.workload.scenarios import Scenario
from gui.intents import Intents
from gui.journey import CAPTION_NS, Journey
from gui.lessons.scores import Score, Scores
from gui.source_bridge import SourceBridge

LOOKS_PER_S = 20
_CAPTION_NS_PER_LETTER = 60_000_000


class LessonDesk(QObject):
    """One playing of one lesson; None while there is none."""

    changed = Signal()
    """Caption, question, or findings are others now."""

    def __init__(
        self,
        scenario: Scenario | None,
        bridge: SourceBridge,
        intents: Intents,
        journey: Journey,
        scores: Scores,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._intents = intents
        self._journey = journey
        self._scores = scores
        self._begun = False
        self._pace, self._load = SetPace(Pace.REAL_TIME), SetLoad(False)  # as somebody last wanted it
        self._before: tuple[SetPace, SetLoad] | None = None  # while a question is open
        self._shown: tuple[object, ...] = ()
        self._noted = ""
        self.director = Director(scenario) if scenario is not None else None
        if self.director is not None:
            bridge.now_and_then(lambda: self.director is not None, self.look, LOOKS_PER_S)
            intents.sent.connect(self._wanted)
            bridge.answered.connect(self._hear)
            bridge.said.connect(self._hear)

    @property
    def caption(self) -> str:
        """What is to be read over the stage now; nothing while the past is shown."""
        return self.director.caption if self.director is not None and not self._journey.can_play else ""

    def look(self, view: ClusterView) -> None:
        """Look at a moment of the present, and do what the lesson wants."""
        director = self.director
        if director is None or self._journey.can_play or self._before is not None:
            return
        if not self._begun and not self._begin(director, view):
            return
        for command in director.look(view):
            self._intents.send(command)
        if director.ending and view.load_running and not director.done:
            self._intents.send(SetLoad(False))
        if director.question is not None:
            self._before = (self._pace, self._load)
            self._intents.send(SetLoad(False))
            self._intents.send(SetPace(Pace.STEP, 0))
        self._tell(director)

    def answer(self, chosen: int) -> None:
        """A person chose (from 1). It goes on only with `go_on`, when the explanation was read."""
        if self.director is None or self.director.question is None:
            return
        choice = self.director.answer(chosen)
        self._scores.add(Score.now(self.director.scenario, choice))
        self.changed.emit()

    def go_on(self) -> None:
        """Let the run go on as it went before the question."""
        if self._before is None:
            return
        (pace, load), self._before = self._before, None
        self._intents.send(pace)
        if load.running:
            self._intents.send(load)
        self.changed.emit()

    @property
    def resting(self) -> bool:
        """A question was asked, and the run waits for `go_on`."""
        return self._before is not None

    def end(self) -> None:
        """Play no more of it; the cluster stays as it is."""
        if self._before is not None:
            self.go_on()
        self.director = None
        self.changed.emit()

    def _begin(self, director: Director, view: ClusterView) -> bool:
        cluster, workload = director.scenario.cluster, director.scenario.workload
        here = len(view.clients) >= cluster.clients and len(view.replicas) >= cluster.replicas
        if not here or any(client.waiting_since_ns for client in view.clients):
            return False
        self._begun = True
        self._intents.send(director.scenario.pace)
        self._intents.send(SetLoad(workload.running, workload.think_ms, workload.burst))
        return True

    def _wanted(self, command: object) -> None:
        if isinstance(command, SetPace):
            self._pace = command
        elif isinstance(command, SetLoad):
            self._load = command

    def _hear(self, fact: Answered | Said) -> None:
        if self.director is not None:
            self.director.hear(fact)

    def _tell(self, director: Director) -> None:
        shown = (director.caption, director.question, director.place, len(director.findings), director.done)
        if shown == self._shown:
            return
        self._shown = shown
        self._note(director.caption)
        self.changed.emit()

    def _note(self, caption: str) -> None:
        """Put the caption into the recording, so that a replay shows it too."""
        state = self._journey.state
        if caption and caption != self._noted and state is not None:
            self._noted = caption
            length_ns = max(CAPTION_NS, len(caption) * _CAPTION_NS_PER_LETTER)
            self._journey.put(None, Note(max(0, state.now_ns - state.start_ns), caption, length_ns))
