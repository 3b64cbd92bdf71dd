"""Everything a person can do in the window, as data: one list for shortcuts, menus, palette and help."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QAction, QIcon, QKeySequence
from PySide6.QtWidgets import QToolButton

from gui.icons import Icons

TINT_MS = 100


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One thing to do. `tip` says what comes of it; `group` is its heading in the help."""

    id: str
    text: str
    group: str
    tip: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    checkable: bool = False


_TIME, _CLUSTER, _VIEW, _DOCKS, _WINDOW = "Pace", "Cluster", "Look", "Docks", "Window"
_TRAVEL, _FILE = "Time travel", "Recordings"

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "step",
        "Step",
        _TIME,
        "Deliver the next message; when messages travel by themselves, stop them first. In the past: play",
        ("Space",),
        "step-forward",
    ),
    ActionSpec(
        "pace_real", "Real time", _TIME, "Messages travel untouched", ("Ctrl+1",), "zap", checkable=True
    ),
    ActionSpec(
        "pace_slow",
        "Slow",
        _TIME,
        "Every message takes a visible while",
        ("Ctrl+2",),
        "hourglass",
        checkable=True,
    ),
    ActionSpec(
        "pace_step",
        "Step by step",
        _TIME,
        "Nothing arrives until you say so",
        ("Ctrl+3",),
        "step-forward",
        checkable=True,
    ),
    ActionSpec(
        "load",
        "Run load",
        _CLUSTER,
        "Let the simulated clients send requests by themselves, or rest",
        ("L",),
        "play",
        checkable=True,
    ),
    ActionSpec(
        "query", "Query…", _CLUSTER, "Fill in a query for the selected client, else C1", ("Q",), "send"
    ),
    ActionSpec(
        "kill", "Kill replica", _CLUSTER, "End the selected replica's process (SIGKILL)", ("K",), "skull"
    ),
    ActionSpec(
        "pause",
        "Pause or continue",
        _CLUSTER,
        "Stop the selected replica's process (SIGSTOP), or let it go on",
        ("P",),
        "pause",
    ),
    ActionSpec(
        "revive",
        "Revive replica",
        _CLUSTER,
        "Start a new process of the selected dead replica",
        ("R",),
        "rotate-ccw",
    ),
    ActionSpec(
        "crash",
        "Crash the front end",
        _CLUSTER,
        "It dies with all that it knew; its successor asks the replicas",
        (),
        "octagon-x",
    ),
    ActionSpec(
        "cut",
        "Cut or heal link",
        _CLUSTER,
        "Let nothing through the selected replica's link, or heal it",
        ("C",),
        "unlink",
    ),
    ActionSpec("heal_all", "Heal all links", _CLUSTER, "Nothing is wrong with any link any more", (), "link"),
    ActionSpec(
        "why",
        "Why?",
        _CLUSTER,
        "Why the selected thing waits, or what went wrong",
        ("W",),
        "circle-help",
    ),
    ActionSpec("faults", "Faults", _CLUSTER, "Everything that can be broken", ("F7",), "triangle-alert"),
    ActionSpec(
        "figures",
        "Faults of a link…",
        _CLUSTER,
        "Figures for the selected replica's link: loss, delay, doubling, reordering",
        ("F8",),
        "sliders-horizontal",
    ),
    ActionSpec("clients_more", "One client more", _CLUSTER, "Add a client", ("Ctrl+Up",), "plus"),
    ActionSpec("clients_fewer", "One client fewer", _CLUSTER, "Take a client away", ("Ctrl+Down",), "minus"),
    ActionSpec(
        "restart",
        "New cluster…",
        _CLUSTER,
        "End this cluster and start one with the chosen replicas",
        (),
        "repeat",
    ),
    ActionSpec("play", "Play or pause", _TRAVEL, "Let the past run, or stop it", (), "play"),
    ActionSpec(
        "look_back", "Look back", _TRAVEL, "Stop the picture; the run goes on", ("Backspace",), "history"
    ),
    ActionSpec("step_back", "Step back", _TRAVEL, "One step back in time", ("Left",), "step-back"),
    ActionSpec("step_on", "Step on", _TRAVEL, "One step on in time", ("Right",), "step-forward"),
    ActionSpec(
        "request_back", "Request back", _TRAVEL, "Back to the answer before", ("Shift+Left",), "chevron-left"
    ),
    ActionSpec(
        "request_on", "Request on", _TRAVEL, "On to the next answer", ("Shift+Right",), "chevron-right"
    ),
    ActionSpec("to_start", "To the start", _TRAVEL, "To the first moment", ("Home",), "skip-back"),
    ActionSpec(
        "to_end",
        "To the present",
        _TRAVEL,
        "To the present; in a recording, to its end",
        ("End",),
        "skip-forward",
    ),
    ActionSpec("slower", "Slower", _TRAVEL, "Play at the next lower speed", ("[",), "rewind"),
    ActionSpec("faster", "Faster", _TRAVEL, "Play at the next higher speed", ("]",), "fast-forward"),
    ActionSpec("bookmark", "Bookmark", _TRAVEL, "Mark this moment", ("B",), "bookmark"),
    ActionSpec(
        "caption",
        "Caption…",
        _TRAVEL,
        "A sentence shown from this moment on",
        ("Shift+B",),
        "message-square",
    ),
    ActionSpec(
        "open", "Open recording…", _FILE, "Show a recording in this window", ("Ctrl+O",), "folder-open"
    ),
    ActionSpec(
        "record",
        "Record this session",
        _FILE,
        "Keep everything from its start to its end, under a name",
        ("Ctrl+R",),
        "circle-dot",
    ),
    ActionSpec(
        "save_as", "Save recording as…", _FILE, "A copy of everything so far", ("Ctrl+Shift+S",), "save"
    ),
    ActionSpec(
        "export", "Export…", _FILE, "A film, a picture, or data of this recording", ("Ctrl+E",), "download"
    ),
    ActionSpec("inspect", "Inspect data", _VIEW, "Show the selected node and its data", ("I",), "database"),
    ActionSpec(
        "compare",
        "Compare replicas",
        _VIEW,
        "Show the selected replica's data beside another's; what differs comes first",
        ("D",),
        "split",
    ),
    ActionSpec(
        "copy_pid", "Copy pid", _VIEW, "Copy the selected replica's process id", ("Ctrl+Shift+C",), "copy"
    ),
    ActionSpec("stage", "Cluster", _VIEW, "The cluster on its stage", ("F2",), "network", checkable=True),
    ActionSpec(
        "space_time",
        "Space-time",
        _VIEW,
        "Lifelines and messages over time",
        ("F3",),
        "waypoints",
        checkable=True,
    ),
    ActionSpec("console", "Go to console", _VIEW, "Type a command", ("Ctrl+L", "F6"), "terminal"),
    ActionSpec("find", "Find in event log", _VIEW, "Filter the events", ("Ctrl+F",), "search"),
    ActionSpec("nearer", "Zoom in", _VIEW, "Look closer at the picture (+, or the wheel)", (), "scan-search"),
    ActionSpec("farther", "Zoom out", _VIEW, "See more of the picture (−, or the wheel)", (), "minus"),
    ActionSpec("fit", "Whole picture", _VIEW, "Everything that the picture has (F)", (), "maximize-2"),
    ActionSpec("larger", "Larger type", _VIEW, "For a projector", ("Ctrl++", "Ctrl+="), "plus"),
    ActionSpec("smaller", "Smaller type", _VIEW, "For more room", ("Ctrl+-",), "minus"),
    ActionSpec("normal", "Normal type", _VIEW, "Type at its own size", ("Ctrl+0",), "circle"),
    ActionSpec(
        "theme", "Light or dark", _VIEW, "Change between the light and the dark theme", ("Ctrl+T",), "sun"
    ),
    ActionSpec(
        "theme_system", "Theme of the system", _VIEW, "Follow the system's light or dark", (), "monitor"
    ),
    ActionSpec("show_console", "Console", _DOCKS, "Type queries and commands", ("Alt+1",), "terminal"),
    ActionSpec("show_inspector", "Inspector", _DOCKS, "The selected node in full", ("Alt+2",), "scan-search"),
    ActionSpec("show_log", "Event log", _DOCKS, "Everything that happened", ("Alt+3",), "list"),
    ActionSpec("show_checks", "Checks", _DOCKS, "What is watched all the time", ("Alt+4",), "shield-check"),
    ActionSpec("show_metrics", "Metrics", _DOCKS, "Figures and curves", ("Alt+5",), "activity"),
    ActionSpec(
        "show_table",
        "As a table",
        _DOCKS,
        "What the picture shows, in rows: for the keyboard and for screen readers",
        ("Alt+7",),
        "accessibility",
    ),
    ActionSpec(
        "lessons",
        "Lessons",
        _DOCKS,
        "Predict what happens, then see it",
        ("Alt+6",),
        "graduation-cap",
    ),
    ActionSpec("fullscreen", "Full screen", _WINDOW, "The window fills the screen", ("F11",), "maximize"),
    ActionSpec(
        "presentation",
        "Presentation",
        _WINDOW,
        "Larger type, the whole screen, and nothing beside the picture; again: as before",
        ("F5",),
        "monitor",
    ),
    ActionSpec(
        "preferences",
        "Preferences…",
        _WINDOW,
        "Theme, size of type, the question before closing",
        ("Ctrl+,",),
        "settings",
    ),
    ActionSpec(
        "reset_layout",
        "Reset layout",
        _WINDOW,
        "Docks and nodes go back to their first places",
        (),
        "rotate-ccw",
    ),
    ActionSpec("palette", "Command palette", _WINDOW, "Everything, by its name", ("Ctrl+K",), "command"),
    ActionSpec("help", "Shortcuts", _WINDOW, "All shortcuts", ("?", "F1"), "circle-help"),
    ActionSpec(
        "debug_bundle",
        "Save a debug bundle…",
        _WINDOW,
        "A file that helps others to understand what went wrong here; nothing is sent",
        (),
        "bug",
    ),
    ActionSpec("quit", "Quit", _WINDOW, "End every process and leave", ("Ctrl+Q",), "log-out"),
)


