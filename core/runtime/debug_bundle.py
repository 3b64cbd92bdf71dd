"""A zip file with what somebody else needs to understand what went wrong here. It is written, never sent.

What is in it is said in its own `about.txt`. A person's folder is written as `~`; of the settings only those
go in that are about the window, so nothing that was typed, opened or scored; of the last session its header
and what happened to the cluster, but no request and no answer. Keys are on no disk and cannot be in it.
"""

from __future__ import annotations

import json
import platform
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from core import __version__
from core.errors import RecordingError
from core.facts import Answered, Called, Checked, Counted, Returned
from core.runtime.crash_reports import newest_reports
from core.runtime.doctor import Finding
from core.runtime.places import crash_folder, recordings_folder, settings_file
from core.session.reader import Recording, read
from core.session.whole_file import in_place
from core.trace.told import of_fact
from core.trace.wire_log import UNREADABLE, Tap, decode_fact

REPORTS = 5
EVENTS = 300
BLOCKS_READ = 40
"""Of a long session only the end is looked through."""
SETTINGS = ("theme", "type_scale", "ask_before_closing", "layout_version", "geometry", "docks", "node_places")
PACKAGES = (
    "PySide6-Essentials", "shiboken6", "pyqtgraph", "numpy", "msgspec", "uvloop", "zstandard", "xxhash",
    "typer", "rich", "platformdirs", "imageio-ffmpeg",
)  # fmt: skip
_UNTOLD = Called | Returned | Answered | Checked | Counted
"""What a client asked and was told, and what comes several times a second."""

ABOUT = """\
What Lockstep {version} found on this machine, for whoever is to understand what went wrong.
Nobody was sent anything: this file is yours to give away, or not.

doctor.json     what the doctor looked at, and what it saw
versions.json   Lockstep, Python, the system, the libraries
settings.ini    the window's own settings: theme, size of type, places of docks and nodes
session.json    the head of the newest recording that nobody named: service, seed, replicas, clients
events.txt      what happened to its cluster at its end: processes, faults, checks; no request and no answer,
                but for the two sides of a check that failed
crashes/        the newest reports of errors of Lockstep's own

Not in it: recordings, what was typed into the console, names of files that were opened, scores, keys, and the
variables of the environment. Your own folder is written as ~.
"""


def write_bundle(path: Path, findings: list[Finding], overwrite: bool) -> list[str]:
    """Write the zip; gives the names of what is in it. Raises UsageError, RecordingError."""
    with in_place(path, overwrite) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        parts = dict(contents(findings))
        for name, text in parts.items():
            archive.writestr(name, text)
    return list(parts)


def contents(findings: list[Finding]) -> Iterator[tuple[str, str]]:
    """Every part by its name, with this person's folder taken out of the text."""
    yield "about.txt", ABOUT.format(version=__version__)
    yield "doctor.json", _json([asdict(one) for one in findings])
    yield "versions.json", _json(versions())
    yield "settings.ini", _without_home(settings(settings_file()))
    recording = newest_session(recordings_folder())
    if recording is not None:
        header = msgspec.to_builtins(recording.header) | {"title": ""}  # a person's own words
        size = recording.path.stat().st_size
        whole = {"bytes": size, "records": recording.records_count, "note": recording.note}
        yield "session.json", _json({"header": header, "seconds": recording.duration_ns / 1e9} | whole)
        yield "events.txt", _without_home("\n".join(events(recording)) + "\n")
    for report in newest_reports(crash_folder(), REPORTS):
        yield f"crashes/{report.name}", _without_home(report.read_text("utf-8", errors="replace"))


def versions() -> dict[str, object]:
    """What runs here."""
    packages = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):  # a bundle keeps no such notes
            packages[name] = version(name)
    return {
        "lockstep": __version__,
        "python": sys.version,
        "system": platform.platform(),
        "bundle": bool(getattr(sys, "frozen", False)),
        "written": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "packages": packages,
    }


def settings(path: Path) -> str:
    """The lines of the settings file that are about the window."""
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return "; there are none yet\n"
    kept = [line for line in lines if line.startswith("[") or line.partition("=")[0] in SETTINGS]
    return "\n".join(kept) + "\n"


def newest_session(folder: Path) -> Recording | None:
    """The newest recording that nobody named; None without a readable one."""
    try:
        found = max(folder.glob("session-*.lockstep"), key=lambda path: path.stat().st_mtime, default=None)
        return read(found) if found is not None else None
    except (OSError, RecordingError):
        return None


def events(recording: Recording) -> list[str]:
    """What happened to the cluster at the recording's end, a line each, with the second of the run."""
    lines: list[str] = []
    for block in range(max(0, len(recording.blocks) - BLOCKS_READ), len(recording.blocks)):
        try:
            records = recording.load(block)
        except RecordingError as error:
            return [*lines[-EVENTS:], str(error)]
        for record in records:
            if record.tap != Tap.FACT:
                continue
            try:
                fact = decode_fact(record.body)
            except UNREADABLE:
                continue
            if not isinstance(fact, _UNTOLD):
                told = of_fact(fact)
                lines.append(f"{record.time_ns / 1e9:12.6f}  {told.node:<8} {told.text}")
    return lines[-EVENTS:]


def _json(value: object) -> str:
    return _without_home(json.dumps(value, indent=2, ensure_ascii=False)) + "\n"


def _without_home(text: str) -> str:
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text
