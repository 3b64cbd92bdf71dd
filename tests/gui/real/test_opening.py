"""`open FILE` and a file alone, as a double click starts the program: a window without a replica process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bench.synthetic import load_records
from core.session.recorder import Recorder
from core.session.recording_format import RecordingHeader
from tests.gui.real.processes import ROOT
from tests.support.daemons import children
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.gui, pytest.mark.processes]

HEADER = RecordingHeader(app_version="0", service="social", service_version=1, seed=1, replicas=3, clients=64)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    recorder = Recorder(tmp_path / "run.lockstep", HEADER)
    recorder.append_many(load_records(0.3, 3))
    recorder.close()
    return recorder.path


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
    }
    return subprocess.Popen(
        [sys.executable, str(ROOT / "main.py"), *arguments],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def hears_the_end(pid: int) -> bool:
    """The program has its window, and a handler of SIGTERM."""
    [caught] = re.findall(r"^SigCgt:\s*(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return bool(int(caught, 16) >> signal.SIGTERM - 1 & 1)


@pytest.mark.parametrize("words", [("open",), ()])
def test_a_recording_is_shown_and_the_window_closes_without_a_word(
    recording: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    app = start(tmp_path, *words, str(recording))
    try:
        settings = tmp_path / "config" / "lockstep"
        wait_until(lambda: app.poll() is not None or hears_the_end(app.pid), 60)
        assert children(app.pid) == []
        app.send_signal(signal.SIGTERM)
        _, stderr = app.communicate(timeout=30)
    finally:
        app.kill()
    assert (app.returncode, stderr) == (0, "")
    assert str(recording) in (settings / "window.ini").read_text("utf-8")


def test_what_is_no_recording_is_said(tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.lockstep"
    nonsense.write_text("no recording")
    for path, sentence in ((nonsense, "not a Lockstep recording"), (tmp_path / "gone", "There is no file")):
        app = start(tmp_path, "open", str(path))
        _, stderr = app.communicate(timeout=60)
        assert app.returncode == 2
        assert sentence in stderr
        assert "Traceback" not in stderr
