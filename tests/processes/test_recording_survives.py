"""The app killed while it records: reopening gives all but the last second."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from core.errors import RecordingError
from core.services.face import Face
from core.session.reader import read
from core.session.recovery import close_whole, left_behind
from core.session.scene import Scene
from core.session.service import service_for
from core.session.tape import FileTape
from tests.support.daemons import PATIENCE_S, children, ended_within, start_lockstep, until

pytestmark = pytest.mark.processes

TIMES = 3
"""The best of them counts: on a machine that has no time the recorder has none either."""


def blocks(path: Path) -> int:
    try:
        return len(read(path).blocks)
    except RecordingError:
        return 0


def lost_s(path: Path) -> float:
    """Start a run, kill it with SIGKILL, and say how much of its end the recording misses, in seconds."""
    arguments = ("run", "--headless", "--requests", "10000000", "--clients", "8", "--think-ms", "2")
    app = start_lockstep((*arguments, "--record", str(path)))
    try:
        until(lambda: blocks(path) >= 3, "some blocks")
        daemons = children(app.pid)
    finally:
        killed_ns = time.monotonic_ns()
        app.send_signal(signal.SIGKILL)
        app.communicate()
    assert all(ended_within(pid, PATIENCE_S) for pid in daemons)
    tape = FileTape(path)
    tape.grow()
    return (killed_ns - tape.end_ns) / 1e9


def test_all_but_the_last_second_survives_a_kill(tmp_path: Path) -> None:
    paths = [tmp_path / f"session-{time}.lockstep" for time in range(TIMES)]
    assert min(lost_s(path) for path in paths) <= 1.0
    found = left_behind(tmp_path)
    assert found is not None
    assert found.path == paths[-1]
    close_whole(found.path)
    recording = read(found.path)
    assert recording.note == ""
    scene = Scene.new(Face(service_for(recording.header)).words)
    for block in range(len(recording.blocks)):
        scene.apply(recording.load(block))
    view = scene.fold.view(recording.duration_ns)
    assert len(view.replicas) == 3
    assert view.metrics.answered > 0
    assert scene.fold.unreadable == 0
