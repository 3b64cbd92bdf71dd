"""`bench.parts` measures one request piece by piece in one process, and comes to an end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ONE_ROUND = "from bench import parts; parts.ROUNDS = 1; parts.main()"


def test_the_parts_of_a_request_are_printed_and_nothing_is_left_running() -> None:
    """It once hung: the process that judges the history was being started when the loop was left."""
    done = subprocess.run(
        (sys.executable, "-c", ONE_ROUND), cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["µs", "a", "request", "1", "client", "64", "clients"]
    assert len(rows) == 4
    assert all(float(figure) > 0 for row in rows for figure in row.split()[-2:])
