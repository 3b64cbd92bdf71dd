"""Make the program known to a Linux desktop, for one person, and make it forgotten again.

Three kinds of file go into the person's own data folder (`XDG_DATA_HOME`, else `~/.local/share`), as the
freedesktop.org specifications for desktop entries, shared MIME information and icon themes have it: the entry
that starts the program and opens recordings, the type of a recording, and the icons. Then the caches that
desktops read instead of these files are made again, by the programs that do it, where they are installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import LockstepError, UsageError
from core.runtime.supervisor import ROOT

ASSETS = ROOT / "assets"
ENTRY = Path("applications/lockstep.desktop")
KIND = Path("mime/packages/lockstep.xml")
DRAWING = Path("icons/hicolor/scalable/apps/lockstep.svg")
RESERVED = "\"'\\`$ \t\n><~|&;*?#()%"
"""Characters for which an argument of `Exec` has to stand in quotes."""
PATIENCE_S = 60


@dataclass(slots=True)
class Done:
    """What was done, and what could not be, each a sentence."""

    files: list[Path] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


def data_home() -> Path:
    """Where this person's desktop looks. Relative paths don't count, as the specification says."""
    said = Path(os.environ.get("XDG_DATA_HOME", ""))
    return said if said.is_absolute() else Path.home() / ".local" / "share"


def own_command() -> list[str]:
    """How this very program is started, wherever it lies: bundle, installed script, or checkout."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    if (ROOT / "requirements.lock").is_file():
        return [sys.executable, str(ROOT / "main.py")]
    return [str(Path(sys.argv[0]).absolute())]


def install(home: Path, command: Sequence[str]) -> Done:
    """Write the entry, the type and the icons below `home`. Raises LockstepError."""
    _linux_only()
    done = Done()
    try:
        _write(home / ENTRY, entry_text(command).encode(), done)
        _write(home / KIND, (ASSETS / "lockstep.xml").read_bytes(), done)
        for source, target in icons().items():
            _write(home / target, source.read_bytes(), done)
    except OSError as error:
        raise LockstepError(
            f"The desktop entry could not be written: {error}.",
            "Make that folder writable, or name another one in XDG_DATA_HOME.",
        ) from error
    _tell(done, ["desktop-file-validate", str(home / ENTRY)], "desktop-file-utils", _UNJUDGED)
    _renew_caches(home, done)
    return done


def remove(home: Path) -> Done:
    """Take away what `install` wrote, and nothing else. Raises LockstepError."""
    _linux_only()
    done = Done()
    try:
        for path in (ENTRY, KIND, *icons().values()):
            if (home / path).exists():
                (home / path).unlink()
                done.files.append(home / path)
    except OSError as error:
        raise LockstepError(
            f"The desktop entry could not be removed: {error}.", "Remove that file by hand."
        ) from error
    if done.files:
        _renew_caches(home, done)
    return done


def icons() -> dict[Path, Path]:
    """Every icon that comes along, and where it belongs below the data folder."""
    drawn = {path: path.relative_to(ASSETS) for path in sorted((ASSETS / "icons/hicolor").rglob("*.png"))}
    return {ASSETS / "icons/lockstep.svg": DRAWING} | drawn


def entry_text(command: Sequence[str]) -> str:
    """The desktop entry that starts `command`."""
    text = (ASSETS / "lockstep.desktop").read_text("utf-8")
    words = " ".join(map(quoted, command))
    return text.replace("Exec=lockstep ", f"Exec={words} ").replace(
        "Icon=", f"TryExec={command[0].translate(_ESCAPES)}\nIcon=", 1
    )


_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t"})


def quoted(argument: str) -> str:
    """An argument as `Exec` wants it (Desktop Entry Specification, "The Exec key"): quoted for the command
    line, with a percent sign doubled, and escaped once more as every string of the file is."""
    text = argument.replace("%", "%%")
    if not argument or any(sign in RESERVED for sign in argument):
        text = '"' + "".join(f"\\{sign}" if sign in '"`$\\' else sign for sign in text) + '"'
    return text.translate(_ESCAPES)


def _linux_only() -> None:
    if sys.platform in ("win32", "darwin"):
        raise UsageError(
            "Desktop entries are for Linux.",
            "docs/launch.md says how recordings are opened on other systems.",
        )


def _write(path: Path, data: bytes, done: Done) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    done.files.append(path)


def _renew_caches(home: Path, done: Done) -> None:
    _tell(done, ["update-mime-database", str(home / "mime")], "shared-mime-info", _UNKNOWN)
    _tell(done, ["update-desktop-database", "-q", str(home / "applications")], "desktop-file-utils", _UNKNOWN)
    theme = home / "icons" / "hicolor"
    if (theme / "index.theme").is_file():  # without one desktops read the folders themselves
        _tell(done, ["gtk-update-icon-cache", "-f", "-q", str(theme)], "gtk-update-icon-cache", _OLD_ICON)


_UNKNOWN = "without it a double click may do what it did before. Install it and say this again."
_UNJUDGED = "the entry was written, and nobody validated it."
_OLD_ICON = "the desktop may show an old icon until the next login."


def _tell(done: Done, command: Sequence[str], package: str, without: str) -> None:
    """Run one of the desktop's programs; what it complains of is a trouble, and so is its absence."""
    program, path = command[0], shutil.which(command[0])
    if path is None:
        done.troubles.append(f"{program} is not installed (Debian: {package}): {without}")
        return
    try:
        ran = subprocess.run(  # noqa: S603 - a program of the desktop's, our own files
            [path, *command[1:]],
            env=_environment(),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        done.troubles.append(f"{program} did not run: {error}.")
        return
    if ran.returncode != 0:
        said = " ".join((ran.stdout + ran.stderr).split())
        done.troubles.append(f"{program} ended with status {ran.returncode}: {said}")


def _environment() -> dict[str, str]:
    """What other programs are to see: a bundle points the loader at its own libraries, and keeps what was."""
    environment = dict(os.environ)
    if getattr(sys, "frozen", False):
        environment.pop("LD_LIBRARY_PATH", None)
        if before := environment.pop("LD_LIBRARY_PATH_ORIG", ""):
            environment["LD_LIBRARY_PATH"] = before
    return environment
