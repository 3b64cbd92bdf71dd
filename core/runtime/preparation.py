"""Make the parts of the environment that are stale: system packages by apt, the rest by venv and pip.

Its idea: while pip works there is no stamp of packages, and an environment without one is made anew, so
whatever broke into the last try, the next one repairs it. Nothing is built elsewhere and moved in, because
the programs of a virtual environment know its path. One start prepares at a time; the others wait for it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from core.runtime.environment import (
    PACKAGES,
    SYSTEM,
    NotPrepared,
    python_of,
    read,
    say,
    stale_parts,
    stamp,
    stamp_text,
)

# (signs in what pip wrote, what to do), the most telling first
PIP_ADVICE = (
    (("No space left on device",), "The disk is full: make room for about 1 GB, then start again."),
    (
        ("DO NOT MATCH THE HASHES",),
        "A package is not the file this version was tested with: empty pip's cache "
        "(python3 -m pip cache purge) or use another package index, then start again.",
    ),
    (
        ("Retrying (", "NewConnectionError", "SSLError", "from versions: none"),
        "The package index could not be reached: check the network, or pip's own index and proxy settings, "
        "then start again.",
    ),
    (
        ("No matching distribution",),
        "A package has no build for this Python and system: start with Python 3.11, 3.12 or 3.13.",
    ),
)
RACE = """
import ensurepip, timeit
work = "for i in range(1000): d[i] = d.get(i, 0) + len(str(i))"
print(min(timeit.repeat(work, "d = {}", repeat=25, number=20)))
"""
"""What a Python does to show its speed (the least of many tries, in seconds) and that it can make a venv."""
CLEARLY_FASTER = 0.9
ROOMS = ("core", "gui", "replica_daemon", "main.py")
NOISE = (
    "WARNING: ",
    "Collecting ",
    "Downloading ",
    "Using cached ",
    "Installing collected",
    "Looking in ",
    "Requirement already",
    "[notice]",
)


class Machine:
    """What preparing asks of the machine, in one place, so that a test can stand in for it."""

    python: Sequence[int] = sys.version_info[:2]

    def has(self, name: str) -> bool:
        """Whether a shared library (by its soname), or else a program on the search path, is there."""
        if ".so." not in name:
            return shutil.which(name) is not None
        try:
            ctypes.CDLL(name)
        except OSError:
            return False
        return True

    def has_ensurepip(self) -> bool:
        """Whether this Python can make a virtual environment; Debian splits that off."""
        return find_spec("ensurepip") is not None

    def own_python(self) -> str:
        """The Python that runs, outside of any virtual environment."""
        return str(getattr(sys, "_base_executable", "") or sys.executable)

    def system_python(self) -> str:
        """The operating system's own Python of the same version, or nothing."""
        path = Path("/usr/bin/python{}.{}".format(*self.python))
        return str(path) if path.exists() and not path.samefile(self.own_python()) else ""

    def is_root(self) -> bool:
        """Whether system packages may be installed without asking anybody."""
        return os.name == "posix" and os.geteuid() == 0

    def has_package_lists(self) -> bool:
        """Whether apt has ever been told what there is."""
        return any(Path("/var/lib/apt/lists").glob("*_Packages*"))

    def say(self, line: str) -> None:
        """Tell the person at the terminal."""
        say(line)

    def run(self, command: Sequence[str], on_line: Callable[[str], None], held: IO[bytes]) -> int:
        """Run a command to its end, handing over its lines; return its exit code.

        The command inherits the held lock: should this process be killed, the lock lives on until the command
        is gone too, so no second start works in a directory where an orphan still writes.
        """
        with subprocess.Popen(  # noqa: S603 - only this module's own commands come here
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(os.environ, PIP_USER="0", DEBIAN_FRONTEND="noninteractive"),
            pass_fds=() if os.name == "nt" else (held.fileno(),),
            text=True,
            errors="replace",
        ) as child:
            for line in child.stdout or ():
                on_line(line.rstrip())
        return child.returncode


