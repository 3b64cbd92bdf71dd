"""The desktop learns of the program and forgets it: in a data folder of the test's own."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.synthetic import load_records
from core.errors import LockstepError, UsageError
from core.runtime import command_line, desktop
from core.session.recorder import Recorder
from core.session.recording_format import RecordingHeader
from tests.gui.real.test_opening import hears_the_end
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
HEADER = RecordingHeader(app_version="0", service="social", service_version=1, seed=1, replicas=3, clients=64)
needs_validator = pytest.mark.skipif(
    shutil.which("desktop-file-validate") is None, reason="no desktop-file-validate"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data folder with a name that has to be quoted, and somebody else's file in it."""
    home = tmp_path / "data of mine"
    (home / "applications").mkdir(parents=True)
    (home / "applications" / "other.desktop").write_text("[Desktop Entry]\n")
    return home


def words_of(entry: Path) -> list[str]:
    """The words of `Exec`, read as a desktop does: the file's escapes, the quotes, percent signs."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(entry, "utf-8")
    line = parser["Desktop Entry"]["Exec"].replace("\\\\", "\0").replace("\\t", "\t").replace("\0", "\\")
    words = subprocess.run(["sh", "-c", f"printf '%s\\0' {line}"], capture_output=True, text=True, check=True)
    told = words.stdout.split("\0")[:-1]
    assert all(re.fullmatch(r"(?:[^%]|%%)*|%f", word) for word in told), "a lone percent sign is a field code"
    return [word.replace("%%", "%") for word in told]


def call(*words: str) -> tuple[int, str]:
    def never(*_: object) -> int:
        raise AssertionError("only the desktop was spoken to")

    result = CliRunner().invoke(
        command_line.make(never, never, never, never, lambda: False), ["desktop", *words]
    )
    return result.exit_code, result.output


def test_what_was_installed_is_removed_and_nothing_else(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    code, said = call("install")
    assert (code, "a double click on a recording" in said) == (0, True)
    written = {path.relative_to(home) for path in home.rglob("lockstep.*")}
    assert {desktop.ENTRY, desktop.KIND, desktop.DRAWING} < written
    assert len(written) == len(desktop.icons()) + 2 > 9
    assert all(str(home / path) in said for path in written)
    assert call("install")[0] == 0  # again: over what is there

    code, said = call("remove")
    assert (code, "The desktop has forgotten Lockstep." in said) == (0, True)
    left = [path for path in home.rglob("*") if path.is_file()]
    assert home / "applications" / "other.desktop" in left
    assert [path for path in left if "lockstep" in path.name or b"lockstep" in path.read_bytes()] == []
    assert "Nothing was installed." in call("remove")[1]


@needs_validator
def test_a_validator_finds_nothing_wrong(home: Path) -> None:
    done = desktop.install(home, [sys.executable, "/with space/100%/$HOME/main.py"])
    assert done.troubles == []
    (home / desktop.ENTRY).write_text("[Desktop Entry]\nType=Nonsense\n")
    told = desktop.Done()
    desktop._tell(told, ["desktop-file-validate", str(home / desktop.ENTRY)], "", "")
    assert told.troubles and "status 1" in told.troubles[0]


@pytest.mark.parametrize(
    "odd", ["plain", "with space", "100%", 'a"b', "a$HOME`id`", "back\\slash", "tab\there", "it's"]
)
def test_any_place_survives_the_entry(home: Path, odd: str) -> None:
    desktop.install(home, ["/usr/bin/env", f"/{odd}/main.py"])
    assert words_of(home / desktop.ENTRY) == ["/usr/bin/env", f"/{odd}/main.py", "%f"]


def test_without_the_desktops_programs_it_says_what_is_missing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(home))
    done = desktop.install(home, ["lockstep"])
    assert (home / desktop.ENTRY).is_file()
    programs = ("desktop-file-validate", "update-mime-database", "update-desktop-database")
    for program, trouble in zip(programs, done.troubles, strict=True):
        assert trouble.startswith(f"{program} is not installed (Debian: ")


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LockstepError, match=r"could not be written: .*XDG_DATA_HOME"):
        desktop.install(tmp_path / "file", ["lockstep"])


def test_other_systems_are_told_where_to_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    for act in (lambda: desktop.install(home, ["lockstep"]), lambda: desktop.remove(home)):
        with pytest.raises(UsageError, match="for Linux"):
            act()


def test_a_relative_data_folder_does_not_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for said in ("", "relative/folder"):
        monkeypatch.setenv("XDG_DATA_HOME", said)
        assert desktop.data_home() == tmp_path / ".local" / "share"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    recorder = Recorder(tmp_path / "my run.lockstep", HEADER)
    recorder.append_many(load_records(0.1, 3))
    recorder.close()
    return recorder.path


@pytest.mark.gui
def test_a_recording_has_the_type_that_the_entry_opens(home: Path, recording: Path) -> None:
    desktop.install(home, ["lockstep"])
    program = "from PySide6.QtCore import QMimeDatabase\n"
    program += f"print(QMimeDatabase().mimeTypeForFile({str(recording)!r}).name())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "XDG_DATA_HOME": str(home)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == "application/x-lockstep"


@pytest.mark.gui
@pytest.mark.processes
def test_what_the_entry_says_opens_the_recording(home: Path, recording: Path, tmp_path: Path) -> None:
    desktop.install(home, desktop.own_command())
    words = [str(recording) if word == "%f" else word for word in words_of(home / desktop.ENTRY)]
    settings = tmp_path / "config" / "lockstep" / "window.ini"
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_DATA_HOME": str(home),
    }
    app = subprocess.Popen(words, env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: app.poll() is not None or hears_the_end(app.pid), 60)
        app.send_signal(signal.SIGTERM)
        _, stderr = app.communicate(timeout=60)
    finally:
        app.kill()
        app.wait()
    assert (app.returncode, stderr) == (0, "")
    assert str(recording) in settings.read_text("utf-8")
