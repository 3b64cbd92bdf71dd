"""Start the program in its own environment, having it prepared where it isn't.

`ensure` is the first thing `main.py` calls, on whatever Python a person has: hence the standard library alone
and a syntax that Python 3.7 reads, so that an old Python gets a sentence instead of a syntax error.

The environment is `.venv` beside `main.py`. Each of its parts has a stamp, a file in `.venv` written when the
part is complete and holding what it was made from: the Python version and the text of the lock files, or the
names of the system libraries. A start compares stamps and searches nothing; making what is stale is the work
of `preparation.py`, which an ordinary start does not load.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

OLDEST_PYTHON = (3, 11)
FORMAT = 1  # of the stamps; a new number makes every environment anew
OWN_PACKAGES = "LOCKSTEP_OWN_PACKAGES"  # set by whoever brings the packages another way
ENTERING = "LOCKSTEP_ENTERING"  # tells a second turn through the door from a first

PACKAGES = {
    "packages": ("requirements.lock",),
    "dev-packages": ("requirements.lock", "requirements-dev.lock"),
    "bundle-packages": ("requirements.lock", "requirements-bundle.lock"),
}
# What a Linux system has to bring, and the Debian package that has it: libraries Qt loads, those its X11
# plugin needs to show a window, the display the tests draw on, and what a bundle is built with.
SYSTEM = {
    "window-libraries": {
        "libGL.so.1": "libgl1",
        "libEGL.so.1": "libegl1",
        "libglib-2.0.so.0": "libglib2.0-0",
        "libfontconfig.so.1": "libfontconfig1",
        "libdbus-1.so.3": "libdbus-1-3",
        "libxkbcommon.so.0": "libxkbcommon0",
        "libxcb-cursor.so.0": "libxcb-cursor0",
        "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
        "libxcb-icccm.so.4": "libxcb-icccm4",
        "libxcb-keysyms.so.1": "libxcb-keysyms1",
        "libxcb-shape.so.0": "libxcb-shape0",
    },
    "test-programs": {"Xvfb": "xvfb"},
    "bundle-programs": {
        "objdump": "binutils",
        "libpython{}.{}.so.1.0".format(*sys.version_info[:2]): "libpython{}.{}".format(*sys.version_info[:2]),
    },
}


class NotPrepared(Exception):
    """The environment is not ready and could not be made so; the message says why and what to do next."""


def ensure(root: Path, *, dev: bool = False, window: bool = True, bundle: bool = False) -> None:
    """Return once this process runs in the prepared environment of the checkout at `root`.

    Prepares it where needed, then replaces the process by the environment's Python with the same arguments.
    `dev` adds the test tools, `window` what Qt needs of the system, `bundle` what builds a bundle. Nothing
    is done where there is no checkout (installed with pip, frozen) or where `LOCKSTEP_OWN_PACKAGES` is set.
    Where it can't be done the process ends with status 1 and a message that says what to do next.
    """
    try:
        check_python(sys.version_info[:3])
        if getattr(sys, "frozen", False) or os.environ.get(OWN_PACKAGES):
            return
        if not (root / PACKAGES["packages"][0]).is_file():
            return
        parts = parts_for(sys.platform, dev=dev, window=window, bundle=bundle)
        if not is_prepared(root, parts):
            from core.runtime.preparation import Machine, prepare

            prepare(root, Machine(), parts)
        _enter(root)
    except NotPrepared as problem:
        say(str(problem))
        sys.exit(1)


def is_prepared(root: Path, parts: Sequence[str]) -> bool:
    """Whether these parts are stamped as complete; reads a few small files."""
    return not stale_parts(root, parts, sys.version_info[:2])


def say(line: str) -> None:
    """Tell the person at the terminal."""
    sys.stderr.write("lockstep: " + line + "\n")
    sys.stderr.flush()


def check_python(version: Sequence[int]) -> None:
    """Raise NotPrepared for a Python that is too old."""
    if tuple(version) < OLDEST_PYTHON:
        oldest, this = (".".join(map(str, v)) for v in (OLDEST_PYTHON, version))
        raise NotPrepared(
            f"Lockstep needs Python {oldest} or newer and this is {this}. Install a newer one and start "
            f"with it, for example: python{oldest} main.py"
        )


def parts_for(platform: str, *, dev: bool, window: bool, bundle: bool = False) -> tuple[str, ...]:
    """The parts a start needs on this platform (`sys.platform`). The tests show windows too."""
    parts = ["packages"] + ["dev-packages"] * dev + ["bundle-packages"] * bundle
    if platform.startswith("linux"):
        parts += ["window-libraries"] * (window or dev) + ["test-programs"] * dev
        parts += ["bundle-programs"] * bundle
    return tuple(parts)


def stale_parts(root: Path, parts: Sequence[str], python: Sequence[int]) -> tuple[str, ...]:
    """The parts that are missing, half made, or made from something else. All of them hang on `packages`."""
    stale = tuple(part for part in parts if read(stamp(root, part)) != stamp_text(root, part, python))
    whole = python_of(root).exists() and (root / ".venv" / "pyvenv.cfg").exists()
    return stale if whole and "packages" not in stale else tuple(parts)


def stamp(root: Path, part: str) -> Path:
    """The file that says the part is complete."""
    return root / ".venv" / (part + ".stamp")


def stamp_text(root: Path, part: str, python: Sequence[int]) -> str:
    """What the part is made from, word for word."""
    head = "lockstep environment {}, python {}\n".format(FORMAT, ".".join(map(str, python)))
    if part in PACKAGES:
        return head + "".join(read(root / lock) for lock in PACKAGES[part])
    return head + "\n".join(SYSTEM[part])


def python_of(root: Path) -> Path:
    """The Python of the checkout's environment."""
    return root / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def read(path: Path) -> str:
    """The text of a file, or nothing where there is no readable text."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _enter(root: Path) -> None:
    """Replace this process by the environment's Python with the same arguments, unless it is that already."""
    environment = root / ".venv"
    entering = os.environ.pop(ENTERING, None)
    if os.path.realpath(sys.prefix) == os.path.realpath(environment):
        return
    if entering == str(environment):
        raise NotPrepared(
            f"{python_of(root)} does not run as an environment. Remove {environment} and start again."
        )
    os.environ.pop("PYTHONHOME", None)  # it would lead the environment's Python back out
    os.environ[ENTERING] = str(environment)
    command = [str(python_of(root)), *sys.orig_argv[1:]]
    if os.name == "nt":  # Windows would start a second process and let the terminal go
        import subprocess

        sys.exit(subprocess.call(command))  # noqa: S603 - our own Python, our own arguments
    try:
        os.execv(command[0], command)  # noqa: S606 - no shell is the point
    except OSError as error:
        raise NotPrepared(f"{error}. Remove {environment}, then start again.") from error
