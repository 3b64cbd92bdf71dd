"""Which processes are still there, and the app in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def left_of(pids: Sequence[int]) -> list[int]:
    """Those that still run. One that ended and waits for its parent to notice does not."""
    return [pid for pid in pids if _runs(pid)]


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    try:
        return state.read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return not Path("/proc/self").exists()


@contextmanager
def app_in(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`app_alone.py` in a process of its own, its settings and recordings in `folder`; gone at the end."""
    with _start(folder, *arguments) as app:
        try:
            yield app
        finally:
            app.kill()


def _start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": str(ROOT),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
    }
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("app_alone.py")), str(folder), *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
