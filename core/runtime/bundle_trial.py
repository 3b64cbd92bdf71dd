"""The trial of a bundle: it is run as a person runs it, without a Python in reach.

Everything it writes goes into a folder of the trial's own. Each part is a sentence when it went well, and a
LockstepError that names the command and its words when it did not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from core import __version__
from core.errors import LockstepError, RecordingError
from core.facts import Joined
from core.session.reader import read
from core.trace.wire_log import Tap, decode_fact

REQUESTS = 2_000
REPLICAS = 3
"""Of a cluster for which nobody said a number."""
PATIENCE_S = 120.0
LEAVING_S = 5.0
_TICK_S = 0.05


def try_out(program: Path, scratch: Path) -> Iterator[str]:
    """Run the program in several ways; a sentence for each. Raises LockstepError at the first failure."""
    trial = _Trial(program, scratch)
    said = trial.run("--version").strip()
    if said != f"lockstep {__version__}":
        raise LockstepError(f"The bundle says it is “{said}”.")
    yield f"It starts: {said}."
    recording = scratch / "trial.lockstep"
    words = ("run", "--headless", "--requests", str(REQUESTS), "--record", str(recording), "--json")
    report = json.loads(trial.run(*words))
    if (report["answered"], report["violations"]) != (REQUESTS, 0):
        raise LockstepError(
            f"{report['answered']} of {REQUESTS} requests were answered: {report['troubles']}"
        )
    yield f"{len(report['replicas'])} replicas of its own answered {REQUESTS:,} requests; every check holds."
    trial.run("check", str(recording))
    yield "It reads and judges its recording."
    drawing = scratch / "trial.png"
    trial.run("export", str(recording), str(drawing), "--to", "png")
    yield f"It draws the stage: {drawing.stat().st_size:,} bytes."
    trial.open_window(scratch / "window.lockstep")
    yield "Its window opens with a cluster, and closes without a word."


class _Trial:
    """One bundle, and how it is called."""

    def __init__(self, program: Path, scratch: Path) -> None:
        self._program = program
        home = scratch / "home"
        home.mkdir()
        kept = ("SYSTEMROOT", "TEMP", "TMP", "WINDIR")  # without these nothing starts on Windows
        own = {"HOME": home, "XDG_CONFIG_HOME": home / "config", "XDG_DATA_HOME": home / "data"}
        self._environment = {name: os.environ[name] for name in kept if name in os.environ}
        self._environment |= {name: str(path) for name, path in own.items()}
        self._environment |= {"PATH": "", "QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8"}

    def run(self, *words: str) -> str:
        """What it prints, when it ends well, in time, and with no process left. Raises LockstepError."""
        process = self._start(*words)
        try:
            stdout, stderr = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired as error:
            raise LockstepError(f"{' '.join(words)}: it did not end within {PATIENCE_S:.0f} s.") from error
        finally:
            process.kill()
        self._must_have_ended(process, stderr, words)
        return stdout

    def open_window(self, recording: Path) -> None:
        """A window until its cluster has written down that it runs; then it is asked to close."""
        words = ("run", "--record", str(recording))
        process = self._start(*words)
        try:
            _wait(lambda: process.poll() is not None or _replicas_in(recording) == REPLICAS, PATIENCE_S)
            process.terminate()
            _, stderr = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired as error:
            raise LockstepError("The window did not close.") from error
        finally:
            process.kill()
        if sys.platform == "win32":
            process.returncode = 0  # there is no asking on Windows: to terminate is to kill
        self._must_have_ended(process, stderr, words)
        if stderr or _replicas_in(recording) != REPLICAS:
            raise LockstepError(f"The window said: {stderr or 'nothing, and had no cluster'}")

    def _start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603 - the program that was just built
            [str(self._program), *words],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )

    def _must_have_ended(self, process: subprocess.Popen[str], stderr: str, words: tuple[str, ...]) -> None:
        if process.returncode != 0:
            raise LockstepError(
                f"{' '.join(words)}: exit code {process.returncode}. It said: {stderr.strip()}"
            )
        if not _wait(lambda: not processes_of(self._program), LEAVING_S):
            raise LockstepError(f"{' '.join(words)}: processes are left: {processes_of(self._program)}")


def processes_of(program: Path) -> list[int]:
    """Processes that run this very file, where the system has a /proc to look at."""
    return [int(link.parent.name) for link in Path("/proc").glob("[0-9]*/exe") if _leads_to(link, program)]


def _leads_to(link: Path, program: Path) -> bool:
    try:
        return link.readlink() == program
    except OSError:  # ended meanwhile, or somebody else's
        return False


def _replicas_in(recording: Path) -> int:
    """How many replicas have joined, as far as the recording tells by now."""
    try:
        records = [record for record in read(recording).records() if record.tap == Tap.FACT]
    except RecordingError:  # not there yet
        return 0
    return sum(isinstance(decode_fact(record.body), Joined) for record in records)


def _wait(condition: Callable[[], bool], patience_s: float) -> bool:
    deadline_s = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        threading.Event().wait(_TICK_S)
    return True
