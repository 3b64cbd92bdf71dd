"""An error of our own is on disk afterwards, with what it takes to understand it, and the program goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from core.runtime import crash_reports
from core.runtime.crash_reports import CrashReports, newest_reports, write_report
from core.runtime.headless import run_loop

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("core.runtime.places.crash_folder", lambda: tmp_path)
    return tmp_path


def failing(words: str = "odd") -> ValueError:
    try:
        raise ValueError(words)
    except ValueError as error:
        return error


def test_a_report_has_what_is_needed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reports, told = CrashReports(), []
    reports.told = told.append
    error = failing("what a value")
    reports.of_program(type(error), error, error.__traceback__)
    [path] = newest_reports(folder, 9)
    text = path.read_text("utf-8")
    for part in ("Lockstep ", "sent to nobody", "main thread", "Python 3.", "in failing", "what a value"):
        assert part in text
    assert told == [path]
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert f"A report of it is in {path}." in said


def test_the_same_error_is_written_once_and_few_in_all(folder: Path) -> None:
    reports = CrashReports()
    for _ in range(3):
        error = failing()
        reports.of_program(type(error), error, error.__traceback__)
    assert len(newest_reports(folder, 99)) == 1
    for kind in (KeyError, TypeError, OSError, RuntimeError, IndexError, LookupError, ArithmeticError):
        reports.of_program(kind, kind(), None)
    assert len(newest_reports(folder, 99)) == crash_reports.OF_ONE_PROGRAM


def test_an_interruption_is_no_error(folder: Path) -> None:
    CrashReports().of_program(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert newest_reports(folder, 9) == []


def test_a_threads_error_is_written_and_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reports, told = CrashReports(), []
    reports.told = told.append
    monkeypatch.setattr(threading, "excepthook", reports.of_thread)
    thread = threading.Thread(target=lambda: 1 // 0, name="engine")
    thread.start()
    thread.join()
    [path] = newest_reports(folder, 9)
    assert "thread engine" in path.read_text("utf-8") and "ZeroDivisionError" in path.read_text("utf-8")
    assert told == [path]


def test_a_callback_of_the_engines_loop_is_written_and_the_loop_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    monkeypatch.setattr("core.runtime.headless.REPORTS", CrashReports())

    async def main() -> str:
        loop = asyncio.get_running_loop()
        gone_on = loop.create_future()
        loop.call_soon(lambda: 1 // 0)
        loop.call_soon(gone_on.set_result, "on")
        return str(await gone_on)

    assert run_loop(main()) == "on"
    [path] = newest_reports(folder, 9)
    assert "event loop" in path.read_text("utf-8") and "ZeroDivisionError" in path.read_text("utf-8")


def test_a_folder_that_cannot_be_written_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "file").write_text("")
    monkeypatch.setattr("core.runtime.places.crash_folder", lambda: folder / "file")
    error = failing()
    CrashReports().of_program(type(error), error, error.__traceback__)
    assert "No report of it could be written" in capsys.readouterr().err


def test_old_reports_go(tmp_path: Path) -> None:
    written = [write_report(tmp_path, str(number)) for number in range(crash_reports.KEPT + 3)]
    left = {path.read_text() for path in tmp_path.iterdir()}
    assert len(left) == crash_reports.KEPT
    assert written[-1].exists()


def test_what_a_signal_ends_leaves_its_stack(tmp_path: Path) -> None:
    program = "import os, signal\nfrom core.runtime.crash_reports import watch_for_fatal\n"
    program += "watch_for_fatal()\ndef deep():\n    os.kill(os.getpid(), signal.SIGSEGV)\ndeep()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, env={**os.environ, "XDG_STATE_HOME": str(tmp_path)}, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == -signal.SIGSEGV
    [path] = newest_reports(tmp_path / "lockstep" / "log", 9)
    assert "Segmentation fault" in path.read_text() and "in deep" in path.read_text()
