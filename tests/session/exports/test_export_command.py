"""`export`: wrong use in words, and a file that is there whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import RecordingError, UsageError
from core.runtime.command_line import make
from core.session.exports.formats import FORMATS
from core.session.exports.look import Look, parse_size
from core.session.whole_file import in_place
from tests.support.daemons import ROOT
from tests.support.made_run import made_run, save


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        make(lambda *_: 9, lambda *_: 9, lambda *_: 9, lambda *_: 9, lambda: False)(list(arguments))
    assert isinstance(end.value.code, int)
    return end.value.code


@pytest.fixture
def recording(tmp_path: Path) -> str:
    return str(save(tmp_path / "run.lockstep", made_run(40)))


@pytest.mark.parametrize("name", [one.name for one in FORMATS.values() if one.write])
def test_every_written_format(recording: str, tmp_path: Path, name: str) -> None:
    out = tmp_path / f"out{FORMATS[name].suffix}"
    assert run("export", recording, str(out), "--to", name) == 0
    assert out.stat().st_size > 100
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["run.lockstep", out.name])


def test_a_file_is_replaced_only_when_asked(
    recording: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"
    out.write_text("mine")
    assert run("export", recording, str(out), "--to", "csv") == 2
    assert "exists already. Choose another name, or add --overwrite." in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert run("export", recording, str(out), "--to", "csv", "--overwrite") == 0
    assert out.read_text() != "mine"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--to cinema", "There is no format 'cinema'. Choose one of mp4"),
        ("--to csv --from 3s --until 1s", "before its beginning"),
        ("--to csv --from 900s", "Begin earlier"),
        ("--to csv --from noon", "'noon' is no moment"),
        ("--to png --size 9000x9000", "320x200 to 3840x2160 are"),
        ("--to mp4 --size 641x480", "even"),
        ("--to mp4 --pace 0", "A pace of 0 is not possible"),
        ("--to mp4 --theme pink", "There is no theme 'pink'"),
        ("--to mp4 --fps 500", "1 to 60 are"),
        ("--to mp4", "cannot be made here"),
    ],
)
def test_wrong_use(
    recording: str, tmp_path: Path, arguments: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("export", recording, str(tmp_path / "out"), *arguments.split()) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_places_that_cannot_be_written(recording: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", recording, "/nowhere/at/all.csv", "--to", "csv") == 2
    assert "There is no directory /nowhere/at. Create it first." in capsys.readouterr().err
    assert run("export", recording, str(Path(recording).parent), "--to", "csv") == 2
    assert "is a directory" in capsys.readouterr().err


def test_progress_for_programs(recording: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", recording, str(tmp_path / "out.csv"), "--to", "csv", "--progress-lines") == 0
    lines = [tuple(map(int, line.split())) for line in capsys.readouterr().out.splitlines()]
    assert lines and lines[-1][0] == lines[-1][1]


def test_what_goes_wrong_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    for error in (KeyboardInterrupt(), UsageError("no"), OSError(28, "No space left on device")):
        with (
            pytest.raises((KeyboardInterrupt, UsageError, RecordingError)),
            in_place(tmp_path / "out.txt") as part,
        ):
            part.write_text("half")
            raise error
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_export_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    """The process is stopped by its own progress, so that it is in the middle whatever the machine does."""
    path = save(tmp_path / "run.lockstep", made_run(40))
    program = f"""
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from core.session.exports import job
from core.runtime import command_line, export_command
def caught(job, file):
    file.write(b"half")
    os.kill(os.getpid(), {int(number)})
    signal.pause()
export_command.FORMATS["csv"] = export_command.FORMATS["csv"]._replace(write=caught)
command_line.make(None, None, None, None, None)(["export", {str(path)!r}, "out.csv", "--to", "csv"])
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, timeout=60, check=False
    )
    assert done.returncode == 130
    assert [path.name for path in tmp_path.iterdir()] == ["run.lockstep"]


def test_sizes() -> None:
    assert parse_size("4K") == (3840, 2160)
    assert parse_size("1600x900") == (1600, 900)
    for text in ("big", "100x100", "1281x720", "99999x2"):
        with pytest.raises(UsageError):
            parse_size(text)
    assert Look().theme == "dark"
