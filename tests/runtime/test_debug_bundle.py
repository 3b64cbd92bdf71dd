"""The debug bundle holds what helps, and nothing that is nobody's business."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from core import __version__
from core.errors import RecordingError, UsageError
from core.runtime import debug_bundle, places
from core.runtime.doctor import Finding
from core.runtime.run_settings import RunSettings
from core.runtime.session import record_run
from gui.preferences import Preferences, default_path

FINDINGS = [Finding("recordings", True, "")]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's folder with settings, a crash report, and secrets around."""
    home = tmp_path / "home of mine"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("API_TOKEN", "hush-hush-token")
    default_path().parent.mkdir(parents=True)
    preferences = Preferences(default_path())
    preferences.theme = "dark"
    preferences.console_history = ['post alice "my diary"']
    preferences.add_recent(str(home / "private.lockstep"))
    preferences.keep("scores", [["order", 1, 2]])
    preferences.write()
    places.crash_folder().mkdir(parents=True)
    (places.crash_folder() / "crash-1.txt").write_text(f'File "{home}/main.py": odd')
    (places.crash_folder() / "fatal.txt").write_text("")
    return home


def bundle(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_it_holds_what_it_says_and_no_more(home: Path, tmp_path: Path) -> None:
    findings = [Finding("recordings", True, str(home / "data"))]
    names = debug_bundle.write_bundle(tmp_path / "d.zip", findings, overwrite=False)
    parts = bundle(tmp_path / "d.zip")
    assert (
        list(parts)
        == names
        == ["about.txt", "doctor.json", "versions.json", "settings.ini", "crashes/crash-1.txt"]
    )
    assert all(name.partition("/")[0] in parts["about.txt"] for name in names[1:])
    assert json.loads(parts["doctor.json"])[0]["seen"] == "~/data"
    assert json.loads(parts["versions.json"])["lockstep"] == __version__
    assert "theme=dark" in parts["settings.ini"]
    assert parts["crashes/crash-1.txt"] == 'File "~/main.py": odd'
    everything = "\n".join(parts.values())
    for secret in (str(home), "diary", "private.lockstep", "scores=", "hush-hush", "console_history"):
        assert secret not in everything, secret


@pytest.mark.processes
def test_the_last_session_is_told_without_what_was_asked(home: Path, tmp_path: Path) -> None:
    session = places.new_recording("session")
    record_run(RunSettings(requests=300), session)
    debug_bundle.write_bundle(tmp_path / "d.zip", FINDINGS, overwrite=False)
    parts = bundle(tmp_path / "d.zip")
    told = json.loads(parts["session.json"])
    assert (told["header"]["service"], told["header"]["replicas"]) == ("social", 3)
    events = parts["events.txt"].splitlines()
    assert any("R1" in line for line in events) and len(events) <= debug_bundle.EVENTS
    assert not any(word in parts["events.txt"] for word in ("post", "register", "follow"))


def test_a_session_that_cannot_be_read_is_left_out(home: Path, tmp_path: Path) -> None:
    places.new_recording("session").write_bytes(b"nonsense")
    names = debug_bundle.write_bundle(tmp_path / "d.zip", FINDINGS, overwrite=False)
    assert "session.json" not in names


def test_a_file_that_exists_stays_unless_it_may_be_replaced(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "d.zip"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        debug_bundle.write_bundle(path, FINDINGS, overwrite=False)
    assert path.read_text() == "mine"
    debug_bundle.write_bundle(path, FINDINGS, overwrite=True)
    assert "about.txt" in bundle(path)
    with pytest.raises(RecordingError, match="no directory"):
        debug_bundle.write_bundle(tmp_path / "none" / "d.zip", FINDINGS, overwrite=False)


def test_the_window_and_the_doctor_look_at_the_same_settings() -> None:
    assert places.settings_file() == default_path()
