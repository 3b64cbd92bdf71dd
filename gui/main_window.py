"""The window: puts the parts together and turns actions into intents."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow

from core.commands import CrashFrontEnd, Heal
from core.facts import Pace, Said
from core.ids import client_name, replica_name
from core.model.cluster_view import ClusterView, ReplicaState
from core.session.source import ServiceFace, Source
from gui.actions import Actions
from gui.arrangement import Arrangement
from gui.centre import Centre
from gui.control_keys import ControlKeys
from gui.debug_bundle import DebugBundle
from gui.dock_set import DockSet
from gui.dress import Dress
from gui.fault_desk import FaultDesk
from gui.help import Help
from gui.intents import Intents
from gui.journey import Journey
from gui.lessons.room import LessonRoom
from gui.library import Library
from gui.one_cursor import share
from gui.options import Options
from gui.palette import Entry, Palette, entries_of
from gui.preferences import Preferences
from gui.preferences_dialog import PreferencesDialog
from gui.query_form import QueryForm
from gui.selection import Selection
from gui.source_bridge import SourceBridge
from gui.stage.stage_widget import StageWidget
from gui.stage.zooming import ZOOM
from gui.status_line import StatusLine
from gui.timeline.bar import TimelineBar
from gui.top_bar import TopBar

if TYPE_CHECKING:
    from gui.recording.export_dialog import ExportDialog

_RECORD_MS = 1_000


class MainWindow(QMainWindow):
    """The cluster on a stage, docks beside it, controls above, figures below."""

    left = Signal()
    """A person closed the window for good."""

    def __init__(self, source: Source, face: ServiceFace, options: Options, preferences: Preferences) -> None:
        super().__init__()
        self.setObjectName("main")
        self.setWindowTitle(f"Lockstep — {face.name}")
        self._source = source
        self._options = options
        self._gone = False
        self.preferences = preferences
        self.dress = Dress(preferences, self)
        theme, icons = self.dress.theme, self.dress.icons
        self.selection = Selection(self)
        self.intents = Intents(source, self)
        self.actions_by_id = Actions(self, icons)
        self.bridge = SourceBridge(source, face, self)
        self.stage = StageWidget(theme, self)
        self.journey = Journey(source, self)
        self.stage.set_badge(self.journey.badge)  # before it paints for the first time
        self.timeline = TimelineBar(
            self.journey, self.actions_by_id, theme, icons, stage=self.stage, parent=self
        )
        self.centre = Centre(
            self.stage, self.timeline, self.bridge, self.selection, self.journey, self.actions_by_id,
            self.dress, self,
        )  # fmt: skip
        self.setCentralWidget(self.centre)
        self.library = Library(self, preferences, options, self._may_leave)
        self.docks = DockSet(
            self, face, self.bridge, self.intents, self.selection, theme, icons, preferences.console_history,
            options.rebuilt,
        )  # fmt: skip
        can_restart = options.restart is not None
        self.top_bar = TopBar(
            self.actions_by_id, self.intents, theme, icons, can_restart=can_restart, parent=self
        )
        self.setMenuWidget(self.top_bar)
        desk = (self.intents, self.selection, self.actions_by_id, theme, options.break_rule, options.rebuilt)
        self.faults = FaultDesk(self, *desk)
        self.difference = self.faults.difference
        self.status = StatusLine(self.bridge.meter, lambda: source.title, self)
        self.setStatusBar(self.status)
        self.query = QueryForm(face, theme, icons, self)
        past = (self.bridge, self.intents, self.journey, theme, icons, self._may_leave)
        self.lessons = LessonRoom(self, self.stage, options, preferences, *past)
        self.arrangement = Arrangement(self, self.stage, self.docks, self.dress, preferences)
        ControlKeys(self)
        self.palette_dialog = Palette(self)
        self.doctor = DebugBundle(options.exporting.command if options.exporting else (), self)
        self.export: ExportDialog | None = None
        self._record_timer = QTimer(self, interval=_RECORD_MS)
        self._connect()
        self._connect_actions()
        self.actions_by_id.tint(icons)
        self.arrangement.restore()
        self.lessons.settle()

    # Wiring

    def _connect(self) -> None:
        bridge, stage = self.bridge, self.stage
        bridge.every_tick(self._show_view)
        card, pages = self.docks.checks.card, self.docks.inspector.pages
        for done in (self.intents.sent, self.selection.changed, card.check_chosen, pages.currentChanged):
            done.connect(bridge.expect)
        bridge.a_little_each_tick(stage.isVisible, stage.renew)
        bridge.now_and_then(self.top_bar.isVisible, self.top_bar.show_view, 5)
        bridge.now_and_then(self.status.isVisible, self.status.show_view, 1)
        for show in (self._show_time, self.timeline.show_rail):  # in the past a handle moves
            bridge.now_and_then(lambda: self.journey.can_play, show, 15)
            bridge.now_and_then(lambda: not self.journey.can_play, show, 4)
        bridge.now_and_then(self.query.isVisible, self.query.show_view, 6)
        bridge.answered.connect(self.docks.console.show_answer)
        bridge.said.connect(self._show_said)
        bridge.started.connect(self.status.started)
        stage.clientActivated.connect(self.open_query)
        self.faults.left.connect(self.leave)
        self.faults.attend(stage, bridge, self.docks.explainer)
        stage.tokenActivated.connect(self.intents.deliver)
        stage.explain = self.docks.explainer.puzzle
        share(self.selection, stage, self.docks.log, self.timeline.rail, self.docks.metrics)
        self.library.opened.connect(self.leave)
        self.lessons.left.connect(self.leave)
        for speaker in (self.intents, self.journey, self.centre, self.library, self.lessons.view):
            speaker.said.connect(self.status.say)
        self.query.submitted.connect(self.intents.submit)
        self.docks.console.go_to = self.journey.go_to
        self.docks.console.looked.connect(self._look)
        self.docks.inspector.compare_requested.connect(self.difference.compare_with_another)
        self.docks.checks.show_requested.connect(self._show_number)
        self.docks.tables.momentWanted.connect(self.journey.seek)
        self.docks.tables.tokenMenuRequested.connect(self.faults.open_message)
        self.top_bar.new_cluster.connect(self.start_anew)
        self.dress.changed.connect(self._redress)
        self._record_timer.timeout.connect(self._show_recording)
        self._record_timer.start()

    def _connect_actions(self) -> None:
        intents, dress, journey = self.intents, self.dress, self.journey
        run: dict[str, Callable[[], object]] = {
            "step": lambda: journey.toggle() if journey.can_play else intents.step(),
            "play": journey.toggle,
            "look_back": lambda: None if journey.can_play else journey.toggle(),
            "step_back": lambda: journey.step(-1),
            "step_on": lambda: journey.step(1),
            "request_back": lambda: journey.step(-1, request=True),
            "request_on": lambda: journey.step(1, request=True),
            "to_start": journey.to_start,
            "to_end": journey.to_end,
            "slower": lambda: journey.faster(-1),
            "faster": lambda: journey.faster(1),
            "bookmark": journey.bookmark,
            "caption": self.timeline.new_caption,
            "open": self.library.ask_to_open,
            "save_as": self.library.ask_to_save,
            "record": self.library.keep,
            "export": self.open_export,
            "pace_real": lambda: intents.set_pace(Pace.REAL_TIME),
            "pace_slow": lambda: intents.set_pace(Pace.SLOW),
            "pace_step": lambda: intents.set_pace(Pace.STEP),
            "load": lambda: intents.set_load(self.actions_by_id["load"].isChecked()),
            "query": lambda: self.open_query(self.selection.number("C") or 1),
            "kill": lambda: intents.kill(self.selection.number("R")),
            "pause": lambda: intents.pause_or_continue(self.selection.number("R")),
            "revive": lambda: intents.revive(self.selection.number("R")),
            "crash": lambda: intents.send(CrashFrontEnd()),
            "cut": lambda: intents.cut_or_heal(self.selection.number("R")),
            "compare": lambda: self.difference.compare_with_another(self.selection.number("R")),
            "heal_all": lambda: intents.send(Heal()),
            "faults": lambda: self.faults.open_below(self.top_bar.faults),
            "figures": lambda: self.faults.open_figures(self.selection.number("R")),
            "clients_more": lambda: self.top_bar.step_clients(1),
            "clients_fewer": lambda: self.top_bar.step_clients(-1),
            "restart": lambda: self.start_anew(self.top_bar.replicas.value()),
            "inspect": lambda: self.docks.show("inspector"),
            "why": lambda: self.docks.ask_why(self.selection),
            "copy_pid": lambda: intents.copy_pid(self.selection.number("R")),
            "stage": self.centre.show_stage,
            "space_time": self.centre.show_space_time,
            "console": lambda: self.docks.show("console"),
            "lessons": self.lessons.show,
            "find": lambda: self.docks.show("log"),
            "nearer": lambda: self.centre.zoom(ZOOM),
            "farther": lambda: self.centre.zoom(1 / ZOOM),
            "fit": self.centre.fit,
            "larger": lambda: dress.grow(1),
            "smaller": lambda: dress.grow(-1),
            "normal": lambda: dress.grow(0),
            "theme": dress.toggle,
            "theme_system": lambda: dress.choose("system"),
            "fullscreen": lambda: self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen),
            "reset_layout": self.arrangement.reset,
            "presentation": self.arrangement.present,
            "preferences": lambda: PreferencesDialog(self.preferences, dress, self).open(),
            "palette": self.open_palette,
            "debug_bundle": self.doctor.ask,
            "help": lambda: Help(self.actions_by_id, self).open(),
            "quit": self.close,
        }
        run |= {f"show_{name}": partial(self.docks.show, name) for name in self.docks.frames}
        for name, action in self.actions_by_id.items():
            action.triggered.connect(partial(_without_argument, run[name]))
            self.addAction(action)
        self.actions_by_id["restart"].setEnabled(self._options.restart is not None)
        self.top_bar.files.setMenu(self.library.menu(self.actions_by_id, self.top_bar))
        for name in ("export", "debug_bundle"):
            self.actions_by_id[name].setEnabled(self._options.exporting is not None)

    # What comes in

    def _show_view(self, view: ClusterView) -> bool:
        self.intents.view = view
        self.faults.watch(view)
        return self.stage.isVisible() and self.stage.go_on(view)

    def _show_time(self, view: ClusterView) -> None:
        self.timeline.show_view(view)
        self.stage.set_badge(self.journey.badge)
        self.top_bar.allow(self._source.capabilities.control)
        for name in ("step_back", "step_on"):  # in the present arrow keys walk the nodes
            if self.actions_by_id[name].isEnabled() != self.journey.can_play:
                self.actions_by_id[name].setEnabled(self.journey.can_play)
        for sentence in self.journey.travel.sentences() if self.journey.travel is not None else ():
            self.status.say("warning", sentence)

    def _show_said(self, fact: Said) -> None:
        self.docks.console.show_sentence(fact)
        self.status.say(fact.level, fact.text)

    def _show_recording(self) -> None:
        self.top_bar.show_recording(self._options.recording())

    def _show_number(self, seq: int, replica: int) -> None:
        if replica:
            self.selection.set(replica_name(replica))
        self.docks.log.search(f"#{seq}")
        self.docks.show("log")

    def _look(self, replica: int, path: str) -> None:
        self.docks.inspector.look(replica, path)
        self.docks.frames["inspector"].raise_()

    # What a person asks for

    def open_query(self, client: int) -> None:
        """Open the query form for a client, beside its card."""
        self.stage.select(client_name(client))
        card = self.stage.node_rect(client_name(client))
        corner = self.stage.mapToGlobal(card.topLeft())
        self.query.open_for(client, QRect(corner, card.size()), self.screen().availableGeometry())

    def open_palette(self) -> None:
        """Everything by name; replicas and clients among it."""
        view = self.intents.view
        entries = entries_of(self.actions_by_id)
        skull, send = self.actions_by_id["kill"].icon(), self.actions_by_id["query"].icon()
        for card in view.replicas if view else ():
            if card.state is not ReplicaState.DEAD:
                kill = partial(self.intents.kill, card.replica)
                entries.append(Entry(f"Kill {replica_name(card.replica)}", "", skull, kill))
        for client in view.clients if view else ():
            ask = partial(self.open_query, client.client)
            entries.append(Entry(f"Query from {client_name(client.client)}", "", send, ask))
        self.palette_dialog.open_with(entries, self.dress.theme.scale)

    def open_export(self) -> None:
        """Ask what the recording is to become."""
        if self.export is None and self._options.exporting is not None:
            from gui.recording.export_dialog import ExportDialog  # with all formats: too long for a start

            self.export = ExportDialog(self._options.exporting, self)
        if self.export is not None:
            self.export.open_at(self.journey.state)

    def start_anew(self, replicas: int) -> None:
        """End this cluster; the composition root starts the next one."""
        if self._options.restart is not None:
            self._options.restart(replicas)
            self.leave()

    # Coming and going

    def _redress(self) -> None:
        theme, icons = self.dress.theme, self.dress.icons
        self.actions_by_id.tint(icons)
        self.stage.set_theme(theme)
        self.centre.redress()
        self.docks.set_theme(theme, icons)
        self.top_bar.set_theme(theme, icons)
        self.timeline.set_theme(theme, icons)
        self.query.set_theme(theme, icons)
        self.lessons.set_theme(theme, icons)
        self.difference.set_theme(theme)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask when processes run, then end the run; the application leaves when the source has closed."""
        event.ignore()
        if self._may_leave():
            self.leave()

    def _may_leave(self) -> bool:
        view, ask = self.intents.view, self._options.ask
        alive = sum(card.state is not ReplicaState.DEAD for card in view.replicas) if view else 0
        if ask is None or not alive or not self.preferences.ask_before_closing:
            return True
        answer = ask(self, alive)
        self.preferences.ask_before_closing = answer.ask_again or not answer.leave
        return answer.leave

    def leave(self) -> None:
        """Save what outlives the run, stop looking, hide. Emits `left` once."""
        if self._gone:
            return
        self._gone = True
        self.bridge.stop()
        self.centre.close_feed()
        self._record_timer.stop()
        self.arrangement.save()
        self.preferences.console_history = self.docks.console.history.lines
        self.preferences.write()
        self.query.hide()
        self.faults.close()
        self.hide()
        if self._options.rebuilt is not None:
            self._options.rebuilt.close()
        if self.export is not None:
            self.export.process.abandon()
        self.left.emit()


def _without_argument(run: Callable[[], object], _checked: bool = False) -> None:
    run()
