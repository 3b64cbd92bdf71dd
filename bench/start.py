"""From the command to a window on the screen: `python3 -m bench.start [times]`.

Starts the program as a person does, on whatever Python this is, and lets it enter its own environment. Takes
the time until the stage has been painted for the first time, and the CPU time that the process had used by
then in all its threads, which says more on a busy machine. Without a display the window paints into memory.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.session.source import ServiceFace, Source
    from gui.options import Options

ROOT = Path(__file__).resolve().parent.parent
TIMES = 10
LEAVE_MS = 1_500
"""Then everything is up, and what is left of the start can go."""

WATCHED = """
import sys
sys.path.insert(0, {root!r})
sys.argv = ["main.py"]
from bench.start import watch
watch({folder!r})
"""


def watch(folder: str) -> None:
    """Be `main.py`, and tell about the first paint; this runs in the process that is measured."""
    from core.runtime.environment import ensure

    ensure(ROOT)
    import main
    from gui import app
    from gui.main_window import MainWindow

    run = app.run

    def watched(source: Source, face: ServiceFace, options: Options | None = None) -> int:
        assert options is not None and options.painted is not None
        start, opened = options.painted, list[MainWindow]()

        def painted() -> None:
            from PySide6.QtCore import QTimer  # the program itself is the first to import Qt: the order costs

            figures = {"at_ns": time.monotonic_ns(), "cpu_s": sum(os.times()[:2])}
            sys.stdout.write(json.dumps(figures) + "\n")
            sys.stdout.flush()
            start()
            QTimer.singleShot(LEAVE_MS, lambda: opened[0].leave())

        settings = Path(folder) / "window.ini"
        return run(
            source,
            face,
            replace(options, settings=settings, ask=None, painted=painted, opened=opened.append),
        )

    app.run = watched
    main.main()


def start_once(folder: Path) -> tuple[float, float]:
    """Seconds to the first paint, and seconds of CPU until then."""
    environment = dict(os.environ, XDG_DATA_HOME=str(folder))
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform != "linux"):
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    code = WATCHED.format(root=str(ROOT), folder=str(folder))
    began_ns = time.monotonic_ns()
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    return (figures["at_ns"] - began_ns) / 1e9, figures["cpu_s"]


def main() -> None:
    """Print the medians."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else TIMES
    with tempfile.TemporaryDirectory() as folder:
        start_once(Path(folder))  # the first one writes what the others read
        took = [start_once(Path(folder)) for _ in range(times)]
    for name, figures in zip(("to the first paint", "CPU until then"), zip(*took, strict=True), strict=True):
        sys.stdout.write(f"{name:20} median {statistics.median(figures):.2f} s  least {min(figures):.2f} s\n")


if __name__ == "__main__":
    main()
