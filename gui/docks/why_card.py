"""“Why?” of what is selected, in words: by itself when it waits or went wrong, of anything when asked."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from core.errors import UsageError
from core.model.cluster_view import ClusterView
from gui.explainer import Explainer

_EVERY_NS = 500_000_000
"""An answer reads the newest events: twice a second is as often as a person reads it."""
_REQUEST_EVERY_NS = 2_000_000_000
"""A request that is not among the newest events is looked for in all of them: that costs ten times more."""


class WhyCard(QLabel):
    """Sentences, one a line; hidden when there is nothing to explain."""

    def __init__(self, explainer: Explainer, parent: QWidget) -> None:
        super().__init__(parent)
        self._explainer = explainer
        self._name = ""
        self._insisted = ""  # what a person asked about, though it may not look puzzling
        self._told_ns = 0
        self.setObjectName("why")
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setAccessibleName("Why?")
        self.hide()

    def ask(self, name: str) -> None:
        """Explain this, whatever it looks like."""
        self._insisted, self._told_ns = name, 0

    def show_view(self, view: ClusterView, name: str) -> None:
        """Bring the answer about what is selected up to date."""
        if name != self._name:
            self._name, self._told_ns = name, 0
            self._insisted = name if self._insisted == name else ""
        every_ns = _REQUEST_EVERY_NS if name.startswith("#") else _EVERY_NS
        if self._told_ns and 0 <= view.now_ns - self._told_ns < every_ns:
            return
        self._told_ns = view.now_ns
        text = self._answer(name)
        if text != self.text():
            self.setText(text)
            self.setAccessibleDescription(text)
        self.setVisible(bool(text))

    def _answer(self, name: str) -> str:
        try:
            if self._insisted == name and name:
                return "\n".join(self._explainer.ask(name).sentences)
            return self._explainer.puzzle(name)
        except UsageError:
            return ""
