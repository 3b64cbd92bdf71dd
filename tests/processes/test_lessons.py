"""Every lesson, played for real: what it expects has to come."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.workload.scenarios import lesson_files
from tests.support.daemons import lockstep

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("name", lesson_files())
def test_the_lesson_comes_out_as_it_says(name: str) -> None:
    done = lockstep("run", name, "--headless", "--json")
    assert done.stderr == ""
    [line] = done.stdout.splitlines()
    told = json.loads(line)
    assert [one["expected"] for one in told["findings"] if not one["holds"]] == []
    assert (done.returncode, told["scenario"], told["holds"]) == (0, name, True)


def test_what_does_not_come_is_exit_code_1(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('title = "Own"\n[[step]]\nwhen = "R2 is dead"\nwithin = 0.3\n', "utf-8")
    done = lockstep("run", str(path), "--headless", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["findings"][0]["expected"] == "R2 is dead within 0.3 s"


def test_a_wrong_file_is_exit_code_2(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('title = "Own"\nexpect = ["R9 is dead"]\n', "utf-8")
    done = lockstep("run", str(path), "--headless")
    assert (done.returncode, done.stdout) == (2, "")
    assert "own.toml, line 2, column 11:" in done.stderr
