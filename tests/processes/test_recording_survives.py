"""The app killed while it records: reopening gives all but the last second."""

from __future__ import annotations

import array
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.services.face import Face
from core.session.reader import read
from core.session.recovery import close_whole, left_behind
from core.session.scene import Scene
from core.session.service import service_for
from tests.support.daemons import PATIENCE_S, ROOT, children, ended_within

pytestmark = pytest.mark.processes

RUNS_NS = 3_000_000_000
LOST_NS = 1_000_000_000
APP = """
import array, os, runpy, sys
from core.runtime.session import RecordBuffer

pipe, program, *arguments = sys.argv[1:]
write = RecordBuffer.write

def told(buffer, records):
    write(buffer, records)
    os.write(int(pipe), array.array("q", [record.time_ns for record in records]).tobytes())

RecordBuffer.write = told
sys.argv = [program, *arguments]
runpy.run_path(program, run_name="__main__")
"""
"""The program itself, which tells of every record before it can be written: when it happened."""
HEADLESS = ("main.py", "run", "--headless", "--requests", "10000000", "--clients", "64", "--record")
WINDOW = ("tests/gui/real/app_alone.py",)


def run_and_kill(*program: str) -> array.array[int]:
    """Run for some seconds of the recording's own clock, kill the app, and give the times of all the records
    that there were."""
    pipe, other_end = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", APP, str(other_end), *program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(other_end,),
    ) as app:
        os.close(other_end)
        told, daemons = b"", list[int]()
        try:
            while _span_ns(told) < RUNS_NS and (chunk := os.read(pipe, 1 << 16)):
                told += chunk
            daemons = children(app.pid)
        finally:
            app.send_signal(signal.SIGKILL)
            while chunk := os.read(pipe, 1 << 16):
                told += chunk
            os.close(pipe)
    assert len(daemons) >= 3 and all(ended_within(pid, PATIENCE_S) for pid in daemons)
    return array.array("q", _whole(told))


def _whole(told: bytes) -> bytes:
    return told[: len(told) // 8 * 8]


def _span_ns(told: bytes) -> int:
    first, last = told[:8], _whole(told)[-8:]
    return int.from_bytes(last, sys.byteorder) - int.from_bytes(first, sys.byteorder)


@pytest.mark.parametrize(
    "program", [HEADLESS, pytest.param(WINDOW, marks=pytest.mark.gui)], ids=["headless", "window"]
)
def test_all_but_the_last_second_survives_a_kill(tmp_path: Path, program: tuple[str, ...]) -> None:
    path = tmp_path / "run.lockstep"
    told = run_and_kill(*program, str(path if program is HEADLESS else tmp_path))
    found = left_behind(tmp_path, path.name)
    assert found is not None and found.path == path
    close_whole(path)
    recording = read(path)
    assert recording.note == ""
    scene, kept = Scene.new(Face(service_for(recording.header)).words), list[int]()
    for block in range(len(recording.blocks)):
        records = recording.load(block)
        scene.apply(records)
        kept += [record.time_ns + recording.base_ns for record in records]
    assert kept == told[: len(kept)].tolist(), "no record is missing in between"
    due = sum(time_ns <= told[-1] - LOST_NS for time_ns in told)
    assert len(kept) >= due, f"{(told[-1] - kept[-1]) / 1e9:.2f} s are lost"
    view = scene.fold.view(recording.duration_ns)
    assert len(view.replicas) == 3
    assert view.metrics.answered > 0
    assert scene.fold.unreadable == 0
