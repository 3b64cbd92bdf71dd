"""The timeline below the stage: controls on the left, the rail, and on the right where in time we are."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.model.cluster_view import ClusterView
from core.session.annotations import Note, caption_at
from gui.actions import Actions
from gui.icons import Icons
from gui.journey import SPEEDS, Journey, clock
from gui.stage.stage_view import StageView
from gui.steady_label import SteadyLabel
from gui.theme import Theme
from gui.timeline.caption import CaptionOverlay
from gui.timeline.note_form import NoteForm
from gui.timeline.rail import Rail

_HEIGHT_PX = 92
_BUTTON_PX, _PLAY_PX = 28, 36


class TimelineBar(QFrame):
    """Shows when; lets a person go to any other moment."""

    def __init__(
        self,
        journey: Journey,
        actions: Actions,
        theme: Theme,
        icons: Icons,
        stage: StageView,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("timeline")
        self.setAccessibleName("Timeline")
        self._journey = journey
        self._actions = actions
        self._icons = icons
        self._playing: bool | None = None
        self._badge_words = ""
        self.rail = Rail(journey, theme, self)
        self.caption = CaptionOverlay(stage, theme)
        self.buttons = {
            name: self._button(name) for name in ("to_start", "step_back", "play", "step_on", "to_end")
        }
        self.time, self.number = SteadyLabel(self), SteadyLabel(self)
        self.badge, self.speed, self.unit = QToolButton(self), QToolButton(self), QToolButton(self)
        self.bookmark = self._button("bookmark")
        self.form = NoteForm(journey, self)
        self.rail.noteActivated.connect(self.edit)
        self._prepare()
        self._arrange()
        self.set_theme(theme, icons)
        self.setHidden(journey.state is None)  # from the first frame on: the stage above it must not jump

    def set_theme(self, theme: Theme, icons: Icons) -> None:
        """Other colours and sizes."""
        self._icons = icons
        self.rail.set_theme(theme)
        self.caption.set_theme(theme)
        self.setFixedHeight(theme.px(_HEIGHT_PX))
        for name, button in self.buttons.items():
            side = theme.px(_PLAY_PX if name == "play" else _BUTTON_PX)
            button.setFixedSize(side, side)
            button.setIconSize(QSize(side // 2, side // 2))
        self.bookmark.setIconSize(QSize(theme.px(14), theme.px(14)))
        self._playing = None

    def show_view(self, view: ClusterView) -> None:
        """Follow the source, with all but the rail."""
        state = self._journey.state
        if state is None:
            return
        since_ns, length_ns = state.now_ns - state.start_ns, state.end_ns - state.start_ns
        if state.busy and state.read_share < 1.0:
            self.time.setText(f"reading … {state.read_share:.0%}")
        else:
            self.time.setText(f"{clock(since_ns)} / {clock(length_ns)}" if state.end_ns else "")
        self.number.setText(f"#{view.front_end.next_seq - 1:,}".replace(",", "\u202f"))
        self._show_badge(self._journey.badge)
        self._show_playing(state.playing and not state.live)
        self.speed.setText(f"{state.speed:g}×")
        self.speed.setEnabled(self._journey.can_play)
        self.caption.show_text("" if state.live else caption_at(self._journey.notes, since_ns))

    def show_rail(self, view: ClusterView) -> None:
        """Follow the source with the rail alone, which is the dearest part to paint."""
        del view
        state = self._journey.state
        if state is not None:
            self.rail.show_state(state)

    def edit(self, note: Note) -> None:
        """Open the form of a bookmark or caption above its mark."""
        state = self._journey.state
        if state is not None:
            x = self.rail.x_of(state.start_ns + note.time_ns)
            self.form.open_for(note, self.rail.mapToGlobal(QPointF(x, 0).toPoint()))

    def new_caption(self) -> None:
        """Open the form for a caption at this moment."""
        state = self._journey.state
        if state is not None:
            where = self.rail.mapToGlobal(QPointF(self.rail.x_of(state.now_ns), 0).toPoint())
            self.form.open_new(max(0, state.now_ns - state.start_ns), where)

    def _button(self, name: str) -> QToolButton:
        button = QToolButton(self)
        action = self._actions[name]
        button.setDefaultAction(action)
        button.setAccessibleName(action.text())
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setProperty("transport", "play" if name == "play" else "true")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _prepare(self) -> None:
        self.time.setProperty("role", "number")
        self.time.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.time.setAccessibleName("Time shown, and length of the run")
        self.number.setProperty("role", "number")
        self.number.setToolTip("The highest sequence number that was ordered by now")
        self._show_badge(self._journey.badge)
        self.badge.clicked.connect(self._journey.to_end)
        self.speed.setToolTip("How fast it plays, against the pace at which it happened")
        self.speed.setAccessibleName("Speed of playing")
        self.speed.setProperty("chip", "true")
        self.speed.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.speed)
        group = QActionGroup(menu)
        for speed in reversed(SPEEDS):
            group.addAction(menu.addAction(f"{speed:g}×")).setData(speed)
        group.triggered.connect(lambda action: self._journey.set_speed(action.data()))
        self.speed.setMenu(menu)
        self.unit.setProperty("chip", "true")
        self.unit.setCheckable(True)
        self.unit.setToolTip("What a step is: one event of the log, or one answered request")
        self.unit.toggled.connect(self._choose_unit)
        self._choose_unit(False)

    def _arrange(self) -> None:
        transport = QHBoxLayout()
        transport.setSpacing(6)
        for button in self.buttons.values():
            transport.addWidget(button)
        left = QVBoxLayout()
        left.setSpacing(4)
        left.addStretch(1)
        left.addLayout(transport)
        left.addWidget(self.time)
        left.addStretch(1)
        right = QGridLayout()
        right.setHorizontalSpacing(6)
        right.setVerticalSpacing(5)
        left_middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for place, widget in enumerate((self.badge, self.speed, self.number)):
            right.addWidget(widget, place, 0, left_middle)
        for place, widget in enumerate((self.bookmark, self.unit)):
            right.addWidget(widget, place, 1, left_middle)
        right.setColumnMinimumWidth(0, self.fontMetrics().horizontalAdvance("REPLAY") + 24)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 2, 12, 2)
        row.setSpacing(10)
        row.addLayout(left)
        row.addWidget(self.rail, 1)
        row.addLayout(right)

    def _choose_unit(self, by_request: bool) -> None:
        self._journey.by_request = by_request
        self.unit.setText("step: request" if by_request else "step: event")
        self.unit.setAccessibleName(f"A step is one {'request' if by_request else 'event'}")

    def _show_badge(self, words: str) -> None:
        if words != self._badge_words:
            self._badge_words = words
            self.badge.setText(words)
            tip = {
                "LIVE": "The present is shown",
                "PAST": "The past is shown while the run goes on: click to return to the present (End)",
                "REPLAY": "A recording is shown: click to go to its end (End)",
            }[words]
            self.badge.setToolTip(tip)
            self.badge.setAccessibleName(f"{words}: {tip}")
            self.badge.setProperty("badge", words.lower())
            self.badge.style().polish(self.badge)

    def _show_playing(self, playing: bool) -> None:
        if playing != self._playing:
            self._playing = playing
            action = self._actions["play"]
            action.setIcon(self._icons.icon("pause" if playing else "play"))
            self.buttons["play"].setAccessibleName("Pause" if playing else "Play")
