"""Lockstep: where everything is put together.

`python3 main.py` prepares what it needs and opens the window (without a display: runs the same demo
headless). `python3 main.py test` runs the tests, `python3 main.py pictures` takes the pictures of the
documentation, `--help` lists the rest. With `--replica` this program is a
replica daemon, as a frozen bundle starts them.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.runtime.environment import ensure

if TYPE_CHECKING:
    from core.runtime.headless import RunSettings

ROOT = Path(__file__).resolve().parent


def has_display() -> bool:
    """Whether a window can be shown here."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_window(settings: RunSettings, record: Path | None) -> int:
    """A cluster behind a window, until the person closes it. A new number of replicas is a new cluster."""
    from core.runtime.launch import Launched, launch
    from gui.app import run
    from gui.options import Options
    from gui.top_bar import Recording

    wanted: list[int] = []
    while True:
        live = launch(settings, record)

        def recording(live: Launched = live) -> Recording:
            return Recording(live.path, live.source.recorded_bytes)

        code = run(live.source, live.face, Options(restart=wanted.append, recording=recording))
        if code or not wanted:
            return code
        settings, record = replace(settings, replicas=wanted.pop()), None


def first_thing() -> int:
    """What happens without any argument: the window, or the demo where none can be shown.

    The command line is not imported for it: that would keep a person waiting a sixth of a second longer.
    """
    from core.errors import LockstepError
    from core.runtime.headless import RunSettings

    try:
        return open_window(RunSettings(), None) if has_display() else demo(RunSettings())
    except (LockstepError, KeyboardInterrupt) as problem:
        from core.runtime.command_line import guarded

        def again(problem: BaseException = problem) -> int:
            raise problem

        return guarded(again)


def demo(settings: RunSettings) -> int:
    """The demo without a display: told in words, recorded, and one picture of the stage."""
    from core.runtime.demo import run_demo
    from gui.stage.still import save_stage

    return run_demo(settings, save_stage)


def bench(gui: bool, as_json: bool, seconds: float) -> int:
    """Measure this machine."""
    if gui:
        from bench.window import measure_window

        return measure_window(as_json, seconds)
    from bench.throughput import measure

    return measure(as_json, seconds)


def pictures(scenes: list[str]) -> int:
    """Take the pictures of the documentation, all of them or those of the scenes named."""
    from bench.pictures import take_pictures

    return take_pictures(tuple(scenes))


def run_tests(arguments: list[str]) -> int:
    """Run the tests from the checkout's root, whatever directory the caller is in."""
    import pytest

    os.chdir(ROOT)
    return int(pytest.main(arguments))


def main() -> None:
    """The entry point of the program."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["--replica"]:
        from replica_daemon.daemon import main as replica

        sys.exit(replica())
    if arguments[:1] == ["test"]:
        ensure(ROOT, dev=True)
        sys.exit(run_tests(arguments[1:]))
    if arguments[:1] == ["pictures"]:
        ensure(ROOT)
        sys.exit(pictures(arguments[1:]))
    ensure(ROOT, window="--headless" not in arguments and "--version" not in arguments)
    if not arguments:
        sys.exit(first_thing())
    from core.runtime.command_line import make

    make(open_window, demo, bench, has_display)()


if __name__ == "__main__":
    main()
