"""However the app ends, no daemon is left."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.support.daemons import PATIENCE_S, children, ended_within, start_lockstep, until

pytestmark = pytest.mark.processes

JUDGE = b"history_judge"
TIMES = 3
"""Raise to 20 to be surer."""


@pytest.mark.parametrize("serving", [False, True] + (TIMES - 2) * [True])
def test_the_app_ended_with_sigkill_leaves_no_daemon(serving: bool) -> None:
    app = start_lockstep(("run", "--headless", "--replicas", "5", "--requests", "10000000"))
    try:
        until(lambda: len(children(app.pid)) == 5, "five daemons")
        daemons = children(app.pid)
        if serving:
            until(lambda: not starting(daemons), "all serve")
            until(lambda: judging(app.pid), "histories are judged")
        started = daemons + children(app.pid, JUDGE)
    finally:
        app.send_signal(signal.SIGKILL)
        app.communicate()
    patience_s = 1.0 if serving else PATIENCE_S  # who is still loading Python leaves when it has
    assert all(ended_within(pid, patience_s) for pid in started)


def judging(app: int) -> bool:
    """The judge of histories has loaded Python: it has left the app's process group."""
    return any(os.getpgid(pid) == pid for pid in children(app, JUDGE))


def starting(daemons: list[int]) -> bool:
    """A daemon that serves has a second thread, which watches its parent."""
    return any(len(list(Path(f"/proc/{pid}/task").iterdir())) < 2 for pid in daemons)


def test_the_app_interrupted_by_its_user_leaves_no_daemon() -> None:
    app = start_lockstep(("run", "--headless", "--requests", "10000000"))
    until(lambda: len(children(app.pid)) == 3 and not starting(children(app.pid)), "three daemons")
    daemons = children(app.pid)
    app.send_signal(signal.SIGINT)
    _, said = app.communicate(timeout=PATIENCE_S)
    assert app.returncode == 130
    assert said == ""
    assert all(ended_within(pid, 1.0) for pid in daemons)