def prepare(root: Path, machine: Machine, parts: Sequence[str]) -> None:
    """Make those of the parts that are stale, one start at a time. Raises NotPrepared."""
    try:
        with _turn(root / ".venv.lock", machine) as held:
            stale = stale_parts(root, parts, machine.python)  # again: the start waited for may have made them
            prepare_system(machine, stale, held)
            if not PACKAGES.keys().isdisjoint(stale):
                prepare_packages(root, machine, stale, held)
            _stamp(root, machine, SYSTEM.keys() & stale)
    except OSError as error:
        raise NotPrepared(
            f"can't write to {root}: {error}. Give yourself the right to write there, or copy the checkout "
            "to a folder of your own, and start again."
        ) from error
    except KeyboardInterrupt:
        raise NotPrepared("stopped. The next start makes what is missing.") from None


def prepare_system(machine: Machine, stale: Sequence[str], held: IO[bytes]) -> None:
    """Install what the system lacks where that is allowed; otherwise say the one line that does it."""
    missing = missing_of_system(machine, stale)
    if not missing:
        return
    if not machine.has("apt-get"):
        raise NotPrepared(
            f"this system lacks {', '.join(missing)}. Install what provides them with the system's package "
            "manager, then start again."
        )
    line = apt_line(missing.values(), refresh=not machine.has_package_lists())
    if not machine.is_root():
        raise NotPrepared(f"some system packages are missing. Install them, then start again:\n\n{line}\n")
    machine.say(f"installing system packages, about a minute: {' '.join(missing.values())}")
    output = Output(machine)
    install = ["apt-get", "install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
    # Lists that are empty or old are fetched; fresh ones are not, they take longer than the packages.
    for refresh in (False, True) if machine.has_package_lists() else (True,):
        if refresh:
            machine.run(["apt-get", "update"], output, held)
        if machine.run([*install, *missing.values()], output, held) == 0:
            break
    missing = missing_of_system(machine, stale)
    if missing:
        line = apt_line(missing.values(), refresh=True).replace("sudo ", "")
        raise NotPrepared(
            f"system packages could not be installed.\n{output.tail()}Check the network and start again, or "
            f"install them by hand:\n\n{line}\n"
        )


def missing_of_system(machine: Machine, stale: Sequence[str]) -> dict[str, str]:
    """What the stale parts need and the system lacks, with the Debian package of each."""
    missing = {}
    if "packages" in stale and not machine.has_ensurepip():
        missing["ensurepip"] = "python{}.{}-venv".format(*machine.python)
    for part in stale:
        missing.update({name: deb for name, deb in SYSTEM.get(part, {}).items() if not machine.has(name)})
    return missing


def apt_line(packages: Iterable[str], *, refresh: bool) -> str:
    """The line that installs these packages, lists first where there are none."""
    return ("sudo apt-get update && " if refresh else "") + "sudo apt-get install -y " + " ".join(packages)


def prepare_packages(root: Path, machine: Machine, stale: Sequence[str], held: IO[bytes]) -> None:
    """Make the virtual environment where it has no good stamp, and let pip install what the locks name."""
    made = [part for part in PACKAGES if part == "packages" or part in stale]
    locks = list(dict.fromkeys(lock for part in made for lock in PACKAGES[part]))
    names = {name for lock in locks for name in pinned_names(read(root / lock))}
    if "packages" not in stale:
        names.difference_update(pinned_names(read(root / PACKAGES["packages"][0])))
    output = Output(machine, len(names))
    for part in made:
        _remove(stamp(root, part))
    if "packages" in stale:
        machine.say("making the environment in .venv: a minute or two, 200 MB to fetch, 700 MB on the disk")
        _remove(root / ".venv")
        base = fastest_python(machine, held)
        status = machine.run([base, "-I", "-m", "venv", str(root / ".venv")], output, held)
        if status != 0:
            raise NotPrepared(output.failure("the environment could not be made", status))
    machine.say(f"fetching and installing {len(names)} packages")
    status = machine.run(pip_command(root, locks), output, held)
    if status != 0:
        raise NotPrepared(output.failure("the packages could not be installed", status))
    machine.run(compile_command(root), output, held)  # a start without it is slower, and right all the same
    _stamp(root, machine, made)
    machine.say("the environment is ready")


def fastest_python(machine: Machine, held: IO[bytes]) -> str:
    """The Python to make the environment of: the one that runs, or the system's own of the same version
    where that is clearly faster. A Python built at home often lacks what a distribution's compiler was told:
    a quarter of its speed."""
    own, system = machine.own_python(), machine.system_python()
    if not system:
        return own
    times = {own: 0.0, system: float("inf")}
    for python in (own, system) * 2:
        lines: list[str] = []
        if machine.run([python, "-I", "-c", RACE], lines.append, held) == 0:
            times[python] = min(times[python] or float("inf"), float(lines[-1]))
    if times[system] > CLEARLY_FASTER * times[own]:
        return own
    machine.say(f"{system} is {times[own] / times[system]:.1f} times as fast as {own}: using that")
    return system


def pip_command(root: Path, locks: Iterable[str]) -> list[str]:
    """Install exactly the files the locks name, from wherever this person's pip is set up to fetch."""
    pip = [str(python_of(root)), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    options = ["--require-hashes", "--only-binary=:all:", "--progress-bar=off"]
    return pip + options + [word for lock in locks for word in ("-r", str(root / lock))]


def compile_command(root: Path) -> list[str]:
    """Compile our own rooms: those who tell Python to write no bytecode would wait for it at every start."""
    compiler = [str(python_of(root)), "-I", "-m", "compileall", "-q"]
    return compiler + [str(root / room) for room in ROOMS]


def pinned_names(lock: str) -> list[str]:
    """The packages a lock file pins."""
    return [line.split("==")[0] for line in lock.splitlines() if "==" in line and line[0] not in " #"]


class Output:
    """What a command writes: told in short while it runs, and in its last meaningful lines if it fails."""

    def __init__(self, machine: Machine, packages: int = 0) -> None:
        self.lines: list[str] = []
        self._machine, self._packages, self._fetched = machine, packages, 0

    def __call__(self, line: str) -> None:
        if "Retrying (" in line and not any("Retrying (" in earlier for earlier in self.lines):
            self._machine.say("  the package index does not answer; trying again for a while")
        self.lines.append(line)
        if line.startswith("Collecting "):
            self._fetched += 1
            if self._fetched % 8 == 0:
                self._machine.say(f"  {self._fetched} of {self._packages}")
        elif line.startswith("Installing collected packages"):
            self._machine.say("  all fetched, unpacking")

    def tail(self) -> str:
        """The last lines that say something, indented, each on a line of its own."""
        told = [line.strip() for line in self.lines]
        return "".join(
            f"    {line[:200]}\n" for line in [x for x in told if x and not x.startswith(NOISE)][-4:]
        )

    def failure(self, what: str, status: int) -> str:
        """Say what failed, the words of whoever failed, and what to do next, judged by these words."""
        text = "\n".join(self.lines)
        fitting = (advice for signs, advice in PIP_ADVICE if any(sign in text for sign in signs))
        advice = next(fitting, "Start again: the environment is then made from the beginning.")
        return f"{what} (status {status}).\n{self.tail()}{advice}"


@contextlib.contextmanager
def _turn(path: Path, machine: Machine) -> Iterator[IO[bytes]]:
    """Wait for this start's turn to prepare; the lock ends with the processes that hold it."""
    waiting = "another start is preparing the environment; waiting for it"
    with path.open("a+b") as held:
        if sys.platform == "win32":
            import msvcrt

            while True:
                try:
                    msvcrt.locking(held.fileno(), msvcrt.LK_LOCK, 1)  # tries for ten seconds
                    break
                except OSError:
                    machine.say(waiting)
        else:
            import fcntl

            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                machine.say(waiting)
                fcntl.flock(held, fcntl.LOCK_EX)
        yield held


def _remove(path: Path) -> None:
    """Remove a file, a link (never what it points to) or a directory with all in it; absent is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _stamp(root: Path, machine: Machine, parts: Iterable[str]) -> None:
    for part in parts:
        stamp(root, part).write_text(stamp_text(root, part, machine.python), "utf-8")
