"""Lockstep: where everything is put together.

`python3 main.py` prepares what it needs and opens the window (without a display: runs the same demo
headless). `python3 main.py test` runs the tests, `python3 main.py pictures` takes the pictures of the
documentation, `--help` lists the rest. With `--replica` this program is a
replica daemon, with `--judge` the judge of a history, as a frozen bundle starts them.
"""

from __future__ import annotations

import gc
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.runtime.crash_reports import REPORTS, watch_for_fatal
from core.runtime.environment import ensure

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # numpy starts a thread per core, for what is not used here

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.runtime.launch import Launched
    from core.runtime.run_settings import RunSettings
    from core.runtime.simulate_command import Plants
    from core.session.exports.job import Job
    from core.session.exports.look import Look
    from core.workload.scenarios import Scenario
    from gui.main_window import MainWindow
    from gui.recording.export_process import Exporting
    from gui.top_bar import Recording

ROOT = Path(__file__).resolve().parent
NO_WINDOW = {"--headless", "--version", "simulate", "check", "rerun", "compare", "desktop"}
"""With any of these words nothing is shown in a window."""
FROM_SOURCE = {"test", "pictures", "bundle"}
"""These words are for a source tree: tests, documentation, and building are no part of the program."""


def has_display() -> bool:
    """Whether a window can be shown here."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_window(settings: RunSettings, record: Path | None) -> int:
    """A cluster behind a window, until the person closes it."""
    gc.disable()  # the window has a collector of its own, and importing makes no garbage
    from core.runtime.launch import launch

    return show(launch(settings, record, at_once=False), settings, settings.service)


def open_lesson(scenario: Scenario, record: Path | None) -> int:
    """A scenario behind a window, on a cluster of its own, until the person closes it."""
    gc.disable()  # the window has a collector of its own, and importing makes no garbage
    from core.runtime.launch import launch
    from core.runtime.scenario_run import settings_of

    settings = settings_of(scenario)
    return show(launch(settings, record, at_once=False), settings, settings.service, scenario)


def open_recording(file: Path, service: str) -> int:
    """A recording behind a window, until the person closes it."""
    gc.disable()  # the window has a collector of its own, and importing makes no garbage
    from core.runtime.launch import replay
    from core.runtime.run_settings import RunSettings

    return show(replay(file, service), RunSettings(), service)


def show(shown: Launched, settings: RunSettings, service: str, lesson: Scenario | None = None) -> int:
    """A window on what is launched. A new number of replicas is a new cluster, and another recording is shown
    in the place of what was. `service` is the one that the person has named."""
    from core.rules import Rule
    from core.runtime.launch import launch, replay
    from core.runtime.places import recordings_folder
    from core.runtime.scenario_run import settings_of
    from core.workload.scenarios import Scenario
    from gui.app import run
    from gui.options import Options

    wanted: list[int | Rule | Scenario | Launched] = []

    def open_file(file: Path) -> None:
        wanted.append(replay(file))

    while True:
        options = Options(
            opened=_tell_of_reports,
            restart=wanted.append,
            break_rule=wanted.append,
            play=wanted.append,
            lesson=lesson,
            recording=_recording(shown),
            open_file=open_file,
            shown_file=shown.path if shown.recorded_bytes() is None else None,
            keep=None if shown.recorded_bytes() is None else shown.keep,
            save_as=shown.save_as,
            autosaves=recordings_folder(),
            exporting=_exporting(shown, service),
            rebuilt=shown.rebuilt,
            painted=shown.start,
        )
        code = run(shown.source, shown.face, options)
        REPORTS.told = None
        if code or not wanted:
            return code
        following, lesson = wanted.pop(), None
        if isinstance(following, int):
            settings = replace(settings, replicas=following, broken=())
            following, service = launch(settings, None, at_once=False), settings.service
        elif isinstance(following, Rule):
            settings = replace(settings, broken=(following,))
            following, service = launch(settings, None, at_once=False), settings.service
        elif isinstance(following, Scenario):
            lesson, settings = following, settings_of(following)
            following, service = launch(settings, None, at_once=False), settings.service
        else:
            service = ""
        shown = following


def _tell_of_reports(window: MainWindow) -> None:
    """An error in the window is written down, and the window says where."""
    watch_for_fatal()
    sentence = "Something went wrong inside Lockstep. A report is in {}, and was sent to nobody."
    said = window.intents.said  # a signal: it finds its way from any thread
    REPORTS.told = lambda path: said.emit("error", sentence.format(path))


def _recording(shown: Launched) -> Callable[[], Recording | None]:
    """What the window tells of the recording that is being written."""
    from gui.top_bar import Recording

    def told() -> Recording | None:
        size = shown.recorded_bytes()
        return None if size is None else Recording(shown.path, size, shown.named)

    return told


def _exporting(shown: Launched, service: str) -> Exporting:
    """How the window has its recording exported: by this program, in a process of its own."""
    from core.services.registry import is_built_in
    from gui.recording.export_process import Exporting

    command = (sys.executable,) if getattr(sys, "frozen", False) else (sys.executable, str(ROOT / "main.py"))
    return Exporting(command, lambda: shown.path, "" if is_built_in(service) else service)


def first_thing() -> int:
    """What happens without any argument: the window, or the demo where none can be shown.

    The command line is not imported for it: that would keep a person waiting a sixth of a second longer.
    """
    from core.errors import LockstepError
    from core.runtime.run_settings import RunSettings

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


def bench(gui: bool, failures: bool, as_json: bool, seconds: float) -> int:
    """Measure this machine. Raises UsageError in a bundle, which has no Python for the ceiling."""
    if getattr(sys, "frozen", False):
        from core.errors import UsageError

        raise UsageError("Measuring needs the source tree: a bundle is left without it.")
    if failures:
        from bench.failures import measure_failures

        return measure_failures(as_json)
    if gui:
        from bench.window import measure_window

        return measure_window(as_json, seconds)
    from bench.throughput import measure

    return measure(as_json, seconds)


def pictures(scenes: list[str]) -> int:
    """Take the pictures of the documentation, all of them or those of the scenes named."""
    from bench.pictures import take_pictures

    return take_pictures(tuple(scenes))


def plants() -> Plants:
    """The bugs that can be planted: they are among the tests, in the source tree."""
    from core.errors import UsageError

    try:
        from tests.simulation import plants as found
    except ModuleNotFoundError as error:
        raise UsageError("Planted bugs are part of the tests: they are in the source tree only.") from error
    return found


def draw(job: Job, name: str, path: Path, look: Look, overwrite: bool) -> None:
    """Write a film or a picture of a recording."""
    from gui.recording.draw import draw as draw_export

    draw_export(job, name, path, look, overwrite)


def bundle(words: list[str]) -> int:
    """Build the program as a folder that needs no Python, and try it."""
    from core.runtime.bundle import build
    from core.runtime.command_line import guarded

    return guarded(lambda: build(ROOT, words))


def run_tests(arguments: list[str]) -> int:
    """Run the tests from the checkout's root, whatever directory the caller is in."""
    import pytest

    os.chdir(ROOT)
    return int(pytest.main(arguments))


