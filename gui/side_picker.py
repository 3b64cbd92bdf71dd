"""One side of a comparison: which replica, and when: the moment that is shown, a number, or a time."""

from __future__ import annotations

import re

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from core.ids import replica_name
from core.model.cluster_view import ClusterView
from core.session.rebuilt import RebuiltData
from gui.held import Held, RebuiltHeld, held_now
from gui.intents import Intents

_NUMBER = re.compile(r"#?\s*(\d+)")
_SECONDS = re.compile(r"(\d+(?:[.,]\d+)?)\s*s")
_NOW = ("", "now", "shown")


class SidePicker(QWidget):
    """Emits `picked` when a person has chosen; `held` is what that is."""

    picked = Signal()

    def __init__(self, side: str, intents: Intents, rebuilt: RebuiltData | None, parent: QWidget) -> None:
        super().__init__(parent)
        self._intents = intents
        self._rebuilt = rebuilt
        self.trouble = ""
        """Why there is nothing to show, in a sentence."""
        self.replica = QComboBox(self)
        self.replica.setAccessibleName(f"Replica on the {side}")
        self.moment = QLineEdit(self)
        self.moment.setAccessibleName(f"Moment on the {side}")
        self.moment.setPlaceholderText("now or #128")
        self.moment.setToolTip(
            "Empty: the moment that is shown. A number: after it. A time: since the start."
        )
        self.moment.setClearButtonEnabled(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.replica)
        row.addWidget(self.moment, 1)
        self.replica.activated.connect(self.picked)
        self.moment.editingFinished.connect(self._edited)
        self._text = ""

    @property
    def name(self) -> str:
        """The replica's."""
        return self.replica.currentText()

    def choose(self, view: ClusterView, replica: int, moment: str = "") -> None:
        """Offer the replicas that there are, and choose one."""
        self.replica.clear()
        for card in view.replicas:
            self.replica.addItem(replica_name(card.replica), card.replica)
        self.replica.setCurrentIndex(self.replica.findData(replica))
        self.moment.setText(moment)
        self._text = moment

    def held(self, view: ClusterView) -> Held | None:
        """What is chosen; None when it cannot be had (`trouble`), or is not known yet (then ask again)."""
        self.trouble = ""
        replica = int(self.replica.currentData() or 0)
        card = next((card for card in view.replicas if card.replica == replica), None)
        text = self.moment.text().strip().casefold()
        if card is None:
            self.trouble = "There is no such replica at this moment."
            return None
        if text in _NOW:
            return held_now(self._intents, card, self._rebuilt)
        if self._rebuilt is None:
            self.trouble = "Another moment needs a recording, and there is none of this run."
            return None
        split = next((one.seq for one in view.violations if one.replica == replica), 0)
        number, seconds = _NUMBER.fullmatch(text), _SECONDS.fullmatch(text)
        if number:
            return RebuiltHeld(self._rebuilt, replica, int(number[1]), split=split)
        if not seconds:
            self.trouble = (
                f"“{self.moment.text()}” is no moment: write #128 for a number, or 12.4 s for a time."
            )
            return None
        seq = self._rebuilt.executed_at(replica, round(float(seconds[1].replace(",", ".")) * 1e9))
        if seq == -1:
            self.trouble = f"The recording does not reach {seconds[1]} s yet."
        return RebuiltHeld(self._rebuilt, replica, seq, split=split) if seq is not None and seq >= 0 else None

    def _edited(self) -> None:
        if self.moment.text() != self._text:
            self._text = self.moment.text()
            self.picked.emit()