class Actions(Mapping[str, QAction]):
    """The actions of one window, by id."""

    def __init__(self, parent: QObject, icons: Icons, specs: Iterable[ActionSpec] = ACTIONS) -> None:
        self.specs = {spec.id: spec for spec in specs}
        self._actions = {spec.id: _action(parent, spec) for spec in self.specs.values()}
        self._icons = icons  # drawn by `tint`, when there are buttons
        self._later = QTimer(parent, singleShot=True, interval=TINT_MS)
        self._later.timeout.connect(self._tint_all)

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def __len__(self) -> int:
        return len(self._actions)

    def tint(self, icons: Icons) -> None:
        """Give every action its icon in the present theme's colour: those on buttons at once, the others
        when a person has seen the window, which need not wait for them."""
        self._icons = icons
        for name, action in self._actions.items():
            if any(isinstance(shown, QToolButton) for shown in action.associatedObjects()):
                self._tint(name)
        self._later.start()

    def _tint_all(self) -> None:
        for name in self._actions:
            self._tint(name)

    def _tint(self, name: str) -> None:
        icon = self.specs[name].icon
        self._actions[name].setIcon(self._icons.icon(icon) if icon else QIcon())


def _action(parent: QObject, spec: ActionSpec) -> QAction:
    action = QAction(spec.text, parent)
    action.setObjectName(spec.id)
    action.setShortcuts([QKeySequence(keys) for keys in spec.keys])
    action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
    action.setCheckable(spec.checkable)
    keys = f"  ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})" if spec.keys else ""
    action.setToolTip(f"{spec.tip}{keys}")
    action.setStatusTip(spec.tip)
    return action
