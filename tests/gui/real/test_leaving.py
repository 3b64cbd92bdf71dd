"""However the app ends, no daemon outlives it."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.gui.real.processes import app_in, left_of

pytestmark = [pytest.mark.gui, pytest.mark.processes]

REPEATS = 3
"""How often the app is killed; 20 have been run."""
GONE_S = 1.0


def pids_of(app: subprocess.Popen[str]) -> list[int]:
    assert app.stdout is not None
    pids = json.loads(app.stdout.readline())
    assert len(set(pids)) == 3
    return list(pids)


@pytest.mark.parametrize("repeat", range(REPEATS))
def test_an_app_that_is_killed_leaves_no_daemon(tmp_path: Path, repeat: int) -> None:
    del repeat
    with app_in(tmp_path) as app:
        pids = pids_of(app)
        app.send_signal(signal.SIGKILL)
        deadline_s, waiting = time.monotonic() + GONE_S, threading.Event()
        while left_of(pids) and time.monotonic() < deadline_s:
            waiting.wait(0.005)
        assert left_of(pids) == []


def test_closing_under_load_ends_everything_without_a_word(tmp_path: Path) -> None:
    with app_in(tmp_path, "close") as app:
        pids = pids_of(app)
        _, stderr = app.communicate(timeout=30)
        assert (app.returncode, stderr) == (0, "")
        assert left_of(pids) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_end_is_obeyed_without_a_word(tmp_path: Path, number: signal.Signals) -> None:
    with app_in(tmp_path) as app:
        pids = pids_of(app)
        app.send_signal(number)
        _, stderr = app.communicate(timeout=30)
        assert (app.returncode, stderr) == (0, "")
        assert left_of(pids) == []
