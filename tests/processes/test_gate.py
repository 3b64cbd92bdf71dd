"""A cluster behind a window passes the window's gate with everything that its replicas say."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from core.runtime.launch import launch
from core.runtime.run_settings import RunSettings
from tests.support.daemons import PATIENCE_S
from tests.support.waiting import wait_until

pytestmark = pytest.mark.processes


def test_frames_of_the_replicas_pass_the_gate_of_the_window(tmp_path: Path) -> None:
    launched = launch(RunSettings(replicas=1, clients=1), tmp_path / "run.lockstep", at_once=False)
    gate, passed = launched.source.gate, threading.Event()
    gate.pass_through = passed.set  # type: ignore[method-assign]
    launched.start()
    try:
        assert passed.wait(PATIENCE_S)
    finally:
        launched.source.close()
        wait_until(lambda: launched.source.closed)
