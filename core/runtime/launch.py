"""Starts what a window shows: a recording, or a live cluster. That is always recorded, under a name of its
own when nobody gave one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.errors import RecordingError
from core.facts import Pace
from core.runtime.live_source import LiveSettings, LiveSource
from core.runtime.places import new_recording, prune_autosaves, recordings_folder
from core.runtime.run_settings import RunSettings
from core.services.face import Face
from core.services.registry import load_service
from core.session.look_back import LookBack
from core.session.rebuilt import RebuiltData
from core.session.replay_source import ReplaySource
from core.session.saving import save_copy
from core.session.service import service_for
from core.session.source import Source
from core.session.tape import FileTape


@dataclass(slots=True)
class Launched:
    """A source, the face of its service, and the file that it is recorded in. `named`: it has a name of its
    own, and is not let go when newer sessions come."""

    source: Source
    face: Face
    path: Path
    named: bool
    recorded_bytes: Callable[[], int | None]
    """Length of the recording that is being written; None when none is."""
    start: Callable[[], None]
    """Lets a source begin that has not yet; once."""
    rebuilt: RebuiltData
    """States of the recording, made again."""

    def keep(self) -> Path:
        """Give the session that is recorded a name: one more of the same file, so what follows is in it.
        Where a file has but one name, a copy of what is recorded by now. Raises RecordingError."""
        if not self.named:
            kept = new_recording("demo")
            try:
                kept.hardlink_to(self.path)
            except OSError:
                save_copy(self.path, kept)
            self.path, self.named = kept, True
        return self.path

    def save_as(self, path: Path) -> None:
        """A copy of what is recorded by now. Raises RecordingError."""
        save_copy(self.path, path)


def launch(
    settings: RunSettings,
    record: Path | None,
    pace: Pace = Pace.SLOW,
    load: bool = False,
    *,
    at_once: bool = True,
) -> Launched:
    """Start a cluster on a thread of its own, `at_once` or when it is told to. Raises ServiceError, and
    RecordingError when the file that a person named cannot be written."""
    face = Face(load_service(settings.service))
    path = record
    if path is None:
        try:
            path = new_recording("session")
            prune_autosaves()
        except OSError as error:
            raise RecordingError(
                f"The session cannot be recorded in {recordings_folder()}: {error.strerror}.",
                "Make the folder writable, or name a file: run --record FILE.",
            ) from error
    live = LiveSource(LiveSettings(settings, pace=pace, load=load, record=path))
    source = LookBack(live, FileTape(path), face.words, live.annotate)
    source.start()
    if at_once:
        live.start()
    rebuilt = RebuiltData(path, partial(load_service, settings.service))
    return Launched(source, face, path, record is not None, lambda: live.recorded_bytes, live.start, rebuilt)


def replay(path: Path, service: str = "") -> Launched:
    """Begin to show a recording; `service` is the user's word for one that is not built in. Raises
    RecordingError, UsageError, ServiceError."""
    tape = FileTape(path)
    face = Face(service_for(tape.header, service))
    source = ReplaySource(tape, face.words)
    source.start()
    rebuilt = RebuiltData(path, partial(service_for, tape.header, service))
    return Launched(source, face, path, True, lambda: None, lambda: None, rebuilt)
