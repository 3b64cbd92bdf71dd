"""Asks “why?” of the moment that is shown, for everybody who shows the answer."""

from __future__ import annotations

from core.errors import UsageError
from core.model.cluster_view import Violation
from core.model.dispute import Dispute, dispute_of
from core.model.explain import is_puzzling, why
from core.model.reason import Why
from core.model.story import Story, story_of_number
from core.session.source import ServiceFace
from gui.intents import Intents
from gui.source_bridge import SourceBridge


class Explainer:
    """Answers about the view that is shown and the events behind it, in the present and in the past."""

    def __init__(self, bridge: SourceBridge, intents: Intents, face: ServiceFace) -> None:
        self._bridge = bridge
        self._intents = intents
        self.words = face.words
        """An encoded operation as a short call."""

    def ask(self, subject: str) -> Why:
        """Why "R2", "C3", "#128", "FE" or a check is as it is. Raises UsageError when there is none."""
        if self._intents.view is None:
            raise UsageError("Nothing is shown yet that could be explained.")
        return why(self._intents.view, self._bridge.log, self.words, subject)

    def sentences(self, subject: str) -> tuple[str, ...]:
        """The answer in sentences; none when there is no such thing at this moment."""
        try:
            return self.ask(subject).sentences
        except UsageError:
            return ()

    def story(self, seq: int) -> Story:
        """The life of the request with this number, as far as the newest events tell it."""
        return story_of_number(self._bridge.log, seq, self.words)

    def dispute(self, violation: Violation) -> Dispute | None:
        """The requests that conflict, as far as the events tell them."""
        view = self._intents.view
        return dispute_of(view, self._bridge.log, self.words, violation) if view is not None else None

    def puzzle(self, name: str) -> str:
        """The answer about a request, or a node that makes a person ask by how it looks, a sentence a line;
        else ""."""
        view = self._intents.view
        if view is None or not (name.startswith("#") or is_puzzling(view, name)):
            return ""
        return "\n".join(self.ask(name).sentences)
