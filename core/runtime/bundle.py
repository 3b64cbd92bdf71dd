"""`python3 main.py bundle`: the program as a folder that runs without any Python, and a trial of it.

PyInstaller follows the imports from `main.py`. What is imported by name only when it is wanted (services,
exports, docks) is collected room by room. The folder is built beside the last one and takes its place only
when it has passed its trial (`bundle_trial`).
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from core.errors import LockstepError, UsageError
from core.runtime.bundle_trial import try_out

NAME = "lockstep"
ROOMS = ("core", "gui", "replica_daemon")
LEFT_OUT = ("tests", "bench", "pytest", "mypy", "hypothesis", "PyInstaller", "tkinter")
"""What the program does without; `bench` measures with a Python of its own."""
ICO_SIZES = (16, 24, 32, 48, 64, 256)
ICNS_SIZES = {"icp4": 16, "icp5": 32, "icp6": 64, "ic07": 128, "ic08": 256, "ic09": 512}
TOLD_LINES = 12


def build(root: Path, words: Sequence[str]) -> int:
    """Build and try the bundle; returns the exit code. `words` is nothing, or the folder it goes to."""
    if len(words) > 1 or any(word.startswith("-") for word in words):
        raise UsageError("bundle takes at most a folder.", "For example: python3 main.py bundle dist")
    folder = Path(words[0]).resolve() if words else root / "dist"
    console = Console(highlight=False, soft_wrap=True)
    began = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".building-", dir=folder) as scratch:
        console.print("Building: a minute or two.")
        built = run_pyinstaller(root, Path(scratch))
        files = [path for path in built.rglob("*") if path.is_file() and not path.is_symlink()]
        size = sum(path.stat().st_size for path in files)
        console.print(
            f"Built in {time.monotonic() - began:.0f} s: {len(files):,} files, {size / 1e6:,.0f} MB."
        )
        for sentence in try_out(built / program_name(), Path(scratch)):
            console.print(f"  {sentence}", markup=False)
        place = folder / NAME
        shutil.rmtree(place, ignore_errors=True)
        built.replace(place)
    console.print(f"It works, and no process was left. Start it: {place / program_name()}", markup=False)
    return 0


def run_pyinstaller(root: Path, scratch: Path) -> Path:
    """Have PyInstaller build into `scratch`; returns the folder. Raises LockstepError with its last words."""
    done = subprocess.run(  # noqa: S603 - our own Python, our own arguments
        [sys.executable, "-m", "PyInstaller", *arguments(root, scratch, sys.platform)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        cwd=root,
    )
    if done.returncode != 0:
        last = "\n".join(done.stderr.strip().splitlines()[-TOLD_LINES:])
        raise LockstepError(
            f"PyInstaller ended with status {done.returncode}:\n{last}\n", "Nothing was changed."
        )
    return scratch / "built" / NAME


def arguments(root: Path, scratch: Path, platform: str) -> list[str]:
    """What PyInstaller is told on this platform (`sys.platform`)."""
    said = ["--noconfirm", "--onedir", "--name", NAME, "--log-level", "WARN"]
    said += ["--distpath", str(scratch / "built"), "--workpath", str(scratch / "work")]
    said += ["--specpath", str(scratch), "--add-data", f"{root / 'assets'}:assets"]
    said += [word for room in ROOMS for word in ("--collect-submodules", room)]
    said += [word for package in LEFT_OUT for word in ("--exclude-module", package)]
    if platform in ("win32", "darwin"):
        said += ["--icon", str(icon(root, scratch, platform))]
    if platform == "win32":  # a console of its own is hidden after a double click, and a terminal's stays
        said += ["--hide-console", "hide-early"]
    return [*said, str(root / "main.py")]


def program_name() -> str:
    """The program's file in the bundle."""
    return f"{NAME}.exe" if sys.platform == "win32" else NAME


def icon(root: Path, scratch: Path, platform: str) -> Path:
    """The icon in the format of the platform. Both formats are tables of PNG pictures."""
    path = scratch / ("lockstep.ico" if platform == "win32" else "lockstep.icns")
    path.write_bytes(b"".join(ico(root) if platform == "win32" else icns(root)))
    return path


def ico(root: Path) -> Iterator[bytes]:
    """Windows: a head, an entry for each picture with where it lies, then the pictures."""
    pictures = [(size, picture(root, size)) for size in ICO_SIZES]
    yield struct.pack("<HHH", 0, 1, len(pictures))
    offset = 6 + 16 * len(pictures)
    for size, png in pictures:
        yield struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(png), offset)
        offset += len(png)
    yield from (png for _, png in pictures)


def icns(root: Path) -> Iterator[bytes]:
    """macOS: chunks of a name that says the size, a length with the chunk's head in it, and the picture."""
    chunks = [(name.encode(), picture(root, size)) for name, size in ICNS_SIZES.items()]
    yield b"icns" + struct.pack(">I", 8 + sum(8 + len(png) for _, png in chunks))
    for name, png in chunks:
        yield name + struct.pack(">I", 8 + len(png)) + png


def picture(root: Path, size: int) -> bytes:
    """The icon in this size, as PNG."""
    return (root / f"assets/icons/hicolor/{size}x{size}/apps/lockstep.png").read_bytes()
