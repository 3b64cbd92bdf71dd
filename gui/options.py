"""What the composition root hands to the window besides the source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.rules import Rule
from core.session.rebuilt import RebuiltData
from gui.preferences import default_path
from gui.questions import Ask, ask_before_closing
from gui.recording.export_process import Exporting
from gui.top_bar import Recording

if TYPE_CHECKING:
    from core.workload.scenarios import Scenario
    from gui.main_window import MainWindow


def no_recording() -> Recording | None:
    """Nothing is recorded."""
    return None


@dataclass(frozen=True, slots=True)
class Options:
    """All of them may be left out.

    settings    the file that preferences live in
    ask         asks before closing while replicas run; None never asks
    restart     called with a number of replicas when a person wants a new cluster; the window then closes
    break_rule  called with a rule when a person wants a new cluster without it; the window then closes
    play        called with a scenario that a person wants to see played; the window then closes
    lesson      the scenario that this window plays
    recording   where the run is being written and how large the file is; called once a second, so it must not
                touch the disk
    open_file   called with a recording that a person wants to see; the window closes then. Raises
                LockstepError
    shown_file  the recording that is shown: it is among the recent ones then
    keep        called when this session is to be kept for good; gives the file. Raises LockstepError
    autosaves   the folder in which sessions are recorded that nobody named: a crash may have left one
    save_as     called with the file that a copy of what is shown is to be saved to. Raises LockstepError
    exporting   how this program is called to export the recording that is shown
    rebuilt     makes states of the recording that is shown again, which it does not hold
    painted     called once the window stands on the screen, or after a second when nobody can see it
    opened      called with the window after its first tick
    """

    settings: Path | None = None
    ask: Ask | None = ask_before_closing
    restart: Callable[[int], None] | None = None
    break_rule: Callable[[Rule], None] | None = None
    play: Callable[[Scenario], None] | None = None
    lesson: Scenario | None = None
    recording: Callable[[], Recording | None] = no_recording
    open_file: Callable[[Path], None] | None = None
    shown_file: Path | None = None
    keep: Callable[[], Path] | None = None
    autosaves: Path | None = None
    save_as: Callable[[Path], None] | None = None
    exporting: Exporting | None = None
    rebuilt: RebuiltData | None = None
    painted: Callable[[], None] | None = None
    opened: Callable[[MainWindow], None] | None = None

    @property
    def settings_path(self) -> Path:
        """Where preferences are, whether said or not."""
        return self.settings or default_path()
