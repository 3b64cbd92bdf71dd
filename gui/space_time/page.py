"""The space-time page: controls above the diagram, and what connects both with the other views."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from core.ids import client_name
from core.model.cluster_view import ClusterView
from gui.icons import Icons
from gui.journey import Journey
from gui.selection import Selection
from gui.source_bridge import SourceBridge
from gui.space_time.diagram_widget import ZOOM, DiagramWidget
from gui.space_time.feed import LiveFeed, RecordedFeed
from gui.space_time.picture import choose
from gui.stage.wording import duration
from gui.theme import Theme

_TIMES_PER_S = 30
_FILTER = "Picture (*.png);;Drawing (*.svg)"


class SpaceTimePage(QWidget):
    """The diagram with its controls."""

    said = Signal(str, str)
    """A sentence for the person: level, text."""

    def __init__(
        self, bridge: SourceBridge, selection: Selection, journey: Journey, theme: Theme, icons: Icons,
        parent: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._bridge, self._selection, self._journey = bridge, selection, journey
        self._path: Path | None = None
        self._live = False
        self._bar = QFrame(self)
        self.words = QLabel(self._bar)
        self.diagram = DiagramWidget(theme, self)
        self.buttons: dict[str, QToolButton] = {}
        self._arrange()
        self.set_theme(theme, icons)
        self._connect()

    def set_theme(self, theme: Theme, icons: Icons) -> None:
        """Other colours and sizes."""
        self._bar.setFixedHeight(theme.px(38))
        for name, _, icon, _ in _BUTTONS:
            self.buttons[name].setIcon(icons.icon(icon))
            self.buttons[name].setIconSize(QSize(theme.px(15), theme.px(15)))
        self.diagram.set_theme(theme)

    def turn(self) -> None:
        """Another scene is shown: the present, or a moment of a recording."""
        state, travel = self._journey.state, self._journey.travel
        live = travel is None or state is None or state.live
        path = None if travel is None else travel.path
        if live and not self._live:
            self.diagram.set_feed(LiveFeed(self._bridge.log))
        elif not live and path is not None and (self._live or path != self._path):
            self.diagram.set_feed(RecordedFeed(path))
            if self._live or self._path is None:
                self.diagram.follow()
        self._live, self._path = live, path

    def close_feed(self) -> None:
        """Nothing is read any more."""
        self.diagram.feed.close()

    def show_view(self, view: ClusterView) -> None:
        """The moment shown."""
        self.turn()
        self.diagram.show_view(view, self._bridge.log.start_ns, 0 if self._live else view.now_ns)
        self._tell()

    def ask_to_export(self) -> None:
        """Let a person choose where the visible part is to be written."""
        name, chosen = QFileDialog.getSaveFileName(self, "Export diagram", "space-time.png", _FILTER)
        if name:
            path = Path(name)
            self.export(path if path.suffix else path.with_suffix(".svg" if "svg" in chosen else ".png"))

    def export(self, path: Path) -> None:
        """Write the visible part; the disk is waited for on a thread of its own."""
        try:
            data = self.diagram.encoded(path.suffix.lower())
        except ValueError as error:
            self.said.emit("error", str(error))
            return
        threading.Thread(target=self._write, args=(path, data), name="export", daemon=True).start()

    def _write(self, path: Path, data: bytes) -> None:
        try:
            path.write_bytes(data)
        except OSError as error:
            self.said.emit("error", f"{path} cannot be written ({error.strerror}). Choose another folder.")
        else:
            self.said.emit("info", f"The diagram is saved to {path}.")

    def _arrange(self) -> None:
        self._bar.setObjectName("diagramBar")
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(14, 0, 10, 0)
        row.setSpacing(2)
        self.words.setProperty("role", "muted")
        row.addWidget(self.words, 1)
        for name, words, _, tip in _BUTTONS:
            button = self.buttons[name] = QToolButton(self._bar)
            button.setAccessibleName(words)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        self.buttons["follow"].setCheckable(True)
        self.buttons["follow"].setChecked(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar)
        column.addWidget(self.diagram, 1)
        self.setFocusProxy(self.diagram)

    def _connect(self) -> None:
        diagram, selection = self.diagram, self._selection
        runs = {
            "nearer": partial(diagram.zoom, 1 / ZOOM**2), "farther": partial(diagram.zoom, ZOOM**2),
            "fit": diagram.fit, "follow": diagram.follow, "export": self.ask_to_export,
        }  # fmt: skip
        for name, run in runs.items():
            self.buttons[name].clicked.connect(lambda _checked=False, run=run: run())
        diagram.requestChosen.connect(self._choose)
        diagram.nodeChosen.connect(selection.set)
        diagram.momentPointed.connect(selection.point)
        diagram.momentWanted.connect(self._journey.seek)
        diagram.cameraChanged.connect(self._tell)
        selection.changed.connect(self._follow_selection)
        selection.pointed.connect(diagram.point_at)
        self._follow_selection(selection.name)
        self._bridge.a_little_each_tick(self.isVisible, diagram.work)
        self._bridge.now_and_then(self.isVisible, self.show_view, _TIMES_PER_S)

    def _choose(self, seq: int) -> None:
        """A request was clicked: it, and the client whose it is, everywhere."""
        chosen = choose(self.diagram.feed.columns(), seq)
        name = client_name(chosen.client) if chosen is not None and chosen.client else ""
        self._selection.choose(name, seq)

    def _follow_selection(self, name: str) -> None:
        self.diagram.select(self._selection.seq, name)
        if self.isVisible():
            self.diagram.setAccessibleDescription(self.diagram.describe())

    def _tell(self) -> None:
        diagram = self.diagram
        rows = diagram.feed.columns()
        kept = f"{len(rows):,} marks".replace(",", "\u202f")
        self.words.setText(f"{duration(diagram.camera.span_ns)} seen · {kept} kept")
        self.buttons["follow"].setChecked(diagram.following)


_BUTTONS = (
    ("farther", "Zoom out", "minus", "See more (−, or the wheel)"),
    ("nearer", "Zoom in", "plus", "Look closer (+, or the wheel)"),
    ("fit", "Fit", "maximize-2", "Everything that is kept (F)"),
    ("follow", "Follow", "skip-forward", "Go with the newest moment, or with the one that is shown"),
    ("export", "Export diagram", "download", "Write the part that is seen to a PNG or SVG file"),
)
