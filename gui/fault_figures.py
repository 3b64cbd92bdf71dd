"""Figures of one's own for what is wrong with a link: a dialog that says first what it will do.

It does nothing that a person could not type: what stands in its preview is what is sent.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.ids import replica_name
from core.limits import DROP_AFTER_NS, SUSPECT_AFTER_NS
from core.link_faults import MAX_DELAY_NS, NO_FAULTS, Link, LinkFaults, Way, links_of
from core.model.cluster_view import ClusterView, ReplicaState
from core.workload.console_faults import read_fault
from core.workload.fault_lines import fault_lines
from gui.intents import Intents

_MS = 1_000_000
_FIGURES = (
    ("loss", "&Lost", " %", "never arrive"),
    ("delay", "La&te by", " ms", "each"),
    ("jitter", "and up &to", " ms", "more: they overtake"),
    ("duplicate", "Dou&bled", " %", "a copy follows"),
    ("reorder", "&Overtaken", " %", "by those sent later"),
)
EVERY_LINK = "Every link"
_TOLD = 4
"""Directions of which is told what is wrong now."""


class FaultFigures(QDialog):
    """Not modal: what comes of it is seen on the stage meanwhile."""

    def __init__(self, intents: Intents, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("faultFigures")
        self.setWindowTitle("Faults of a link")
        self._intents = intents
        self._view: ClusterView | None = None
        self.link = QComboBox(self)
        self.link.setAccessibleName("Link")
        self.way = QComboBox(self)
        self.way.setAccessibleName("Direction")
        self.now = QLabel(self)
        self.now.setProperty("role", "muted")
        self.now.setWordWrap(True)
        self.figures = {name: self._spin(label, suffix) for name, label, suffix, _ in _FIGURES}
        self.cut = QCheckBox("&Cut: nothing arrives at all", self)
        self.preview = QLabel(self)
        self.preview.setProperty("role", "number")
        self.preview.setAccessibleName("The same in the console")
        self.preview.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.note = QLabel(self)
        self.note.setProperty("role", "caution")
        self.note.setWordWrap(True)
        self.heal = QPushButton("&Heal", self)
        self.close_button = QPushButton("Close", self)
        self.apply = QPushButton("&Apply", self)
        self.apply.setDefault(True)
        self._arrange()
        self.link.currentIndexChanged.connect(self._choose_link)
        self.way.currentIndexChanged.connect(self._load)
        for spin in self.figures.values():
            spin.valueChanged.connect(self._preview)
        self.cut.toggled.connect(self._preview)
        self.heal.clicked.connect(self._heal)
        self.close_button.clicked.connect(self.close)
        self.apply.clicked.connect(self._apply)

    # What is meant

    @property
    def replica(self) -> int:
        """Whose link is meant; 0 for every link."""
        return int(self.link.currentData() or 0)

    @property
    def chosen_way(self) -> Way | None:
        """One direction, None for both."""
        way = self.way.currentData()
        return Way(way) if way else None

    def wanted(self) -> LinkFaults:
        """What is to be wrong."""
        if self.cut.isChecked():
            return LinkFaults(cut=True)
        figure = {name: spin.value() for name, spin in self.figures.items()}
        return LinkFaults(
            loss=figure["loss"] / 100,
            duplicate=figure["duplicate"] / 100,
            reorder=figure["reorder"] / 100,
            delay_ns=round(figure["delay"] * _MS),
            jitter_ns=round(figure["jitter"] * _MS),
        )

    def lines(self) -> tuple[str, ...]:
        """What to type for it; nothing when it is so already."""
        return fault_lines(self.replica, self.chosen_way, list(self._wrong().values()), self.wanted())

    def _wrong(self) -> dict[Link, LinkFaults]:
        """What is wrong now with each direction that is meant."""
        known = {one.link: one.faults for one in self._view.faulty_links} if self._view else {}
        replicas = [self.replica] if self.replica else self._replicas()
        links = [link for replica in replicas for link in links_of(replica)]
        return {link: known.get(link, NO_FAULTS) for link in links if self.chosen_way in (None, link.way)}

    def _replicas(self) -> list[int]:
        cards = self._view.replicas if self._view else ()
        return [card.replica for card in cards if card.state is not ReplicaState.DEAD]

    # What is shown

    def open_for(self, replica: int, way: Way | None, view: ClusterView) -> None:
        """Show what is wrong with this link (0: every link), ready to be changed."""
        self._view = view
        self._fill_links(replica)
        self._choose_link()
        self.way.setCurrentIndex(max(0, self.way.findData(way.value if way else "")))
        self._load()
        self.adjustSize()
        self.show()
        self.raise_()
        self.activateWindow()
        self.figures["loss"].setFocus()
        self.figures["loss"].selectAll()

    def show_view(self, view: ClusterView) -> None:
        """Links may have changed meanwhile; what a person typed stays."""
        replicas = self._replicas()
        self._view = view
        if self._replicas() != replicas:
            chosen = self.replica
            self._fill_links(chosen)
            if self.replica != chosen:
                self._choose_link()
        self._preview()

    def _fill_links(self, chosen: int) -> None:
        self.link.blockSignals(True)
        self.link.clear()
        for replica in self._replicas():
            self.link.addItem(f"FE ⇄ {replica_name(replica)}", replica)
        self.link.addItem(EVERY_LINK, 0)
        self.link.setCurrentIndex(max(0, self.link.findData(chosen)))
        self.link.blockSignals(False)

    def _choose_link(self) -> None:
        self.way.blockSignals(True)
        self.way.clear()
        self.way.addItem("Both ways", "")
        for way in Way if self.replica else ():
            self.way.addItem(str(Link(self.replica, way)), way.value)
        self.way.blockSignals(False)
        self._load()

    def _load(self) -> None:
        """Show the figures of now; of the first direction when the two differ."""
        wrong = next(iter(self._wrong().values()), NO_FAULTS)
        chances = {"loss": wrong.loss, "duplicate": wrong.duplicate, "reorder": wrong.reorder}
        times_ns = {"delay": wrong.delay_ns, "jitter": wrong.jitter_ns}
        for name, chance in chances.items():
            self.figures[name].setValue(100 * chance)
        for name, time_ns in times_ns.items():
            self.figures[name].setValue(time_ns / _MS)
        self.cut.setEnabled(self.replica > 0)
        self.cut.setChecked(self.replica > 0 and wrong.cut)
        self._preview()

    def _preview(self) -> None:
        wrong = {link: faults for link, faults in self._wrong().items() if faults.any}
        told = [f"{link}: {faults.words()}" for link, faults in wrong.items()]
        more = [f"and {len(told) - _TOLD} more"] if len(told) > _TOLD else []
        self.now.setText("Now: " + ("; ".join(told[:_TOLD] + more) or "nothing is wrong"))
        for spin in self.figures.values():
            spin.setEnabled(not self.cut.isChecked())
        lines = self.lines()
        self.preview.setText("\n".join(lines) or "–")
        self.note.setText(self._remark(bool(lines)))
        self.apply.setEnabled(bool(lines))
        self.heal.setEnabled(bool(wrong))

    def _remark(self, changes: bool) -> str:
        """What a person should know before."""
        wanted = self.wanted()
        if not changes:
            return "It is so already."
        if wanted.cut or wanted.loss == 1:
            same = "" if wanted.cut else "Losing all is a cut. "
            return f"{same}Who is silent for {DROP_AFTER_NS / 1e9:g} s is dropped."
        silent_ns = (wanted.delay_ns + wanted.jitter_ns) * (1 if self.chosen_way else 2)
        if silent_ns >= DROP_AFTER_NS:
            return f"Heartbeats are late, too: silent for {silent_ns / 1e9:g} s at first, it may be dropped."
        if silent_ns >= SUSPECT_AFTER_NS:
            return f"Heartbeats are late, too: silent for {silent_ns / 1e9:g} s at first, it is suspected."
        return ""

    # What is done

    def _apply(self) -> None:
        for line in self.lines():
            word, *arguments = line.split()
            command, _ = read_fault(word, arguments, tuple(self._replicas()))
            if not self._intents.send(command):
                return

    def _heal(self) -> None:
        for spin in self.figures.values():
            spin.setValue(0)
        self.cut.setChecked(False)
        self._apply()

    # How it is laid out

    def _spin(self, label: str, suffix: str) -> QDoubleSpinBox:
        spin = QDoubleSpinBox(self)
        spin.setDecimals(1)
        spin.setRange(0, 100 if suffix == " %" else MAX_DELAY_NS / _MS)
        spin.setSingleStep(5 if suffix == " %" else 10)
        spin.setSuffix(suffix)
        spin.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        spin.lineEdit().setTextMargins(6, 0, 0, 0)  # the style sheet does not reach it
        spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        spin.setKeyboardTracking(True)
        spin.setAccessibleName(label.replace("&", ""))
        return spin

    def _arrange(self) -> None:
        where = QHBoxLayout()
        where.setSpacing(8)
        where.addWidget(self.link, 1)
        where.addWidget(self.way, 1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(8)
        for row, (name, label, _, meaning) in enumerate(_FIGURES):
            title, tail = QLabel(label, self), QLabel(meaning, self)
            title.setBuddy(self.figures[name])
            tail.setProperty("role", "muted")
            grid.addWidget(title, row, 0)
            grid.addWidget(self.figures[name], row, 1)
            grid.addWidget(tail, row, 2)
        grid.addWidget(self.cut, len(_FIGURES), 0, 1, 3)
        grid.setColumnStretch(2, 1)
        well = QFrame(self)
        well.setProperty("role", "well")
        inside = QVBoxLayout(well)
        heading = QLabel("The same in the console", well)
        heading.setProperty("role", "caption")
        inside.addWidget(heading)
        inside.addWidget(self.preview)
        foot = QHBoxLayout()
        foot.addWidget(self.heal)
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        foot.addWidget(self.apply)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(12)
        column.addLayout(where)
        column.addWidget(self.now)
        column.addLayout(grid)
        column.addWidget(well)
        column.addWidget(self.note)
        column.addLayout(foot)