def from_source(word: str, words: list[str]) -> int:
    """What is done with a source tree, and with nothing else."""
    if not (ROOT / "pyproject.toml").is_file():
        sys.stderr.write(f"Error: “{word}” needs the source tree. There: python3 main.py {word}\n")
        return 2
    ensure(ROOT, dev=word == "test", bundle=word == "bundle")
    return {"test": run_tests, "pictures": pictures, "bundle": bundle}[word](words)


def main() -> None:
    """The entry point of the program."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["--replica"]:
        from replica_daemon.daemon import main as replica

        sys.exit(replica())
    if arguments[:1] == ["--judge"]:
        from core.runtime.history_judge import main as judge

        judge()
        return
    if FROM_SOURCE & set(arguments[:1]):
        sys.exit(from_source(arguments[0], arguments[1:]))
    if getattr(sys, "frozen", False):
        from multiprocessing import freeze_support  # a frozen program starts its workers as itself

        freeze_support()
    ensure(ROOT, window=not NO_WINDOW & set(arguments))
    REPORTS.watch()
    if not arguments:
        sys.exit(first_thing())
    from core.runtime.command_line import make

    if len(arguments) == 1 and arguments[0].endswith(".lockstep"):  # a double click on a file
        sys.argv.insert(1, "open")

    make(open_window, open_recording, demo, bench, has_display, draw, plants, open_lesson)()


if __name__ == "__main__":
    main()
