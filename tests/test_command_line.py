"""Wrong use gives a sentence that helps and exit code 2, never a traceback."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from core import __version__
from core.runtime.command_line import make
from tests.support.daemons import lockstep

HEADLESS = ("run", "--headless", "--requests", "10")


class Done(NamedTuple):
    """What a call of the command line came to."""

    returncode: object
    stdout: str
    stderr: str


Call = Callable[..., Done]


def never(*arguments: Any) -> int:
    raise AssertionError("wrong use got through")


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    """The command line inside of this process, with nothing behind it but headless runs."""

    def called(*arguments: str) -> Done:
        with pytest.raises(SystemExit) as end:
            make(never, never, never, never, lambda: False)(list(arguments))
        return Done(end.value.code, *capfd.readouterr())

    return called


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--replicas 63", "63 replicas are not possible: 1 to 7 are. Seven already survive six crashes"),
        ("--replicas 0", "0 replicas are not possible: 1 to 7 are"),
        ("--replicas three", "Input should be a valid integer"),
        ("--clients 0", "0 clients are not possible: 1 to 64 are"),
        ("--clients 65", "65 clients are not possible: 1 to 64 are"),
        ("--requests 5 --seconds 5", "after --requests or after --seconds, not both"),
        ("--requests 0", "0 requests are too few"),
        ("--requests -5", "-5 requests are too few"),
        ("--seconds 0", "0 seconds are not possible"),
        ("--seconds nan", "nan seconds are not possible"),
        ("--seconds inf", "inf seconds are not possible"),
        ("--think-ms -1", "A think time of -1 ms is not possible"),
        ("--think-ms nan", "A think time of nan ms is not possible"),
        ("--burst 0", "Bursts of 0 requests are not possible"),
        ("--service nope", "There is no service called 'nope'. Known are social, kv."),
        ("--service no.such:Thing", "There is no module called 'no.such'"),
        ("--service core.services.kv:Nothing", "There is no Nothing in"),
        ("--service json:JSONDecoder", "is not a service"),
        ("--nonsense", "No such option: --nonsense"),
        ("elections", "There is no scenario “elections”. There are: demo, order, "),
    ],
)
def test_wrong_use_of_run(call: Call, arguments: str, sentence: str) -> None:
    done = call("run", "--headless", *arguments.split())
    said = readable(done.stderr)
    assert done.returncode == 2, said
    assert sentence in said
    assert "Traceback" not in said
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", ["runn", "--nope", "bench --seconds x", "doctor --nope"])
def test_wrong_use_of_anything_else(call: Call, arguments: str) -> None:
    done = call(*arguments.split())
    assert done.returncode == 2
    assert "--help" in readable(done.stderr) or "Invalid value" in readable(done.stderr)
    assert "Traceback" not in done.stderr


def readable(said: str) -> str:
    """Without the frames, colours and line breaks that a terminal gets."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─]", " ", said).split())


# --- recordings ---


def test_an_existing_recording_is_not_overwritten(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "kept.lockstep"
    path.write_text("mine")
    done = call(*HEADLESS, "--record", str(path))
    assert done.returncode == 2
    assert f"{path} exists already." in readable(done.stderr)
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("no/such/folder/run.lockstep", "There is no directory"),
        (".", "is a directory"),
        ("file/run.lockstep", "rror:"),
    ],
)
def test_a_recording_that_cannot_be_written(call: Call, tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "file").write_text("")
    done = call(*HEADLESS, "--record", str(tmp_path / name))
    assert done.returncode == 2
    assert sentence in readable(done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(call: Call, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    done = call(*HEADLESS, "--record", str(tmp_path / "run.lockstep"))
    assert done.returncode == 2
    assert "may not be written" in readable(done.stderr)


# --- what is right ---


def test_the_version() -> None:
    done = lockstep("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"lockstep {__version__}\n", "")


@pytest.mark.parametrize("arguments", ["--help", "run --help", "bench --help", "doctor --help"])
def test_help(call: Call, arguments: str) -> None:
    done = call(*arguments.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage" in done.stdout


@pytest.mark.processes
def test_the_doctor(tmp_path: Path) -> None:
    done = lockstep("doctor", "--json", environment={"XDG_DATA_HOME": str(tmp_path)})
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert report["version"] == __version__
    findings = {finding["what"]: finding for finding in report["findings"]}
    assert findings["a small cluster"]["well"] is True
    assert findings["loopback TCP"]["well"] is True
    assert str(tmp_path) in findings["recordings"]["seen"]
    assert report["well"] == all(finding["well"] for finding in report["findings"])
    assert done.returncode == (0 if report["well"] else 1)
    assert all(finding["well"] or finding["advice"] for finding in report["findings"])


@pytest.mark.parametrize("arguments", ["--replicas 63", "--service nope", "--requests 5 --seconds 5"])
def test_wrong_use_of_the_program_itself(arguments: str) -> None:
    done = lockstep("run", "--headless", *arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_person_without_a_window_is_told(call: Call) -> None:
    done = call("run")
    assert done.returncode == 2
    assert "There is no display for a window. Add --headless." in readable(done.stderr)
