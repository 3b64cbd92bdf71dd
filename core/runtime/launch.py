"""Starts a live cluster for a window: always recorded, under a name of its own when nobody gave one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import RecordingError
from core.facts import Pace
from core.runtime.headless import RunSettings
from core.runtime.live_source import LiveSettings, LiveSource
from core.runtime.places import new_recording, prune_autosaves, recordings_folder
from core.services.face import Face
from core.services.registry import load_service


@dataclass(frozen=True, slots=True)
class Launched:
    """A cluster that is coming up, the face of its service, and the file it is recorded in."""

    source: LiveSource
    face: Face
    path: Path


def launch(
    settings: RunSettings, record: Path | None, pace: Pace = Pace.SLOW, load: bool = False
) -> Launched:
    """Start a cluster on a thread of its own. Raises ServiceError, and RecordingError when the file that a
    person named cannot be written."""
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
    source = LiveSource(LiveSettings(settings, pace=pace, load=load, record=path))
    source.start()
    return Launched(source, face, path)
