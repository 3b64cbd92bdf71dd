"""The bar on top: pace, load, clients, replicas, recording."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolButton,
    QWidget,
)

from core.facts import Pace
from core.limits import MAX_CLIENTS, MAX_REPLICAS
from core.model.cluster_view import ClusterView
from gui.actions import Actions
from gui.icons import Icons
from gui.intents import FASTEST_NS, SLOWEST_NS, Intents
from gui.steady_label import SteadyLabel
from gui.theme import Theme

FEWEST_REPLICAS = 3
_PATIENCE_S = 1.0
"""So long a number stays as the person set it, until the cluster has followed."""
_SLIDER_STEP_NS = 100_000_000
_PACE_ACTIONS = {Pace.REAL_TIME: "pace_real", Pace.SLOW: "pace_slow", Pace.STEP: "pace_step"}
_SHORT = {"pace_step": "Step", "step": "Next", "load": "Load", "record": "Record"}


@dataclass(frozen=True, slots=True)
class Recording:
    """The file that the run is written to, and how long it is by now."""

    path: Path
    size_bytes: int
    kept: bool = True
    """It has a name of its own, and is not let go when newer sessions come."""


class TopBar(QFrame):
    """Shows what the cluster does and lets a person change it."""

    new_cluster = Signal(int)
    """The person wants a new cluster with so many replicas."""

    def __init__(
        self,
        actions: Actions,
        intents: Intents,
        theme: Theme,
        icons: Icons,
        *,
        can_restart: bool,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("topBar")
        self._row = QHBoxLayout(self)
        self._actions = actions
        self._intents = intents
        self._can_restart = can_restart
        self._replicas_now = 0
        self._touched_s = -_PATIENCE_S
        self._brand = QLabel("Lockstep", self)
        self._brand.setProperty("role", "brand")
        self.tabs = [self._button(name, icon=False) for name in ("stage", "space_time")]
        self.pace = self._pace_buttons()
        self.slider, self._delay = QSlider(Qt.Orientation.Horizontal, self), QLabel(self)
        self.step, self.load = self._button("step"), self._button("load")
        self.faults = self._button("faults")
        self.clients, self.replicas = QSpinBox(self), QSpinBox(self)
        self._steps: list[tuple[QToolButton, str]] = []
        self.restart = QPushButton("Start anew", self)
        self.keep, self.files = self._button("record"), QToolButton(self)
        self._record_dot, self.record = QLabel(self), SteadyLabel(self)
        self._record_words = ("", "")
        self._labels: list[QLabel] = []
        self._controls: list[QWidget] = [self.pace, self.restart]
        self._prepare_numbers()
        self._arrange()
        self.set_theme(theme, icons)

    def set_theme(self, theme: Theme, icons: Icons) -> None:
        """Marks and sizes of the theme."""
        self._record_dot.setPixmap(icons.pixmap("circle-dot", theme.bad, 14))
        self.slider.setFixedWidth(theme.px(84))
        self._delay.setFixedWidth(theme.px(34))
        self.setFixedHeight(theme.px(48))
        for box in (self.clients, self.replicas):
            box.setFixedWidth(theme.px(28))
        self.files.setIcon(icons.icon("folder-open"))
        for button, icon in self._steps:
            button.setIcon(icons.icon(icon))
            button.setIconSize(QSize(theme.px(14), theme.px(14)))

    def show_view(self, view: ClusterView) -> None:
        """Controls follow the cluster, but never under a person's fingers."""
        pace = self._intents.pace
        self._actions[_PACE_ACTIONS[pace]].setChecked(True)
        self.slider.setEnabled(pace is Pace.SLOW)
        self._delay.setEnabled(pace is Pace.SLOW)
        if not self.slider.isSliderDown() and view.pace is Pace.SLOW and pace is Pace.SLOW:
            self._intents.delay_ns = view.delay_ns
            with QSignalBlocker(self.slider):
                self.slider.setValue(round(view.delay_ns / _SLIDER_STEP_NS))
            self._show_delay()
        load = self._actions["load"]
        if load.isChecked() != view.load_running:
            load.setChecked(view.load_running)
        self._follow_clients(view)
        if view.replicas and len(view.replicas) != self._replicas_now:
            self._replicas_now = len(view.replicas)
            self._follow(self.replicas, self._replicas_now)
            self._offer_restart()

    def allow(self, control: bool) -> None:
        """Whether anything can be changed: not in a recording, and not in the past."""
        for widget in self._controls:
            if widget.isEnabled() != control:
                widget.setEnabled(control)

    def step_clients(self, by: int) -> None:
        """One client more or fewer than there are now."""
        self._step(self.clients, by)

    def show_recording(self, recording: Recording | None) -> None:
        """What is being written, and how much by now."""
        before = self._record_words
        self._record_words = ("", "")
        if recording is not None:
            size = _megabytes(recording.size_bytes)
            self._record_words = (f"REC {recording.path.name} · {size}", f"REC {size}")
            if not recording.kept:
                self._record_words = (f"Session {size}", size)
        if [*map(len, before)] == [*map(len, self._record_words)]:
            self.record.setText(self._record_words[before.index(self.record.text())])
            return
        if recording is not None:
            tip = f"Everything is recorded to {recording.path}"
            if not recording.kept:
                tip = f"{tip}, until newer sessions come; Record keeps it for good"
            self.record.setToolTip(tip)
            self.record.setAccessibleName(f"Recording to {recording.path.name}")
        self._record_dot.setVisible(recording is not None and recording.kept)
        self.keep.setVisible(recording is not None and not recording.kept)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow bar shows less."""
        super().resizeEvent(event)
        self._fit()

    def _pace_buttons(self) -> QFrame:
        frame = QFrame(self)
        frame.setObjectName("segmented")
        frame.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Maximum)
        row = QHBoxLayout(frame)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(2)
        group = QActionGroup(self)
        for name in _PACE_ACTIONS.values():
            group.addAction(self._actions[name])
            row.addWidget(self._button(name, icon=False))
        return frame

    def _button(self, name: str, *, icon: bool = True) -> QToolButton:
        action: QAction = self._actions[name]
        action.setIconText(_SHORT.get(name, action.text()))
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setAccessibleName(action.text())
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if icon else Qt.ToolButtonStyle.ToolButtonTextOnly
        button.setToolButtonStyle(style)
        return button

    def _prepare_numbers(self) -> None:
        self.slider.setRange(FASTEST_NS // _SLIDER_STEP_NS, SLOWEST_NS // _SLIDER_STEP_NS)
        self.slider.setValue(round(self._intents.delay_ns / _SLIDER_STEP_NS))
        self.slider.setAccessibleName("Delay per message under slow, tenths of a second")
        self.slider.setToolTip("How long each message travels when the pace is slow")
        self.slider.valueChanged.connect(self._set_delay)
        self._show_delay()
        self.clients.setRange(1, MAX_CLIENTS)
        self.clients.setAccessibleName("Clients")
        self.clients.setToolTip("Simulated clients; changes at once")
        self.clients.setKeyboardTracking(False)
        self.clients.valueChanged.connect(self._set_clients)
        self.replicas.setRange(FEWEST_REPLICAS, MAX_REPLICAS)
        self.replicas.setAccessibleName("Replicas")
        self.replicas.setToolTip("Replica processes; a change applies to a new cluster")
        self.replicas.valueChanged.connect(self._offer_restart)
        self.restart.setToolTip("End this cluster and start one with as many replicas")
        self.restart.clicked.connect(lambda: self.new_cluster.emit(self.replicas.value()))
        self.restart.hide()
        self.record.setProperty("role", "muted")
        self._record_dot.hide()
        self.keep.hide()
        self.files.setAccessibleName("Recordings")
        self.files.setToolTip("Open, save and find recordings")
        self.files.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def _arrange(self) -> None:
        row = self._row
        row.setContentsMargins(14, 0, 10, 0)
        row.setSpacing(6)
        row.addWidget(self._brand)
        row.addSpacing(6)
        for tab in self.tabs:
            row.addWidget(tab)
        row.addWidget(_line(self))
        for widget in (self.pace, self.slider, self._delay, self.step):
            row.addWidget(widget)
        row.addWidget(_line(self))
        row.addWidget(self._framed(self.load))
        for words, box in (("Clients", self.clients), ("Replicas", self.replicas)):
            label = QLabel(words, self)
            label.setProperty("role", "muted")
            label.setBuddy(box)
            self._labels.append(label)
            row.addWidget(label)
            row.addWidget(self._stepper(box))
        row.addWidget(self.restart)
        row.addWidget(_line(self))
        row.addWidget(self._framed(self.faults))
        row.addStretch(1)
        row.addWidget(self.keep)
        row.addWidget(self._record_dot)
        row.addWidget(self.record)
        row.addWidget(self.files)
        for name in ("lessons", "palette", "theme", "help"):
            button = self._button(name)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            row.addWidget(button)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def _framed(self, button: QToolButton) -> QFrame:
        """For `allow`: an action that gets another icon enables its buttons again, but not in a frame that is
        not enabled."""
        frame = QFrame(self)
        row = QHBoxLayout(frame)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(button)
        self._controls.append(frame)
        return frame

    def _stepper(self, box: QSpinBox) -> QFrame:
        frame = QFrame(self)
        frame.setObjectName("segmented")
        frame.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Maximum)
        box.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        box.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._controls.append(frame)
        row = QHBoxLayout(frame)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(0)
        less, more = QToolButton(frame), QToolButton(frame)
        for button, icon, words, run in (
            (less, "minus", "fewer", partial(self._step, box, -1)),
            (more, "plus", "more", partial(self._step, box, 1)),
        ):
            button.setProperty("step", "true")
            button.setAutoRepeat(True)
            button.setAccessibleName(f"{box.accessibleName()}: {words}")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(run)
            self._steps.append((button, icon))
        box.editingFinished.connect(box.clearFocus)
        row.addWidget(less)
        row.addWidget(box)
        row.addWidget(more)
        return frame

    def _fit(self) -> None:
        """Leave out what is needed least until the rest has room; nothing is cut off."""
        long, short = self._record_words
        recording = bool(long)
        spare = ([self.record], [self._brand], self._labels, [self.slider, self._delay], self.tabs)
        for widget in chain(*spare):
            widget.setVisible(widget is not self.record or recording)
        self._show_record(long)
        if self._row.sizeHint().width() > self.width():
            self._show_record(short)
        for together in spare:
            if self._row.sizeHint().width() > self.width():
                for widget in together:
                    widget.hide()

    def _show_record(self, words: str) -> None:
        self.record.setText(words)
        self.record.shrink()

    def _set_clients(self, clients: int) -> None:
        self._touched_s = time.monotonic()
        self._intents.set_clients(clients)

    def _set_delay(self, tenths: int) -> None:
        self._intents.set_delay(tenths * _SLIDER_STEP_NS)
        self._show_delay()

    def _show_delay(self) -> None:
        self._delay.setText(f"{self.slider.value() * _SLIDER_STEP_NS / 1e9:.1f} s")

    def _offer_restart(self) -> None:
        changed = self._replicas_now and self.replicas.value() != self._replicas_now
        self.restart.setVisible(bool(changed) and self._can_restart)

    def _step(self, box: QSpinBox, by: int) -> None:
        view = self._intents.view
        if view is None or not view.clients or not view.replicas:
            return  # nobody knows yet how many there are: a step would be one from a number made up
        self._follow_clients(view)  # it may have changed since the last look
        if not self._replicas_now:
            self._follow(self.replicas, len(view.replicas))
        box.stepBy(by)

    def _follow_clients(self, view: ClusterView) -> None:
        if time.monotonic() - self._touched_s > _PATIENCE_S:
            self._follow(self.clients, len(view.clients))

    def _follow(self, box: QSpinBox, value: int) -> None:
        if value and box.value() != value and not box.hasFocus():
            with QSignalBlocker(box):
                box.setValue(value)


def _line(parent: QWidget) -> QFrame:
    line = QFrame(parent)
    line.setProperty("role", "line")
    line.setFixedWidth(1)
    return line


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e3:.0f} kB" if size_bytes < 1_000_000 else f"{size_bytes / 1e6:.1f} MB"
