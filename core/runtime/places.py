"""Where Lockstep keeps what it writes for a person."""

from __future__ import annotations

import time
from pathlib import Path

import platformdirs

AUTOSAVES_KEPT = 5


def recordings_folder() -> Path:
    """Recordings that nobody named, in the user's data folder."""
    return Path(platformdirs.user_data_dir("lockstep", appauthor=False)) / "recordings"


def new_recording(prefix: str) -> Path:
    """A name for a new recording, with the local time in it. Raises OSError without a folder for it."""
    folder = recordings_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{prefix}-{time.strftime('%Y%m%d-%H%M%S')}-{time.monotonic_ns() % 1000:03d}.lockstep"


def prune_autosaves() -> None:
    """Keep the newest AUTOSAVES_KEPT sessions that nobody saved under a name."""
    saved = sorted(recordings_folder().glob("session-*.lockstep"), key=lambda path: path.stat().st_mtime)
    for path in saved[:-AUTOSAVES_KEPT]:
        path.unlink(missing_ok=True)


def crash_folder() -> Path:
    """Reports of errors of our own (`core.runtime.crash_reports`)."""
    return platformdirs.user_log_path("lockstep", appauthor=False)


def settings_file() -> Path:
    """The window's settings; `gui.preferences` reads and writes them."""
    return platformdirs.user_config_path("lockstep", appauthor=False) / "window.ini"
